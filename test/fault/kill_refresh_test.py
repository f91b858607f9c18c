"""kill -9 at random moments of `chiliad train --refresh`: no row is added twice or lost.

A refresh replaces each model by one that contains the new rows, so a run that goes on after a kill has to tell the models
that have them from those that do not. At the end every archive has the bytes of a run that nobody disturbed.
"""
import filecmp
import random
import shutil
import signal
import subprocess
import time

SERIES = 300
REFRESH = ["--refresh", "held", "--threads", "2", "--sync-batch", "16"]


def write_rows(folder, first, last):
    folder.mkdir()
    for number in range(SERIES):
        generator = random.Random(number)
        rows = [f"2022-{1 + day // 28:02d}-{1 + day % 28:02d},{100 + number + generator.gauss(0, 5):.6f}\n"
                for day in range(last)]
        (folder / f"{number}.csv").write_text("".join(rows[first:]))
    return folder


def refresh(data, models):
    return ["train", "--data", str(data), "--models", str(models), *REFRESH]


def test_no_row_is_added_twice_or_lost(chiliad, tmp_path):
    base, undisturbed, models = (tmp_path / name for name in ("base", "undisturbed", "models"))
    old = write_rows(tmp_path / "old", 0, 200)
    chiliad.run("train", "--data", old, "--models", base, "--keep-statistics", "--threads", "2")
    for number in range(0, SERIES, 3):  # A third of the series takes the other way.
        (base / f"{number}.tar.gz").unlink()
    chiliad.run("train", "--data", old, "--models", base, "--threads", "2", "--seasonality-mode", "multiplicative")
    for number in range(SERIES):
        if number % 3 != 0:
            (base / f"{number}.tar.gz").unlink()
    chiliad.run("train", "--data", old, "--models", tmp_path / "linear", "--keep-statistics", "--threads", "2")
    for number in range(SERIES):
        if number % 3 != 0:
            shutil.copy(tmp_path / "linear" / f"{number}.tar.gz", base)
    shutil.copytree(base, undisturbed)
    shutil.copytree(base, models)
    days = [write_rows(tmp_path / f"day-{day}", day, day + 1) for day in (200, 201, 202)]
    whole_run = 0.0
    for data in days:
        started = time.monotonic()
        chiliad.run(*refresh(data, undisturbed))
        whole_run = time.monotonic() - started
    generator = random.Random(1)
    interrupted = 0
    for data in days:
        for _ in range(6):
            process = subprocess.Popen([chiliad.path, *refresh(data, models)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=generator.uniform(0, 1.2 * whole_run))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                interrupted += 1
            assert process.wait(timeout=120) in (0, -signal.SIGKILL)
        done = chiliad.run(*refresh(data, models))
        assert "0 failed" in done.stderr, done.stderr
    assert interrupted > 0
    names = [f"{number}.tar.gz" for number in range(SERIES)]
    _, different, missing = filecmp.cmpfiles(models, undisturbed, names, shallow=False)
    assert (different, missing) == ([], [])
