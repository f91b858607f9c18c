"""`chiliad store scan` and `chiliad store check`: what a person who looks after a home types."""
import json

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
