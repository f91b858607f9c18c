"""Models in S3: fetched on the first call, kept on disk, followed when they change. Against moto's server."""
import contextlib
import re
import subprocess
import sys
import time

import boto3
import pytest

from fleet import ENDPOINT

REVALIDATE = 0.5  # Seconds.
BUCKET = "models"


@contextlib.contextmanager
def moto():
    """(process, URL) of a server of its own."""
    pytest.importorskip("moto", reason="moto is not installed")
    # Port 0: it prints the one it took.
    server = subprocess.Popen([sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for line in server.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        else:
            pytest.skip("moto's server does not start")
        yield server, found[0]
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def s3_url():
    with moto() as (_, url):
        yield url


@pytest.fixture
def environment(s3_url, monkeypatch):
    for name, value in {"AWS_ENDPOINT_URL": s3_url, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
                        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket(environment, trained):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for archive in trained.glob("*.tar.gz"):
        s3.put_object(Bucket=BUCKET, Key=f"fleet/{archive.name}", Body=archive.read_bytes())
    return s3


def metrics(call, server):
    text = call(server, "GET", "/metrics").body.decode()
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def becomes(invoke, server, model, expected):
    """Whether the answer becomes `expected` (a status or a body) within --revalidate and some seconds of a busy machine."""
    deadline = time.monotonic() + REVALIDATE + 5
    while time.monotonic() < deadline:
        answer = invoke(server, model)
        if expected in (answer.status, answer.body):
            return True
    return False


def test_models_come_from_s3_and_follow_it(serve, bucket, trained, invoke, call, tmp_path):
    server = serve("--models", f"s3://{BUCKET}/fleet", "--endpoint", ENDPOINT, "--revalidate", "500ms", "--disk-folder",
                   tmp_path / "disk")
    first = invoke(server, "8.tar.gz")
    assert first.status == 200, first.body
    assert any((tmp_path / "disk").glob("*.model"))
    assert invoke(server, "none.tar.gz").status == 400
    assert invoke(server, "../fleet/8.tar.gz").status == 400
    expected = invoke(server, "1.tar.gz").body
    assert first.body != expected

    bucket.put_object(Bucket=BUCKET, Key="fleet/8.tar.gz", Body=(trained / "1.tar.gz").read_bytes())
    assert becomes(invoke, server, "8.tar.gz", expected)
    bucket.put_object(Bucket=BUCKET, Key="fleet/new.tar.gz", Body=(trained / "1.tar.gz").read_bytes())
    assert invoke(server, "new.tar.gz").body == expected
    bucket.delete_object(Bucket=BUCKET, Key="fleet/8.tar.gz")
    assert becomes(invoke, server, "8.tar.gz", 400)
    assert server.stop() == 0
    assert [entry.name for entry in (tmp_path / "disk").glob("*.model")] == []


def test_models_dropped_from_memory_come_back_from_the_disk(serve, bucket, invoke, call, tmp_path):
    server = serve("--models", f"s3://{BUCKET}/fleet", "--endpoint", ENDPOINT, "--memory-budget", "16K", "--disk-folder",
                   tmp_path / "disk", "--load-threads", 1)
    for _ in range(2):
        for i in range(8):
            assert invoke(server, f"{i}.tar.gz").status == 200
    values = metrics(call, server)
    assert int(values["chiliad_DiskTierHit"]) >= 4
    assert values["chiliad_ModelDownloadingTime_count"] == "8"
    assert 0 < int(values["chiliad_memory_bytes"]) <= 16384
    assert 0 < int(values["chiliad_disk_bytes"])


def test_a_store_that_went_away_is_503_and_models_in_memory_go_on(serve, environment, monkeypatch, trained, invoke):
    with moto() as (store, url):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for name in ("7.tar.gz", "8.tar.gz"):
            s3.put_object(Bucket=BUCKET, Key=f"fleet/{name}", Body=(trained / name).read_bytes())
        server = serve("--models", f"s3://{BUCKET}/fleet", "--endpoint", ENDPOINT, "--disk-budget", "0",
                       "--revalidate", f"{int(1000 * REVALIDATE)}ms")
        before = invoke(server, "8.tar.gz")
        assert before.status == 200, before.body
        store.kill()
        store.wait()
        answer = invoke(server, "7.tar.gz")
        assert answer.status in (429, 503), answer.body
        assert answer.fields["x-amzn-ErrorType"] in ("ServiceUnavailable", "ModelNotReadyException")
        time.sleep(3 * REVALIDATE)  # It has been asked for the newest version, in vain.
        after = invoke(server, "8.tar.gz")
        assert (after.status, after.body) == (200, before.body)
