"""The series that are measured: made by the program's own generator (seed 42) and by the one below, kept in build/bench.

The fleet: `chiliad generate`, 365 daily values a customer: a baseline of its own, a sine of one year with an amplitude
and a phase of its own, normal noise. The last 7 values are held out, as in training: 358 rows.

A long daily series after the shape of the page views that Prophet's own examples use: 2,905 daily values of a logarithm
near 8 with a yearly and a weekly wave, slope changes, heavy-tailed noise, 2% of the days missing. Where REFERENCE_DIR is
set the original of those page views is taken instead.
"""
import gzip
import logging
import os
import pathlib
import subprocess

import numpy
import pandas

from record import CHILIAD, SCRATCH, Finished

REFERENCE_DIR = os.environ.get("REFERENCE_DIR")


def fleet_table(customers):
    """A table customer_id,timestamp,consumption."""
    path = SCRATCH / f"fleet-{customers}.csv"
    if not path.exists():
        SCRATCH.mkdir(parents=True, exist_ok=True)
        Finished([CHILIAD, "generate", "--customers", customers, "--seed", 42, "--output", f"{path}.part"])
        os.rename(f"{path}.part", path)
    return path


def fleet_folder(customers):
    """One CSV without header a customer."""
    folder = SCRATCH / f"fleet-{customers}"
    if not folder.exists():
        Finished([CHILIAD, "split", "--input", fleet_table(customers), "--output", f"{folder}.part"])
        os.rename(f"{folder}.part", folder)
    return folder


def fleet_series(customers, holdout=7):
    """[(id, DataFrame ds, y)] without the last `holdout` rows."""
    table = pandas.read_csv(fleet_table(1000))
    table.columns = ["id", "ds", "y"]
    table["ds"] = pandas.to_datetime(table["ds"])
    groups = list(table.groupby("id", sort=False))[:customers]
    return [(str(name), group[["ds", "y"]].iloc[:-holdout].reset_index(drop=True)) for name, group in groups]


def page_views():
    """(where it is from, DataFrame ds, y) with 2,905 rows."""
    path = REFERENCE_DIR and pathlib.Path(REFERENCE_DIR, "fixtures/prophet/data/example_wp_log_peyton_manning.csv.gz")
    if path and path.exists():
        with gzip.open(path, "rt") as file:
            frame = pandas.read_csv(file)
        frame["ds"] = pandas.to_datetime(frame["ds"])
        return "Wikipedia page views of Peyton Manning", frame
    random = numpy.random.default_rng(42)
    days = pandas.date_range("2007-12-10", periods=2964, freq="D")
    t = numpy.arange(len(days)) / 365.25
    slope_changes = sum(change * numpy.maximum(0, t - at) for at, change in [(1, 0.4), (3, -0.5), (5, 0.35), (6.5, -0.6)])
    y = (8 + 0.1 * t + slope_changes + 0.9 * numpy.cos(2 * numpy.pi * (t - 0.1)) + 0.3 * numpy.cos(4 * numpy.pi * t)
         + 0.25 * (days.dayofweek == 0) + 0.4 * random.standard_t(4, len(days)))
    kept = numpy.sort(random.permutation(len(days))[:2905])
    return "generated after the shape of daily page views", pandas.DataFrame({"ds": days[kept], "y": y[kept]})


def write_series(series, path):
    """id,ds,y for the C++ programs."""
    with open(path, "w") as file:
        for name, frame in series:
            for ds, y in zip(frame["ds"].dt.strftime("%Y-%m-%d %H:%M:%S"), frame["y"]):
                file.write(f"{name},{ds},{y!r}\n")


def quiet_prophet():
    """Neither Prophet nor CmdStan logs its fits from here on."""
    import prophet.forecaster  # Sets the level of its logger while it is imported.
    prophet.forecaster.logger.setLevel(logging.ERROR)
    logging.getLogger("cmdstanpy").disabled = True


def prepare_one_core(record):
    """For fits on one core: this process stays on it, Prophet is quiet, and its version is noted."""
    quiet_prophet()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    SCRATCH.mkdir(parents=True, exist_ok=True)
    record.note(prophet_version())


def prophet_version():
    import prophet
    return f"Prophet {prophet.__version__}, pandas {pandas.__version__}, numpy {numpy.__version__}"


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return ((done.stdout or done.stderr).splitlines() or ["?"])[0]
