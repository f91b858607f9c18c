"""The AWS CLI's s3 commands against chiliad and against versitygw, as a person types them.

CHILIAD_TEST_AWS names the program; else that of .venv/cli (test/requirements-cli.txt) is taken.
"""
import os
import pathlib
import subprocess
import time
import urllib.request

import pytest

from s3_servers import start_chiliad, start_versitygw

AWS = pathlib.Path(os.environ.get("CHILIAD_TEST_AWS",
                                  pathlib.Path(__file__).resolve().parents[2] / ".venv" / "cli" / "bin" / "aws"))
BIG = 9 << 20  # The CLI sends what is over 8 MiB in parts.


@pytest.fixture(scope="module", params=["chiliad", "versitygw"])
def server(request, chiliad, tmp_path_factory):
    if not AWS.exists():
        pytest.skip(f"{AWS} does not exist")
    folder = tmp_path_factory.mktemp(request.param)
    started = start_versitygw(folder) if request.param == "versitygw" else start_chiliad(chiliad.path, folder)
    yield started
    started.stop()


@pytest.fixture
def aws(server):
    """aws("s3", "ls"): what it prints; fails the test unless its exit code is `code`."""
    def run(*words, code=0):
        done = subprocess.run([str(AWS), *map(str, words)], capture_output=True, text=True, timeout=120,
                              env=server.environment())
        assert done.returncode == code, f"aws {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr
    return run


@pytest.fixture
def files(tmp_path):
    """Four files of an hour ago: sync compares their times with the objects', which some servers tell in whole seconds."""
    folder = tmp_path / "files"
    an_hour_ago = time.time() - 3600
    for name, body in {"a.csv": b"1,2\n", "sub/b c.csv": b"3,4\n", "sub/\u00e9.txt": b"5\n", "big.bin": b"x" * BIG}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
        os.utime(folder / name, (an_hour_ago, an_hour_ago))
    return folder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_up_and_comes_down(aws, files, tmp_path):
    aws("s3", "mb", "s3://sync")
    assert aws("s3", "sync", files, "s3://sync/data", "--no-progress").count("upload:") == 4
    assert aws("s3", "sync", files, "s3://sync/data", "--no-progress") == ""  # Nothing changed.
    listing = aws("s3", "ls", "s3://sync/data/", "--recursive")
    assert [line.split(maxsplit=3)[2:] for line in listing.splitlines()] == [
        ["4", "data/a.csv"], [str(BIG), "data/big.bin"], ["4", "data/sub/b c.csv"], ["2", "data/sub/\u00e9.txt"]]
    assert "PRE sub/" in aws("s3", "ls", "s3://sync/data/")
    aws("s3", "sync", "s3://sync/data", tmp_path / "down")
    assert contents(tmp_path / "down") == contents(files)
    (files / "a.csv").unlink()
    assert aws("s3", "sync", files, "s3://sync/data", "--delete", "--no-progress").strip() == "delete: s3://sync/data/a.csv"


def test_objects_are_copied_moved_and_removed(aws, files, tmp_path):
    aws("s3", "mb", "s3://move")
    aws("s3", "cp", files / "big.bin", "s3://move/big.bin", "--metadata", "colour=red")
    aws("s3", "cp", "s3://move/big.bin", "s3://move/copy.bin")
    aws("s3", "mv", "s3://move/copy.bin", "s3://move/sub/moved.bin")
    aws("s3", "cp", "s3://move/sub/moved.bin", tmp_path / "moved.bin")
    assert (tmp_path / "moved.bin").read_bytes() == b"x" * BIG
    assert '"colour": "red"' in aws("s3api", "head-object", "--bucket", "move", "--key", "big.bin")
    assert aws("s3", "cp", "s3://move/none", tmp_path / "none", code=1)
    assert "BucketNotEmpty" in aws("s3", "rb", "s3://move", code=1)
    aws("s3", "rm", "s3://move", "--recursive")
    assert aws("s3", "ls", "s3://move") == ""
    aws("s3", "rb", "s3://move")
    assert "NoSuchBucket" in aws("s3", "ls", "s3://move", code=255)


def test_standard_input_and_output_are_streamed(aws, server):
    aws("s3", "mb", "s3://stream")
    done = subprocess.run([str(AWS), "s3", "cp", "-", "s3://stream/k"], input=b"y" * BIG, capture_output=True,
                          timeout=120, env=server.environment())
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(AWS), "s3", "cp", "s3://stream/k", "-"], capture_output=True, timeout=120,
                          env=server.environment())
    assert done.stdout == b"y" * BIG, done.stderr


@pytest.mark.versitygw_differs("takes no signatures of version 2, with which the CLI 1 presigns")
def test_a_presigned_address_needs_no_key(aws, files):
    aws("s3", "mb", "s3://presign")
    aws("s3", "cp", files / "a.csv", "s3://presign/a b.csv")
    url = aws("s3", "presign", "s3://presign/a b.csv", "--expires-in", "60").strip()
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.read() == b"1,2\n"


def test_the_calls_below(aws, files, tmp_path):
    aws("s3api", "create-bucket", "--bucket", "below")
    aws("s3api", "put-object", "--bucket", "below", "--key", "a", "--body", files / "a.csv", "--if-none-match", "*")
    assert "PreconditionFailed" in aws("s3api", "put-object", "--bucket", "below", "--key", "a", "--body",
                                       files / "a.csv", "--if-none-match", "*", code=255)
    aws("s3api", "get-object", "--bucket", "below", "--key", "a", "--range", "bytes=0-1", tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"1,"
    aws("s3api", "delete-objects", "--bucket", "below", "--delete", "Objects=[{Key=a},{Key=b}]")
    aws("s3api", "wait", "object-not-exists", "--bucket", "below", "--key", "a")
    aws("s3api", "delete-bucket", "--bucket", "below")
