"""Endpoints of user code behind the real Multi Model Server: whose handler answers, what its errors look like to the
caller, that a replaced archive is seen, that the server may die, and that nothing is left of it."""
import json
import os
import signal
import time

import botocore.exceptions
import pytest

from plain_run import PlainRun
from user_endpoint import ENVIRONMENT, ONCE, Endpoint, descendants, tar_gz, until, upload_fleet


@pytest.fixture(scope="module")
def plain(chiliad, program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    chiliad.run("generate", "--customers", 4, "--output", folder / "rows.csv")
    return PlainRun(program("prophet-1.1.4/bin/python"), folder / "rows.csv", folder)


@pytest.fixture(scope="module")
def fleet(platform, plain):
    s3 = platform.client("s3")
    upload_fleet(s3, plain.models)
    return s3


@pytest.fixture(scope="module")
def endpoint(platform, fleet):
    endpoint = Endpoint(platform, "user-code", ENVIRONMENT)
    yield endpoint
    endpoint.delete()


def test_the_endpoints_handler_wins_over_the_archives(endpoint, plain):
    assert {name: endpoint.call(f"{name}.tar.gz") for name in "0123"} == plain.forecasts("0123")
    # What is loaded is never told to be asked for again.
    assert {name: endpoint.once(f"{name}.tar.gz") for name in "0123"} == plain.forecasts("0123")


def test_an_archives_own_handler_answers_where_no_other_is_named(platform, fleet, plain):
    endpoint = Endpoint(platform, "stored-handler", {})
    assert endpoint.call("2.tar.gz", ONCE) == plain.forecasts("2", "stored_handler.py", ONCE)["2"]
    endpoint.delete()


def test_a_handlers_error_reaches_the_caller_and_the_log(endpoint, plain):
    error = endpoint.error("1.tar.gz", json.dumps('{"days": 7}'))
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424 and error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == 500 and "KeyError: 'period'" in error["OriginalMessage"]
    assert error["LogStreamArn"].startswith("arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/user-code")
    until(lambda: any("KeyError: 'period'" in line for line in endpoint.lines()))
    assert "'text/plain' is not understood" in endpoint.error("1.tar.gz", content_type="text/plain")["OriginalMessage"]
    assert endpoint.call("1.tar.gz") == plain.forecasts("1")["1"]


def test_a_model_that_its_handler_cannot_load_harms_no_other(endpoint, fleet, plain):
    fleet.put_object(Bucket="fleet", Key="models/broken.tar.gz", Body=tar_gz({"model.json": b"{}"}))
    fleet.put_object(Bucket="fleet", Key="models/no-archive.tar.gz", Body=b"no archive")
    for model in ("broken.tar.gz", "no-archive.tar.gz"):
        error = endpoint.error(model)
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 424 and error["OriginalStatusCode"] >= 400, error
    assert endpoint.call("3.tar.gz") == plain.forecasts("3")["3"]
    missing = endpoint.error("no-such-model.tar.gz")
    assert missing["ResponseMetadata"]["HTTPStatusCode"] == 400 and missing["Error"]["Code"] == "ValidationError"


def test_a_replaced_archive_is_what_the_next_call_is_answered_from(endpoint, fleet, plain):
    expected = plain.forecasts("01")
    body = {name: (plain.models / f"{name}.tar.gz").read_bytes() for name in "01"}
    fleet.put_object(Bucket="fleet", Key="models/changing.tar.gz", Body=body["0"])
    assert endpoint.call("changing.tar.gz") == expected["0"]
    fleet.put_object(Bucket="fleet", Key="models/changing.tar.gz", Body=body["1"])
    assert endpoint.call("changing.tar.gz") == expected["1"]


def test_models_come_back_when_the_model_server_is_killed(endpoint, plain):
    expected = plain.forecasts("0")["0"]
    assert endpoint.call("0.tar.gz") == expected
    servers = [pid for pid, name in descendants(endpoint.platform.process.pid).items() if name == "java"]
    assert servers
    for pid in servers:
        os.kill(pid, signal.SIGKILL)

    def answers():
        began = time.monotonic()
        try:
            return endpoint.once("0.tar.gz") == expected
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (429, 503), error.response
            return False
        finally:
            assert time.monotonic() - began < 60
    until(answers, 120)


def test_nothing_is_left_of_a_deleted_endpoint(start_platform, plain):
    platform = start_platform()
    upload_fleet(platform.client("s3"), plain.models)
    endpoint = Endpoint(platform, "short-lived", ENVIRONMENT)
    endpoint.call("0.tar.gz")
    assert descendants(platform.process.pid)
    endpoint.delete()
    until(lambda: not descendants(platform.process.pid))
