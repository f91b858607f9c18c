"""A model that takes longer to come than a call wants to wait: the call is refused, the load is not."""
import http.server
import threading

import botocore.exceptions
import pytest

from fleet import ENDPOINT


class HeldStore(http.server.ThreadingHTTPServer):
    """An S3 of one bucket whose objects come once `release` is set, and not before."""

    def __init__(self, objects):
        super().__init__(("127.0.0.1", 0), HeldObjects)
        self.objects = objects
        self.asked, self.release = threading.Event(), threading.Event()
        self.gets = 0


class HeldObjects(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        if "list-type=2" in self.path:  # Asked once at the start: the bucket is there.
            return self.answer_list()
        self.server.gets += 1
        self.server.asked.set()
        if self.server.release.wait(timeout=60):
            self.answer()

    def answer_list(self):
        body = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        body = self.server.objects[self.path.rsplit("/", 1)[-1]]
        ranged = "Range" in self.headers  # Of more bytes than an object of this test has.
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Wed, 01 Nov 2023 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def store(trained):
    server = HeldStore({path.name: path.read_bytes() for path in trained.glob("*.tar.gz")})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def serve_store(serve, store, monkeypatch, tmp_path):
    for name, value in {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.server_port}", "AWS_ACCESS_KEY_ID": "id",
                        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    return lambda *flags: serve("--models", "s3://bucket/fleet", "--endpoint", ENDPOINT, "--load-wait", "50ms",
                                "--revalidate", "0ms", "--disk-folder", tmp_path / "disk", *flags)


def test_a_load_longer_than_the_wait_is_429_and_goes_on(serve_store, store, invoke):
    server = serve_store()
    early = invoke(server, "8.tar.gz")
    assert store.asked.wait(timeout=30), "the load began"
    assert early.status == 429, early.body
    assert early.fields["x-amzn-ErrorType"] == "ModelNotReadyException"
    assert int(early.fields["Retry-After"]) >= 1
    assert "8.tar.gz" in early.json()["Message"]

    assert invoke(server, "8.tar.gz").status == 429
    assert store.gets == 1, "the second call waits for the load of the first"

    store.release.set()
    answers = (invoke(server, "8.tar.gz") for _ in range(600))  # Each waits up to 50 ms.
    assert next(answer.status for answer in answers if answer.status != 429) == 200
    assert store.gets == 1, "what the refused calls had asked for is what answered"


def test_too_many_waiting_loads_are_429(serve_store, store, runtime):
    client = runtime(serve_store("--load-threads", 1, "--max-waiting-loads", 1))

    def refused(model):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            client.invoke_endpoint(EndpointName=ENDPOINT, TargetModel=model, ContentType="application/json",
                                   Body='{"period": 7}')
        answer = raised.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelNotReadyException", 429)
        assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
        return answer["Error"]["Message"]

    assert "8.tar.gz" in refused("8.tar.gz")
    assert store.asked.wait(timeout=30), "the only thread loads the first"
    assert "3.tar.gz" in refused("3.tar.gz"), "the second waits, as one may"
    assert "too many" in refused("5.tar.gz").lower()
    store.release.set()
