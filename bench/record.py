"""How a measurement is kept: one CSV a question in bench/results, a line a run, with machine, commit and versions on top.

A question is a module of this folder with
    QUESTION   one sentence
    measure(record)   checks its results, then calls record.add() for each run of each subject
Ours and the rival's runs alternate within one call, so that both see the same machine in the same minutes.
"""
import csv
import datetime
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
# On a machine with other users a file system of its own: see remove().
SCRATCH = pathlib.Path(os.environ.get("CHILIAD_BENCH_SCRATCH", ROOT / "build" / "bench"))
ASIDE = SCRATCH / "aside"  # What remove() moved away.
CHILIAD = str(ROOT / "build" / "bin" / "chiliad")
RUNS = int(os.environ.get("CHILIAD_BENCH_RUNS", "5"))


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = next(line for line in pathlib.Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    system = next((line.partition("=")[2].strip('"') for line in pathlib.Path("/etc/os-release").read_text().splitlines()
                   if line.startswith("PRETTY_NAME")), platform.system())
    return f"{model}, {os.cpu_count()} cores, {int(memory.split()[1]) // 1000000} GB, {system}"


def commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "src", "cmake", "CMakeLists.txt")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + ("+changes" if changed else "")


class Record:
    """The rows of one question."""

    def __init__(self, name):
        self.name = name
        self.rows = []   # (measure, subject, unit, run, value)
        self.notes = []  # Lines about versions and conditions.

    def add(self, measure, subject, unit, value):
        run = 1 + sum(1 for row in self.rows if row[:2] == (measure, subject))
        self.rows.append((measure, subject, unit, run, value))
        print(f"  {self.name}: {measure}, {subject}, run {run}: {value:.6g} {unit}", flush=True)

    def note(self, line):
        if line not in self.notes:
            self.notes.append(line)
            print(f"  {self.name}: {line}", flush=True)

    def write(self):
        RESULTS.mkdir(parents=True, exist_ok=True)
        with open(RESULTS / f"{self.name}.csv", "w", newline="") as file:
            file.write(f"# machine: {machine()}\n# commit: {commit()}\n")
            file.write(f"# date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC\n")
            file.write(f"# load average before: {LOAD_BEFORE:.2f}\n")
            if os.sched_getscheduler(0) == os.SCHED_FIFO:
                file.write(f"# {REAL_TIME}\n")
            for note in self.notes:
                file.write(f"# {note}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["measure", "subject", "unit", "run", "value"])
            for measure, subject, unit, run, value in self.rows:
                writer.writerow([measure, subject, unit, run, f"{value:.6g}"])


# chrt -f 10 ./run bench: on a machine that others use at the same time.
REAL_TIME = "scheduling: real-time (SCHED_FIFO), of which the kernel takes 5 % of every second away: a p99 shows that"
LOAD_BEFORE = os.getloadavg()[0]


def read(name):
    """The rows of a kept question: {(measure, subject): (unit, [values])}, and its notes."""
    path = RESULTS / f"{name}.csv"
    if not path.exists():
        return {}, []
    lines = path.read_text().splitlines()
    notes = [line[2:] for line in lines if line.startswith("# ")]
    series = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        series.setdefault((row["measure"], row["subject"]), (row["unit"], []))[1].append(float(row["value"]))
    return series, notes


def spread(values):
    """Median, smallest, largest."""
    return statistics.median(values), min(values), max(values)


class Finished:
    """A program run to its end: seconds of wall time, peak resident memory in MB, its output."""

    def __init__(self, arguments, cores=None, env=None, accept=(0,)):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        usage = SCRATCH / "usage.txt"
        with open(SCRATCH / "stdout.txt", "w+") as out, open(SCRATCH / "stderr.txt", "w+") as err:
            subprocess.run([sys.executable, "-I", "-S", ROOT / "bench/timed.py", usage, *map(str, arguments)], stdout=out,
                           stderr=err, env=env, check=False,
                           preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
            out.seek(0)
            err.seek(0)
            self.stdout, self.stderr = out.read(), err.read()
        seconds, peak, code = usage.read_text().split()
        self.seconds, self.peak_mb = float(seconds), int(peak) / 1024
        if int(code) not in accept:
            raise SystemExit(f"{' '.join(map(str, arguments))}: exit code {code}\n{self.stderr[-4000:]}")


def remove(*folders):
    """What an earlier run left is out of the way, and what others left unwritten is on the disk: not this run's cost.

    It is moved aside, and deleted by clear() when everything is measured: for minutes after a deletion ext4 gives none
    of the freed inodes away again and looks at each of them whenever a file is made, so that a program which makes 1,000
    files pays for the thousands that the run before it, or anybody else, deleted.
    """
    for folder in folders:
        if folder.exists():
            ASIDE.mkdir(parents=True, exist_ok=True)
            folder.rename(ASIDE / f"{time.monotonic_ns()}")
    os.sync()


def clear():
    shutil.rmtree(ASIDE, ignore_errors=True)


def expect(holds, what):
    """A result is checked before its time counts."""
    if not holds:
        raise SystemExit(f"the result is wrong, nothing is measured: {what}")
