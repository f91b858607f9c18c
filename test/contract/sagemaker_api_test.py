"""The SageMaker API as boto3 sees it: errors, waiters, pages, restarts, with the built-in images doing real work.

`platform` is a running `chiliad up` whose clients are made by platform.client(service).
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import uuid

import botocore.exceptions
import pytest

BINARY = pathlib.Path(
    os.environ.get("CHILIAD_BINARY", pathlib.Path(__file__).resolve().parents[2] / "build" / "bin" / "chiliad"))


def has_up():
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    return re.search(r"^ +up ", text, re.MULTILINE)


pytestmark = pytest.mark.skipif(BINARY.exists() and not has_up(), reason="this build has no `chiliad up`")

ROLE = "arn:aws:iam::123456789012:role/chiliad"
PROPHET = "683313688378.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:1"
SPLIT = "683313688378.dkr.ecr.us-east-1.amazonaws.com/chiliad-split:1"


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def series_csv(seed):
    lines = ["ds,y"]
    for day in range(120):
        lines.append(f"2022-{1 + day // 28:02d}-{1 + day % 28:02d},{100 + day * 0.5 + (day * seed) % 7}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def sagemaker(platform):
    return platform.client("sagemaker")


@pytest.fixture
def bucket(platform):
    name = unique("b")
    platform.client("s3").create_bucket(Bucket=name)
    return name


def code_of(call, **arguments):
    """(code, message) with which a call is refused."""
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**arguments)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def training_job(name, bucket, **changes):
    request = dict(
        TrainingJobName=name, RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": PROPHET, "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/out"},
        ResourceConfig={"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        InputDataConfig=[{"ChannelName": "training", "ContentType": "text/csv", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/series",
            "S3DataDistributionType": "ShardedByS3Key"}}}])
    request.update(changes)
    return request


def put_series(platform, bucket, count):
    s3 = platform.client("s3")
    for customer in range(count):
        s3.put_object(Bucket=bucket, Key=f"series/{customer}.csv", Body=series_csv(customer + 1).encode())


def wait_quickly(sagemaker, waiter, **arguments):
    sagemaker.get_waiter(waiter).wait(WaiterConfig={"Delay": 1, "MaxAttempts": 120}, **arguments)


def algorithms(home):
    """Processes of jobs' programs that run below this home."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            if str(home).encode() in command and b"algorithm" in command:
                found.append(int(pid))
    return found


def multi_model(sagemaker, name, prefix):
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": PROPHET, "Mode": "MultiModel", "ModelDataUrl": prefix})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InitialVariantWeight": 1,
        "InstanceType": "ml.c5.xlarge"}])


def test_bad_requests_are_refused_as_aws_does(sagemaker, bucket):
    code, message = code_of(sagemaker.create_training_job, **training_job("a_b", bucket))
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value 'a_b' at 'trainingJobName' failed to satisfy")
    code, _ = code_of(sagemaker.create_training_job, **training_job(
        unique("t"), bucket, AlgorithmSpecification={"TrainingImage": "x/unheard-of", "TrainingInputMode": "File"}))
    assert code == "ValidationException"
    assert code_of(sagemaker.describe_endpoint, EndpointName="none")[0] == "ValidationException"
    assert "Could not find endpoint" in code_of(sagemaker.describe_endpoint, EndpointName="none")[1]
    assert code_of(sagemaker.describe_training_job, TrainingJobName="none")[0] == "ResourceNotFound"
    assert code_of(sagemaker.create_endpoint, EndpointName="e", EndpointConfigName="none")[0] == "ValidationException"
    assert code_of(sagemaker.list_projects)[0] == "UnknownOperationException"


