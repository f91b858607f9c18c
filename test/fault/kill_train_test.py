"""kill -9 and SIGTERM at random moments of `chiliad train`: nothing acknowledged is lost, nothing half-written shows.

A model is acknowledged when its journal record is written. After each kill every complete record names an archive that
is there, and every file that shows in the folder is a whole archive. At the end one undisturbed run completes the fleet, byte for byte
as a run that nobody disturbed.
"""
import filecmp
import gzip
import io
import json
import os
import random
import signal
import subprocess
import tarfile
import time

import pytest

SERIES = 400
OPTIONS = ["--threads", "2", "--holdout", "7", "--sync-batch", "16"]


def make_fleet(folder):
    folder.mkdir()
    generator = random.Random(1)
    for number in range(SERIES):
        rows = [f"2022-{1 + day // 28:02d}-{1 + day % 28:02d},{100 + number + generator.gauss(0, 5):.6f}"
                for day in range(200 + number % 3)]
        (folder / f"{number}.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, chiliad):
    folder = tmp_path_factory.mktemp("fleet")
    data = make_fleet(folder / "data")
    chiliad.run("train", "--data", data, "--models", folder / "undisturbed", *OPTIONS)
    return folder


def acknowledged(models):
    """The archives that complete lines of the journals name."""
    names = set()
    for journal in (models / ".chiliad-train").glob("journal-*"):
        for line in journal.read_bytes().split(b"\n")[1:-1]:
            fields = line.split(b"\t")
            names.add(fields[5 + COLUMNS.index("archive")].decode())
    return names


COLUMNS = ["customer_id", "status", "reason", "note", "rows", "holdout_rows", "seconds", "log_posterior",
           "optimality_residual", "iterations", "archive"]


def model_of(path):
    with tarfile.open(path, mode="r:gz") as archive:
        return json.load(archive.extractfile("model.json"))


def difference(path, expected):
    """Where two archives part: in the packing, the tar, or the first value of the model."""
    sizes = f"{path}: {path.stat().st_size} bytes, {expected}: {expected.stat().st_size}"
    if gzip.decompress(path.read_bytes()) == gzip.decompress(expected.read_bytes()):
        return f"{sizes}; the same tar, packed otherwise"
    found, wanted = model_of(path), model_of(expected)
    for key in wanted:
        if found.get(key) != wanted[key]:
            return f"{sizes}; {key}: {found.get(key)!r} instead of {wanted[key]!r}"
    return f"{sizes}; the same model.json, another tar"


def check_folder(models, undisturbed):
    present = {path.name for path in models.iterdir() if path.is_file() and not path.name.startswith(".")}
    for name in present:
        assert name.endswith(".tar.gz"), name
        with tarfile.open(fileobj=io.BytesIO((models / name).read_bytes()), mode="r:gz") as archive:
            assert json.load(archive.extractfile("model.json"))["growth"] == "linear"
        assert filecmp.cmp(models / name, undisturbed / name, shallow=False), difference(models / name, undisturbed / name)
    recorded = acknowledged(models)
    assert recorded <= present, sorted(recorded - present)[:3]
    return len(recorded)


def difference(one, other):
    """What to look for: the same model in other bytes, or another model?"""
    texts = [gzip.decompress(path.read_bytes()) for path in (one, other)]
    if texts[0] == texts[1]:
        return f"{one.name}: the same tar, compressed to other bytes"
    at = next(i for i in range(max(map(len, texts))) if texts[0][i:i + 1] != texts[1][i:i + 1])
    return f"{one.name}: other bytes from {at} on: " + " / ".join(repr(text[max(0, at - 60):at + 60]) for text in texts)


def disturb(chiliad, fleet, models, how, loops, seed):
    generator = random.Random(seed)
    command = [chiliad.path, "train", "--data", str(fleet / "data"), "--models", str(models), *OPTIONS]
    started = time.monotonic()
    chiliad.run("train", "--data", fleet / "data", "--models", f"{models}-timing", *OPTIONS)
    whole_run = time.monotonic() - started
    interrupted = 0
    done = 0
    for _ in range(loops):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=generator.uniform(0, whole_run))
        except subprocess.TimeoutExpired:
            process.send_signal(how)
            interrupted += 1
        code = process.wait(timeout=120)
        assert code in (0, -how, 1), code
        now = check_folder(models, fleet / "undisturbed") if models.exists() else 0
        assert now >= done, "an acknowledged model was forgotten"
        done = now
        if done == SERIES:  # All there: begin anew, with another half of the archives gone.
            for path in sorted(models.glob("*.tar.gz"))[::2]:
                path.unlink()
            for path in (models / ".chiliad-train").glob("journal-*"):
                path.unlink()
            done = 0
    assert interrupted > 0
    finished = chiliad.run(*command[1:])
    assert f"{SERIES} of {SERIES} series" in finished.stderr
    assert check_folder(models, fleet / "undisturbed") == SERIES
    again = chiliad.run(*command[1:])
    assert f"0 trained, {SERIES} kept unchanged, 0 failed" in again.stderr, again.stderr
    names = {path.name for path in models.iterdir() if not path.name.startswith(".")}
    assert names == {path.name for path in (fleet / "undisturbed").iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_loses_nothing_acknowledged(chiliad, fleet, tmp_path, how):
    disturb(chiliad, fleet, tmp_path / "models", how, loops=8, seed=int(how))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_long_campaign_of_kills(chiliad, fleet, tmp_path, seed):
    disturb(chiliad, fleet, tmp_path / "models", signal.SIGKILL, loops=60, seed=seed)


def test_sigterm_says_how_to_go_on(chiliad, fleet, tmp_path):
    """The signal is sent once the first progress or report line shows that work has begun."""
    models, report = tmp_path / "models", tmp_path / "report.jsonl"
    command = [chiliad.path, "train", "--data", str(fleet / "data"), "--models", str(models), "--threads", "1",
               "--sync-batch", "1", "--report", str(report)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (models / "0.tar.gz").exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=120)[1]
    if process.returncode == 0:
        pytest.skip("the run was over before the signal came")
    assert process.returncode == 1, errors
    assert "the same command goes on from here" in errors
    assert len(report.read_text().splitlines()) == len(acknowledged(models)) < SERIES


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_ends_the_run_clearly_and_the_next_one_completes_it(chiliad, fleet, tmp_path):
    models = tmp_path / "small"
    models.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", models], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        command = ["train", "--data", fleet / "data", "--models", models, *OPTIONS]
        full = chiliad.run(*command, check=False)
        assert full.returncode == 1
        assert "No space left on device" in full.stderr
        assert 0 < check_folder(models, fleet / "undisturbed") < SERIES
        subprocess.run(["mount", "-o", "remount,size=64m", models], check=True)
        chiliad.run(*command)
        assert check_folder(models, fleet / "undisturbed") == SERIES
    finally:
        subprocess.run(["umount", "-l", models], check=True)
