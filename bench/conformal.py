"""How often do 80 and 95 % intervals hold on the 414 hourly series of the M4 competition, with calibration and without?

Expected: the model's own hold far less often than they say, since they know nothing of a wrong model; calibrated ones
come near, at the price of their width.
    REFERENCE_DIR=... ./run bench conformal

Needs the competition's series, data/m4_hourly_{train,test}.csv.gz under REFERENCE_DIR. Each model is cross-validated
over 48 hours, a day between cut-offs, on its training rows alone. Coverage is the share of the 48 held-out values inside
the bounds, over all series; width is in units of the series' mean absolute held-out value. Each is one fixed figure.
"""
import os

import numpy
import pandas

from data import REFERENCE_DIR
from m4_hourly import table
from record import CHILIAD, SCRATCH, Finished, expect, remove

QUESTION = "How often do 80 and 95 % intervals hold on the M4 hourly series, with calibration and without?"
WIDTHS = (0.8, 0.95)
OWN, CALIBRATED = "the model's own", "conformal"


def coverage_measure(width):
    return f"coverage of {width:.0%} intervals, M4 hourly, 48 hours ahead"


def bounds(models, width, *arguments):
    path = SCRATCH / "conformal-forecasts.csv"
    Finished([CHILIAD, "forecast", "--models", models, "--period", 48, "--freq", "h", "--interval-width", width,
              "--output", path, *arguments])
    forecast = pandas.read_csv(path, dtype={"customer_id": str})
    forecast["ds"] = pandas.to_datetime(forecast["ds"])
    return forecast


def figures(test, forecast):
    """The share of held-out values inside the bounds, in %, and the bounds' mean width in units of the level."""
    joined = test.astype({"id": str}).merge(forecast, left_on=["id", "ds"], right_on=["customer_id", "ds"])
    expect(len(joined) == len(test), f"{len(joined)} forecasts for {len(test)} held-out values")
    inside = (joined["yhat_lower"] <= joined["y"]) & (joined["y"] <= joined["yhat_upper"])
    level = joined["y"].abs().groupby(joined["id"]).transform("mean")
    return 100 * float(inside.mean()), float(numpy.mean((joined["yhat_upper"] - joined["yhat_lower"]) / level))


def measure(record):
    if not REFERENCE_DIR:
        record.note("not measured: REFERENCE_DIR is not set")
        return
    train, test = table("train"), table("test")
    source, models = SCRATCH / "conformal.csv", SCRATCH / "conformal-models"
    SCRATCH.mkdir(parents=True, exist_ok=True)
    train.rename(columns={"id": "customer_id", "ds": "timestamp", "y": "value"}).to_csv(source, index=False)
    remove(models)
    trained = Finished([CHILIAD, "train", "--data", source, "--models", models, "--threads", os.cpu_count(),
                        "--conformal", "48 hours", "--conformal-period", "24 hours"])
    for width in WIDTHS:
        for name, arguments in ((OWN, ()), (CALIBRATED, ("--conformal",))):
            coverage, size = figures(test, bounds(models, width, *arguments))
            record.add(coverage_measure(width), name, "%", coverage)
            record.add(f"width of {width:.0%} intervals, M4 hourly, 48 hours ahead", name, "of the level", size)
    record.add("training of the 414 series with calibration, all cores", "chiliad", "s", trained.seconds)
