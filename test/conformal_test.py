"""Calibrated intervals from `train --conformal` to a forecast and a server's answer."""
import csv
import json
import urllib.error
import urllib.request

import pytest


def write_series(folder, name, days):
    """A level whose week-ends are noisier than a Normal law says."""
    values = [100 + (9 if day % 7 < 2 else 1) * ((day * 7919 % 101) / 50 - 1) for day in range(days)]
    dates = [f"{2021 + day // 336}-{1 + day % 336 // 28:02d}-{1 + day % 28:02d}" for day in range(days)]
    (folder / f"{name}.csv").write_text("".join(f"{date},{value:.4f}\n" for date, value in zip(dates, values)))


@pytest.fixture
def models(chiliad, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    write_series(data, "long", 250)
    write_series(data, "short", 20)
    chiliad.run("train", "--data", data, "--models", tmp_path / "models", "--conformal", "10 days",
                "--conformal-initial", "100 days", "--weekly-seasonality", "false", "--report", tmp_path / "report.csv")
    notes = {row["customer_id"]: row["note"] for row in csv.DictReader((tmp_path / "report.csv").open())}
    assert "calibrated" not in notes["long"]
    assert "not calibrated: Less data than horizon after initial window." in notes["short"]
    return tmp_path / "models"


def forecast(chiliad, models, *arguments, check=True):
    done = chiliad.run("forecast", "--models", models, "--period", "5", *arguments, check=check)
    return done, {(row["customer_id"], row["ds"]): row for row in csv.DictReader(done.stdout.splitlines())}


def test_forecasts_use_the_calibration_on_request(chiliad, models):
    _, own = forecast(chiliad, models)
    done, calibrated = forecast(chiliad, models, "--conformal", check=False)
    assert done.returncode == 3
    assert "short.tar.gz: conformal intervals: the model was stored without a calibration" in done.stderr
    assert len(calibrated) == 5
    for key, row in calibrated.items():
        assert row["yhat"] == own[key]["yhat"]
        factors = [(float(row["yhat"]) - float(row[bound])) / (float(row["yhat"]) - float(own[key][bound]))
                   for bound in ("yhat_lower", "yhat_upper")]
        assert factors[0] == pytest.approx(factors[1]) and factors[0] != pytest.approx(1, abs=1e-3)


def ask(server, model, body):
    request = urllib.request.Request(f"{server.url}/models/{model}.tar.gz/invoke", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_a_server_answers_as_the_forecast_says(chiliad, models, serve):
    server = serve("--models", models)
    _, calibrated = forecast(chiliad, models, "--conformal", check=False)
    answer = ask(server, "long", {"period": 5, "conformal": True})
    expected = [float(row["yhat_upper"]) for row in calibrated.values()]
    assert list(answer["yhat_upper"].values()) == pytest.approx(expected)
    own = ask(server, "long", {"period": 5})
    assert answer["yhat"] == own["yhat"] and answer["yhat_upper"] != own["yhat_upper"]
    assert ask(server, "long", {"period": 5}) == own  # The same frame, kept from the call before.
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, "short", {"period": 5, "conformal": True})
    assert refused.value.code == 400
    assert "without a calibration" in refused.value.read().decode()


def test_models_are_trained_again_when_the_calibration_changes(chiliad, models):
    def trained(*arguments):
        done = chiliad.run("train", "--data", models.parent / "data", "--models", models,
                           "--weekly-seasonality", "false", "--json", *arguments)
        return json.loads(done.stderr.splitlines()[-1])["trained"]
    assert trained("--conformal", "10 days", "--conformal-initial", "100 days") == 0
    assert trained("--conformal", "12 days", "--conformal-initial", "100 days") == 2
    assert trained() == 2


def evaluated(chiliad, *arguments, check=True):
    done = chiliad.run("evaluate", "--json", "--weekly-seasonality", "false", *arguments, check=check)
    return done, json.loads(done.stdout)


def test_evaluate_measures_the_calibrated_bounds(chiliad, models, tmp_path):
    data = ("--data", models.parent / "data")
    _, own = evaluated(chiliad, *data, "--holdout", "10", check=False)
    done, calibrated = evaluated(chiliad, *data, "--holdout", "10", "--conformal", check=False)
    assert done.returncode == 3
    told = chiliad.run("evaluate", *data, "--holdout", "10", "--conformal", check=False).stderr
    assert "without the 10 rows held back" in told and "not calibrated: Less data than horizon" in told
    assert (calibrated["series"], calibrated["failed"]) == (1, 1)
    assert calibrated["prophet"]["coverage"] != own["prophet"]["coverage"]
    # Stored models with their own calibration on rows that came since.
    (tmp_path / "later").mkdir()
    write_series(tmp_path / "later", "long", 265)
    stored = ("--data", tmp_path / "later", "--models", models)
    _, own = evaluated(chiliad, *stored)
    _, calibrated = evaluated(chiliad, *stored, "--conformal")
    assert calibrated["prophet"]["MAE"] == own["prophet"]["MAE"]
    assert calibrated["prophet"]["coverage"] != own["prophet"]["coverage"]


def test_a_plot_shows_the_calibrated_bounds(chiliad, models):
    def plot(model, *arguments, **more):
        return chiliad.run("plot", "--model", models / f"{model}.tar.gz", "--period", "5", *arguments, **more)
    assert plot("long", "--conformal").stdout != plot("long").stdout
    refused = plot("short", "--conformal", check=False)
    assert refused.returncode == 1 and "without a calibration" in refused.stderr


@pytest.mark.parametrize("arguments, words", [
    (["--conformal", "ten"], "--conformal: 'ten'"),
    (["--conformal-period", "5 days"], "go with --conformal"),
    (["--conformal", "5 days", "--uncertainty-samples", "0"], "--conformal needs intervals"),
])
def test_wrong_usage_is_2(chiliad, tmp_path, arguments, words):
    (tmp_path / "data").mkdir()
    write_series(tmp_path / "data", "a", 30)
    done = chiliad.run("train", "--data", tmp_path / "data", "--models", tmp_path / "models", *arguments, check=False)
    assert done.returncode == 2
    assert words in done.stderr
