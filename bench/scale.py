"""Does training keep its rate and its memory from 1,000 to 100,000 customers?

Expected: the rate within 10 %, the peak memory flat.
    ./run bench scale          (needs 15 GB of disk)

Both fleets are folders of CSV files; the small one is trained 10 times for each large run, because one run of it is over
before the clock means much. Checked: one archive a customer, and exit code 0.
"""
import os

from data import fleet_folder
from fleet import OPTIONS
from record import CHILIAD, RUNS, SCRATCH, Finished, expect, remove, spread

QUESTION = "Does training keep its rate and its memory from 1,000 to 100,000 customers?"
RATE = "customers trained a second, 2 threads"
PEAK = "peak memory of training"
LARGE = int(os.environ.get("CHILIAD_BENCH_CUSTOMERS", "100000"))


def train(customers):
    output = SCRATCH / "scale-models"
    remove(output)
    done = Finished([CHILIAD, "train", "--data", fleet_folder(customers), "--models", output, "--threads", 2,
                     "--holdout", 7, "--history", "full", *OPTIONS])
    archives = sum(1 for entry in os.scandir(output) if entry.name.endswith(".tar.gz"))
    expect(archives == customers, f"{archives} archives for {customers} customers")
    return customers / done.seconds, done.peak_mb


def measure(record):
    small, large = "1,000 customers", f"{LARGE:,} customers"
    for _ in range(RUNS):
        rates, peaks = zip(*[train(1000) for _ in range(10)])
        record.add(RATE, small, "1/s", spread(rates)[0])
        record.add(PEAK, small, "MB", max(peaks))
        rate, peak = train(LARGE)
        record.add(RATE, large, "1/s", rate)
        record.add(PEAK, large, "MB", peak)
    remove(SCRATCH / "scale-models")
