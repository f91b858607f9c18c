"""Raw rows to served forecasts through the program as people use it, with the clients that they use: curl and boto3."""
import csv
import datetime
import json
import os
import signal
import subprocess
import tarfile

import boto3
import botocore
import pytest
from prophet.serialize import model_from_json

CUSTOMERS = 12
HOLDOUT = 7


@pytest.fixture(scope="module")
def job(chiliad, tmp_path_factory):
    """A folder with the table, a file a customer and a model a customer."""
    root = tmp_path_factory.mktemp("job")
    chiliad.run("generate", "--customers", CUSTOMERS, "--output", root / "energy.csv")
    chiliad.run("split", "--input", root / "energy.csv", "--output", root / "customers")
    chiliad.run("train", "--data", root / "customers", "--models", root / "models", "--threads", 2, "--holdout", HOLDOUT)
    return root


@pytest.fixture(scope="module")
def server(start_server, job):
    server = start_server("--models", job / "models", "--endpoint", "energy")
    yield server
    assert server.stop(signal.SIGTERM) == 0, "a drained server exits with 0"


@pytest.fixture(scope="module")
def runtime(server):
    return boto3.client("sagemaker-runtime", endpoint_url=server.url, region_name="us-east-1",
                        aws_access_key_id="any", aws_secret_access_key="any",
                        config=botocore.config.Config(retries={"max_attempts": 0}))


def invoke(runtime, model, body, **keywords):
    answer = runtime.invoke_endpoint(EndpointName="energy", TargetModel=model, ContentType="application/json",
                                     Body=body, **keywords)
    return answer["Body"].read().decode()


def prophets_answer(job, customer, periods):
    """What Prophet itself answers from our archive, as pandas writes it, without the simulated columns."""
    with tarfile.open(job / "models" / f"{customer}.tar.gz") as archive:
        model = model_from_json(archive.extractfile("model.json").read().decode())
    model.uncertainty_samples = 0
    return model.predict(model.make_future_dataframe(periods))[-periods:].to_json()


def test_split_keeps_every_row_as_it_was_written(job):
    with open(job / "energy.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == CUSTOMERS * 365
    for customer in {row[0] for row in rows}:
        expected = "".join(f"{timestamp},{value}\n" for name, timestamp, value in rows if name == customer)
        assert (job / "customers" / f"{customer}.csv").read_text() == expected


def test_training_again_makes_the_same_bytes(chiliad, job, tmp_path):
    chiliad.run("train", "--data", job / "customers", "--models", tmp_path, "--threads", 1, "--holdout", HOLDOUT)
    for archive in (job / "models").glob("*.tar.gz"):
        assert archive.read_bytes() == (tmp_path / archive.name).read_bytes()


def test_boto3_gets_prophets_own_numbers(job, runtime):
    ours, theirs = (json.loads(text) for text in (invoke(runtime, "8.tar.gz", '{"period": 7}'),
                                                  prophets_answer(job, 8, 7)))
    assert list(theirs["ds"]) == list(ours["ds"]), "rows are keyed by their place behind the history"
    assert ours["ds"] == theirs["ds"]
    for column, values in theirs.items():
        assert ours[column] == pytest.approx(values, rel=1e-8, abs=1e-8), column
    with_bounds = [name for name in ours if not name.endswith(("_lower", "_upper"))]
    assert with_bounds == list(theirs), "columns stand in Prophet's order"


def test_a_doubly_encoded_call_is_answered_doubly_encoded(runtime):
    plain = invoke(runtime, "3.tar.gz", json.dumps({"period": 7}))
    twice = invoke(runtime, "3.tar.gz", json.dumps(json.dumps({"period": 7})))
    assert json.loads(twice) == plain


def test_curl_gets_csv(server):
    done = subprocess.run(
        ["curl", "-sS", "--fail-with-body", "-H", "X-Amzn-SageMaker-Target-Model: 8.tar.gz", "-H", "Accept: text/csv",
         "-d", '{"period": 7}', f"{server.url}/endpoints/energy/invocations"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == 7
    assert all(float(row["yhat_lower"]) < float(row["yhat"]) < float(row["yhat_upper"]) for row in rows)


@pytest.mark.parametrize("model, body, status, code", [
    ("no-such-model.tar.gz", '{"period": 7}', 400, "ValidationError"),
    ("../models/8.tar.gz", '{"period": 7}', 400, "ValidationError"),
    ("8.tar.gz", "{", 424, "ModelError"),
    ("8.tar.gz", '{"period": -1}', 424, "ModelError"),
])
def test_bad_calls_get_the_runtime_s_errors(runtime, model, body, status, code):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        invoke(runtime, model, body)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert refused.value.response["Error"]["Code"] == code


def test_forecast_writes_the_server_s_numbers(chiliad, job, runtime, tmp_path):
    output = tmp_path / "forecasts.csv"
    chiliad.run("forecast", "--models", job / "models", "--period", 7, "--output", output)
    with open(output, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["customer_id"] == "8"]
    served = json.loads(invoke(runtime, "8.tar.gz", '{"period": 7}'))
    assert list(rows[0]) == ["customer_id", "ds", "yhat", "yhat_lower", "yhat_upper"]
    for row, key in zip(rows, served["ds"], strict=True):
        moment = datetime.datetime.fromisoformat(row["ds"]).replace(tzinfo=datetime.timezone.utc)
        assert moment.timestamp() * 1000 == served["ds"][key]
        for column in ("yhat", "yhat_lower", "yhat_upper"):
            assert float(row[column]) == pytest.approx(served[column][key], rel=1e-9)


def test_an_overwritten_model_is_served_within_a_second(chiliad, job, serve, tmp_path):
    import shutil
    import time
    import urllib.request
    shutil.copytree(job / "models", tmp_path / "models")
    server = serve("--models", tmp_path / "models", "--endpoint", "energy")

    def ask():
        request = urllib.request.Request(f"{server.url}/endpoints/energy/invocations", b'{"period": 7}',
                                         {"X-Amzn-SageMaker-Target-Model": "8.tar.gz"})
        return urllib.request.urlopen(request, timeout=30).read()

    before = ask()
    replacement = tmp_path / "models" / "new"
    shutil.copy(job / "models" / "9.tar.gz", replacement)
    os.replace(replacement, tmp_path / "models" / "8.tar.gz")
    replaced_at = time.monotonic()
    while ask() == before:
        assert time.monotonic() < replaced_at + 30, "the old model is still served"
