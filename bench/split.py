"""Splitting one table of 1,000 customers into a file each: how many times faster than a pandas script?

Expected: 20 x, from process start to end. The usual script (pandas_split.py) reads the table, groups it and writes
each group without header. Checked: the same files, the same rows; values compared as numbers to 1e-14,
for pandas reads and writes them anew while ours keeps their text.
    ./run bench split
"""
import numpy
import pandas

from data import fleet_table, prophet_version
from record import CHILIAD, ROOT, RUNS, SCRATCH, Finished, expect, remove

QUESTION = "Splitting one table of 1,000 customers: how many times faster than a pandas script?"
MEASURE = "split of the 12 MB table of 1,000 customers"


def check_same(ours, rivals):
    names = sorted(path.name for path in rivals.glob("*.csv"))
    expect(names == sorted(path.name for path in ours.glob("*.csv")), "different files")
    for name in names:
        mine, theirs = (pandas.read_csv(folder / name, header=None) for folder in (ours, rivals))
        expect(mine[0].equals(theirs[0]) and numpy.allclose(mine[1], theirs[1], rtol=1e-14, atol=0), f"{name} differs")


def measure(record):
    record.note(prophet_version())
    table = fleet_table(1000)
    ours, rivals = SCRATCH / "split", SCRATCH / "split-pandas"
    for run in range(RUNS):
        remove(ours, rivals)
        rivals.mkdir(parents=True)
        mine = Finished([CHILIAD, "split", "--input", table, "--output", ours])
        rival = Finished([ROOT / ".venv/test/bin/python", ROOT / "bench/pandas_split.py", table, rivals])
        if run == 0:
            check_same(ours, rivals)
        record.add(MEASURE, "chiliad", "s", mine.seconds)
        record.add(MEASURE, "pandas script", "s", rival.seconds)
        record.add("pandas script without start and imports", "pandas script", "s", float(rival.stdout))
        record.add("peak memory of it", "chiliad", "MB", mine.peak_mb)
        record.add("peak memory of it", "pandas script", "MB", rival.peak_mb)
