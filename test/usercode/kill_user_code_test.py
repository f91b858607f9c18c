"""kill -9 of `chiliad up` while programs of users run, in boxes and in podman's containers: jobs of three kinds come to
their end, endpoints and asynchronous calls are answered after the next start, and no program outlives its server."""
import collections
import functools
import json
import random
import threading
import time
import uuid

import botocore.exceptions
import pytest

import killed_in
from script_jobs import REGISTRY, ROLE, channel, processes, tar_gz
from user_endpoint import until
from weekday_means_image import EXAMPLE, IMAGE, WEEKS, expected, owner_of_images, series

CUSTOMERS, PERIOD = 6, 9
BODY = json.dumps({"period": PERIOD}).encode()
LOST = (botocore.exceptions.ConnectionClosedError, botocore.exceptions.EndpointConnectionError,
        botocore.exceptions.HTTPClientError, botocore.exceptions.ReadTimeoutError,
        botocore.exceptions.ResponseStreamingError)
# The same program as the image's, as a script that jobs and models bring along.
RUNTIMES = (EXAMPLE / "runtimes.toml").read_text() + """
[[runtime]]
name = "weekday-means-script"
images = ["weekday-means-script"]
kind = "python"
train = ["python3", "-u", "/opt/ml/code/weekday_means.py", "train"]
serve = ["python3", "-u", "/opt/ml/code/weekday_means.py", "serve"]
environment = { LISTEN_HOST = "127.0.0.1" }
"""
CODE = "s3://script-jobs/code/sourcedir.tar.gz"


class Script:
    """Whose programs run in boxes."""
    image, hyperparameters = REGISTRY + "weekday-means-script", {
        "sagemaker_submit_directory": json.dumps(CODE), "sagemaker_program": '"weekday_means.py"'}
    environment = {"SAGEMAKER_SUBMIT_DIRECTORY": CODE}
    words = ()

    def __init__(self, home):
        self.home = home


class Image:
    """Whose programs run in podman's containers."""
    image, hyperparameters, environment = IMAGE, {}, {}

    def __init__(self, owner):
        self.home, self.words = owner.folder / "home", owner.words
        self.home.mkdir(mode=0o700)
        owner.give(self.home)


