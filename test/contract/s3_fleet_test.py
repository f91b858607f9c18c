"""The commands that work on a whole fleet, with data and models in S3: chiliad's own, and versitygw's.

The same commands over folders are the second opinion: what lies in S3 has to give the same bytes and the same numbers.
"""
import csv
import gzip
import json
import os

import pytest

from fleet import CUSTOMERS, ROWS
from s3_servers import REGION, start_chiliad, start_versitygw

BUCKET = "fleet"
DATA, MODELS = f"s3://{BUCKET}/data", f"s3://{BUCKET}/models/2022"
OPTIONS = ("--yearly-seasonality", "false")


@pytest.fixture(scope="module", params=["chiliad", "versitygw"])
def s3_server(request, chiliad, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    started = start_versitygw(folder) if request.param == "versitygw" else start_chiliad(chiliad.path, folder)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def in_s3(s3_server, chiliad, series):
    """in_s3(*arguments): chiliad with the server's keys; the series are there, and so are models of them."""
    client = s3_server.client()
    client.create_bucket(Bucket=BUCKET)
    for path in series.iterdir():
        client.put_object(Bucket=BUCKET, Key=f"data/{path.name}", Body=path.read_bytes())
    environment = os.environ | {"AWS_ENDPOINT_URL": s3_server.url, "AWS_ACCESS_KEY_ID": s3_server.access_key,
                                "AWS_SECRET_ACCESS_KEY": s3_server.secret_key, "AWS_REGION": REGION}

    def run(*arguments, **keywords):
        return chiliad.run(*arguments, env=environment, **keywords)

    run.first = train(run, DATA, MODELS)
    return run


@pytest.fixture(scope="module")
def in_folder(chiliad, series, tmp_path_factory):
    """Models of the same series, made and kept in folders."""
    folder = tmp_path_factory.mktemp("folder-models")
    chiliad.run("train", "--data", series, "--models", folder, *OPTIONS)
    return folder


def train(run, data, models, *arguments):
    """What the run said at its end."""
    return json.loads(run("train", "--data", data, "--models", models, "--json", *OPTIONS,
                          *arguments).stderr.splitlines()[-1])


def archives(client):
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="models/2022/")["Contents"]
    return {os.path.basename(entry["Key"]): (entry["LastModified"], entry["ETag"]) for entry in listed
            if entry["Key"].endswith(".tar.gz")}


def test_archives_in_s3_are_those_of_a_folder(in_s3, in_folder, s3_server):
    assert (in_s3.first["trained"], in_s3.first["failed"], in_s3.first["end"]) == (CUSTOMERS, 0, "complete")
    client = s3_server.client()
    assert sorted(archives(client)) == sorted(path.name for path in in_folder.glob("*.tar.gz"))
    for path in in_folder.glob("*.tar.gz"):
        body = client.get_object(Bucket=BUCKET, Key=f"models/2022/{path.name}")["Body"].read()
        assert body == path.read_bytes(), path.name


def test_a_second_run_keeps_every_model_and_writes_none(in_s3, s3_server):
    before = archives(s3_server.client())
    second = train(in_s3, DATA, MODELS)
    assert (second["trained"], second["kept"], second["end"]) == (0, CUSTOMERS, "complete")
    assert archives(s3_server.client()) == before


def test_a_series_that_changed_in_s3_is_trained_again_alone(in_s3, s3_server, series):
    client = s3_server.client()
    models = MODELS + "-changed"
    data = DATA + "-changed"
    client.put_object(Bucket=BUCKET, Key="data-changed/3.csv.gz", Body=gzip.compress((series / "3.csv").read_bytes()))
    client.put_object(Bucket=BUCKET, Key="data-changed/4.csv", Body=(series / "4.csv").read_bytes())
    assert train(in_s3, data, models)["trained"] == 2
    client.put_object(Bucket=BUCKET, Key="data-changed/4.csv", Body=(series / "5.csv").read_bytes())
    again = train(in_s3, data, models)
    assert (again["trained"], again["kept"]) == (1, 1)


@pytest.mark.parametrize("data_in_s3", [True, False])
def test_data_or_models_alone_may_lie_in_s3(in_s3, in_folder, s3_server, series, tmp_path, data_in_s3):
    if data_in_s3:
        assert train(in_s3, DATA, tmp_path)["trained"] == CUSTOMERS
        assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in in_folder.glob("*.tar.gz"))
    else:
        kept = train(in_s3, series, MODELS)
        assert (kept["trained"], kept["kept"]) == (0, CUSTOMERS)


