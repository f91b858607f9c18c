"""`chiliad store scan` and `chiliad store check`: what a person who looks after a home types."""
import json
import random
import subprocess
import time

import pytest


@pytest.fixture
def home(tmp_path):
    """A home with one bucket made by hand."""
    bucket = tmp_path / "store" / "models"
    (bucket / "data").mkdir(parents=True)
    (bucket / "data" / "rows.csv").write_text("a,b\n")
    (bucket / "link").symlink_to("/etc/passwd")
    return tmp_path


def scan(chiliad, home, *arguments):
    done = chiliad.run("store", "scan", "--home", home, "--json", *arguments)
    return json.loads(done.stdout.splitlines()[-1])


def test_scan_takes_files_in_and_says_what_it_ignored(chiliad, home):
    report = scan(chiliad, home)
    assert (report["added"], report["ignored"]) == (1, 1)
    assert "a symbolic link" in report["complaints"][0]
    assert scan(chiliad, home, "--bucket", "models")["unchanged"] == 1


def test_check_changes_nothing_and_its_exit_code_says_that_something_differs(chiliad, home):
    (home / "store" / "models" / "link").unlink()
    done = chiliad.run("store", "check", "--home", home, check=False)
    assert done.returncode == 1 and "1 new" in done.stdout
    scan(chiliad, home)
    assert chiliad.run("store", "check", "--home", home, "--bytes").returncode == 0
    (home / "store" / "models" / "data" / "rows.csv").unlink()
    done = chiliad.run("store", "check", "--home", home, check=False)
    assert done.returncode == 1 and "1 gone" in done.stdout
    assert scan(chiliad, home)["removed"] == 1


def test_a_folder_that_is_no_home_and_a_bucket_that_is_none_are_named(chiliad, home, tmp_path):
    done = chiliad.run("store", "scan", "--home", tmp_path / "none", check=False)
    assert done.returncode == 2 and "not a home" in done.stderr
    done = chiliad.run("store", "scan", "--home", home, "--bucket", "nowhere", check=False)
    assert done.returncode == 1 and "there is no such bucket" in done.stderr


FILES = 3_000


def killed_scans(chiliad, home, choose, seconds):
    """Scans that are killed at some moment within `seconds`, until one comes to its end; what each left to be done."""
    left = []
    while True:
        scan = subprocess.Popen([chiliad.path, "store", "scan", "--home", str(home)], stdout=subprocess.DEVNULL)
        time.sleep(seconds * choose.random())
        scan.kill()
        if scan.wait() == 0:
            return left
        check = chiliad.run("store", "check", "--bytes", "--home", home, "--json", check=False)
        left.append(json.loads(check.stdout.splitlines()[-1]))


def test_scans_that_are_killed_take_in_each_file_whole_or_not_at_all(chiliad, tmp_path):
    bucket = tmp_path / "store" / "models"
    files = [bucket / f"part-{number % 30}" / f"{number}.csv" for number in range(FILES)]
    for number, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d\n" % number * (1 + number % 300))
    began = time.monotonic()
    chiliad.run("store", "check", "--bytes", "--home", tmp_path, check=False)
    whole = time.monotonic() - began
    choose = random.Random(3)

    def compare(what):
        """After each kill some files are as the index has them, the others are still to be taken in; at last none."""
        left = killed_scans(chiliad, tmp_path, choose, whole)
        there = sum(file.exists() for file in files)
        gone = FILES - there
        for report in left:
            assert report["complaints"] == [] and report["ignored"] == 0
            if what == "removed":
                # Of the files that are gone, those that a scan has taken in are not told any more.
                assert report["unchanged"] == there and report[what] <= gone, report
                gone = report[what]
            else:
                assert report["unchanged"] + report[what] == FILES, report
            assert [report[other] for other in {"added", "updated", "removed"} - {what}] == [0, 0], report
        assert chiliad.run("store", "check", "--bytes", "--home", tmp_path).returncode == 0
        return left

    left = compare("added")
    for number, file in enumerate(files):
        file.write_bytes(b"changed %d\n" % number)
    left += compare("updated")
    for file in files[1:]:
        file.unlink()
    left += compare("removed")
    assert any(0 < report["unchanged"] < FILES for report in left), "no kill came in the middle"