class Life:
    """What one life of a server is asked to do, and what of it was answered."""

    def __init__(self, number, kind, word):
        self.number, self.kind, self.word = number, kind, word
        self.jobs = []      # (kind, name, how it may end) of those whose creation was answered.
        self.endpoint = None
        self.calls = []     # (customer, what an asynchronous call was answered).
        self.deleting = {}  # Endpoint that was to be made: whether the deletion of it was answered.
        # The first of these requests was answered, or is about to be sent.
        self.stops, self.deletes = threading.Event(), threading.Event()
        self.refused = []
        self.answers = 0

    def parts(self, client):
        return [(self.train, client("sagemaker")), (self.stop, client("sagemaker")), (self.process, client("sagemaker")),
                (self.stop_stubborn, client("sagemaker"), client("logs")), (self.transform, client("sagemaker")),
                (self.change, client("sagemaker")), (self.delete, client("sagemaker")),
                (self.call, client("sagemaker-runtime")), (self.call_later, later(client("sagemaker-runtime")))]

    def create_training_job(self, sagemaker, name, instances, **algorithm):
        sagemaker.create_training_job(
            TrainingJobName=name, RoleArn=ROLE, HyperParameters={"weeks": str(WEEKS), **self.kind.hyperparameters},
            AlgorithmSpecification={"TrainingImage": self.kind.image, "TrainingInputMode": "File", **algorithm},
            InputDataConfig=[channel("training", "days/", distribution="ShardedByS3Key")],
            OutputDataConfig={"S3OutputPath": "s3://script-jobs/out"},
            CheckpointConfig={"S3Uri": f"s3://script-jobs/{name}/"}, Environment={"WORD": self.word},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 600})

    def train(self, sagemaker):
        name = f"train-{self.number}"
        self.create_training_job(sagemaker, name, 2)
        self.jobs.append(("Training", name, {"Completed"}))

    def stop(self, sagemaker):
        """A job without an end is stopped while it begins, or while it runs."""
        name = f"stopped-{self.number}"
        self.create_training_job(sagemaker, name, 1, ContainerEntrypoint=["sleep"], ContainerArguments=["1000"])
        self.jobs.append(("Training", name, set()))
        time.sleep(random.Random(self.number).random())
        sagemaker.stop_training_job(TrainingJobName=name)
        self.jobs[self.jobs.index(("Training", name, set()))] = ("Training", name, {"Stopped"})

    def process(self, sagemaker):
        name = f"count-{self.number}"
        self.create_processing_job(sagemaker, name, "cat /opt/ml/processing/in/*.csv | wc -l >/opt/ml/processing/out/lines")
        self.jobs.append(("Processing", name, {"Completed"}))

    def stop_stubborn(self, sagemaker, logs):
        """Jobs that do not hear SIGTERM: each is stopping for as long as the grace lasts."""
        for turn in range(1000):
            name = f"stubborn-{self.number}-{turn}"
            self.create_processing_job(sagemaker, name, "trap '' TERM; echo deaf; sleep 1000")
            job = ("Processing", name, set())
            self.jobs.append(job)
            while not printed(logs, name):
                time.sleep(0.05)
            sagemaker.stop_processing_job(ProcessingJobName=name)
            self.jobs[self.jobs.index(job)] = ("Processing", name, {"Stopped"})
            self.stops.set()
            while sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "Stopping":
                time.sleep(0.05)

    def create_processing_job(self, sagemaker, name, script):
        sagemaker.create_processing_job(
            ProcessingJobName=name, RoleArn=ROLE, Environment={"WORD": self.word},
            AppSpecification={"ImageUri": self.kind.image, "ContainerEntrypoint": ["sh", "-c"],
                              "ContainerArguments": [script]},
            ProcessingInputs=[{"InputName": "in", "S3Input": {
                "S3Uri": "s3://script-jobs/days/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix",
                "S3InputMode": "File"}}],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": {
                "S3Uri": f"s3://script-jobs/{name}", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}}]},
            ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1,
                                                   "VolumeSizeInGB": 1}})

    def transform(self, sagemaker):
        name = f"batch-{self.number}"
        sagemaker.create_transform_job(
            TransformJobName=name, ModelName="means",
            TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix",
                                                            "S3Uri": "s3://script-jobs/batch/"}},
                            "ContentType": "application/json"},
            TransformOutput={"S3OutputPath": f"s3://script-jobs/{name}"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
        self.jobs.append(("Transform", name, {"Completed"}))

    def change(self, sagemaker):
        """An endpoint of this life's that is updated over and over."""
        name = f"e-{self.number}"
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="a")
        self.endpoint = name
        for turn in range(1000):
            while sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] != "InService":
                time.sleep(0.01)
            sagemaker.update_endpoint(EndpointName=name, EndpointConfigName="ba"[turn % 2])

    def delete(self, sagemaker):
        """Endpoints that come and go: one goes while its server runs, the others while theirs begin."""
        for turn in range(1000):
            names = [f"gone-{self.number}-{turn}-{one}" for one in range(4)]
            self.deleting |= dict.fromkeys(names, False)
            sagemaker.create_endpoint(EndpointName=names[0], EndpointConfigName="a")
            while sagemaker.describe_endpoint(EndpointName=names[0])["EndpointStatus"] != "InService":
                time.sleep(0.01)
            for name in names[1:]:
                sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="a")
            self.deletes.set()
            for name in names:
                sagemaker.delete_endpoint(EndpointName=name)
                self.deleting[name] = True

    def call(self, runtime):
        while True:
            customer = self.answers % CUSTOMERS
            assert answer_of(runtime, "means", customer) == expected(customer, PERIOD)
            self.answers += 1

    def call_later(self, runtime):
        for turn in range(100_000):
            customer = turn % CUSTOMERS
            runtime.target = f"c{customer}.tar.gz"
            try:
                taken = runtime.invoke_endpoint_async(EndpointName="later", ContentType="application/json",
                                                      InputLocation=f"s3://script-jobs/batch/c{customer}.json")
            except botocore.exceptions.ClientError as error:  # The queue is full: what waits is the server's time.
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503, error.response
                time.sleep(0.1)
                continue
            self.calls.append((customer, taken))
            time.sleep(0.02)


def later(runtime):
    """A client whose asynchronous calls name the model `runtime.target`: boto3 has no argument for it."""
    def name_model(params, **_):
        params["headers"]["X-Amzn-SageMaker-Target-Model"] = runtime.target
    runtime.meta.events.register("before-call.sagemaker-runtime.InvokeEndpointAsync", name_model)
    return runtime


