"""From 1,000 split CSV files to 1,000 stored archives with their history: how many times faster than a Python loop?

Expected: 100 x the loop that the usual notebook runs, here in 2 processes at a time, on 2 cores.
    ./run bench fleet

The rival (notebook_loop.py) reads a customer's CSV with pandas, drops the last 7 rows, fits Prophet, writes model_to_json
and packs it as tar.gz. Both start from the same folder of files and are timed from process start to end. Checked: both
leave the same set of archives, and for 5 customers Prophet loads ours and finds a log-posterior not below its own.
"""
import json
import os
import tarfile

from data import fleet_folder, prophet_version
from record import CHILIAD, ROOT, RUNS, SCRATCH, Finished, expect, remove

QUESTION = "From 1,000 split CSV files to 1,000 stored archives: how many times faster than a Python loop?"
MEASURE = "1,000 customers, split CSV files to stored archives with history, 2 cores"
AGAIN = "the same over the archives of the run before (--force)"
OPTIONS = ["--seasonality-mode", "multiplicative", "--yearly-seasonality", "false", "--weekly-seasonality", "false",
           "--daily-seasonality", "false"]


def command(source, models):
    return [CHILIAD, "train", "--data", source, "--models", models, "--threads", 2, "--holdout", 7, "--history", "full",
            *OPTIONS]


def train_again(source, models):
    """Seconds of training them all anew over the archives that are there, as a nightly run does."""
    return Finished([*command(source, models), "--force"]).seconds


def stored_model(path):
    with tarfile.open(path) as archive:
        return archive.extractfile("model.json").read().decode()


def check_archives(ours, rivals):
    from prophet.serialize import model_from_json
    names = sorted(os.listdir(rivals))
    expect(names == sorted(name for name in os.listdir(ours) if name.endswith(".tar.gz")),
           f"{ours} and {rivals} hold different archives")
    for name in names[:5]:
        mine, theirs = stored_model(ours / name), stored_model(rivals / name)
        model_from_json(mine)
        lp, prophets = (json.loads(text)["params"]["lp__"][0][0] for text in (mine, theirs))
        expect(lp >= prophets - 1e-6 * abs(prophets), f"{name}: log-posterior {lp}, Prophet's {prophets}")


def measure(record):
    record.note(prophet_version())
    source = fleet_folder(1000)
    ours, rivals = SCRATCH / "fleet-models", SCRATCH / "fleet-models-notebook"
    for _ in range(RUNS):
        remove(ours, rivals)
        mine = Finished(command(source, ours))
        rival = Finished([ROOT / ".venv/test/bin/python", ROOT / "bench/notebook_loop.py", source, rivals, 2])
        check_archives(ours, rivals)
        record.add(MEASURE, "chiliad", "s", mine.seconds)
        record.add(MEASURE, "Python loop, 2 processes", "s", rival.seconds)
        record.add("peak memory of it", "chiliad", "MB", mine.peak_mb)
        record.add("peak memory of it", "Python loop, 2 processes", "MB", rival.peak_mb)
        record.add(AGAIN, "chiliad", "s", train_again(source, ours))
