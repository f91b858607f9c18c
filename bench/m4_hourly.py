"""How good are the forecasts on the 414 hourly series of the M4 competition, and how far from Prophet's?

Expected: a sMAPE near Prophet's 18.08 (defaults, 48 hours ahead); an exact optimum is not better or worse in general. What
repeats the last day (seasonal naive) is ahead of both: the defaults are not made for these series.
    REFERENCE_DIR=... ./run bench m4_hourly

Needs the competition's series, data/m4_hourly_{train,test}.csv.gz under REFERENCE_DIR. sMAPE is the competition's: 200
|y - f| / (|y| + |f|), averaged over the horizon, then over the series. Ours is a fixed figure, so that one run is enough;
Prophet's is too on one machine, takes minutes, and is kept in m4_hourly-prophet.csv beside the results with its version:
delete that file to have it computed again.
"""
import csv
import gzip
import multiprocessing
import os
import pathlib

import numpy
import pandas

from data import REFERENCE_DIR, prophet_version, quiet_prophet
from record import CHILIAD, RESULTS, SCRATCH, Finished, expect, remove

QUESTION = "How good are the forecasts on the 414 hourly series of the M4 competition, and how far from Prophet's?"
MEASURE = "sMAPE, M4 hourly, 414 series, defaults, 48 hours ahead"
NAIVE = "seasonal naive"


def table(name):
    with gzip.open(pathlib.Path(REFERENCE_DIR, "data", f"m4_hourly_{name}.csv.gz"), "rt") as file:
        frame = pandas.read_csv(file)
    frame.columns = ["id", "ds", "y"]
    frame["ds"] = pandas.to_datetime(frame["ds"])
    return frame


def smape(actual, forecast):
    return float(numpy.mean(200 * numpy.abs(actual - forecast) / (numpy.abs(actual) + numpy.abs(forecast))))


def naive(train, test):
    """{series: sMAPE} of repeating the last day."""
    last = {name: rows["y"].to_numpy()[-24:] for name, rows in train.groupby("id")}
    return {name: smape(rows["y"].to_numpy(), numpy.resize(last[name], len(rows))) for name, rows in test.groupby("id")}


def prophet_smape(arguments):
    name, train, test = arguments
    from prophet import Prophet
    quiet_prophet()
    model = Prophet(uncertainty_samples=0).fit(train)
    return name, smape(test["y"].to_numpy(), model.predict(test[["ds"]])["yhat"].to_numpy())


def prophets(train, test):
    """{series: sMAPE}, from the kept file where it is of this version."""
    path = RESULTS / "m4_hourly-prophet.csv"
    version = f"# {prophet_version()}"
    if path.exists() and path.read_text().splitlines()[0] == version:
        return {row["series"]: float(row["smape"]) for row in csv.DictReader(path.read_text().splitlines()[1:])}
    held_out = dict(list(test.groupby("id")))
    work = [(name, rows[["ds", "y"]], held_out[name]) for name, rows in train.groupby("id", sort=False)]
    with multiprocessing.Pool() as pool:
        found = dict(pool.map(prophet_smape, work, chunksize=4))
    lines = [version, "series,smape", *(f"{name},{value:.6f}" for name, value in found.items())]
    path.write_text("\n".join(lines) + "\n")
    return found


def ours(train, test, options=()):
    """({series: sMAPE}, the training) of models with these options."""
    source, models, forecasts = SCRATCH / "m4.csv", SCRATCH / "m4-models", SCRATCH / "m4-forecasts.csv"
    SCRATCH.mkdir(parents=True, exist_ok=True)
    train.rename(columns={"id": "customer_id", "ds": "timestamp", "y": "value"}).to_csv(source, index=False)
    remove(models)
    trained = Finished([CHILIAD, "train", "--data", source, "--models", models, "--threads", os.cpu_count(), *options])
    Finished([CHILIAD, "forecast", "--models", models, "--period", 48, "--freq", "h", "--output", forecasts])
    forecast = pandas.read_csv(forecasts, dtype={"customer_id": str})
    forecast["ds"] = pandas.to_datetime(forecast["ds"])
    joined = test.astype({"id": str}).merge(forecast, left_on=["id", "ds"], right_on=["customer_id", "ds"])
    expect(len(joined) == len(test), f"{len(joined)} forecasts for {len(test)} held-out values")
    return {name: smape(rows["y"].to_numpy(), rows["yhat"].to_numpy()) for name, rows in joined.groupby("id")}, trained


def measure(record):
    if not REFERENCE_DIR:
        record.note("not measured: REFERENCE_DIR is not set")
        return
    train, test = table("train"), table("test")
    rival = prophets(train, test)
    mine, trained = ours(train, test)
    expect(mine.keys() == {str(name) for name in rival}, "the same series on both sides")
    record.note(prophet_version())
    difference = numpy.array([mine[str(name)] - value for name, value in rival.items()])
    record.note(f"{int((difference < 0).sum())} series better than Prophet's, {int((difference > 0).sum())} worse, "
                f"median difference {numpy.median(difference):+.3f}")
    record.add(MEASURE, "chiliad", "%", float(numpy.mean(list(mine.values()))))
    record.add(MEASURE, "Prophet", "%", float(numpy.mean(list(rival.values()))))
    record.add(MEASURE, NAIVE, "%", float(numpy.mean(list(naive(train, test).values()))))
    record.add("training of them, all cores", "chiliad", "s", trained.seconds)
