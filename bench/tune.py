"""Does a fleet-wide choice of prior scales by cross-validation forecast better than the defaults, on rows that it did not see?

Expected: yes on the 414 hourly series of the M4 competition, whose trends bend less than the default of
changepoint_prior_scale lets them; a seasonal naive forecast stays ahead.
    REFERENCE_DIR=... ./run bench tune

Needs the competition's series, data/m4_hourly_{train,test}.csv.gz under REFERENCE_DIR. `chiliad tune` sees the training
rows alone (48 hours ahead, a week between cut-offs, the grid of its defaults with smaller scales added, chosen before the
held-out rows were looked at); the models of its choice and those of the defaults are then compared on the 48 held-out
values of each series. sMAPE as in m4_hourly.py. Each is one fixed figure.
"""
import json
import os

import numpy

from data import REFERENCE_DIR
from m4_hourly import NAIVE, naive, ours, table
from record import CHILIAD, SCRATCH, Finished, expect

QUESTION = "Do prior scales chosen by cross-validation forecast better than the defaults, on rows they did not see?"
MEASURE = "sMAPE, M4 hourly, 48 hours ahead, prior scales chosen by tune"
TUNED, DEFAULTS = "tuned", "defaults"
GRID = ["--changepoint-prior-scales", "0.0005,0.005,0.05,0.5", "--seasonality-prior-scales", "0.1,1,10"]
SCALES = ("changepoint_prior_scale", "seasonality_prior_scale")


def measure(record):
    if not REFERENCE_DIR:
        record.note("not measured: REFERENCE_DIR is not set")
        return
    train, test = table("train"), table("test")
    defaults, _ = ours(train, test)
    chosen = Finished([CHILIAD, "tune", "--data", SCRATCH / "m4.csv", "--horizon", "48 hours", "--period", "7 days",
                       "--json", "--threads", os.cpu_count(), *GRID])
    result = json.loads(chosen.stdout)
    expect(result["series"] == len(defaults) and result["failed"] == 0, "every series was validated with every candidate")
    best = result["best"]
    record.note("chosen: " + ", ".join(f"{name} {best[name]:g}" for name in SCALES) + "; sMAPE of its cross-validation "
                f"{best['error']:.2f}; of {len(result['candidates'])} candidates the worst {max(one['error'] for one in result['candidates']):.2f}")
    options = [word for name in SCALES for word in ("--" + name.replace("_", "-"), best[name])]
    tuned, _ = ours(train, test, options)
    difference = numpy.array([tuned[name] - value for name, value in defaults.items()])
    record.note(f"{int((difference < 0).sum())} series better than with the defaults, {int((difference > 0).sum())} worse, "
                f"median difference {numpy.median(difference):+.3f}")
    for name, figures in ((TUNED, tuned), (DEFAULTS, defaults), (NAIVE, naive(train, test))):
        record.add(MEASURE, name, "%", float(numpy.mean(list(figures.values()))))
    record.add("tune on the 414 series, all cores", "chiliad", "s", chosen.seconds)