def test_training_job_runs_to_its_end(platform, sagemaker, bucket):
    put_series(platform, bucket, 6)
    name = unique("t")
    created = sagemaker.create_training_job(**training_job(
        name, bucket, ResourceConfig={"InstanceType": "ml.c5.xlarge", "InstanceCount": 3, "VolumeSizeInGB": 30},
        Tags=[{"Key": "team", "Value": "a"}]))
    assert created["TrainingJobArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}"
    assert code_of(sagemaker.create_training_job, **training_job(name, bucket))[0] == "ResourceInUse"
    wait_quickly(sagemaker, "training_job_completed_or_stopped", TrainingJobName=name)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["SecondaryStatus"] == "Completed"
    assert [one["Status"] for one in job["SecondaryStatusTransitions"]][0] == "Starting"
    assert all("StatusMessage" in one for one in job["SecondaryStatusTransitions"])
    assert job["ResourceConfig"]["InstanceCount"] == 3
    assert job["TrainingEndTime"] >= job["TrainingStartTime"] >= job["CreationTime"]
    assert job["ModelArtifacts"]["S3ModelArtifacts"].startswith(f"s3://{bucket}/out/{name}/output")
    assert sagemaker.list_tags(ResourceArn=created["TrainingJobArn"])["Tags"] == [{"Key": "team", "Value": "a"}]
    assert code_of(sagemaker.stop_training_job, TrainingJobName=name)[0] == "ValidationException"


def test_job_without_its_data_fails_with_the_reason(sagemaker, bucket):
    name = unique("t")
    sagemaker.create_training_job(**training_job(name, bucket))
    with pytest.raises(botocore.exceptions.WaiterError):
        wait_quickly(sagemaker, "training_job_completed_or_stopped", TrainingJobName=name)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"]


def test_processing_job_splits(platform, sagemaker, bucket):
    rows = "customer,ds,y\n" + "".join(
        f"{customer},2022-01-{1 + day:02d},{customer + day}\n" for customer in range(3) for day in range(28))
    s3 = platform.client("s3")
    s3.put_object(Bucket=bucket, Key="raw/rows.csv", Body=rows.encode())
    name = unique("p")
    sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=ROLE,
        AppSpecification={"ImageUri": SPLIT, "ContainerArguments": [
            "--id-column", "customer", "--timestamp-column", "ds", "--value-column", "y"]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1,
                                               "VolumeSizeInGB": 30}},
        ProcessingInputs=[{"InputName": "raw", "S3Input": {
            "S3Uri": f"s3://{bucket}/raw", "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "series", "S3Output": {
            "S3Uri": f"s3://{bucket}/split", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]})
    wait_quickly(sagemaker, "processing_job_completed_or_stopped", ProcessingJobName=name)
    job = sagemaker.describe_processing_job(ProcessingJobName=name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    assert job["ProcessingEndTime"] >= job["ProcessingStartTime"]
    assert len(s3.list_objects_v2(Bucket=bucket, Prefix="split/")["Contents"]) == 3


def test_endpoint_serves_is_updated_and_deleted_in_the_sdks_order(platform, sagemaker, bucket):
    put_series(platform, bucket, 2)
    job = unique("t")
    sagemaker.create_training_job(**training_job(job, bucket, CheckpointConfig={"S3Uri": f"s3://{bucket}/models/"}))
    wait_quickly(sagemaker, "training_job_completed_or_stopped", TrainingJobName=job)
    name = unique("e")
    multi_model(sagemaker, name, f"s3://{bucket}/models/")
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=[])
    wait_quickly(sagemaker, "endpoint_in_service", EndpointName=name)
    endpoint = sagemaker.describe_endpoint(EndpointName=name)
    assert endpoint["EndpointConfigName"] == name
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    models = [item["Key"].removeprefix("models/") for item in
              platform.client("s3").list_objects_v2(Bucket=bucket, Prefix="models/").get("Contents", [])
              if item["Key"].endswith(".tar.gz")]
    assert models
    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, TargetModel=models[0], ContentType="application/json", Body=b'"{\\"period\\": 7}"')
    assert json.loads(answer["Body"].read())
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}])
    wait_quickly(sagemaker, "endpoint_in_service", EndpointName=name)
    assert sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]["DesiredInstanceCount"] == 2
    other = unique("c")
    sagemaker.create_endpoint_config(EndpointConfigName=other, ProductionVariants=[{
        "VariantName": "Other", "ModelName": name, "InitialInstanceCount": 1, "InitialVariantWeight": 1,
        "InstanceType": "ml.c5.xlarge"}])
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    wait_quickly(sagemaker, "endpoint_in_service", EndpointName=name)
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] == other
    sagemaker.delete_endpoint_config(EndpointConfigName=other)
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_model(ModelName=name)
    wait_quickly(sagemaker, "endpoint_deleted", EndpointName=name)


