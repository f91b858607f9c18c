"""kill -9 of `chiliad up` while jobs run, objects are written and endpoints change: whatever was answered is there after
the next start, jobs come to their end and endpoints into service by themselves, and no process is left behind."""
import collections
import contextlib
import json
import os
import random
import signal
import sqlite3
import threading
import time

import botocore.exceptions
import pytest

import killed_in
from kill_changes import CAPTURED_AFTER, Changes, compare, long_series, prepare

ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-{}:1"
SERIES = 40
LOST = (botocore.exceptions.ConnectionClosedError, botocore.exceptions.EndpointConnectionError,
        botocore.exceptions.HTTPClientError, botocore.exceptions.ReadTimeoutError,
        botocore.exceptions.ResponseStreamingError)


def series(customer):
    return "".join(f"2022-{1 + day // 28:02}-{1 + day % 28:02},{customer + day % 7 + 0.01 * day:.2f}\n"
                   for day in range(200)).encode()


def rows():
    lines = ["customer_id,timestamp,consumption"]
    lines += [f"{customer},{line}" for customer in range(SERIES) for line in series(customer).decode().splitlines()]
    return ("\n".join(lines) + "\n").encode()


class Work:
    """What one life of a server is asked to do, and what of it was answered."""

    def __init__(self, life):
        self.life = life
        self.objects = {}   # key -> bytes of the last answered put; None: a removal was answered.
        self.unsure = set()  # Keys whose last change was sent and not answered.
        self.answered = collections.defaultdict(list)  # "training": [names], ...
        self.refused = []

    def objects_forever(self, s3, seed):
        choose = random.Random(seed)
        while True:
            key = f"kill/{seed}/{choose.randrange(20)}" + choose.choice(["", "/below", "/"])
            self.unsure.add(key)
            if choose.random() < 0.2:
                s3.delete_object(Bucket="kill", Key=key)
                self.objects[key] = None
            else:
                body = choose.randbytes(choose.choice([0, 100, 20_000, 300_000]))
                s3.put_object(Bucket="kill", Key=key, Body=body)
                self.objects[key] = body
            self.unsure.discard(key)

    def jobs(self, sagemaker):
        life = self.life
        sagemaker.create_processing_job(
            ProcessingJobName=f"split-{life}", RoleArn=ROLE, AppSpecification={"ImageUri": IMAGE.format("split")},
            ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large",
                                                   "VolumeSizeInGB": 1}},
            ProcessingInputs=[{"InputName": "raw", "S3Input": {
                "S3Uri": "s3://kill/rows.csv", "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix",
                "S3InputMode": "File"}}],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "series", "S3Output": {
                "S3Uri": f"s3://kill/split-{life}", "LocalPath": "/opt/ml/processing/output",
                "S3UploadMode": "EndOfJob"}}]})
        self.answered["processing"].append(f"split-{life}")
        sagemaker.create_training_job(
            TrainingJobName=f"train-{life}", RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": IMAGE.format("prophet"), "TrainingInputMode": "File"},
            InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://kill/series/", "S3DataDistributionType": "ShardedByS3Key"}}}],
            OutputDataConfig={"S3OutputPath": "s3://kill/out"},
            CheckpointConfig={"S3Uri": f"s3://kill/models-{life}/"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 3, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 600})
        self.answered["training"].append(f"train-{life}")

    def endpoints(self, sagemaker):
        life = self.life
        for name in (f"e-{life}-a", f"e-{life}-b"):
            sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
                "Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": "s3://kill/models/"})
            sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
                "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large"}])
            self.answered["configs"].append(name)
        sagemaker.create_endpoint(EndpointName=f"e-{life}", EndpointConfigName=f"e-{life}-a")
        self.answered["endpoints"].append((f"e-{life}", f"e-{life}-a"))
        for turn in range(1000):
            status = sagemaker.describe_endpoint(EndpointName=f"e-{life}")["EndpointStatus"]
            if status == "InService":
                config = f"e-{life}-{'ba'[turn % 2]}"
                sagemaker.update_endpoint(EndpointName=f"e-{life}", EndpointConfigName=config)
                self.answered["endpoints"][-1] = (f"e-{life}", config)
            time.sleep(0.005)


def start_threads(platform, work, changes):
    def guarded(target, *arguments):
        try:
            target(*arguments)
        except LOST:
            pass
        except Exception as error:  # Refused though the server lives.
            work.refused.append(repr(error))

    clients = [(work.objects_forever, platform.client("s3"), 2 * work.life),
               (work.objects_forever, platform.client("s3"), 2 * work.life + 1),
               (work.jobs, platform.client("sagemaker")), (work.endpoints, platform.client("sagemaker")),
               *changes.parts(platform)]
    threads = [threading.Thread(target=guarded, args=call) for call in clients]
    for thread in threads:
        thread.start()
    return threads


