"""How soon after a file in the folder of models was replaced does the server answer from the new one?

Expected: within 1 s, whichever of the replacements.
    ./run bench freshness

A folder of 1,000 models (links to those trained once), one client, one kept-alive connection. A model that is in memory is replaced as
doc/serving.md says (a finished file is renamed over it), and called again and again until the answer is the new model's;
the time runs from rename's return to that answer. 200 replacements a run, of one model after the other. Checked: each
answer is byte for byte the old model's or the new one's, and after the new one the old does not come back.
"""
import os
import pathlib
import shutil
import statistics
import tempfile
import time

from record import RUNS, SCRATCH, expect
from server import Server, ask, models

QUESTION = "How soon after a model's file was replaced is the new one answering?"
MOST = "new answers after a model's file was replaced, slowest of 200"
MEDIAN = "new answers after a model's file was replaced, median of 200"
OURS = "chiliad"
REPLACEMENTS = 200
WITHIN = 30  # Seconds; then it is not late but lost.


def replace(folder, source, target):
    part = folder / ".part"
    shutil.copyfile(source, part)
    os.rename(part, folder / target)


def measure(record):
    trained = models()
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
            folder = pathlib.Path(name)
            for archive in trained.glob("*.tar.gz"):
                os.link(archive, folder / archive.name)
            with Server(folder) as server:
                seconds = seconds_until_new(server.connection(), trained, folder)
        record.add(MOST, OURS, "s", max(seconds))
        record.add(MEDIAN, OURS, "s", statistics.median(seconds))


def seconds_until_new(connection, trained, folder):
    seconds = []
    for number in range(REPLACEMENTS):
        target, source = f"{number}.tar.gz", f"{number + REPLACEMENTS}.tar.gz"
        old, new = ask(connection, target), ask(connection, source)
        expect(old[0] == new[0] == 200 and old != new, f"{target} and {source} are two models: {old[1][:200]!r}")
        replace(folder, trained / source, target)
        begin = time.perf_counter()
        while (answer := ask(connection, target)) != new:
            expect(answer == old, f"{target}: neither the old model's answer nor the new one's: {answer[1][:200]!r}")
            expect(time.perf_counter() - begin < WITHIN, f"{target}: the old model still answers after {WITHIN} s")
        seconds.append(time.perf_counter() - begin)
        expect(all(ask(connection, target) == new for _ in range(10)), f"{target}: the old model's answer came back")
    return seconds
