"""Models go both ways between chiliad and the real Prophet: what one stored, the other opens and predicts the same."""
import csv
import datetime
import io
import json
import math
import os
import pathlib
import subprocess
import sys
import tarfile

import pytest

TEST = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-9  # Of the largest yhat: parameters are stored with all their digits.

# Interpreters that hold Prophet 1.5.0 and the 1.1.4 that older notebooks pin.
PROPHET = os.environ.get("CHILIAD_PROPHET_PYTHON", sys.executable)
PROPHET_114 = os.environ.get("CHILIAD_PROPHET_114_PYTHON", str(TEST.parent / ".venv/prophet-1.1.4/bin/python"))

OPTIONS = {
    "defaults": [],
    "trend": ["--yearly-seasonality", "false", "--weekly-seasonality", "false", "--daily-seasonality", "false",
              "--seasonality-mode", "multiplicative"],
    "multiplicative": ["--seasonality-mode", "multiplicative", "--weekly-seasonality", "2", "--scaling", "minmax"],
    "custom": ["--add-seasonality", "month:30.5:3:0.1:multiplicative", "--changepoint-prior-scale", "0.5"],
    "conformal": ["--conformal", "1 days"],
    "no changepoints": ["--n-changepoints", "0"],
    "sampled": ["--mcmc-samples", "100"],
    "statistics": ["--keep-statistics"],
    "given changepoints": ["--changepoints", "2022-01-06", "--changepoints", "2022-01-03"],
}
SERIES = {"8": "D", "9": "h", "missing": "W"}  # Customer: the frequency asked for.


def python_with_prophet(python, version):
    """The interpreter, or a skip that says what is missing."""
    try:
        found = subprocess.run([python, "-c", "import prophet; print(prophet.__version__)"], capture_output=True,
                               text=True, timeout=300).stdout.strip()
    except OSError:
        found = ""
    if found != version:
        pytest.skip(f"{python} has no Prophet {version}")
    return python


