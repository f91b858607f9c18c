"""`chiliad train`, `forecast`, `evaluate`, `inspect` and `plot` as a person types them."""
import csv
import fcntl
import gzip
import json
import math
import pathlib
import re
import subprocess
import xml.dom.minidom

import pytest


def rows_of(days, level=100.0, start_month=1):
    return "".join(f"2022-{start_month + day // 28:02d}-{1 + day % 28:02d},{level + day % 7 + 0.01 * day:.3f}\n"
                   for day in range(days))


@pytest.fixture
def fleet(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for number in range(5):
        (data / f"{number}.csv").write_text(rows_of(100, 100 + 10 * number))
    return tmp_path


def test_exit_codes_and_report(chiliad, fleet):
    done = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", "--holdout", "7",
                       "--report", fleet / "report.csv")
    assert done.stdout == ""
    rows = list(csv.DictReader((fleet / "report.csv").open()))
    assert [row["customer_id"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert all(row["status"] == "trained" and float(row["holdout_mae"]) < 5 and row["naive_mae"] for row in rows)

    (fleet / "data" / "bad.csv").write_text("rubbish\n")
    some_failed = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", "--holdout", "7",
                              "--report", fleet / "report.jsonl", check=False)
    assert some_failed.returncode == 3
    assert "bad.csv" in some_failed.stderr
    kept = [json.loads(line) for line in (fleet / "report.jsonl").read_text().splitlines()]
    assert {row["status"] for row in kept} == {"kept", "failed"}
    assert [row["log_posterior"] for row in kept if row["status"] == "kept"] == \
        [float(row["log_posterior"]) for row in rows]

    too_many = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "m2", "--max-failures", "0",
                           check=False)
    assert too_many.returncode == 1
    assert "--max-failures" in too_many.stderr
    assert chiliad.run("train", "--data", fleet / "data", "--models", fleet / "m3", "--max-failures", "50%",
                       check=False).returncode == 3


@pytest.mark.parametrize("arguments, words", [
    (["--growth", "cubic"], 'Parameter "growth" should be "linear", "logistic" or "flat".'),
    (["--shard", "5/4"], "5/4"),
    (["--threads", "-1"], "--threads"),
    (["--history", "some"], "--history"),
    (["--max-failures", "many"], "--max-failures"),
    (["--no-such-option"], "--no-such-option"),
])
def test_wrong_usage_is_2(chiliad, fleet, arguments, words):
    done = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", *arguments, check=False)
    assert done.returncode == 2
    assert words in done.stderr + done.stdout


def test_missing_data_is_1_and_named(chiliad, tmp_path):
    done = chiliad.run("train", "--data", tmp_path / "none", "--models", tmp_path / "models", check=False)
    assert done.returncode == 1
    assert str(tmp_path / "none") in done.stderr


def test_json_lines_for_programs(chiliad, fleet):
    done = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", "--json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert events[-1]["event"] == "done"
    assert events[-1]["trained"] == 5
    assert events[-1]["end"] == "complete"
    assert events[-1]["failures"] == []
    (fleet / "data" / "bad.csv").write_text("2022-01-01,1\n2022-01-02,many\n")
    done = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", "--json", check=False)
    failures = json.loads(done.stderr.splitlines()[-1])["failures"]
    assert done.returncode == 3
    assert len(failures) == 1 and "bad.csv:2" in failures[0]


@pytest.mark.parametrize("command", [
    ("forecast", "--models", "models", "--period", "7"), ("inspect", "models/1.tar.gz"), ("plot", "--model", "models/1.tar.gz"),
    ("evaluate", "--data", "data", "--holdout", "7"), ("generate", "--customers", "1", "--output", "-"), ("parity", "cases")])
def test_results_that_a_full_disk_does_not_take_are_a_failure(chiliad, fleet, command):
    chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models")
    (fleet / "cases").mkdir()
    (fleet / "cases" / "damaged.json").write_text('{"format": "of another kind"}')
    with open("/dev/full", "wb") as full:
        done = subprocess.run([chiliad.path, *command], stdout=full, stderr=subprocess.PIPE, text=True, cwd=fleet, timeout=60)
    assert done.returncode == 1
    assert "standard output: No space left on device" in done.stderr


