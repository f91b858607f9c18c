"""Pipe and FastFile: a job reads what it was not given a copy of."""
import hashlib
import json
import os
import signal

import pytest

from script_jobs import BUCKET, ScriptJobs, channel

TWO_EPOCHS = """
import hashlib, json, os
sums = []
for epoch in range(2):
    sum = hashlib.sha256()
    with open(f"{os.environ['SM_CHANNEL_DATA']}_{epoch}", "rb") as pipe:
        while piece := pipe.read(1 << 20):
            sum.update(piece)
    sums.append(sum.hexdigest())
json.dump(sums, open("/opt/ml/model/sums", "w"))
"""


@pytest.fixture(scope="module")
def jobs(new_platform, tmp_path_factory):
    jobs = ScriptJobs(new_platform, tmp_path_factory.mktemp("platform") / "home", "--grace", "1s")
    yield jobs
    assert jobs.platform.stop() == 0, "".join(jobs.platform.log)


def test_a_pipe_streams_more_than_the_server_holds(jobs):
    whole = hashlib.sha256()
    for number in range(3):
        piece = os.urandom(1 << 20) * 100
        whole.update(piece)
        jobs.put(f"large/{number}", piece)
    jobs.forget_peak()
    before = jobs.memory()
    answer = jobs.run(TWO_EPOCHS, channels=[channel("data", "large/", InputMode="Pipe")])
    assert json.loads(answer["sums"]) == [whole.hexdigest()] * 2
    # 300 MB twice, a piece of 8 MiB at a time.
    assert jobs.memory("VmHWM") - before < 64 << 20


def test_a_fast_file_is_the_stores_own_and_cannot_be_written(jobs):
    jobs.put("files/a/1.csv", b"one")
    answer = jobs.run("""
import json, os
path = os.environ["SM_CHANNEL_DATA"] + "/a/1.csv"
refused = []
for attempt in (lambda: open(path, "a"), lambda: os.remove(path), lambda: os.chmod(path, 0o777), lambda: os.utime(path),
                lambda: os.truncate(path, 0), lambda: os.link(path, "/opt/ml/model/link"),
                lambda: open(f"/proc/self/fd/{os.open(path, os.O_RDONLY)}", "r+")):
    try:
        attempt()
    except OSError as error:
        refused.append(error.errno)
json.dump([open(path).read(), os.stat(path).st_ino, refused], open("/opt/ml/model/seen", "w"))
""", channels=[channel("data", "files/", InputMode="FastFile")])
    text, inode, refused = json.loads(answer["seen"])
    stored = jobs.home / "store" / BUCKET / "files/a/1.csv"
    assert (text, inode) == ("one", stored.stat().st_ino)
    assert len(refused) == 7, refused
    assert stored.read_bytes() == b"one" and stored.stat().st_nlink == 1
    assert list(answer) == ["seen"]


def test_a_pipes_objects_come_in_records_over_instances(jobs):
    for number in range(5):
        jobs.put(f"shards/{number}", b"x" * number)
    answer = jobs.run("""
import os, struct
with open("/opt/ml/input/data/data_0", "rb") as pipe:
    bytes = pipe.read()
at, sizes = 0, []
while at < len(bytes):
    magic, length = struct.unpack_from("<II", bytes, at)
    assert magic == 0xced7230a, magic
    sizes.append(length)
    at += 8 + length + -length % 4
open("/opt/ml/model/" + os.environ["SM_CURRENT_HOST"], "w").write(str(sizes))
""", instances=2, channels=[channel("data", "shards/", InputMode="Pipe", RecordWrapperType="RecordIO",
                                    distribution="ShardedByS3Key")])
    assert answer == {"algo-1": "[0, 2, 4]", "algo-2": "[1, 3]"}


def test_what_a_built_in_algorithm_cannot_read_is_refused(jobs):
    with pytest.raises(jobs.sagemaker.exceptions.ClientError, match="use File"):
        jobs.start("", image="chiliad-prophet", channels=[channel("training", "files/", InputMode="Pipe")])


def test_a_server_killed_in_the_middle_of_a_pipe_begins_the_job_anew(new_platform, tmp_path):
    jobs = ScriptJobs(new_platform, tmp_path / "home")
    try:
        jobs.put("data/1", b"x" * 1_000_000)
        name = jobs.start("""
import os, time
with open("/opt/ml/input/data/data_0", "rb") as pipe:
    first = pipe.read(10)
    os.makedirs("/opt/ml/checkpoints", exist_ok=True)
    if not os.path.exists("/opt/ml/checkpoints/begun"):
        open("/opt/ml/checkpoints/begun", "w").close()
        print("half way", flush=True)
        time.sleep(600)
    open("/opt/ml/model/size", "w").write(str(len(first + pipe.read())))
""", channels=[channel("data", "data/", InputMode="Pipe")], CheckpointConfig={"S3Uri": f"s3://{BUCKET}/kept/"})
        jobs.wait_for_line(name, "half way")
        while "Contents" not in jobs.s3.list_objects_v2(Bucket=BUCKET, Prefix="kept/"):
            pass
        jobs.platform.stop(signal.SIGKILL)
        jobs.begin()
        assert jobs.end_of(name)["TrainingJobStatus"] == "Completed"
        assert jobs.model_of(name) == {"size": "1000000"}
    finally:
        jobs.platform.stop(signal.SIGKILL)