def test_models_in_s3_are_refreshed_as_those_of_a_folder(in_s3, chiliad, s3_server, series, tmp_path):
    models = MODELS + "-refreshed"
    client = s3_server.client()
    (tmp_path / "first").mkdir(), (tmp_path / "last").mkdir()
    for path in series.iterdir():
        rows = path.read_text().splitlines(keepends=True)
        (tmp_path / "first" / path.name).write_text("".join(rows[:-5]))
        (tmp_path / "last" / path.name).write_text("".join(rows[-5:]))
        client.put_object(Bucket=BUCKET, Key=f"last/{path.name}", Body="".join(rows[-5:]).encode())
    for run, data, where in ((in_s3, f"s3://{BUCKET}/last", models), (chiliad.run, tmp_path / "last", tmp_path / "models")):
        train(run, tmp_path / "first", where, "--keep-statistics")
        done = train(run, data, where, "--refresh", "held")
        assert (done["trained"], done["ways"]) == (CUSTOMERS, {"statistics": CUSTOMERS})
        assert train(run, data, where, "--refresh", "held")["kept"] == CUSTOMERS
    for path in (tmp_path / "models").glob("*.tar.gz"):
        body = client.get_object(Bucket=BUCKET, Key=f"models/2022-refreshed/{path.name}")["Body"].read()
        assert body == path.read_bytes(), path.name


def test_forecasts_of_models_in_s3_are_those_of_a_folder(in_s3, chiliad, in_folder, tmp_path):
    in_s3("forecast", "--models", MODELS, "--period", 7, "--output", tmp_path / "s3.csv")
    chiliad.run("forecast", "--models", in_folder, "--period", 7, "--output", tmp_path / "folder.csv")
    assert (tmp_path / "s3.csv").read_bytes() == (tmp_path / "folder.csv").read_bytes()


def errors(run, data, output, *arguments):
    run("evaluate", "--data", data, "--output", output, *arguments)
    rows = list(csv.DictReader(output.open()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_evaluation_over_s3_is_that_of_folders(in_s3, chiliad, series, tmp_path):
    over_s3 = errors(in_s3, DATA, tmp_path / "s3.csv", "--holdout", 7, *OPTIONS)
    assert len(over_s3) == CUSTOMERS and all(row["holdout_mae"] for row in over_s3)
    assert over_s3 == errors(chiliad.run, series, tmp_path / "folder.csv", "--holdout", 7, *OPTIONS)


def test_stored_models_in_s3_are_compared_with_the_rows_after_them(in_s3, chiliad, series, tmp_path):
    assert train(in_s3, DATA, MODELS + "-holdout", "--holdout", 7)["trained"] == CUSTOMERS
    train(chiliad.run, series, tmp_path / "models", "--holdout", 7)
    over_s3 = errors(in_s3, DATA, tmp_path / "s3.csv", "--models", MODELS + "-holdout")
    assert len(over_s3) == CUSTOMERS and all(row["holdout_mae"] for row in over_s3)
    assert over_s3 == errors(chiliad.run, series, tmp_path / "folder.csv", "--models", tmp_path / "models")


def test_inspect_reads_one_model_of_s3(in_s3):
    model = json.loads(in_s3("inspect", MODELS, "--model", "8", "--json").stdout)
    assert (model["customer_id"], model["rows"], model["history_kept"]) == ("8", ROWS, True)
    missing = in_s3("inspect", MODELS, "--model", "none", check=False)
    assert missing.returncode == 1 and "none.tar.gz" in missing.stderr


@pytest.mark.parametrize("command", [("train", "--data", "s3://nowhere/data", "--models", MODELS),
                                     ("forecast", "--models", "s3://nowhere/models", "--period", "7"),
                                     ("evaluate", "--data", "s3://nowhere/data", "--holdout", "7"),
                                     ("inspect", "s3://nowhere/models", "--model", "8")])
def test_a_bucket_that_does_not_exist_is_named(in_s3, command):
    done = in_s3(*command, check=False)
    assert done.returncode == 1
    assert "nowhere" in done.stderr
