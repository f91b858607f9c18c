"""What else a life of a server is asked for while it waits for its kill: transform jobs, asynchronous calls, captured calls,
jobs that are stopped, endpoints whose weights change or that are deleted. Each part records what was answered; compare()
looks for it after the next start."""
import json
import threading
import time

import botocore.exceptions

ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-{}:1"
RECORDS = 40
# A capture is in the store so many seconds after its call: a file every ten, and the time to put it.
CAPTURED_AFTER = 12


def long_series(customer):
    """Some hundredths of a second to fit with 200 changepoints."""
    days = (f"20{y:02}-{m:02}-{d:02}" for y in range(15, 23) for m in range(1, 13) for d in range(1, 29))
    return "".join(f"{day},{customer + at % 7 + 0.01 * at:.2f}\n" for at, day in enumerate(days)).encode()


def training_job(name, prefix, **hyperparameters):
    return {
        "TrainingJobName": name, "RoleArn": ROLE, "HyperParameters": hyperparameters,
        "AlgorithmSpecification": {"TrainingImage": IMAGE.format("prophet"), "TrainingInputMode": "File"},
        "InputDataConfig": [{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": prefix, "S3DataDistributionType": "FullyReplicated"}}}],
        "OutputDataConfig": {"S3OutputPath": "s3://kill/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600}}


def processing_job(name):
    return {
        "ProcessingJobName": name, "RoleArn": ROLE, "AppSpecification": {"ImageUri": IMAGE.format("split")},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        "ProcessingInputs": [{"InputName": "raw", "S3Input": {
            "S3Uri": "s3://kill/table.csv", "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "series", "S3Output": {
            "S3Uri": f"s3://kill/{name}", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]}}


def prepare(s3, sagemaker):
    """Once for a campaign, in the bucket "kill" with its models."""
    # A thousand files to upload: a job that splits it can be stopped before its end.
    table = "".join(f"{customer},2022-01-{day:02},{customer + day}\n" for customer in range(1000) for day in range(1, 29))
    s3.put_object(Bucket="kill", Key="table.csv", Body=("customer_id,timestamp,consumption\n" + table).encode())
    for record in range(RECORDS):
        s3.put_object(Bucket="kill", Key=f"batch/{record}.json", Body=b'{"period": 3}')
        s3.put_object(Bucket="kill", Key=f"long/{record:02}.csv", Body=long_series(record))
    sagemaker.create_model(ModelName="many", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": "s3://kill/models/"})
    sagemaker.create_model(ModelName="one", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "ModelDataUrl": "s3://kill/models/7.tar.gz"})

    def variant(name, model):
        return {"VariantName": name, "ModelName": model, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large",
                "InitialVariantWeight": 1}

    sagemaker.create_endpoint_config(EndpointConfigName="two", ProductionVariants=[
        variant("a", "many"), variant("b", "many")])
    sagemaker.create_endpoint_config(
        EndpointConfigName="async", ProductionVariants=[variant("a", "one")],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://kill/answers", "S3FailurePath": "s3://kill/failed"},
                              "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1}})
    sagemaker.create_endpoint_config(
        EndpointConfigName="captured", ProductionVariants=[variant("a", "many")], DataCaptureConfig={
            "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://kill/captures",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]}})
    sagemaker.create_endpoint(EndpointName="captured", EndpointConfigName="captured")
    in_service(sagemaker, "captured")


def in_service(sagemaker, name):
    while sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] != "InService":
        time.sleep(0.005)


class Changes:
    def __init__(self, life):
        self.life = life
        # Set when the first such request is about to be sent.
        self.stops, self.deletes = threading.Event(), threading.Event()
        self.transforms = []
        self.stopping = []  # (kind, name) whose stop was answered while it ran.
        self.begun = []     # (kind, name) of jobs that were to be stopped.
        self.weights = None  # The last that were answered, of w-<life>, and those that were sent then.
        self.sent_weights = None
        self.deleting = []  # Endpoints whose deletion was sent; False: it was not answered.
        self.calls = []     # Answers of asynchronous calls.
        self.captured = {}  # InferenceId -> when it was answered.

    def parts(self, platform):
        """Functions that go on until the server is killed."""
        runtime = platform.client("sagemaker-runtime")
        return [(self.transform, platform.client("sagemaker")), (self.stop, platform.client("sagemaker")),
                (self.weigh, platform.client("sagemaker")), (self.delete, platform.client("sagemaker"), runtime),
                (self.capture, platform.client("sagemaker-runtime"))]

    def transform(self, sagemaker):
        name = f"transform-{self.life}"
        self.create_transform(sagemaker, name)
        self.transforms.append(name)

    def create_transform(self, sagemaker, name):
        sagemaker.create_transform_job(
            TransformJobName=name, ModelName="many",
            TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://kill/batch/"}},
                            "ContentType": "application/json"},
            TransformOutput={"S3OutputPath": f"s3://kill/{name}"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})

    def stop(self, sagemaker):
        """A job that samples for many seconds is stopped a moment after its begin; those that are soon done at once."""
        name = f"stopped-{self.life}"
        sagemaker.create_training_job(**training_job(name, "s3://kill/long/", threads="1", mcmc_samples="500"))
        self.begun.append(("training", name))
        time.sleep(0.1)
        sagemaker.stop_training_job(TrainingJobName=name)
        self.stopping.append(("training", name))
        self.create_transform(sagemaker, name)
        self.begun.append(("transform", name))
        self.stop_soon_done(sagemaker, "transform", name)
        for turn in range(1000):
            name = f"stopped-{self.life}-{turn}"
            sagemaker.create_processing_job(**processing_job(name))
            self.begun.append(("processing", name))
            time.sleep(0.02 * (turn % 8))
            self.stops.set()
            self.stop_soon_done(sagemaker, "processing", name)

    def stop_soon_done(self, sagemaker, kind, name):
        if stop_if_it_runs(sagemaker, kind, name):
            self.stopping.append((kind, name))

    def weigh(self, sagemaker):
        name = f"w-{self.life}"
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="two")
        self.weights = self.sent_weights = (1, 1)
        for turn in range(2, 10_000):
            in_service(sagemaker, name)
            self.sent_weights = (turn, turn + 1)
            sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[
                {"VariantName": variant, "DesiredWeight": weight}
                for variant, weight in zip("ab", self.sent_weights)])
            self.weights = self.sent_weights

    def delete(self, sagemaker, runtime):
        """Endpoints come and go with calls in their queues."""
        for turn in range(1000):
            name = f"gone-{self.life}-{turn}"
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="async")
            in_service(sagemaker, name)
            for record in range(20):
                self.calls.append(runtime.invoke_endpoint_async(
                    EndpointName=name, ContentType="application/json", InputLocation=f"s3://kill/batch/{record}.json"))
            self.deleting.append([name, False])
            self.deletes.set()
            sagemaker.delete_endpoint(EndpointName=name)
            self.deleting[-1][1] = True

    def capture(self, runtime):
        for turn in range(1_000_000):
            name = f"{self.life}-{turn}"
            runtime.invoke_endpoint(EndpointName="captured", TargetModel=f"{turn % RECORDS}.tar.gz", InferenceId=name,
                                    ContentType="application/json", Body=b'{"period": 3}')
            self.captured[name] = time.monotonic()
            time.sleep(0.01)


