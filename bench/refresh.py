"""How much cheaper is taking in one new day than fitting all rows again with the same things held?

Expected: 10 x and more from some thousand rows a series on, less than that for a year of daily rows, because a refresh
costs the same whatever lies behind it.
    ./run bench refresh

Checked before the clock counts (refresh_bench.cc): every refreshed forecast is within 1e-8 of y_scale of the forecast
of a fit of all rows with the same changepoints and seasonalities. Of the command: every series was refreshed from its
statistics, and its rows are all there.
"""
import csv
import json

import numpy
import pandas

from data import page_views, write_series
from record import CHILIAD, ROOT, RUNS, SCRATCH, Finished, expect, remove

QUESTION = "How much cheaper is taking in one new day than fitting all rows again?"
CUSTOMERS = 1000
DAYS = 2905
OURS, HELD, SHARED, ANEW = "refresh", "fit of all rows", "fit of all rows on a shared calendar", "trained anew"
TITLES = {"year": "refresh with one new day, 358 daily rows",
          "years": "refresh with one new day, 2,905 daily rows",
          "hours": "refresh with one new day, 17,520 hourly rows"}
COMMAND = f"refresh with one new day for {CUSTOMERS:,} customers of 2,905 daily rows, files to archives, 2 cores"


def wave(number, ds):
    """A customer's values: a level, a slope and waves of its own, normal noise."""
    random = numpy.random.default_rng(number)
    t = numpy.asarray((ds - ds[0]) / pandas.Timedelta(days=1))
    level, slope, year, week, day = random.uniform((50, -0.02, 2, 1, 0.5), (150, 0.05, 12, 8, 4))
    turn = 2 * numpy.pi * t
    return (level + slope * t + year * numpy.sin(turn / 365.25 + number) + week * numpy.sin(turn / 7) +
            day * numpy.sin(turn) + random.normal(0, 2, len(ds)))


def series_of(rows, freq, customers):
    ds = pandas.date_range("2014-01-01", periods=rows, freq=freq)
    return [(str(number), pandas.DataFrame({"ds": ds, "y": wave(number, ds).tolist()})) for number in range(customers)]


def write_folders(old, new):
    """A CSV a customer: all days but the last, and the last."""
    ds = pandas.date_range("2014-01-01", periods=DAYS, freq="D")
    text = ds.strftime("%Y-%m-%d")
    for folder in (old, new):
        folder.mkdir(parents=True)
    for number in range(CUSTOMERS):
        lines = [f"{day},{value:.6f}\n" for day, value in zip(text, wave(number, ds))]
        (old / f"{number}.csv").write_text("".join(lines[:-1]))
        (new / f"{number}.csv").write_text(lines[-1])


def train(data, models, *arguments):
    return Finished([CHILIAD, "train", "--data", data, "--models", models, "--threads", 2, "--history", "none", *arguments])


def command(record):
    old, new = SCRATCH / "refresh-old", SCRATCH / "refresh-new"
    if not new.exists():
        write_folders(old, new)
    models, anew, report = SCRATCH / "refresh-models", SCRATCH / "refresh-anew", SCRATCH / "refresh-report.csv"
    for _ in range(RUNS):
        remove(models, anew)
        train(old, models, "--keep-statistics")
        mine = train(new, models, "--refresh", "held", "--report", report)
        rows = list(csv.DictReader(report.open()))
        expect(len(rows) == CUSTOMERS and all(row["way"] == "statistics" and int(row["rows"]) == DAYS for row in rows),
               "a series was not refreshed from its statistics")
        record.add(COMMAND, OURS, "s", mine.seconds)
        # All but the last of the rows, which is as much work as all.
        record.add(COMMAND, ANEW, "s", train(old, anew, "--keep-statistics").seconds)


def measure(record):
    SCRATCH.mkdir(parents=True, exist_ok=True)
    origin, views = page_views()
    record.note(f"2,905 rows: {origin}")
    subjects = {"year": (series_of(358, "D", 100), 1), "years": ([("views", views)], 1),
                "hours": (series_of(17520, "h", 4), 24)}
    for kind, (series, _) in subjects.items():
        write_series(series, SCRATCH / f"refresh-{kind}.csv")
    for _ in range(RUNS):
        for kind, (_, new_rows) in subjects.items():
            done = Finished([ROOT / "build/bin/refresh_bench", SCRATCH / f"refresh-{kind}.csv", new_rows,
                             "--benchmark_format=json", "--benchmark_min_time=0.3"])
            seconds = {row["name"]: row["cpu_time"] * 1e-9 for row in json.loads(done.stdout)["benchmarks"]}
            record.add(TITLES[kind], OURS, "s", seconds["refresh"])
            record.add(TITLES[kind], HELD, "s", seconds["held"])
            if "held_fleet" in seconds:
                record.add(TITLES[kind], SHARED, "s", seconds["held_fleet"])
    command(record)