def test_a_table_gives_the_archives_of_its_split_folder(chiliad, fleet):
    table = fleet / "table.csv"
    with table.open("w") as out:
        out.write("customer_id,timestamp,value\n")
        for path in sorted((fleet / "data").iterdir()):
            out.writelines(f"{path.stem},{line}\n" for line in path.read_text().splitlines())
    chiliad.run("split", "--input", table, "--output", fleet / "split")
    chiliad.run("train", "--data", fleet / "split", "--models", fleet / "from-split")
    chiliad.run("train", "--data", table, "--models", fleet / "from-table")
    for path in sorted((fleet / "from-split").glob("*.tar.gz")):
        assert path.read_bytes() == (fleet / "from-table" / path.name).read_bytes()
    assert len(list((fleet / "from-table").glob("*.tar.gz"))) == 5


def test_gzipped_series_give_the_models_and_errors_of_plain_ones(chiliad, fleet):
    packed = fleet / "packed"
    packed.mkdir()
    for path in (fleet / "data").iterdir():
        if path.stem == "3":
            (packed / path.name).write_bytes(path.read_bytes())
        else:
            (packed / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    chiliad.run("train", "--data", fleet / "data", "--models", fleet / "plain-models", "--holdout", "7")
    chiliad.run("train", "--data", packed, "--models", fleet / "models", "--holdout", "7")
    archives = sorted(path.name for path in (fleet / "models").glob("*.tar.gz"))
    assert archives == [f"{number}.tar.gz" for number in range(5)]
    for name in archives:
        assert (fleet / "models" / name).read_bytes() == (fleet / "plain-models" / name).read_bytes()

    def evaluated(data, *arguments):
        chiliad.run("evaluate", "--data", data, *arguments, "--output", fleet / "errors.csv")
        return [(row["customer_id"], row["holdout_mae"]) for row in csv.DictReader((fleet / "errors.csv").open())]

    assert evaluated(packed, "--models", fleet / "models") == evaluated(fleet / "data", "--models", fleet / "models")
    assert evaluated(fleet / "data", "--test", packed) == evaluated(fleet / "data", "--test", fleet / "data")
    # What was packed again with other settings is the same series.
    (packed / "1.csv.gz").write_bytes(gzip.compress((fleet / "data" / "1.csv").read_bytes(), 1, mtime=0))
    again = chiliad.run("train", "--data", packed, "--models", fleet / "models", "--holdout", "7", "--json")
    assert json.loads(again.stderr.splitlines()[-1])["kept"] == 5


def test_a_damaged_gzip_is_that_series_failure(chiliad, fleet):
    whole = gzip.compress(rows_of(100).encode())
    (fleet / "data" / "cut.csv.gz").write_bytes(whole[:-20])
    done = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", check=False)
    assert done.returncode == 3
    assert "cut.csv.gz: damaged gzip: cut off" in done.stderr
    assert len(list((fleet / "models").glob("*.tar.gz"))) == 5


def test_two_trainers_of_one_folder_are_refused(chiliad, fleet):
    chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models")
    lock = (fleet / "models" / ".chiliad-train" / "lock-1-of-1").open("r+")
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # A lock of this process conflicts with the trainer's.
    second = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", check=False)
    assert second.returncode == 1
    assert "is training shard 1/1" in second.stderr
    sharded = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", "--shard", "1/2",
                          check=False)
    assert sharded.returncode == 1
    assert "another number of shards" in sharded.stderr


