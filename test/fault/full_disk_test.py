"""A disk that is really full below a running `chiliad up`: callers are told, nothing answered is lost, and when there is
room again it goes on."""
import contextlib
import json
import subprocess
import time
import urllib.request

import botocore.exceptions
import pytest

ROLE = "arn:aws:iam::123456789012:role/chiliad"


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "chiliad-test", str(folder)],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system needs root: {mounted.stderr.strip()}")
    yield folder
    # The server that has files open in it ends with its own fixture, which may come later.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_and_survived(small_disk, start_platform):
    platform = start_platform(home=small_disk / "home")
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="disk")
    body, kept = bytes(range(256)) * 4096, []
    with pytest.raises(botocore.exceptions.ClientError) as full:
        for number in range(100):
            s3.put_object(Bucket="disk", Key=f"{number}", Body=body)
            kept.append(f"{number}")
    assert full.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    assert len(kept) > 10
    with open(small_disk / "rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
        while True:
            rest.write(bytes(4096))

    answered = []
    for number in range(50):
        try:
            sagemaker.create_model(ModelName=f"m{number}", ExecutionRoleArn=ROLE, PrimaryContainer={
                "Image": "chiliad-prophet", "Mode": "MultiModel", "ModelDataUrl": "s3://disk/"})
            answered.append(f"m{number}")
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
    for key in kept[::5]:
        assert s3.get_object(Bucket="disk", Key=key)["Body"].read() == body
    assert platform.process.poll() is None

    (small_disk / "rest").unlink()
    s3.delete_object(Bucket="disk", Key=kept.pop())
    deadline = time.monotonic() + 10
    while True:
        try:
            s3.put_object(Bucket="disk", Key="after", Body=b"there is room")
            break
        except botocore.exceptions.ClientError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    platform.process.kill()
    platform.process.wait()
    again = start_platform(home=small_disk / "home")
    for key in kept:
        assert again.client("s3").head_object(Bucket="disk", Key=key)["ContentLength"] == len(body)
    for name in answered:
        assert again.client("sagemaker").describe_model(ModelName=name)["ModelName"] == name
    again.stop()


def test_an_access_log_goes_on_with_whole_lines_when_there_is_room_again(small_disk, serve, tmp_path):
    (tmp_path / "models").mkdir()
    log = small_disk / "access.log"
    server = serve("--models", tmp_path / "models", "--access-log", log)

    def ping(times):
        for _ in range(times):
            urllib.request.urlopen(f"{server.url}/ping", timeout=30).close()

    ping(1)
    with open(small_disk / "rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
        while True:
            rest.write(bytes(4096))
    ping(100)  # The page that the first line is in has room for some, and a part of one.
    (small_disk / "rest").unlink()
    ping(5)
    assert server.stop() == 0
    lost = next(int(line.split()[2]) for line in server.log if "could not be written" in line)
    assert 0 < lost < 100

    def is_whole(line):
        with contextlib.suppress(ValueError):
            return json.loads(line)["status"] == 200

    lines = [line for line in log.read_text().splitlines() if line]
    whole = [line for line in lines if is_whole(line)]
    assert len(whole) == 106 - lost
    assert len(lines) - len(whole) <= 1, "the line that was cut short"
