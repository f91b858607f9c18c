"""A fleet from raw rows to forecasts with the clients that people have: the SageMaker Python SDK 2.x and 3.x, boto3
alone with its waiters, the AWS CLI from a shell, JavaScript. Each runs as a program of its own in an environment of its
own, told where the server is by what `chiliad env` prints and by nothing else; what comes out is compared with the same
work done by the commands of the program."""
import json
import os
import pathlib
import time

import boto3
import pytest

HERE = pathlib.Path(__file__).resolve().parent
CUSTOMERS = 1000


@pytest.fixture(scope="module")
def rows(chiliad, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "energy.csv"
    chiliad.run("generate", "--customers", CUSTOMERS, "--output", path)
    return path


@pytest.fixture(scope="module")
def plain(chiliad, rows, start_server, tmp_path_factory):
    """Forecasts of the same fleet by the commands alone: customer -> answer."""
    folder = tmp_path_factory.mktemp("plain")
    chiliad.run("split", "--input", rows, "--output", folder / "series")
    chiliad.run("train", "--data", folder / "series", "--models", folder / "models", "--holdout", 7)
    server = start_server("--models", folder / "models", "--endpoint", "plain")
    client = boto3.client("sagemaker-runtime", endpoint_url=server.url, region_name="us-east-1",
                          aws_access_key_id="id", aws_secret_access_key="secret")
    answers = {}
    for customer in ("8", str(CUSTOMERS - 1)):
        answer = client.invoke_endpoint(EndpointName="plain", TargetModel=f"{customer}.tar.gz",
                                        ContentType="application/json", Body=b'{"period": 7}')
        answers[customer] = json.loads(answer["Body"].read())
    assert server.stop() == 0
    return answers


def test_sagemaker_sdk_2_trains_and_serves_a_fleet(platform, program, rows, plain):
    python = program("sagemaker-2/bin/python")
    result = json.loads(platform.run(python, HERE / "fleet_sdk2.py", rows, CUSTOMERS).splitlines()[-1])
    assert result["models"] == CUSTOMERS
    assert "model.json" in result["members"]
    assert result["forecasts"] == plain
    assert result["copied_is_same"] and result["uploaded_is_same"]
    assert result["role"] == "arn:aws:iam::123456789012:role/chiliad"
    assert result["bucket"] == "sagemaker-us-east-1-123456789012"
    assert result["endpoints_left"] == 0 and result["models_left"] == 0


def test_sagemaker_sdk_3_trains_and_serves_a_fleet(platform, program, rows, plain):
    python = program("sagemaker-3/bin/python")
    result = json.loads(platform.run(python, HERE / "fleet_sdk3.py", rows, CUSTOMERS).splitlines()[-1])
    assert result["forecasts"] == plain
    assert result["role"] == "arn:aws:iam::123456789012:role/chiliad"


def test_the_cli_trains_and_serves_a_fleet_from_a_shell(platform, program, rows, plain, tmp_path):
    aws = pathlib.Path(program("cli/bin/aws"))
    out = platform.run("sh", HERE / "fleet_cli.sh", rows, tmp_path,
                       PATH=f"{aws.parent}:{os.environ['PATH']}")
    for customer in plain:
        assert json.loads((tmp_path / f"{customer}.json").read_text()) == plain[customer], out


def test_boto3_alone_trains_and_serves_a_fleet(platform, program, rows, plain):
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    runtime = platform.client("sagemaker-runtime")
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-{}:latest"
    role = platform.client("iam").get_role(RoleName="chiliad")["Role"]["Arn"]
    s3.create_bucket(Bucket="boto3-fleet")
    s3.upload_file(str(rows), "boto3-fleet", "data/energy.csv")

    sagemaker.create_processing_job(
        ProcessingJobName="boto3-split", RoleArn=role, AppSpecification={"ImageUri": image.format("split")},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge",
                                               "VolumeSizeInGB": 30}},
        ProcessingInputs=[{"InputName": "raw", "S3Input": {
            "S3Uri": "s3://boto3-fleet/data/energy.csv", "LocalPath": "/opt/ml/processing/input",
            "S3DataType": "S3Prefix", "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "series", "S3Output": {
            "S3Uri": "s3://boto3-fleet/processed", "LocalPath": "/opt/ml/processing/output",
            "S3UploadMode": "EndOfJob"}}]})
    wait = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 120}}
    sagemaker.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName="boto3-split", **wait)
    assert sagemaker.describe_processing_job(ProcessingJobName="boto3-split")["ProcessingJobStatus"] == "Completed"

    sagemaker.create_training_job(
        TrainingJobName="boto3-train", RoleArn=role, HyperParameters={"holdout": "7"},
        AlgorithmSpecification={"TrainingImage": image.format("prophet"), "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://boto3-fleet/processed",
            "S3DataDistributionType": "ShardedByS3Key"}}}],
        OutputDataConfig={"S3OutputPath": "s3://boto3-fleet/out"},
        CheckpointConfig={"S3Uri": "s3://boto3-fleet/models/"},
        ResourceConfig={"InstanceType": "ml.c5.xlarge", "InstanceCount": 10, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 600})
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="boto3-train", **wait)
    described = sagemaker.describe_training_job(TrainingJobName="boto3-train")
    assert described["TrainingJobStatus"] == "Completed"
    assert described["SecondaryStatusTransitions"][-1]["Status"] == "Completed"

    sagemaker.create_model(ModelName="boto3", ExecutionRoleArn=role, PrimaryContainer={
        "Image": image.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": "s3://boto3-fleet/models/"})
    sagemaker.create_endpoint_config(EndpointConfigName="boto3", ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": "boto3", "InitialInstanceCount": 1,
        "InstanceType": "ml.c5.xlarge", "InitialVariantWeight": 1}])
    sagemaker.create_endpoint(EndpointName="boto3", EndpointConfigName="boto3")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="boto3", **wait)
    for customer, expected in plain.items():
        answer = runtime.invoke_endpoint(EndpointName="boto3", TargetModel=f"{customer}.tar.gz",
                                         ContentType="application/json", Body=b'{"period": 7}')
        assert json.loads(answer["Body"].read()) == expected
        assert answer["InvokedProductionVariant"] == "AllTraffic"

    node = program("javascript/node_modules")
    seen = json.loads(platform.run(os.environ.get("CHILIAD_NODE", "node"), HERE / "javascript" / "runtime.cjs",
                                   "boto3", "8.tar.gz", NODE_PATH=node))
    assert seen["rows"] == 7 and seen["columns"] == list(plain["8"])
    assert seen["variant"] == "AllTraffic"
    # The SDK knows ValidationError by its short name.
    assert [problem["status"] for problem in seen["problems"]] == [400, 424]
    assert seen["problems"][1]["name"] == "ModelError"

    lines = platform.client("logs").filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs",
                                                      logStreamNamePrefix="boto3-train/")["events"]
    assert len({line["logStreamName"] for line in lines}) == 10

    sagemaker.delete_endpoint_config(EndpointConfigName="boto3")
    sagemaker.delete_endpoint(EndpointName="boto3")
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="boto3", **wait)
    sagemaker.delete_model(ModelName="boto3")


def test_what_was_answered_is_there_after_a_kill(start_platform, chiliad, tmp_path):
    platform = start_platform()
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a/b", Body=b"bytes")
    role = platform.client("iam").get_role(RoleName="chiliad")["Role"]["Arn"]
    sagemaker.create_model(ModelName="kept", ExecutionRoleArn=role, PrimaryContainer={
        "Image": "chiliad-prophet", "Mode": "MultiModel", "ModelDataUrl": "s3://kept/a/"})
    platform.process.kill()
    platform.process.wait()
    began = time.monotonic()
    again = start_platform()
    assert time.monotonic() - began < 20
    assert again.client("s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"bytes"
    assert again.client("sagemaker").describe_model(ModelName="kept")["ModelName"] == "kept"
