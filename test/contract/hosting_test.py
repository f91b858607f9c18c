"""Endpoints and batches as boto3 sees them: variants and their weights, the runtime's headers and errors, asynchronous
calls, captured forecasts that are evaluated afterwards, transform jobs, CloudWatch's metrics and an endpoint's log."""
import collections
import datetime
import json
import time

import pytest

from fleet import CUSTOMERS

ROLE = "arn:aws:iam::123456789012:role/chiliad"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
ENDPOINT, BUCKET = "hosted", "hosted"
# The day after the last row of the fleet's series.
NEXT_DAY = datetime.date(2022, 8, 5)


@pytest.fixture(scope="module")
def clients(platform):
    return {name: platform.client(name) for name in ("s3", "sagemaker", "sagemaker-runtime", "cloudwatch", "logs")}


@pytest.fixture(scope="module")
def runtime(clients):
    return clients["sagemaker-runtime"]


def until(ready, limit=60):
    """What ready() answers once it is anything."""
    deadline = time.monotonic() + limit
    while not (answer := ready()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


def variant(name, weight):
    return {"VariantName": name, "ModelName": "hosted", "InitialInstanceCount": 1, "InitialVariantWeight": weight,
            "InstanceType": "ml.m5.large"}


@pytest.fixture(scope="module")
def endpoint(clients, trained):
    """Two variants, three calls of four for the first, every call captured."""
    s3, sagemaker = clients["s3"], clients["sagemaker"]
    s3.create_bucket(Bucket=BUCKET)
    for archive in trained.glob("*.tar.gz"):
        s3.put_object(Bucket=BUCKET, Key=f"models/{archive.name}", Body=archive.read_bytes())
    sagemaker.create_model(ModelName="hosted", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": REGISTRY + "chiliad-prophet", "Mode": "MultiModel", "ModelDataUrl": f"s3://{BUCKET}/models/"})
    sagemaker.create_model(ModelName="alone", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": REGISTRY + "chiliad-prophet", "ModelDataUrl": f"s3://{BUCKET}/models/8.tar.gz"})
    sagemaker.create_endpoint_config(
        EndpointConfigName="hosted", ProductionVariants=[variant("a", 3), variant("b", 1)],
        DataCaptureConfig={
            "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{BUCKET}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]}})
    sagemaker.create_endpoint_config(
        EndpointConfigName="alone", ProductionVariants=[{**variant("only", 1), "ModelName": "alone"}],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/answers",
                                               "S3FailurePath": f"s3://{BUCKET}/failures"}})
    for name in (ENDPOINT, "alone"):
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    return ENDPOINT


def call(runtime, model, body='{"period": 7}', **more):
    return runtime.invoke_endpoint(**{"EndpointName": ENDPOINT, "TargetModel": model, "Body": body,
                                      "ContentType": "application/json", **more})


def shares(runtime, calls):
    return collections.Counter(call(runtime, "8.tar.gz")["InvokedProductionVariant"] for _ in range(calls))


def object_of(clients, uri):
    """The bytes at s3://bucket/key, or None."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return clients["s3"].get_object(Bucket=bucket, Key=key)["Body"].read()
    except clients["s3"].exceptions.NoSuchKey:
        return None


def test_calls_are_shared_as_the_weights_say(clients, runtime, endpoint):
    sagemaker = clients["sagemaker"]
    seen = shares(runtime, 40)
    assert 28 <= seen["a"] <= 32 and seen["a"] + seen["b"] == 40
    assert call(runtime, "8.tar.gz", TargetVariant="b")["InvokedProductionVariant"] == "b"
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=endpoint, DesiredWeightsAndCapacities=[
        {"VariantName": "a", "DesiredWeight": 0}, {"VariantName": "b", "DesiredWeight": 1, "DesiredInstanceCount": 2}])
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig={"Delay": 1})
    assert shares(runtime, 10) == {"b": 10}
    told = {one["VariantName"]: one for one in sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]}
    assert (told["a"]["CurrentWeight"], told["b"]["CurrentWeight"], told["b"]["CurrentInstanceCount"]) == (0, 1, 2)
    with pytest.raises(sagemaker.exceptions.ClientError, match='variant.* "c" do not exist'):
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint, DesiredWeightsAndCapacities=[{"VariantName": "c", "DesiredWeight": 1}])
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=endpoint, DesiredWeightsAndCapacities=[
        {"VariantName": "a", "DesiredWeight": 3}])


def test_an_answer_carries_what_the_call_brought(runtime, endpoint):
    answer = call(runtime, "8.tar.gz", CustomAttributes="trace=1", InferenceId="i-1", Accept="application/json")
    assert (answer["CustomAttributes"], answer["ContentType"]) == ("trace=1", "application/json")
    assert len(json.loads(answer["Body"].read())["yhat"]) == 7
    # As a JSON text in a JSON text, which is what the SDK's serializer makes of a text.
    twice = json.loads(call(runtime, "8.tar.gz", json.dumps('{"period": 3}'))["Body"].read())
    assert len(json.loads(twice)["yhat"]) == 3


REFUSED = [
    ({"Body": "no JSON"}, "ModelError", 424, "client error (400) from primary"),
    ({"Body": '{"period": 0}'}, "ModelError", 424, "'period'"),
    ({"TargetModel": "none.tar.gz"}, "ValidationError", 400, f"bucket: {BUCKET}, key: models/none.tar.gz"),
    ({"TargetModel": "../8.tar.gz"}, "ValidationError", 400, "model name"),
    ({"TargetVariant": "c"}, "ValidationError", 400, "Variant c"),
    ({"EndpointName": "none"}, "ValidationError", 400, "Endpoint none of account 123456789012 not found"),
    ({"Body": b"x" * (6 * 1024 * 1024 + 1)}, "ValidationError", 413, "too large"),
]


@pytest.mark.parametrize("change, code, status, words", REFUSED)
def test_a_call_is_refused_as_the_runtime_refuses(runtime, endpoint, change, code, status, words):
    with pytest.raises(runtime.exceptions.ClientError) as refused:
        runtime.invoke_endpoint(**{"EndpointName": endpoint, "TargetModel": "8.tar.gz", "Body": '{"period": 7}',
                                   "ContentType": "application/json", **change})
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert words in answer["Error"]["Message"]
    if code == "ModelError":
        assert answer["OriginalStatusCode"] == 400 and answer["OriginalMessage"] in answer["Error"]["Message"]
        assert answer["LogStreamArn"].endswith(f"/aws/sagemaker/Endpoints/{endpoint}")


def test_a_multi_model_call_names_its_model(runtime, endpoint):
    with pytest.raises(runtime.exceptions.ClientError, match="Target-Model"):
        runtime.invoke_endpoint(EndpointName=endpoint, Body="{}", ContentType="application/json")


def test_asynchronous_calls_leave_an_answer_or_a_failure(clients, runtime, endpoint):
    clients["s3"].put_object(Bucket=BUCKET, Key="asked/good.json", Body=b'{"period": 5}')
    clients["s3"].put_object(Bucket=BUCKET, Key="asked/bad.json", Body=b'{"period": "x"}')

    def asked(name):
        return runtime.invoke_endpoint_async(EndpointName="alone", InputLocation=f"s3://{BUCKET}/asked/{name}",
                                             ContentType="application/json")

    good, bad, none = asked("good.json"), asked("bad.json"), asked("none.json")
    assert good["ResponseMetadata"]["HTTPStatusCode"] == 202 and good["InferenceId"]
    answer = json.loads(until(lambda: object_of(clients, good["OutputLocation"])))
    assert len(answer["yhat"]) == 5
    assert b"period" in until(lambda: object_of(clients, bad["FailureLocation"]))
    failure = until(lambda: object_of(clients, none["FailureLocation"])).decode()
    assert "asked/none.json" in failure and "/store/" not in failure, "where the server keeps it is nobody's business"
    assert object_of(clients, bad["OutputLocation"]) is None


def evaluate(clients, name, inputs, *arguments):
    """A job with the image chiliad-evaluate, to its end: (its description, its evaluation.json)."""
    request = {"ImageUri": REGISTRY + "chiliad-evaluate:1"}
    if arguments:
        request["ContainerArguments"] = list(arguments)
    clients["sagemaker"].create_processing_job(
        ProcessingJobName=name, RoleArn=ROLE, AppSpecification=request,
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}},
        ProcessingInputs=[{"InputName": kind, "S3Input": {
            "S3Uri": f"s3://{BUCKET}/{prefix}", "LocalPath": f"/opt/ml/processing/{kind}", "S3DataType": "S3Prefix",
            "S3InputMode": "File"}} for kind, prefix in inputs.items()],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "errors", "S3Output": {
            "S3Uri": f"s3://{BUCKET}/{name}", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]})
    clients["sagemaker"].get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    return json.loads(object_of(clients, f"s3://{BUCKET}/{name}/evaluation.json"))


def test_captured_forecasts_are_evaluated_when_the_values_have_come(clients, runtime, endpoint):
    forecasts = {}
    for customer in range(CUSTOMERS):
        answer = json.loads(call(runtime, f"{customer}.tar.gz", InferenceId=f"captured-{customer}")["Body"].read())
        forecasts[customer] = list(answer["yhat"].values())
    # What came is what was forecast, and one more: the mean absolute error is 1.
    rows = [f"{customer},{NEXT_DAY + datetime.timedelta(days=day)},{value + 1}" for customer, values in
            forecasts.items() for day, value in enumerate(values)]
    clients["s3"].put_object(Bucket=BUCKET, Key="came/all.csv",
                             Body=("customer_id,timestamp,value\n" + "\n".join(rows) + "\n").encode())

    def captured():
        lines = []
        for page in clients["s3"].get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="captured/"):
            for one in page.get("Contents", []):
                assert one["Key"].startswith((f"captured/{endpoint}/a/", f"captured/{endpoint}/b/")), one["Key"]
                lines += object_of(clients, f"s3://{BUCKET}/{one['Key']}").decode().splitlines()
        of_fleet = [line for line in map(json.loads, lines)
                    if line["eventMetadata"].get("inferenceId", "").startswith("captured-")]
        return of_fleet if len(of_fleet) == CUSTOMERS else None

    line = until(captured)[0]
    assert line["captureData"]["endpointInput"] == {
        "observedContentType": "application/json", "mode": "INPUT", "data": '{"period": 7}', "encoding": "JSON"}
    assert len(json.loads(line["captureData"]["endpointOutput"]["data"])["yhat"]) == 7
    errors = evaluate(clients, "online", {"captured": "captured/", "actual": "came/"})
    assert (errors["mode"], errors["series"], errors["failed"]) == ("captured", CUSTOMERS, 0)
    assert errors["model"]["mae"] == pytest.approx(1, abs=1e-6)  # Sums of decimal texts.
    # The same of the stored models, from the rows alone that came since.
    errors = evaluate(clients, "offline", {"models": "models/", "rows": "came/"})
    assert (errors["mode"], errors["series"], errors["failed"]) == ("models", CUSTOMERS, 0)
    assert errors["model"]["mae"] == pytest.approx(1, abs=1e-6)


def transform(clients, name, prefix, split="None", **more):
    sagemaker = clients["sagemaker"]
    sagemaker.create_transform_job(
        TransformJobName=name, ModelName="hosted",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}"}},
                        "ContentType": "application/json", "SplitType": split},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/{name}", "Accept": "application/json",
                         "AssembleWith": "Line" if split == "Line" else "None"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1}, **more)
    ended = ("Completed", "Failed", "Stopped")

    def told():
        answer = sagemaker.describe_transform_job(TransformJobName=name)
        return answer if answer["TransformJobStatus"] in ended else None

    return until(told)


def test_a_batch_forecasts_for_every_record(clients, endpoint):
    for customer in range(3):
        clients["s3"].put_object(Bucket=BUCKET, Key=f"batch/{customer}.json", Body=b'{"period": 4}')
    assert transform(clients, "by-key", "batch/")["TransformJobStatus"] == "Completed"
    for customer in range(3):
        assert len(json.loads(object_of(clients, f"s3://{BUCKET}/by-key/{customer}.json.out"))["yhat"]) == 4
    lines = "\n".join(json.dumps({"target_model": f"{customer}.tar.gz", "period": 2}) for customer in range(CUSTOMERS))
    clients["s3"].put_object(Bucket=BUCKET, Key="lines/all.jsonl", Body=lines.encode())
    assert transform(clients, "by-line", "lines/", "Line")["TransformJobStatus"] == "Completed"
    answers = object_of(clients, f"s3://{BUCKET}/by-line/all.jsonl.out").decode().splitlines()
    assert [len(json.loads(line)["yhat"]) for line in answers] == [2] * CUSTOMERS


def test_a_batch_is_captured(clients, endpoint):
    for customer in range(2):
        clients["s3"].put_object(Bucket=BUCKET, Key=f"taken/{customer}.json", Body=b'{"period": 4}')
    asked = {"DestinationS3Uri": f"s3://{BUCKET}/batches", "GenerateInferenceId": True}
    told = transform(clients, "taken-out", "taken/", DataCaptureConfig=asked)
    assert (told["TransformJobStatus"], told["DataCaptureConfig"]) == ("Completed", asked)
    hour = told["TransformStartTime"].astimezone(datetime.timezone.utc).strftime("%Y/%m/%d/%H")
    for kind, prefix, end in (("input", "taken/", ""), ("output", "taken-out/", ".out")):
        manifest = json.loads(object_of(clients, f"s3://{BUCKET}/batches/{kind}/{hour}/taken-out.jsonl"))
        assert manifest == [{"prefix": f"s3://{BUCKET}/{prefix}"}, f"0.json{end}", f"1.json{end}"]
    answers = [json.loads(object_of(clients, f"s3://{BUCKET}/taken-out/{at}.json.out")) for at in range(2)]
    assert len({answer["SageMakerInferenceId"] for answer in answers}) == 2


def test_a_batch_that_fails_names_the_record(clients, endpoint):
    clients["s3"].put_object(Bucket=BUCKET, Key="unknown/77.json", Body=b'{"period": 4}')
    told = transform(clients, "unknown", "unknown/")
    assert told["TransformJobStatus"] == "Failed"
    assert "unknown/77.json" in told["FailureReason"] and "models/77.tar.gz" in told["FailureReason"]
    assert "No S3 objects found" in transform(clients, "nothing", "nothing/")["FailureReason"]
    names = [one["TransformJobName"] for one in clients["sagemaker"].list_transform_jobs(
        StatusEquals="Failed", SortBy="Name", SortOrder="Ascending")["TransformJobSummaries"]]
    assert names == ["nothing", "unknown"]


# AWS's names for a multi-model endpoint, with their units and one statistic of each.
METRICS = [("AWS/SageMaker", "Invocations", "Sum", "None"),
           ("AWS/SageMaker", "ModelLatency", "Average", "Microseconds"),
           ("AWS/SageMaker", "ModelLoadingWaitTime", "Average", "Microseconds"),
           ("AWS/SageMaker", "ModelDownloadingTime", "Average", "Microseconds"),
           ("AWS/SageMaker", "ModelLoadingTime", "Average", "Microseconds"),
           ("AWS/SageMaker", "ModelCacheHit", "Average", "None"),
           ("/aws/sagemaker/Endpoints", "LoadedModelCount", "Maximum", "None")]


@pytest.mark.parametrize("namespace, name, statistic, unit", METRICS)
def test_an_endpoint_is_measured(clients, runtime, endpoint, namespace, name, statistic, unit):
    for _ in range(2):  # The second finds the model in memory.
        call(runtime, "0.tar.gz", TargetVariant="a")
    now = datetime.datetime.now(datetime.timezone.utc)

    def points():
        answer = clients["cloudwatch"].get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=60, Statistics=[statistic],
            Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "a"}],
            StartTime=now - datetime.timedelta(hours=1), EndTime=now + datetime.timedelta(hours=1))
        return [point for point in answer["Datapoints"] if point[statistic] > 0]

    assert {point["Unit"] for point in until(points)} == {unit}


def test_an_endpoint_has_a_log(clients, endpoint):
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    streams = clients["logs"].describe_log_streams(logGroupName=group, logStreamNamePrefix="a/")["logStreams"]
    assert streams
    answer = clients["logs"].filter_log_events(logGroupName=group, logStreamNames=[streams[0]["logStreamName"]])
    assert any("in service" in line["message"] for line in answer["events"])
