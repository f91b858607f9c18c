"""`chiliad train --refresh` as a person types it."""
import csv
import json
import math

import pytest


def rows_of(number, first, last):
    return "".join(f"{2022 + month // 12}-{1 + month % 12:02d}-{1 + day % 28:02d},"
                   f"{100 + number + day % 7 + 0.1 * day + 3 * math.sin(day * day):.4f}\n"
                   for day in range(first, last) for month in [day // 28])


def write(folder, numbers, first, last):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.csv").write_text(rows_of(number, first, last))
    return folder


@pytest.fixture
def fleet(chiliad, tmp_path):
    write(tmp_path / "data", range(4), 0, 300)
    chiliad.run("train", "--data", tmp_path / "data", "--models", tmp_path / "models", "--keep-statistics")
    return tmp_path


def refresh(chiliad, folder, data, *arguments, **keywords):
    return chiliad.run("train", "--refresh", "held", "--data", folder / data, "--models", folder / "models", *arguments,
                       **keywords)


def test_the_report_says_what_was_done_for_each_series(chiliad, fleet):
    chiliad.run("train", "--data", write(fleet / "old", [4], 0, 300), "--models", fleet / "models")  # No statistics.
    write(fleet / "new", range(6), 300, 302)
    (fleet / "new" / "3.csv").write_text(rows_of(3, 299, 302))
    done = refresh(chiliad, fleet, "new", "--report", fleet / "report.csv", "--json", check=False)
    assert done.returncode == 3
    said = json.loads(done.stderr.splitlines()[-1])
    assert (said["trained"], said["failed"]) == (5, 1)
    assert said["ways"] == {"cold": 1, "history": 1, "statistics": 3}
    rows = {row["customer_id"]: row for row in csv.DictReader((fleet / "report.csv").open())}
    assert [rows[f"{i}"]["way"] for i in range(6)] == ["statistics"] * 3 + ["", "history", "cold"]
    assert rows["1"]["rows"] == rows["4"]["rows"] == "302"
    assert rows["4"]["note"] == "fitted from all rows: the model was stored without statistics"
    assert "3.csv: 1 row at or before the model's last date" in rows["3"]["reason"]

    skipped = refresh(chiliad, fleet, "new", "--skip-known-rows", check=False)
    assert "refreshed from statistics 1," in skipped.stderr, skipped.stderr


def test_a_refreshed_fleet_forecasts_from_its_new_end(chiliad, fleet):
    refresh(chiliad, fleet, write(fleet / "new", range(4), 300, 310).name)
    done = chiliad.run("forecast", "--models", fleet / "models", "--period", 1)
    assert [row["ds"] for row in csv.DictReader(done.stdout.splitlines())] == ["2022-12-03T00:00:00"] * 4
    again = refresh(chiliad, fleet, "new")
    assert "0 trained, 4 kept unchanged, 0 failed" in again.stderr


@pytest.mark.parametrize("arguments, words", [
    (["--holdout", "7"], "--refresh and --holdout exclude one another"),
    (["--conformal", "7 days"], "--refresh and --conformal exclude one another"),
    (["--warm-start", "models"], "--refresh and --warm-start exclude one another"),
    (["--refresh", "some"], "--refresh"),
])
def test_wrong_usage_of_refresh_is_2(chiliad, tmp_path, arguments, words):
    write(tmp_path / "data", [1], 0, 30)
    command = ["train", "--data", tmp_path / "data", "--models", tmp_path / "models"]
    if "--refresh" not in arguments:
        command += ["--refresh", "held"]
    done = chiliad.run(*command, *arguments, check=False)
    assert done.returncode == 2
    assert words in done.stderr


def test_skipping_needs_a_refresh(chiliad, tmp_path):
    write(tmp_path / "data", [1], 0, 30)
    done = chiliad.run("train", "--data", tmp_path / "data", "--models", tmp_path / "models", "--skip-known-rows",
                       check=False)
    assert done.returncode == 2 and "--skip-known-rows goes with --refresh" in done.stderr


def test_columns_come_from_the_models(chiliad, tmp_path):
    def table(first, last):
        return "ds,y,temp\n" + "".join(
            line.replace("\n", f",{20 + 5 * math.sin(index)}\n")
            for index, line in enumerate(rows_of(1, first, last).splitlines(keepends=True), first))
    for name, first, last in (("data", 0, 200), ("new", 200, 210)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.csv").write_text(table(first, last))
    chiliad.run("train", "--data", tmp_path / "data", "--models", tmp_path / "models", "--keep-statistics",
                "--add-regressor", "temp")
    done = refresh(chiliad, tmp_path, "new", "--json")
    assert json.loads(done.stderr.splitlines()[-1])["ways"] == {"statistics": 1}