def test_endpoint_over_nothing_fails_with_the_reason(sagemaker):
    name = unique("e")
    multi_model(sagemaker, name, f"s3://{unique('no-bucket')}/models/")
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    with pytest.raises(botocore.exceptions.WaiterError):
        wait_quickly(sagemaker, "endpoint_in_service", EndpointName=name)
    assert sagemaker.describe_endpoint(EndpointName=name)["FailureReason"]
    sagemaker.delete_endpoint(EndpointName=name)


def test_lists_page_sort_and_filter(sagemaker):
    prefix = unique("m")
    names = [f"{prefix}-{number:02d}" for number in range(25)]
    for name in names:
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": PROPHET, "Mode": "MultiModel", "ModelDataUrl": "s3://b/models/"})
    pages = sagemaker.get_paginator("list_models").paginate(
        NameContains=prefix, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 10})
    assert [model["ModelName"] for page in pages for model in page["Models"]] == names
    first = sagemaker.list_models(NameContains=prefix, MaxResults=10)
    code, _ = code_of(sagemaker.list_models, NameContains="other", NextToken=first["NextToken"])
    assert code == "ValidationException"


def test_tags_of_a_model(sagemaker):
    name = unique("m")
    arn = sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": PROPHET, "Mode": "MultiModel", "ModelDataUrl": "s3://b/models/"})["ModelArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_stopped_job_ends_as_stopped(platform, sagemaker, bucket):
    put_series(platform, bucket, 200)
    name = unique("t")
    sagemaker.create_training_job(**training_job(name, bucket, HyperParameters={"threads": "1"}))
    deadline = time.monotonic() + 60
    while not (programs := algorithms(platform.home)):
        assert time.monotonic() < deadline
    # Held, so that no machine is quicker than the call.
    os.kill(programs[0], signal.SIGSTOP)
    try:
        assert sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "InProgress"
        sagemaker.stop_training_job(TrainingJobName=name)
        job = sagemaker.describe_training_job(TrainingJobName=name)
        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopping", "Stopping")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(programs[0], signal.SIGCONT)
    wait_quickly(sagemaker, "training_job_completed_or_stopped", TrainingJobName=name)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    passed = [one["Status"] for one in job["SecondaryStatusTransitions"]]
    assert passed[-1] == "Stopped" and "Stopping" in passed and "Completed" not in passed
    assert job["TrainingEndTime"] >= job["TrainingStartTime"]
    code, message = code_of(sagemaker.stop_training_job, TrainingJobName=name)
    assert code == "ValidationException" and "Stopped" in message
    assert algorithms(platform.home) == []


def test_nothing_answered_is_lost_when_the_server_is_killed(start_platform, tmp_path):
    home = tmp_path / "home"
    first = start_platform(home=home)
    sagemaker = first.client("sagemaker")
    first.client("s3").create_bucket(Bucket="data")
    put_series(first, "data", 20)
    names = [unique("t") for _ in range(4)]
    for name in names:
        sagemaker.create_training_job(**training_job(name, "data"))
    multi_model(sagemaker, "m", "s3://data/series/")
    first.stop(signal.SIGKILL)
    second = start_platform(home=home)
    sagemaker = second.client("sagemaker")
    assert sagemaker.describe_endpoint_config(EndpointConfigName="m")["ProductionVariants"][0]["ModelName"] == "m"
    for name in names:
        wait_quickly(sagemaker, "training_job_completed_or_stopped", TrainingJobName=name)
        assert sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "Completed"
