"""`chiliad up --store s3://`: objects lie in a real S3 (versitygw here). A program written for AWS runs with what
`chiliad env` prints and nothing else: one key for both servers, the address of each."""
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile

import pytest

from s3_servers import start_versitygw

# A program as a user writes it: no address, no key.
PROGRAM = r"""
import io, json, sys, boto3
role = "arn:aws:iam::123456789012:role/chiliad"
image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet"
s3, sagemaker, runtime = boto3.client("s3"), boto3.client("sagemaker"), boto3.client("sagemaker-runtime")
s3.create_bucket(Bucket="energy")
for customer in range(4):
    rows = "".join(f"2022-{1 + day // 28:02}-{1 + day % 28:02},{100 + customer + day}\n" for day in range(100))
    s3.upload_fileobj(io.BytesIO(rows.encode()), "energy", f"rows/{customer}.csv")
sagemaker.create_training_job(
    TrainingJobName="t", RoleArn=role, AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
    OutputDataConfig={"S3OutputPath": "s3://energy/out"}, StoppingCondition={"MaxRuntimeInSeconds": 600},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
    CheckpointConfig={"S3Uri": "s3://energy/models/"},
    InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": "s3://energy/rows/", "S3DataDistributionType": "ShardedByS3Key"}}}])
sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="t", WaiterConfig={"Delay": 1})
sagemaker.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer={
    "Image": image, "Mode": "MultiModel", "ModelDataUrl": "s3://energy/models/"})
sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[{
    "VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 1})
answer = runtime.invoke_endpoint(EndpointName="e", TargetModel="3.tar.gz", ContentType="application/json",
                                 Body=b'{"period": 7}')
archives = sorted(one["Key"] for one in s3.list_objects_v2(Bucket="energy", Prefix="models/")["Contents"])
print(json.dumps({"days": len(json.loads(answer["Body"].read())["yhat"]), "archives": archives}))
"""


@pytest.fixture
def real_s3(tmp_path):
    server = start_versitygw(tmp_path / "s3")
    yield server
    server.stop(signal.SIGKILL)


# What a job prints of a channel that is piped and one that lies there as files.
READER = """
import hashlib
piped = hashlib.sha256(open("/opt/ml/input/data/piped_0", "rb").read() + open("/opt/ml/input/data/piped_1", "rb").read())
there = hashlib.sha256(open("/opt/ml/input/data/there/large", "rb").read() * 2)
try:
    open("/opt/ml/input/data/there/large", "a")
except OSError:
    print("refused", piped.hexdigest() == there.hexdigest(), file=open("/opt/ml/model/seen", "w"))
"""
RUNTIMES = """
[[runtime]]
name = "plain"
images = ["plain"]
kind = "python"
train = ["python3", "/opt/ml/code/train.py"]
"""


@pytest.fixture
def in_real_s3(real_s3, start_platform, monkeypatch, tmp_path):
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "runtimes.toml").write_text(RUNTIMES)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", real_s3.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", real_s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", real_s3.secret_key)
    platform = start_platform("--store", "s3://")
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    return platform


def test_a_program_needs_what_env_prints_and_no_more(in_real_s3, real_s3):
    environment = in_real_s3.environment()
    assert environment["AWS_ENDPOINT_URL_S3"] == real_s3.url
    assert environment["AWS_ACCESS_KEY_ID"] == real_s3.access_key
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    said = json.loads(done.stdout)
    assert said == {"days": 7, "archives": [f"models/{customer}.tar.gz" for customer in range(4)]}
    assert not list((in_real_s3.home / "store").glob("*")), "nothing of it lies here"


def test_jobs_read_it_by_pipes_and_as_files_that_are_copies(in_real_s3, real_s3):
    s3, sagemaker = real_s3.client(), in_real_s3.client("sagemaker")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="in/large", Body=os.urandom(20 << 20))  # Three pieces of a pipe.
    code = io.BytesIO()
    with tarfile.open(fileobj=code, mode="w:gz") as archive:
        member = tarfile.TarInfo("train.py")
        member.size = len(READER)
        archive.addfile(member, io.BytesIO(READER.encode()))
    s3.put_object(Bucket="data", Key="sourcedir.tar.gz", Body=code.getvalue())
    channels = [{"ChannelName": name, "InputMode": mode, "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}}} for name, mode in (("piped", "Pipe"), ("there", "FastFile"))]
    sagemaker.create_training_job(
        TrainingJobName="t", RoleArn="arn:aws:iam::123456789012:role/chiliad",
        AlgorithmSpecification={"TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/plain",
                                "TrainingInputMode": "File"},
        HyperParameters={"sagemaker_submit_directory": '"s3://data/sourcedir.tar.gz"'}, InputDataConfig=channels,
        OutputDataConfig={"S3OutputPath": "s3://data/out", "CompressionType": "NONE"},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1})
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="t", WaiterConfig={"Delay": 1})
    assert s3.get_object(Bucket="data", Key="out/t/output/model/seen")["Body"].read() == b"refused True\n"


def test_requests_for_objects_that_come_here_are_told_where_to_go(in_real_s3, real_s3):
    s3 = in_real_s3.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match=re.escape(f"AWS_ENDPOINT_URL_S3={real_s3.url}")):
        s3.list_buckets()