def stop_if_it_runs(sagemaker, kind, name):
    """Whether it did, and was not on its way to an end."""
    try:
        getattr(sagemaker, f"stop_{kind}_job")(**{f"{kind.capitalize()}JobName": name})
    except botocore.exceptions.ClientError as late:
        assert any(f"is in status {status}" in str(late) for status in ("Completed", "Stopping", "Stopped")), late
        return False
    return True


def until(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def compare(changes, sagemaker, s3, killed):
    """killed: when the server was."""
    compare_captures(changes, s3, killed)
    compare_jobs(changes, sagemaker, s3)
    compare_weights(changes, sagemaker)
    compare_deleted(changes, sagemaker)
    compare_calls(changes, s3)


def compare_jobs(changes, sagemaker, s3):
    def ended(kind, name):
        title = kind.capitalize()
        job = getattr(sagemaker, f"describe_{kind}_job")(**{f"{title}JobName": name})
        return job[f"{title}JobStatus"] if job[f"{title}JobStatus"] not in ("InProgress", "Stopping") else None

    for kind, name in changes.begun:
        if (kind, name) not in changes.stopping and ended(kind, name) is None:
            stop_if_it_runs(sagemaker, kind, name)  # Taken up again; nothing else shall wait for it.
        status = until(lambda: ended(kind, name), f"{kind} job {name} does not end")
        # 40 records may be answered, and a table be split, before their job is told to stop.
        quick = kind != "training" or (kind, name) not in changes.stopping
        assert status == "Stopped" or quick and status == "Completed", (kind, name, status)
    for name in changes.transforms:
        assert until(lambda: ended("transform", name), f"transform job {name} does not end") == "Completed"
        written = s3.list_objects_v2(Bucket="kill", Prefix=f"{name}/")
        assert written["KeyCount"] == RECORDS
        body = s3.get_object(Bucket="kill", Key=written["Contents"][0]["Key"])["Body"].read()
        assert len(json.loads(body)["yhat"]) == 3


def compare_weights(changes, sagemaker):
    if changes.weights is None:
        return
    name = f"w-{changes.life}"
    in_service(sagemaker, name)
    now = tuple(variant["CurrentWeight"] for variant in
                sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"])
    assert now in (changes.weights, changes.sent_weights)
    sagemaker.delete_endpoint(EndpointName=name)


def compare_deleted(changes, sagemaker):
    def status_of(name):
        try:
            return sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
        except botocore.exceptions.ClientError as error:
            assert "Could not find endpoint" in str(error)
            return "gone"

    for name, answered in changes.deleting:
        if not answered and status_of(name) == "InService":  # It never came: all is as before.
            sagemaker.delete_endpoint(EndpointName=name)
        assert status_of(name) in ("Deleting", "gone")
        until(lambda: status_of(name) == "gone", f"endpoint {name} is still there")


def compare_calls(changes, s3):
    """An accepted call has a forecast, or the failure of one whose endpoint was deleted; none is left without an end."""
    def body_of(location):
        try:
            return s3.get_object(Bucket="kill", Key=location.removeprefix("s3://kill/"))["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None

    for call in changes.calls:
        end = until(lambda: body_of(call["OutputLocation"]) or body_of(call["FailureLocation"]),
                    f"no end of the call {call['InferenceId']}: {call['OutputLocation']}")
        told = json.loads(end)
        assert "yhat" in told or "was deleted" in told["message"], told


def compare_captures(changes, s3, killed):
    """Each file is whole, no call is in two lines, and those that had their time are there."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="kill", Prefix="captures/")
    names = []
    for key in [one["Key"] for page in pages for one in page.get("Contents", [])]:
        for line in s3.get_object(Bucket="kill", Key=key)["Body"].read().splitlines():
            told = json.loads(line)
            assert len(json.loads(told["captureData"]["endpointOutput"]["data"])["yhat"]) == 3
            names.append(told["eventMetadata"]["inferenceId"])
    assert len(names) == len(set(names))
    due = {name for name, answered in changes.captured.items() if answered < killed - CAPTURED_AFTER}
    assert due <= set(names), sorted(due - set(names))
