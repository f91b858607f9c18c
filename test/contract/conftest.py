"""Models of a small fleet, trained by the program itself, and the ways in which clients call the server."""
import http.client
import json
import math

import boto3
import botocore.config
import pytest

from fleet import CUSTOMERS, ENDPOINT, ROWS, TARGET


@pytest.fixture(autouse=True)
def known_difference(request):
    """A case that versitygw answers otherwise has to fail there."""
    marker = request.node.get_closest_marker("versitygw_differs")
    if marker and request.getfixturevalue("server").name == "versitygw":
        request.applymarker(pytest.mark.xfail(reason=marker.args[0], strict=True))


@pytest.fixture(scope="session")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    for customer in range(CUSTOMERS):
        lines = []
        for day in range(ROWS):
            date = f"2022-{1 + day // 28:02}-{1 + day % 28:02}"
            lines.append(f"{date},{100 + 10 * customer + 0.1 * day + 5 * math.sin(day * (customer + 2)):.4f}\n")
        (folder / f"{customer}.csv").write_text("".join(lines))
    return folder


@pytest.fixture(scope="session")
def trained(chiliad, series, tmp_path_factory):
    """A folder of archives, for tests that do not change it."""
    folder = tmp_path_factory.mktemp("models")
    chiliad.run("train", "--data", series, "--models", folder, "--history", "none", "--yearly-seasonality", "false")
    return folder


@pytest.fixture
def models(trained, tmp_path):
    """A copy of it, for tests that do."""
    folder = tmp_path / "models"
    folder.mkdir()
    for archive in trained.glob("*.tar.gz"):
        (folder / archive.name).write_bytes(archive.read_bytes())
    return folder


@pytest.fixture
def server(serve, models):
    return serve("--models", models, "--endpoint", ENDPOINT)


@pytest.fixture
def runtime():
    """runtime(server): boto3's client for it; it does not try again, so that every answer is seen."""
    def client(server):
        return boto3.client(
            "sagemaker-runtime", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="id",
            aws_secret_access_key="secret",
            config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=30))
    return client


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.fields = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


@pytest.fixture
def call():
    """call(server, method, path, body=..., **fields): one request, whatever it is."""
    def request(server, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.request(method, path, body, fields or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()
    return request


@pytest.fixture
def invoke(call):
    """invoke(server, model, body): one forecast through the runtime's address."""
    def request(server, model, body='{"period": 7}', accept=None):
        fields = {TARGET: model, "Content-Type": "application/json"}
        if accept:
            fields["Accept"] = accept
        return call(server, "POST", f"/endpoints/{ENDPOINT}/invocations", body, fields)
    return request
