"""Models with a sampled posterior: chiliad's forecast of one, with bounds, beside the real Prophet's of the same draws."""
import csv
import io
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tarfile

import pytest

TEST = pathlib.Path(__file__).resolve().parent
PROPHET = os.environ.get("CHILIAD_PROPHET_PYTHON", sys.executable)
MODES = {"additive": [], "multiplicative": ["--seasonality-mode", "multiplicative"]}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sampled")
    value = [100 + 0.2 * i + 8 * math.sin(2 * math.pi * i / 7) + 30 * math.sin(i * i) for i in range(90)]
    rows = [f"2022-{1 + i // 28:02d}-{1 + i % 28:02d},{value[i]:.6f}\n" for i in range(90)]
    (folder / "8.csv").write_text("".join(rows))
    return folder


@pytest.mark.parametrize("mode", MODES)
def test_bounds_are_those_that_prophet_draws(mode, series, tmp_path, chiliad):
    run = [chiliad.path, "train", "--data", series, "--models", tmp_path, "--n-changepoints", "5"]
    subprocess.run([*run, "--mcmc-samples", "1000", *MODES[mode]], check=True, capture_output=True, timeout=300)
    with tarfile.open(tmp_path / "8.tar.gz") as archive:
        model = archive.extractfile("model.json").read().decode()
    assert len(json.loads(model)["params"]["k"]) == 2000
    theirs = subprocess.run([PROPHET, TEST / "bounds_with_prophet.py"], input=model, capture_output=True, text=True,
                            timeout=300)
    if "No module named 'prophet'" in theirs.stderr:
        pytest.skip(f"{PROPHET} has no Prophet")
    assert theirs.returncode == 0, theirs.stderr
    theirs = json.loads(theirs.stdout)
    ours = subprocess.run([chiliad.path, "forecast", "--models", tmp_path, "--period", "10", "--columns", "all"],
                          check=True, capture_output=True, text=True, timeout=300).stdout
    rows = list(csv.DictReader(io.StringIO(ours)))
    assert len(rows) == 10
    largest = max(abs(value) for value in theirs["yhat"])
    spread = statistics.mean(theirs["yhat_upper"]) - statistics.mean(theirs["yhat_lower"])
    for name, expected in theirs.items():
        got = [float(row[name]) for row in rows]
        drawn = name.startswith(("yhat_", "trend_"))
        off = [a - b for a, b in zip(got, expected)]
        if not drawn:  # Means, and percentiles over the draws alone.
            assert max(map(abs, off)) < 1e-9 * largest, name
        else:  # A tenth quantile of 2,000 futures is off by 0.015 of this spread, of both sides together 0.022.
            assert max(map(abs, off)) < 0.11 * spread, name
            assert abs(statistics.mean(off)) < 0.06 * spread, name
