"""Joint draws of a fleet and of a server, and their law beside Prophet's own draws from the same model."""
import csv
import json
import tarfile
import urllib.error
import urllib.request

import numpy
import pandas
import pytest

SERIES = {"linear": (), "wavy": ("--seasonality-mode", "multiplicative"), "sampled": ("--mcmc-samples", "100")}


@pytest.fixture(scope="module")
def models(chiliad, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    for name, options in SERIES.items():
        data = folder / name
        data.mkdir()
        lines = [f"{2021 + day // 336}-{1 + day % 336 // 28:02d}-{1 + day % 28:02d},"
                 f"{60 + 0.1 * day - 0.25 * max(0, day - 60) + 0.3 * max(0, day - 120) + 6 * (day % 7 < 2) + day * 7919 % 13 / 3:.4f}\n"
                 for day in range(200)]
        (data / f"{name}.csv").write_text("".join(lines))
        chiliad.run("train", "--data", data, "--models", folder / "models", "--n-changepoints", "10",
                    "--changepoint-prior-scale", "0.5", "--yearly-seasonality", "false", *options)
    return folder / "models"


def forecast(chiliad, models, *arguments, **more):
    done = chiliad.run("forecast", "--models", models, "--period", "28", *arguments, **more)
    return list(csv.DictReader(done.stdout.splitlines()))


def test_a_fleet_has_a_row_a_customer_day_and_future(chiliad, models):
    rows = forecast(chiliad, models, "--samples", "50")
    assert list(rows[0]) == ["customer_id", "ds", "sample", "trend", "yhat"]
    by_customer = {name: [row for row in rows if row["customer_id"] == name] for name in SERIES}
    # A sampled model gives a future of each of its 200 draws.
    assert {name: len(found) for name, found in by_customer.items()} == {"linear": 28 * 50, "wavy": 28 * 50,
                                                                         "sampled": 28 * 200}
    assert [row["sample"] for row in by_customer["linear"][:51]] == [str(i) for i in range(50)] + ["0"]
    assert forecast(chiliad, models, "--samples", "50", "--threads", "1") == rows
    assert forecast(chiliad, models, "--samples", "50", "--seed", "1") != rows
    assert list(forecast(chiliad, models, "--samples", "5", "--columns", "yhat")[0]) == ["customer_id", "ds", "sample", "yhat"]


@pytest.mark.parametrize("arguments, words", [
    (["--samples", "-1"], "--samples: expected 1 to 1,000,000"),
    (["--samples", "5", "--quantiles", "0.5"], "--samples gives futures and no bounds"),
    (["--samples", "5", "--columns", "weekly"], "with --samples there are trend and yhat, not 'weekly'"),
])
def test_wrong_usage_is_2(chiliad, models, arguments, words):
    done = chiliad.run("forecast", "--models", models, "--period", "7", *arguments, check=False)
    assert done.returncode == 2 and words in done.stderr


def ask(server, model, **body):
    request = urllib.request.Request(f"{server.url}/models/{model}.tar.gz/invoke", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def test_a_server_answers_with_futures(models, serve):
    server = serve("--models", models)
    frame = pandas.DataFrame(json.loads(ask(server, "linear", period=7, samples=100)))
    assert list(frame.columns) == ["ds", "trend", "yhat"] and len(frame) == 7
    assert all(len(futures) == 100 for futures in frame["yhat"])
    assert ask(server, "linear", period=7, samples=100) == ask(server, "linear", period=7, samples=100)
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, "sampled", period=5001, samples=1)
    assert refused.value.code == 400 and "a future for each of its draws, needs 1000200" in refused.value.read().decode()


@pytest.mark.parametrize("name", ["linear", "wavy"])
def test_the_law_is_prophets(chiliad, models, name):
    """Statistics that only joint draws have, from 4,000 futures of each: within five standard errors of both sides."""
    from prophet.serialize import model_from_json
    n = 4000
    ours = pandas.DataFrame([row for row in forecast(chiliad, models, "--samples", n) if row["customer_id"] == name])
    ours = {column: ours[column].astype(float).to_numpy().reshape(28, n) for column in ("trend", "yhat")}
    with tarfile.open(models / f"{name}.tar.gz") as archive:
        model = model_from_json(archive.extractfile("model.json").read().decode())
    model.uncertainty_samples = n
    numpy.random.seed(1)
    theirs = model.predictive_samples(model.make_future_dataframe(28, include_history=False))
    for column in ("trend", "yhat"):
        for statistic in (lambda draws: draws.sum(axis=0), lambda draws: draws.max(axis=0), lambda draws: draws[-1] - draws[0]):
            a, b = statistic(ours[column]), statistic(theirs[column])
            error = numpy.sqrt((a.var() + b.var()) / n)
            assert abs(a.mean() - b.mean()) < 5 * error
            # The deviation's error of a law with heavy tails, from its fourth moments.
            spread = numpy.sqrt(sum((((x - x.mean()) ** 2 - x.var()) ** 2).mean() / n for x in (a, b)))
            assert abs(a.var() - b.var()) < 5 * spread