def processes_below(home):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            command = open(f"/proc/{pid}/cmdline", "rb").read()
            if str(home).encode() in command:
                found.append((int(pid), command))
    return found


def compare_objects(s3, work):
    for key, body in work.objects.items():
        if key in work.unsure:
            continue
        try:
            got = s3.get_object(Bucket="kill", Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            got = None
        assert got == body, f"{key}: {'missing' if got is None else f'{len(got)} bytes'}"
    # What was not answered is there whole or not at all.
    for key in work.unsure:
        with contextlib.suppress(s3.exceptions.NoSuchKey):
            head = s3.get_object(Bucket="kill", Key=key)
            assert len(head["Body"].read()) == head["ContentLength"]


def wait_for(describe, status, wanted, what, seconds=120):
    deadline = time.monotonic() + seconds
    while True:
        answer = describe()
        if answer[status] == wanted:
            return answer
        assert answer[status] not in ("Failed", "Stopped"), f"{what}: {answer}"
        assert time.monotonic() < deadline, f"{what} is still {answer[status]}: {answer}"
        time.sleep(0.1)


def compare_jobs(sagemaker, s3, work):
    for name in work.answered["processing"]:
        wait_for(lambda: sagemaker.describe_processing_job(ProcessingJobName=name), "ProcessingJobStatus", "Completed",
                 name)
        listed = s3.list_objects_v2(Bucket="kill", Prefix=f"{name}/")
        assert listed["KeyCount"] == SERIES
    for name in work.answered["training"]:
        wait_for(lambda: sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus", "Completed", name)
        listed = s3.list_objects_v2(Bucket="kill", Prefix=f"models-{name.rpartition('-')[2]}/")
        assert sum(entry["Key"].endswith(".tar.gz") for entry in listed["Contents"]) == SERIES


def compare_endpoints(sagemaker, runtime, work):
    for name in work.answered["configs"]:
        sagemaker.describe_endpoint_config(EndpointConfigName=name)
    for name, config in work.answered["endpoints"]:
        answer = wait_for(lambda: sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus", "InService", name)
        # The update that was sent last may have been taken without its answer.
        assert answer["EndpointConfigName"][:-1] == config[:-1]
        got = runtime.invoke_endpoint(EndpointName=name, TargetModel="7.tar.gz", ContentType="application/json",
                                      Body=b'{"period": 3}')
        assert len(json.loads(got["Body"].read())["yhat"]) == 3


def campaign(start_platform, chiliad, tmp_path, kills, seed):
    choose = random.Random(seed)
    folder = tmp_path / "series"
    folder.mkdir()
    for customer in range(SERIES):
        (folder / f"{customer}.csv").write_bytes(series(customer))
    chiliad.run("train", "--data", folder, "--models", tmp_path / "models")
    platform = start_platform()
    s3 = platform.client("s3")
    s3.create_bucket(Bucket="kill")
    s3.put_object(Bucket="kill", Key="rows.csv", Body=rows())
    for customer in range(SERIES):
        s3.put_object(Bucket="kill", Key=f"series/{customer}.csv", Body=series(customer))
        s3.put_object(Bucket="kill", Key=f"models/{customer}.tar.gz",
                      Body=(tmp_path / "models" / f"{customer}.tar.gz").read_bytes())
    prepare(s3, platform.client("sagemaker"))
    seen = collections.Counter()
    for life in range(kills):
        work, changes = Work(life), Changes(life)
        threads = start_threads(platform, work, changes)
        # Phases of a small job last a few hundredths of a second: short waits are the likeliest.
        time.sleep(choose.choice([0.05, 0.15, 0.4, 1.0, 2.0]) * choose.random())
        if captures_are_due := life % 10 == 3:
            time.sleep(CAPTURED_AFTER + 1)
        # Two phases that pass so quickly that they are waited for.
        if moment := {5: changes.stops, 7: changes.deletes}.get(life % 10):
            assert moment.wait(60)
            time.sleep(0.01 * choose.random())
        platform.process.kill()
        killed = time.monotonic()
        platform.process.wait()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
        seen += killed_in.phases(platform.home)
        assert work.refused == []
        assert not captures_are_due or min(changes.captured.values()) < killed - CAPTURED_AFTER
        deadline = time.monotonic() + 10
        while left := processes_below(platform.home):
            assert time.monotonic() < deadline, f"processes that outlived their server: {left}"
            time.sleep(0.05)
        platform = start_platform()
        sagemaker = platform.client("sagemaker")
        compare_objects(platform.client("s3"), work)
        compare_jobs(sagemaker, platform.client("s3"), work)
        compare_endpoints(sagemaker, platform.client("sagemaker-runtime"), work)
        compare(changes, sagemaker, platform.client("s3"), killed)
    assert platform.stop() == 0, "".join(platform.log[-20:])
    print(f"{kills} kills in: {killed_in.told(seen)}")
    return seen


def test_nothing_answered_is_lost_by_a_few_kills(start_platform, chiliad, tmp_path):
    campaign(start_platform, chiliad, tmp_path, kills=4, seed=1)


@pytest.mark.long
def test_nothing_answered_is_lost_by_fifty_kills(start_platform, chiliad, tmp_path):
    assert killed_in.OFTEN <= set(campaign(start_platform, chiliad, tmp_path, kills=50, seed=2))


def test_a_deletion_that_a_kill_interrupts_goes_on(start_platform, chiliad, tmp_path):
    """Deleting an endpoint of this kind takes less than a millisecond, in which no kill from outside has been seen: the
    state that is written down then is put in its place."""
    folder = tmp_path / "series"
    folder.mkdir()
    (folder / "7.csv").write_bytes(series(7))
    chiliad.run("train", "--data", folder, "--models", tmp_path / "models")
    platform = start_platform()
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="kill")
    s3.put_object(Bucket="kill", Key="models/7.tar.gz", Body=(tmp_path / "models/7.tar.gz").read_bytes())
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": "s3://kill/models/"})
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
    for name in ("goes", "stays"):
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="c")
        wait_for(lambda: sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus", "InService", name)
    platform.process.kill()
    platform.process.wait()
    with contextlib.closing(sqlite3.connect(platform.home / "state/control.db")) as database, database:
        assert database.execute("UPDATE resource SET status = 'Deleting' WHERE name = 'goes' AND kind = 6").rowcount == 1

    platform = start_platform()
    sagemaker = platform.client("sagemaker")
    deadline = time.monotonic() + 60
    while [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]] != ["stays"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    wait_for(lambda: sagemaker.describe_endpoint(EndpointName="stays"), "EndpointStatus", "InService", "stays")
    sagemaker.create_endpoint(EndpointName="goes", EndpointConfigName="c")
    wait_for(lambda: sagemaker.describe_endpoint(EndpointName="goes"), "EndpointStatus", "InService", "goes")
    got = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="goes", TargetModel="7.tar.gz", ContentType="application/json", Body=b'{"period": 3}')
    assert len(json.loads(got["Body"].read())["yhat"]) == 3


def recorded(journals):
    """The archives that complete lines of these journals name."""
    lines = [line.split("\t") for file in journals.glob("journal-*")
             for line in file.read_text().rpartition("\n")[0].splitlines()[1:]]
    return {field for line in lines for field in line if field.endswith(".tar.gz")}


def test_a_job_whose_server_is_killed_fits_only_what_is_not_both_recorded_and_stored(start_platform):
    platform = start_platform()
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="kill")
    for customer in range(200):  # The job lasts longer than the pause between two looks at checkpoints.
        s3.put_object(Bucket="kill", Key=f"series/{customer:03}.csv", Body=long_series(customer))
    sagemaker.create_training_job(
        TrainingJobName="t", RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE.format("prophet"), "TrainingInputMode": "File"},
        HyperParameters={"threads": "1", "n_changepoints": "200"},
        InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://kill/series/", "S3DataDistributionType": "FullyReplicated"}}}],
        OutputDataConfig={"S3OutputPath": "s3://kill/out", "CompressionType": "NONE"},
        CheckpointConfig={"S3Uri": "s3://kill/models/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600})

    def stored():
        return {entry["Key"].removeprefix("models/")
                for entry in s3.list_objects_v2(Bucket="kill", Prefix="models/").get("Contents", [])}

    def until(condition):
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    journals = platform.home / "jobs/journals/training/t"
    # Held where some models are recorded, one perhaps just half, until the store has what there is.
    until(lambda: len(recorded(journals)) >= 10)
    (process, _), = [one for one in processes_below(platform.home) if b"algorithm" in one[1]]
    os.kill(process, signal.SIGSTOP)
    checkpoints = platform.home / "jobs/training/t/algo-1/checkpoints"
    until(lambda: {file.name for file in checkpoints.glob("[0-9]*.tar.gz")} == stored())
    kept = len(recorded(journals) & stored())
    assert 10 <= kept < 200
    platform.process.kill()
    platform.process.wait()

    platform = start_platform()
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    wait_for(lambda: sagemaker.describe_training_job(TrainingJobName="t"), "TrainingJobStatus", "Completed", "t")
    summary = json.load(s3.get_object(Bucket="kill", Key="out/t/output/data/summary-algo-1.json")["Body"])
    assert (summary["kept"], summary["trained"], summary["failed"]) == (kept, 200 - kept, 0)
    assert stored() == {f"{customer:03}.tar.gz" for customer in range(200)}
    assert not journals.exists()
