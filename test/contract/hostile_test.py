"""Whatever a client sends or a store holds: a clear error for that call, and the next one is answered."""
import io
import json
import os
import socket
import tarfile
import time

import pytest

from fleet import ENDPOINT, TARGET


def archive(*members, raw=None):
    """A tar.gz of (TarInfo, bytes) pairs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info


def model_json(models):
    with tarfile.open(models / "1.tar.gz") as tar:
        return tar.extractfile("model.json").read()


@pytest.mark.parametrize("name", [
    "../8.tar.gz", "/etc/passwd", "a/../../8.tar.gz", "./8.tar.gz", "a//b", "8.tar.gz/", "x" * 2000, "..", ".",
    "a\x01b", "..\\8.tar.gz", "%2e%2e/8.tar.gz", "%2e%2e%2f8.tar.gz", "s3://bucket/8.tar.gz", ".chiliad-disk-tier"])
def test_names_that_leave_the_prefix(server, invoke, name):
    answer = invoke(server, name)
    assert answer.status == 400
    assert answer.fields["x-amzn-ErrorType"] == "ValidationError"
    assert answer.json()["Message"]
    assert invoke(server, "8.tar.gz").status == 200


@pytest.mark.parametrize("second", ["9.tar.gz", "8.tar.gz", ""])
def test_two_names_in_one_request_are_refused(server, invoke, second):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(f"POST /endpoints/{ENDPOINT}/invocations HTTP/1.1\r\nHost: a\r\n{TARGET}: 8.tar.gz\r\n"
                       f"{TARGET.lower()}: {second}\r\nContent-Length: 13\r\nConnection: close\r\n\r\n"
                       '{"period": 7}'.encode())
        answer = client.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "x-amzn-ErrorType: ValidationError" in answer
    assert f"The field {TARGET} is given twice" in answer
    assert invoke(server, "8.tar.gz").status == 200


def test_a_name_with_a_nul_is_refused_with_the_head(server, invoke):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(f"POST /endpoints/{ENDPOINT}/invocations HTTP/1.1\r\nHost: a\r\n{TARGET}: a\0b\r\n"
                       "Content-Length: 0\r\n\r\n".encode())
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 400 ")
    assert invoke(server, "8.tar.gz").status == 200


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", "7", '"', '{"period": }', '{"period": -1}', '{"period": 1e400}', '{"period": 100001}',
    '{"period": 7, "surprise": 1}', "[" * 50_000, '{"period": 7} {}', '{"ds": ["yesterday"]}', '{"freq": "D"}',
    '{"period": 7, "freq": "0D"}', '{"period": 7, "quantiles": [0]}', '{"period": 7, "columns": ["nope"]}', "\x00",
    '{"period": 100000, "freq": "YS"}'])
def test_bodies_that_are_no_request(server, invoke, body):
    answer = invoke(server, "8.tar.gz", body)
    assert answer.status == 424, answer.body
    assert answer.json()["OriginalStatusCode"] == 400
    assert answer.json()["OriginalMessage"]
    assert invoke(server, "8.tar.gz").status == 200


def test_a_body_above_the_limit(server, invoke):
    assert invoke(server, "8.tar.gz", " " * 6_291_457).status == 413
    assert invoke(server, "8.tar.gz", '{"period": 7}' + " " * (6_291_456 - 13)).status == 200


def test_archives_that_are_damaged_or_hostile(models, server, invoke):
    good = (models / "1.tar.gz").read_bytes()
    text = model_json(models)
    bad = {
        "empty": b"",
        "noise": bytes(range(256)) * 40,
        "cut": good[:len(good) // 2],
        "flipped": good[:40] + bytes([good[40] ^ 0xFF]) + good[41:],
        "nothing": archive(),
        "other": archive((member("other.json"), text)),
        "parent": archive((member("../model.json"), text), (member("model.json"), text)),
        "absolute": archive((member("/model.json"), text)),
        "symlink": archive((member("model.json", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        "hardlink": archive((member("model.json", tarfile.LNKTYPE, "/etc/passwd"), b"")),
        "device": archive((member("model.json", tarfile.CHRTYPE), b"")),
        "not-json": archive((member("model.json"), b"{")),
        "no-model": archive((member("model.json"), b"{}")),
        "bomb": archive((member("model.json"), b" " * 400_000_000)),
    }
    for name, data in bad.items():
        (models / f"{name}.tar.gz").write_bytes(data)
    for name in bad:
        answer = invoke(server, f"{name}.tar.gz")
        assert answer.status == 424, (name, answer.body)
        assert answer.json()["OriginalStatusCode"] in (500, 507), name
        assert invoke(server, "8.tar.gz").status == 200, name


def test_a_model_that_is_a_link_out_of_the_folder(models, server, invoke, tmp_path):
    outside = tmp_path / "secret.tar.gz"
    outside.write_bytes((models / "1.tar.gz").read_bytes())
    (models / "link.tar.gz").symlink_to(outside)
    answer = invoke(server, "link.tar.gz")
    assert answer.status in (400, 424), answer.body  # Not there, or not to be loaded; no fault of the server's.
    outside.rename(models / "plain.tar.gz")
    assert invoke(server, "plain.tar.gz").status == 200  # The link was all that was wrong.
    assert invoke(server, "8.tar.gz").status == 200


def test_a_model_above_max_model(serve, models, invoke):
    large = archive((member("model.json"), model_json(models)), (member("code/noise"), os.urandom(600_000)))
    (models / "large.tar.gz").write_bytes(large)
    server = serve("--models", models, "--endpoint", ENDPOINT)
    assert invoke(server, "large.tar.gz").status == 200  # Its size is all that will be wrong.
    server = serve("--models", models, "--endpoint", ENDPOINT, "--max-model", "500K")
    assert invoke(server, "large.tar.gz").status == 424
    assert invoke(server, "8.tar.gz").status == 200


def test_connections_above_the_limit_are_turned_away(serve, models, invoke):
    server = serve("--models", models, "--endpoint", ENDPOINT, "--max-connections", 3)
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(3)]
    for client in held:  # Answered, so it is known to be counted.
        client.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as extra:
        assert extra.makefile("rb").read().startswith(b"HTTP/1.1 503 ")
    for client in held:
        client.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # There is room again as soon as it has seen that they left.
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            if client.makefile("rb").read().startswith(b"HTTP/1.1 200 "):
                return
    assert False, "no room after connections were closed"


def test_a_request_in_single_bytes_is_answered(server):
    request = (f"POST /endpoints/{ENDPOINT}/invocations HTTP/1.1\r\nHost: a\r\n{TARGET}: 8.tar.gz\r\n"
               "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{\"period\": 7}\r\n0\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            client.sendall(bytes([byte]))
        answer = client.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(json.loads(body)["yhat"]) == 7