def test_shards_run_side_by_side(chiliad, fleet):
    chiliad.run("train", "--data", fleet / "data", "--models", fleet / "whole")
    running = [subprocess.Popen([chiliad.path, "train", "--data", str(fleet / "data"), "--models",
                                 str(fleet / "shards"), "--shard", f"{i}/3"], stderr=subprocess.DEVNULL)
               for i in (1, 2, 3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    for path in sorted((fleet / "whole").glob("*.tar.gz")):
        assert path.read_bytes() == (fleet / "shards" / path.name).read_bytes()


def test_forecast_evaluate_inspect_and_plot(chiliad, fleet):
    models = fleet / "models"
    chiliad.run("train", "--data", fleet / "data", "--models", models, "--holdout", "7")
    rows = list(csv.DictReader(chiliad.run("forecast", "--models", models, "--period", "3").stdout.splitlines()))
    assert list(rows[0]) == ["customer_id", "ds", "yhat", "yhat_lower", "yhat_upper"]
    assert len(rows) == 15
    assert all(float(row["yhat_lower"]) < float(row["yhat"]) < float(row["yhat_upper"]) for row in rows)
    everything = chiliad.run("forecast", "--models", models, "--period", "2", "--columns", "all", "--include-history")
    header = everything.stdout.splitlines()[0].split(",")
    assert header[:5] == ["customer_id", "ds", "trend", "yhat_lower", "yhat_upper"] and header[-1] == "yhat"
    assert len(everything.stdout.splitlines()) == 1 + 5 * (93 + 2)

    found = json.loads(chiliad.run("evaluate", "--data", fleet / "data", "--models", models, "--json").stdout)
    again = json.loads(chiliad.run("evaluate", "--data", fleet / "data", "--holdout", "7", "--json").stdout)
    assert math.isclose(found["prophet"]["sMAPE"], again["prophet"]["sMAPE"], rel_tol=1e-9)
    assert found["series"] == 5

    text = chiliad.run("inspect", models / "3.tar.gz").stdout
    assert "93 rows with a value" in text and "weekly" in text
    model = json.loads(chiliad.run("inspect", models, "--model", "3", "--json").stdout)
    assert model["rows"] == 93 and model["seasonalities"][0]["name"] == "weekly"

    chiliad.run("plot", "--model", models / "3.tar.gz", "--period", "30", "--components", "--output", fleet / "x.svg")
    picture = xml.dom.minidom.parse(str(fleet / "x.svg"))
    assert len(picture.getElementsByTagName("circle")) >= 93


def test_the_realistic_table_trains_as_documented(chiliad, reference_dir, tmp_path):
    done = chiliad.run("train", "--data", reference_dir / "data" / "realistic_energy.csv.gz", "--models",
                       tmp_path / "models", "--report", tmp_path / "report.csv", check=False)
    rows = {row["customer_id"]: row for row in csv.DictReader((tmp_path / "report.csv").open())}
    assert done.returncode == 3
    failed = {name: row["reason"] for name, row in rows.items() if row["status"] == "failed"}
    assert failed.keys() == {"all_nan", "one_point"}
    assert all("Dataframe has less than 2 non-NaN rows." in reason for reason in failed.values())
    for name in ("constant", "zeros"):
        assert rows[name]["log_posterior"] == "" and "constant" in rows[name]["note"]
    assert "floor" in rows["two_points"]["note"]
    for name, row in rows.items():
        if row["optimality_residual"]:  # Empty for constant series and where the noise is at its floor.
            assert float(row["optimality_residual"]) < 1e-9, name
    forecast = chiliad.run("forecast", "--models", tmp_path / "models", "--period", "7").stdout
    values = [row for row in csv.DictReader(forecast.splitlines())]
    assert len(values) == 7 * 56
    assert all(math.isfinite(float(row[column])) for row in values for column in ("yhat", "yhat_lower", "yhat_upper"))


def test_m4_hourly_is_as_good_as_prophet(chiliad, reference_dir):
    data = reference_dir / "data"
    found = json.loads(chiliad.run("evaluate", "--data", data / "m4_hourly_train.csv.gz", "--test",
                                   data / "m4_hourly_test.csv.gz", "--json").stdout)
    assert found["series"] == 414 and found["failed"] == 0
    # Prophet 1.5.0: 18.08. The exact optimum is not nearer to the future than its early stop: 18.2 was measured.
    assert abs(found["prophet"]["sMAPE"] - 18.08) < 0.5


@pytest.mark.parametrize("form", ["toml", "json"])
def test_an_options_file_reaches_single_series_of_a_table(chiliad, tmp_path, form):
    table = tmp_path / "table.csv"
    lines = ["customer_id,ds,y,promo"]
    for shop, promo in (("north-1", True), ("north-2", True), ("south-1", False)):
        for day, line in enumerate(rows_of(60).splitlines()):
            effect = 20 * (day % 9 == 0) if promo else 0
            ds, y = line.split(",")
            lines.append(f"{shop},{ds},{float(y) + effect},{int(day % 9 == 0) if promo else 'closed'}")
    table.write_text("\n".join(lines) + "\n")
    options = tmp_path / f"fleet.{form}"
    if form == "toml":
        options.write_text("""
            weekly_seasonality = false
            [[series]]
            pattern = "north-*"
            weekly_seasonality = true
            [[series.regressor]]
            name = "promo"
            standardize = false
            [[series]]
            id = "west"
            """)
    else:
        options.write_text(json.dumps({
            "weekly_seasonality": False,
            "series": [{"pattern": "north-*", "weekly_seasonality": True,
                        "regressor": [{"name": "promo", "standardize": False}]}, {"id": ["west"]}]}))
    done = chiliad.run("train", "--data", table, "--models", tmp_path / "models", "--options", options)
    assert "[[series]] with id 'west': no series of that name" in done.stderr

    def inspected(shop):
        return json.loads(chiliad.run("inspect", tmp_path / "models", "--model", shop, "--json").stdout)

    assert [regressor["name"] for regressor in inspected("north-1")["regressors"]] == ["promo"]
    assert inspected("south-1")["regressors"] == []
    future = tmp_path / "future.csv"
    future.write_text("ds,promo\n2022-04-01,1\n2022-04-02,0\n")
    forecast = chiliad.run("forecast", "--models", tmp_path / "models", "--future", future, "--columns", "promo,weekly,yhat")
    rows = {(row["customer_id"], row["ds"][:10]): row for row in csv.DictReader(forecast.stdout.splitlines())}
    assert float(rows["north-2", "2022-04-01"]["promo"]) == pytest.approx(20, abs=2)
    assert float(rows["north-2", "2022-04-02"]["promo"]) == 0
    assert rows["south-1", "2022-04-01"]["promo"] == "" and rows["south-1", "2022-04-01"]["weekly"] == ""

    validated = chiliad.run("cross-validate", "--data", table, "--options", options, "--horizon", "7 days", "--output", "-")
    assert {row["customer_id"] for row in csv.DictReader(validated.stdout.splitlines())} == {"north-1", "north-2", "south-1"}
    # The scales that tune tries stand before those of single series.
    tuned = ["tune", "--data", table, "--horizon", "7 days", "--json", "--options"]
    scales = tmp_path / "scales.toml"
    scales.write_text("[[series]]\npattern = '*'\nchangepoint_prior_scale = 7\nseasonality_prior_scale = 7\n")
    (tmp_path / "none.toml").write_text("")
    assert json.loads(chiliad.run(*tuned, scales).stdout) == json.loads(chiliad.run(*tuned, tmp_path / "none.toml").stdout)
    chiliad.run(*tuned, options)
    chiliad.run("evaluate", "--data", table, "--options", options, "--holdout", "7")


def test_a_bad_options_file_names_its_line(chiliad, fleet):
    (fleet / "fleet.toml").write_text("growth = 'flat'\n[[series]]\nid = 'a'\ngrowht = 'linear'\n")
    refused = chiliad.run("train", "--data", fleet / "data", "--models", fleet / "models", "--options", fleet / "fleet.toml",
                          check=False)
    assert refused.returncode == 2
    assert "fleet.toml:4: series: growht: no such key; there are id, pattern, without, growth" in refused.stderr


def test_the_options_file_of_the_documentation(chiliad, tmp_path):
    page = pathlib.Path(__file__).resolve().parents[1] / "doc" / "training.md"
    (tmp_path / "fleet.toml").write_text(re.search(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)[1])
    (tmp_path / "fleet.json").write_text(re.search(r"in JSON: `(\{.*?\})`;", page.read_text())[1])
    (tmp_path / "holidays.csv").write_text("holiday,ds\nfair,2022-02-01\n")
    data = tmp_path / "data"
    data.mkdir()
    for shop in ("8", "north-1", "south-1"):
        (data / f"{shop}.csv").write_text("ds,y,temp,promo\n" + "".join(
            f"{line},{day % 11},{day % 2}\n" for day, line in enumerate(rows_of(60).splitlines())))

    def inspected(options, shop):
        chiliad.run("train", "--data", data, "--models", tmp_path / "models", "--options", options)
        return json.loads(chiliad.run("inspect", tmp_path / "models", "--model", shop, "--json").stdout)

    for options in ("fleet.toml", "fleet.json"):
        assert inspected(tmp_path / options, "8")["growth"] == "flat"
        assert inspected(tmp_path / options, "south-1")["growth"] == "linear"
    regressors = {shop: [one["name"] for one in inspected(tmp_path / "fleet.toml", shop)["regressors"]] for shop in ("8", "north-1")}
    assert regressors == {"8": ["temp"], "north-1": ["promo"]}
