"""`chiliad cross-validate` as a person types it."""
import csv
import json
from datetime import datetime, timedelta

import pytest


def write_series(folder, name, days):
    lines = [f"2022-{1 + day // 28:02d}-{1 + day % 28:02d},{50 + day % 7 + 0.3 * day + (day * 37 % 11) / 10:.3f}\n"
             for day in range(days)]
    (folder / f"{name}.csv").write_text("".join(lines))


@pytest.fixture
def fleet(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        write_series(data, number, 90 + number)
    return tmp_path


def test_a_fleet_and_its_tables(chiliad, fleet):
    done = chiliad.run("cross-validate", "--data", fleet / "data", "--horizon", "7 days", "--period", "4 days",
                       "--output", fleet / "cv.csv", "--metrics-output", fleet / "metrics.csv", "--extra-columns", "trend,weekly", "--metrics",
                       "mae,mdape", "--rolling-window", "0", "--json")
    found = json.loads(done.stdout)
    assert found["series"] == 3 and found["failed"] == 0
    assert found["prophet"]["sMAPE"] < found["naive"]["sMAPE"]
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "done"
    rows = list(csv.DictReader((fleet / "cv.csv").open()))
    assert list(rows[0]) == ["customer_id", "ds", "yhat", "yhat_lower", "yhat_upper", "trend", "weekly", "y", "cutoff",
                             "naive"]
    assert all(row["cutoff"] < row["ds"] for row in rows)
    metrics = list(csv.DictReader((fleet / "metrics.csv").open()))
    assert list(metrics[0]) == ["customer_id", "horizon", "mae", "mdape"]
    by_day = [abs(float(row["y"]) - float(row["yhat"])) for row in rows if row["customer_id"] == "0" and
              datetime.fromisoformat(row["ds"]) - datetime.fromisoformat(row["cutoff"]) == timedelta(days=1)]
    assert len(metrics) == 3 * 7
    assert metrics[0]["horizon"] == "1 days"
    assert float(metrics[0]["mae"]) == pytest.approx(sum(by_day) / len(by_day), rel=1e-12)


def test_given_cutoffs_and_a_series_that_is_too_short(chiliad, fleet):
    write_series(fleet / "data", "short", 20)
    done = chiliad.run("cross-validate", "--data", fleet / "data", "--horizon", "5 days", "--cutoffs",
                       "2022-02-20,2022-03-01", "--output", "-", check=False)
    assert done.returncode == 3
    assert "short.csv: Maximum cutoff value is greater than end date minus horizon" in done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == 3 * 2 * 5
    assert {row["cutoff"] for row in rows} == {"2022-02-20T00:00:00", "2022-03-01T00:00:00"}


@pytest.mark.parametrize("arguments, words", [
    (["--horizon", "3 dogs"], "--horizon: '3 dogs'"),
    (["--horizon", "3 days", "--metrics", "mse,mse"], "Input metrics must be a list of unique values"),
    (["--horizon", "3 days", "--cutoffs", "2022-02-30"], "--cutoffs"),
    (["--horizon", "3 days", "--cutoffs", "2022-02-20", "--period", "2 days"], "--cutoffs takes the place"),
    ([], "--horizon"),
])
def test_wrong_usage_is_2(chiliad, fleet, arguments, words):
    done = chiliad.run("cross-validate", "--data", fleet / "data", *arguments, check=False)
    assert done.returncode == 2
    assert words in done.stderr + done.stdout


def test_tune_chooses_what_cross_validation_says(chiliad, fleet):
    write_series(fleet / "data", "short", 10)
    grid = ["--changepoint-prior-scales", "0.001,0.5", "--seasonality-prior-scales", "0.001,10"]
    call = ["--data", fleet / "data", "--horizon", "7 days", "--period", "4 days", "--json"]
    done = chiliad.run("tune", *call, *grid, check=False)
    assert done.returncode == 3
    assert "short.csv: Less data than horizon" in done.stderr or json.loads(done.stderr.splitlines()[-1])["failed"] == 1
    found = json.loads(done.stdout)
    assert found["series"] == 3 and found["failed"] == 1 and len(found["candidates"]) == 4
    assert found["best"] == min(found["candidates"], key=lambda one: one["error"])
    for one in found["candidates"]:
        validated = json.loads(chiliad.run(
            "cross-validate", *call, "--changepoint-prior-scale", one["changepoint_prior_scale"],
            "--seasonality-prior-scale", one["seasonality_prior_scale"], check=False).stdout)
        assert validated["prophet"]["sMAPE"] == pytest.approx(one["error"], rel=1e-12)
    assert len({one["error"] for one in found["candidates"]}) == 4
    assert chiliad.run("tune", *call, "--error", "luck", check=False).returncode == 2
    assert chiliad.run("tune", *call, "--changepoint-prior-scales", "0", check=False).returncode == 1
    sampled = chiliad.run("tune", *call, "--mcmc-samples", "40", check=False)
    assert sampled.returncode == 2 and "--mcmc-samples: tune compares the modes" in sampled.stderr


def test_sampled_models_are_sampled_at_each_cutoff(chiliad, fleet):
    def rows(*arguments):
        done = chiliad.run("cross-validate", "--data", fleet / "data", "--horizon", "5 days", "--cutoffs", "2022-03-01",
                           "--n-changepoints", "3", "--output", "-", *arguments)
        return list(csv.DictReader(done.stdout.splitlines()))
    modes, sampled = rows(), rows("--mcmc-samples", "40")
    assert len(modes) == len(sampled) == 3 * 5
    for mode, draws in zip(modes, sampled):
        assert mode["ds"] == draws["ds"] and mode["yhat"] != draws["yhat"]
        assert float(draws["yhat"]) == pytest.approx(float(mode["yhat"]), rel=0.05)
    assert rows("--mcmc-samples", "40", "--threads", "1") == sampled