def run_python(python, script, given=None):
    done = subprocess.run([python, TEST / script], input=given, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write_series(folder):
    """<id>.csv as `chiliad split` writes it: timestamp and value, no header."""
    start, day, hour = datetime.datetime(2022, 1, 1), datetime.timedelta(days=1), datetime.timedelta(hours=1)
    value = [100 + 0.2 * i + 8 * math.sin(2 * math.pi * i / 7) + 3 * math.sin(i * i) for i in range(200)]
    folder.mkdir()
    (folder / "8.csv").write_text("".join(f"{start + i * day:%Y-%m-%d},{value[i]:.6f}\n" for i in range(120)))
    (folder / "9.csv").write_text("".join(f"{start + i * hour},{value[i]:.6f}\n" for i in range(200)))
    missing = {0, 20, 58, 59}  # The dates after a missing value at the end begin behind it.
    (folder / "missing.csv").write_text(
        "".join(f"{start + i * day:%Y-%m-%d},{'' if i in missing else int(value[i])}\n" for i in range(60)))


def forecast_of(chiliad, models, customer, freq):
    """{ds: yhat} of ten rows after the history."""
    done = chiliad.run("forecast", "--models", models, "--period", 10, "--freq", freq)
    rows = [row for row in csv.DictReader(io.StringIO(done.stdout)) if row["customer_id"] == customer]
    return {datetime.datetime.fromisoformat(row["ds"]).isoformat(): float(row["yhat"]) for row in rows}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    size = max(abs(yhat) for yhat in theirs.values())
    assert max(abs(ours[ds] - theirs[ds]) for ds in ours) <= TOLERANCE * size


def stored_model(archive):
    with tarfile.open(archive) as tar:
        return tar.extractfile("model.json").read().decode()


def pack(archive, model):
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("model.json")
        info.size = len(model.encode())
        tar.addfile(info, io.BytesIO(model.encode()))


def refresh_half(chiliad, root, models, history):
    """Models of the first rows, refreshed from their statistics with the last 10 of each series."""
    for name, part in (("first", slice(None, -10)), ("last", slice(-10, None))):
        (root / name).mkdir(exist_ok=True)
        for path in (root / "data").iterdir():
            (root / name / path.name).write_text("".join(path.read_text().splitlines(keepends=True)[part]))
    train = ["train", "--models", models, "--history", history]
    chiliad.run(*train, "--data", root / "first", "--keep-statistics")
    done = chiliad.run(*train, "--data", root / "last", "--refresh", "held")
    assert "refreshed from statistics 3," in done.stderr, done.stderr


@pytest.fixture(scope="module")
def trained(chiliad, tmp_path_factory):
    """Folders of models, one for each of OPTIONS with and without history."""
    root = tmp_path_factory.mktemp("stored")
    write_series(root / "data")
    folders = {}
    for name, options in OPTIONS.items():
        for history in ("full", "none"):
            folders[name, history] = root / f"{name}, {history}"
            chiliad.run("train", "--data", root / "data", "--models", folders[name, history], "--history", history,
                        *options)
    for history in ("full", "none"):
        refresh_half(chiliad, root, folders.setdefault(("refreshed", history), root / f"refreshed, {history}"), history)
    return folders


@pytest.fixture(scope="module")
def opened_by_prophet(trained):
    """What Prophet 1.5.0 predicts from each of them: one process, since starting it takes longest."""
    python = python_with_prophet(PROPHET, "1.5.0")
    models = {f"{name}, {history}, {customer}": {"model": stored_model(folder / f"{customer}.tar.gz"), "freq": freq}
              for (name, history), folder in trained.items() for customer, freq in SERIES.items()}
    return run_python(python, "predict_with_prophet.py", json.dumps(models))


@pytest.mark.parametrize("customer", SERIES)
@pytest.mark.parametrize("history", ["full", "none"])
@pytest.mark.parametrize("name", [*OPTIONS, "refreshed"])
def test_prophet_opens_our_models_and_predicts_the_same(chiliad, trained, opened_by_prophet, name, history, customer):
    ours = forecast_of(chiliad, trained[name, history], customer, SERIES[customer])
    assert_same(ours, opened_by_prophet[f"{name}, {history}, {customer}"])


def test_given_changepoints_are_stored_as_given(trained):
    stored = json.loads(stored_model(trained["given changepoints", "full"] / "8.tar.gz"))
    assert stored["specified_changepoints"] is True
    assert stored["n_changepoints"] == 2
    assert "2022-01-06" in stored["changepoints"]


# --- Features with columns or tables of their own -------------------------------------------------------

HOLIDAYS = """holiday,ds,lower_window,upper_window,prior_scale
fair,2022-01-20,-1,1,2
fair,2022-04-16,-1,1,2
long's day,2022-05-07,0,0,
"""
FEATURES = {
    "flat": ["--growth", "flat"],
    "regressors": ["--add-regressor", "temp", "--add-regressor", "promo:0.5:true:multiplicative", "--add-regressor",
                   "raw:3:false"],
    "condition": ["--weekly-seasonality", "false", "--add-seasonality", "week_on:7:3:::promo", "--add-seasonality",
                  "month:30.5:2:1:multiplicative"],
    "holidays": ["--holidays", "holidays.csv", "--holidays-mode", "multiplicative"],
    "logistic": ["--growth", "logistic", "--seasonality-mode", "multiplicative", "--add-regressor", "temp"],
    "country": ["--country-holidays", "US", "--holidays", "holidays.csv", "--add-regressor", "temp", "--growth", "flat"],
}
FUTURE = {"temp": [float(i * 3 % 7) for i in range(10)], "promo": [i % 4 == 1 for i in range(10)],
          "raw": [i - 4.5 for i in range(10)], "cap": [250.0 + i for i in range(10)], "floor": [20.0 - i for i in range(10)]}


def write_driven_series(folder):
    """A table with a header and columns that drive its values."""
    folder.mkdir()
    rows = ["ds,y,temp,promo,raw,cap,floor"]
    for i in range(120):
        temp, promo = (i * 5) % 9, i % 6 == 2
        y = 100 + 0.2 * i + 8 * math.sin(2 * math.pi * i / 7) + 2 * temp + 9 * promo + 3 * math.sin(i * i)
        rows.append(f"{datetime.date(2022, 1, 1) + datetime.timedelta(days=i)},{y:.6f},{temp},{promo},{i % 5 - 2.5},"
                    f"{200 + i / 4},{20 + i % 3}")
    (folder / "8.csv").write_text("\n".join(rows) + "\n")
    future = ["ds," + ",".join(FUTURE)]
    for i in range(10):
        date = datetime.date(2022, 5, 1) + datetime.timedelta(days=i)
        future.append(f"{date}," + ",".join(str(values[i]) for values in FUTURE.values()))
    (folder / "future").write_text("\n".join(future) + "\n")
    (folder / "holidays.csv.txt").write_text(HOLIDAYS)


@pytest.fixture(scope="module")
def features(chiliad, tmp_path_factory):
    """{(name, history): our forecast, Prophet's from the model that we stored}."""
    python = python_with_prophet(PROPHET, "1.5.0")
    root = tmp_path_factory.mktemp("features")
    write_driven_series(root / "data")
    ours, models = {}, {}
    for name, options in FEATURES.items():
        options = [root / "data/holidays.csv.txt" if option == "holidays.csv" else option for option in options]
        for history in ("full", "none"):
            folder = root / f"{name}, {history}"
            chiliad.run("train", "--data", root / "data", "--models", folder, "--history", history, *options)
            done = chiliad.run("forecast", "--models", folder, "--future", root / "data/future")
            ours[name, history] = {row["ds"]: float(row["yhat"]) for row in csv.DictReader(io.StringIO(done.stdout))}
            models[f"{name}, {history}"] = {"model": stored_model(folder / "8.tar.gz"), "freq": "D", "future": FUTURE}
    theirs = run_python(python, "predict_with_prophet.py", json.dumps(models))
    return {key: (mine, theirs[", ".join(key)]) for key, mine in ours.items()}


@pytest.mark.parametrize("history", ["full", "none"])
@pytest.mark.parametrize("name", FEATURES)
def test_prophet_opens_models_with_more_than_dates(features, name, history):
    assert_same(*features[name, history])


@pytest.mark.parametrize("version, python", [("1.5.0", PROPHET), ("1.1.4", PROPHET_114)])
def test_we_open_prophets_models_and_predict_the_same(chiliad, tmp_path, version, python):
    fitted = run_python(python_with_prophet(python, version), "fit_with_prophet.py")
    assert len(fitted) >= 6
    for name, case in fitted.items():
        models = tmp_path / name
        models.mkdir()
        pack(models / f"{name}.tar.gz", case["model"])
        if not case["columns"]:
            assert_same(forecast_of(chiliad, models, name, case["freq"]), case["yhat"])
            continue
        # A regressor with a model of its own, which Prophet does not store.
        done = chiliad.run("forecast", "--models", models, "--period", 10, check=False)
        assert done.returncode != 0 and "Regressor 'temp' missing from dataframe: the model that forecasts it" in done.stderr
        rows = [",".join(map(str, row)) for row in zip(case["yhat"], *case["columns"].values())]
        (tmp_path / "future.csv").write_text("\n".join([",".join(["ds", *case["columns"]]), *rows]) + "\n")
        done = chiliad.run("forecast", "--models", models, "--future", tmp_path / "future.csv")
        ours = {datetime.datetime.fromisoformat(row["ds"]).isoformat(): float(row["yhat"])
                for row in csv.DictReader(io.StringIO(done.stdout))}
        assert_same(ours, case["yhat"])