def printed(logs, name):
    try:
        return logs.describe_log_streams(logGroupName="/aws/sagemaker/ProcessingJobs",
                                         logStreamNamePrefix=f"{name}/")["logStreams"]
    except logs.exceptions.ResourceNotFoundException:  # No job has printed anything yet.
        return []


def answer_of(runtime, endpoint, customer):
    """As SDKs do: again where the answer is that it comes later, for as long as a server takes to begin."""
    def once():
        try:
            answer = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=f"c{customer}.tar.gz",
                                             ContentType="application/json", Body=BODY)
            return json.loads(answer["Body"].read())
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (429, 503), error.response
            return None
    return wait_for(once, f"an answer of {endpoint}")


def wait_for(ready, what, seconds=120):
    """What ready() answers once it is anything."""
    deadline = time.monotonic() + seconds
    while not (answer := ready()):
        assert time.monotonic() < deadline, f"{what} does not come"
        time.sleep(0.05)
    return answer


class Campaign:
    def __init__(self, new_platform, kind):
        self.kind, self.word, self.lives = kind, f"chiliad-test-{uuid.uuid4()}", 0
        self.phases = collections.Counter()
        self.start = functools.partial(new_platform, kind.home, "--grace", "1s", words=kind.words)
        kind.home.mkdir(mode=0o700, exist_ok=True)
        (kind.home / "runtimes.toml").write_text(RUNTIMES)
        self.begin()
        self.s3.create_bucket(Bucket="script-jobs")
        self.put("code/sourcedir.tar.gz", tar_gz({"weekday_means.py": (EXAMPLE / "weekday_means.py").read_bytes()}))
        for number in range(CUSTOMERS):
            self.put(f"days/c{number}.csv", "ds,y\n" + "".join(f"{ds},{y}\n" for ds, y in series(number)))
            self.put(f"batch/c{number}.json", BODY)
        self.make_endpoints()

    def begin(self):
        self.platform = self.start()
        self.s3, self.sagemaker, self.runtime = (
            self.platform.client(name) for name in ("s3", "sagemaker", "sagemaker-runtime"))

    def put(self, key, body):
        self.s3.put_object(Bucket="script-jobs", Key=key, Body=body)

    def stored(self, key):
        try:
            return self.s3.get_object(Bucket="script-jobs", Key=key.removeprefix("s3://script-jobs/"))["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    def make_endpoints(self):
        """Two that live as long as the campaign: one for calls, one for asynchronous ones. A job makes their models."""
        first = Life("first", self.kind, self.word)
        first.train(self.sagemaker)
        self.compare_jobs(first)
        self.sagemaker.create_model(ModelName="means", ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": self.kind.image, "Mode": "MultiModel", "ModelDataUrl": "s3://script-jobs/train-first/",
            "Environment": {"WORD": self.word, **self.kind.environment}})
        answers = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://script-jobs/answers",
                                                             "S3FailurePath": "s3://script-jobs/failures"}}}
        for name, more in (("a", {}), ("b", {}), ("means", {}), ("later", answers)):
            self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
                "VariantName": "AllTraffic", "ModelName": "means", "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large"}], **more)
        for name in ("means", "later"):
            self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
            wait_for(lambda: self.status(name) == "InService", name)

    def status(self, endpoint):
        status = self.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]
        assert status != "Failed", endpoint
        return status

    def live(self, seconds):
        life = Life(self.lives, self.kind, self.word)
        # Two phases that chance alone would meet too seldom.
        moment, longest = {2: (life.stops, 0.5), 4: (life.deletes, 0.02)}.get(self.lives % 5, (None, 0))
        self.lives += 1

        def guarded(part, *clients):
            try:
                part(*clients)
            except LOST:
                pass
            except Exception as error:  # Refused though the server lives.
                life.refused.append(repr(error))

        threads = [threading.Thread(target=guarded, args=part) for part in life.parts(self.platform.client)]
        for thread in threads:
            thread.start()
        if moment:
            assert moment.wait(60), life.refused
            seconds = longest * random.Random(self.lives).random()
        time.sleep(seconds)
        self.platform.process.kill()
        self.platform.process.wait()
        for thread in threads:
            thread.join(timeout=90)
            assert not thread.is_alive()
        self.phases += killed_in.phases(self.kind.home)
        assert life.refused == []
        until(lambda: not processes(self.word))
        self.begin()
        self.compare_jobs(life)
        self.compare_deleted(life)
        self.compare_endpoints(life)
        self.compare_calls(life)
        return life

    def compare_jobs(self, life):
        def ended(kind, name):
            job = getattr(self.sagemaker, f"describe_{kind.lower()}_job")(**{f"{kind}JobName": name})
            return job[f"{kind}JobStatus"] not in ("InProgress", "Stopping") and job

        # Without an end, and their stop was sent at most: taken up again, or stopped. Others may wait for their room.
        for kind, name, ends in life.jobs:
            if not ends and not ended(kind, name):
                try:
                    getattr(self.sagemaker, f"stop_{kind.lower()}_job")(**{f"{kind}JobName": name})
                except botocore.exceptions.ClientError as error:
                    assert "Stopping" in str(error) or "Stopped" in str(error), error
        for kind, name, ends in life.jobs:
            job = wait_for(lambda: ended(kind, name), f"the end of {name}")
            assert job[f"{kind}JobStatus"] in (ends or {"Stopped"}), job
            if job[f"{kind}JobStatus"] == "Stopped":
                continue
            if kind == "Processing":
                assert self.stored(f"{name}/lines").strip() == b"342"
            elif kind == "Transform":
                for customer in range(CUSTOMERS):
                    assert json.loads(self.stored(f"{name}/c{customer}.json.out")) == expected(customer, PERIOD)
            else:
                listed = self.s3.list_objects_v2(Bucket="script-jobs", Prefix=f"{name}/")["Contents"]
                assert [one["Key"] for one in listed] == [f"{name}/c{number}.tar.gz" for number in range(CUSTOMERS)]

    def compare_endpoints(self, life):
        for name in filter(None, ("means", "later", life.endpoint)):
            wait_for(lambda: self.status(name) == "InService", name)
        for customer in range(CUSTOMERS):
            assert answer_of(self.runtime, "means", customer) == expected(customer, PERIOD)
        if life.endpoint:
            assert answer_of(self.runtime, life.endpoint, 1) == expected(1, PERIOD)
            self.sagemaker.delete_endpoint(EndpointName=life.endpoint)

    def compare_deleted(self, life):
        def status_of(name):
            try:
                return self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
            except botocore.exceptions.ClientError as error:
                assert "Could not find endpoint" in str(error)
                return "gone"

        for name, answered in life.deleting.items():
            if not answered and status_of(name) not in ("Deleting", "gone"):  # It never came: all is as before.
                self.sagemaker.delete_endpoint(EndpointName=name)
            assert status_of(name) in ("Deleting", "gone")
            wait_for(lambda: status_of(name) == "gone", f"the end of {name}")

    def compare_calls(self, life):
        for customer, taken in life.calls:
            answer = wait_for(lambda: self.stored(taken["OutputLocation"]) or self.stored(taken["FailureLocation"]),
                              f"the end of the call {taken['InferenceId']}")
            assert json.loads(answer) == expected(customer, PERIOD)

    def run(self, kills, seed):
        choose = random.Random(seed)
        seen = collections.Counter()
        for _ in range(kills):
            life = self.live(choose.choice([0.3, 1.0, 2.0, 4.0]) * choose.random())
            seen.update({"jobs": len(life.jobs), "calls": life.answers, "later": len(life.calls),
                         "endpoints": life.endpoint is not None})
        assert self.platform.stop() == 0, "".join(self.platform.log[-20:])
        until(lambda: not processes(self.word))
        # A campaign in which nothing was asked for would show nothing.
        assert min(seen.values()) > 0 and seen["jobs"] >= 2 * kills, seen
        print(f"{kills} kills in: {killed_in.told(self.phases)}")
        return self.phases


def test_nothing_answered_is_lost_by_a_few_kills_over_scripts(new_platform, tmp_path):
    Campaign(new_platform, Script(tmp_path / "home")).run(kills=3, seed=1)


@pytest.mark.long
def test_nothing_answered_is_lost_by_fifty_kills_over_scripts(new_platform, tmp_path):
    seen = set(Campaign(new_platform, Script(tmp_path / "home")).run(kills=50, seed=2))
    assert killed_in.OFTEN | killed_in.SHORT <= seen


@pytest.fixture(params=["root", "user"])
def owner(request):
    yield from owner_of_images(request.param)


def test_nothing_answered_is_lost_by_a_kill_over_containers(new_platform, owner):
    Campaign(new_platform, Image(owner)).run(kills=1, seed=1)


@pytest.mark.long
def test_nothing_answered_is_lost_by_fifty_kills_over_containers(new_platform, owner):
    assert killed_in.OFTEN <= set(Campaign(new_platform, Image(owner)).run(kills=50, seed=2))
