"""An image of one's own (deploy/example-container): buildah builds it, podman runs it as a training job, as a processing
job, and as the server of a multi-model endpoint; for a server that is root and for one that is not."""
import functools
import json
import os
import pathlib
import signal
import time
import uuid

import botocore.exceptions
import pytest

from script_jobs import BUCKET, MEET, ROLE, ScriptJobs, channel, met, processes
from user_endpoint import until
from weekday_means_image import EXAMPLE, IMAGE, WEEKS, expected, owner_of_images, series

# A model has some 100 bytes and is charged 4,096 more for its folder: the budget has room for three of six.
DISK_FOR_THREE = "14K"
PROCESSES = 60
RUNTIMES = (EXAMPLE / "runtimes.toml").read_text() + """
[[runtime]]
name = "not-built"
images = ["localhost/not-built"]
kind = "oci"

[[runtime]]
name = "together"
images = ["localhost/together"]
image = "localhost/weekday-means:latest"
kind = "oci"
gang = true
"""


@pytest.fixture(scope="module", params=["root", "user"])
def owner(request):
    yield from owner_of_images(request.param)


class Images(ScriptJobs):
    """A platform that knows the example's image; six customers' days in s3://script-jobs/days/."""

    def __init__(self, new_platform, owner, *arguments):
        home = owner.folder / "home"
        home.mkdir(mode=0o700)
        owner.give(home)
        super().__init__(functools.partial(new_platform, words=owner.words), home, *arguments)
        for number in range(6):
            self.put(f"days/c{number}.csv", "ds,y\n" + "".join(f"{ds},{y}\n" for ds, y in series(number)))

    def begin(self):
        (self.home / "runtimes.toml").write_text(RUNTIMES)
        super().begin()
        self.runtime = self.platform.client("sagemaker-runtime")

    def train(self, image=IMAGE, entrypoint=None, arguments=None, environment=None, checkpoints="models", seconds=300,
              instances=1, **hyperparameters):
        name = f"t-{uuid.uuid4().hex[:12]}"
        algorithm = {"TrainingImage": image, "TrainingInputMode": "File",
                     **({"ContainerEntrypoint": entrypoint} if entrypoint else {}),
                     **({"ContainerArguments": arguments} if arguments else {})}
        self.sagemaker.create_training_job(
            TrainingJobName=name, RoleArn=ROLE, AlgorithmSpecification=algorithm,
            HyperParameters={"weeks": str(WEEKS), **hyperparameters},
            InputDataConfig=[channel("training", "days/")], OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out",
                                                                             "CompressionType": "NONE"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 1},
            CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{checkpoints}/"}, Environment=environment or {},
            StoppingCondition={"MaxRuntimeInSeconds": seconds})
        return name

    def call(self, endpoint, model, period=9):
        answer = self.runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=f"{model}.tar.gz",
                                              ContentType="application/json", Body=json.dumps({"period": period}))
        return json.loads(answer["Body"].read())


@pytest.fixture(scope="module")
def images(owner, new_platform):
    images = Images(new_platform, owner, "--container-disk", DISK_FOR_THREE, "--job-memory", "300M",
                    "--job-processes", PROCESSES, "--instances", "2", "--grace", "3s")
    yield images
    assert images.platform.stop() == 0, "".join(images.platform.log)


def test_a_container_runs(images):
    job = images.end_of(images.train(entrypoint=["true"], checkpoints="none"))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def loads(images, endpoint):
    """How many models its server has loaded, as the metrics tell."""
    now = time.time()
    points = images.platform.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker", MetricName="ModelLoadingTime", StartTime=now - 3600, EndTime=now + 60, Period=3600,
        Statistics=["SampleCount"],
        Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}])
    return sum(point["SampleCount"] for point in points["Datapoints"])


def test_from_the_image_to_a_training_job_to_a_multi_model_endpoint(images):
    name = images.train()
    job = images.end_of(name)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), images.lines(name))
    assert sorted(images.lines(name)) == [f"c{number}: 42 days" for number in range(6)]
    keys = [item["Key"] for item in images.s3.list_objects_v2(Bucket=BUCKET, Prefix="models/")["Contents"]]
    assert keys == [f"models/c{number}.tar.gz" for number in range(6)]

    word = f"chiliad-test-{uuid.uuid4()}"
    images.sagemaker.create_model(ModelName="means", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{BUCKET}/models/", "Environment": {"WORD": word}})
    images.sagemaker.create_endpoint_config(EndpointConfigName="means", ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": "means", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
    images.sagemaker.create_endpoint(EndpointName="means", EndpointConfigName="means")
    until(lambda: images.sagemaker.describe_endpoint(EndpointName="means")["EndpointStatus"] != "Creating", 120)
    state = images.sagemaker.describe_endpoint(EndpointName="means")
    assert state["EndpointStatus"] == "InService", state
    # Six models in room for three: each round evicts and loads again, and every answer is the right one.
    for _ in range(3):
        for number in range(6):
            assert images.call("means", f"c{number}") == expected(number, 9)
    until(lambda: loads(images, "means") > 6, 60)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        images.call("means", "nobody")
    assert raised.value.response["Error"]["Code"] == "ValidationError"

    # A server that dies comes back, and its models with it.
    servers = processes(word)
    assert servers
    for pid in servers:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def answers():
        try:
            return images.call("means", "c1") == expected(1, 9)
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (424, 429, 500, 503), error.response
            return False
    until(answers, 60)
    assert not set(servers) & set(processes(word))
    images.sagemaker.delete_endpoint(EndpointName="means")
    until(lambda: not processes(word), 60)


def test_an_entry_point_and_arguments_of_the_request_are_run_in_the_image(images):
    name = images.train(entrypoint=["python3", "-c"], checkpoints="none", environment={"COLOUR": "blue"}, arguments=[
        "import json, os, sys; open('/opt/ml/model/seen', 'w').write(json.dumps([os.environ['COLOUR'], sys.argv[1:], "
        "os.path.exists('/opt/program/weekday_means.py'), sorted(os.listdir('/home'))]))", "--depth", "two words"])
    job = images.end_of(name)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), images.lines(name))
    assert json.loads(images.model_of(name)["seen"]) == ["blue", ["--depth", "two words"], True, []]


def test_a_processing_job_runs_the_image(images):
    name = f"p-{uuid.uuid4().hex[:12]}"
    images.sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=ROLE,
        AppSpecification={"ImageUri": IMAGE, "ContainerEntrypoint": ["sh", "-c"],
                          "ContainerArguments": ["cat /opt/ml/processing/in/*.csv | wc -l >/opt/ml/processing/out/lines"]},
        ProcessingInputs=[{"InputName": "in", "S3Input": {
            "S3Uri": f"s3://{BUCKET}/days/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": {
            "S3Uri": f"s3://{BUCKET}/counted/", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}}]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}})
    until(lambda: images.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] != "InProgress", 60)
    job = images.sagemaker.describe_processing_job(ProcessingJobName=name)
    assert job["ProcessingJobStatus"] == "Completed", job
    assert images.s3.get_object(Bucket=BUCKET, Key="counted/lines")["Body"].read().strip() == b"342"


def test_what_cannot_work_says_why(images):
    missing = images.end_of(images.train(image="localhost/not-built:1", checkpoints="none"))
    assert missing["TrainingJobStatus"] == "Failed"
    assert "the image localhost/not-built:1 is not here: `podman pull localhost/not-built:1`" in missing["FailureReason"]
    assert "buildah bud -t localhost/not-built:1" in missing["FailureReason"]
    code = images.end_of(images.train(entrypoint=["sh", "-c"], arguments=["exit 3"], checkpoints="none"))
    assert code["TrainingJobStatus"] == "Failed" and "exit code: 3" in code["FailureReason"]
    no_program = images.end_of(images.train(entrypoint=["no-such-program"], checkpoints="none"))
    assert no_program["TrainingJobStatus"] == "Failed" and "no-such-program" in no_program["FailureReason"]
    memory = images.end_of(images.train(entrypoint=["python3", "-c"], checkpoints="none", arguments=[
        "import time; held = bytearray(600 << 20); time.sleep(60)"]))
    assert memory["TrainingJobStatus"] == "Failed" and "of memory" in memory["FailureReason"], memory["FailureReason"]


def test_a_stop_is_heard_and_a_kill_of_the_server_leaves_no_container(images):
    word = f"chiliad-test-{uuid.uuid4()}"
    script = ("import os, signal, sys, time\n"
              "def end(*_): open('/opt/ml/model/why', 'w').write('asked to'); sys.exit(0)\n"
              "signal.signal(signal.SIGTERM, end)\nprint('runs', flush=True)\ntime.sleep(1000)")
    script = f"exec({script!r})"  # The API takes no line breaks.
    name = images.train(entrypoint=["python3", "-c"], arguments=[script], environment={"WORD": word}, checkpoints="none")
    images.wait_for_line(name, "runs")
    images.sagemaker.stop_training_job(TrainingJobName=name)
    assert images.end_of(name)["TrainingJobStatus"] == "Stopped"
    assert images.model_of(name) == {"why": "asked to"}
    assert processes(word) == []

    name = images.train(entrypoint=["python3", "-c"], arguments=[script], environment={"WORD": word}, checkpoints="none")
    images.wait_for_line(name, "runs")
    before = processes(word)
    assert before
    images.platform.stop(signal.SIGKILL)
    until(lambda: not set(before) & set(processes(word)), 30)
    images.begin()
    # The job begins anew, in a container of its own.
    until(lambda: processes(word), 60)
    time.sleep(0.2)
    images.sagemaker.stop_training_job(TrainingJobName=name)
    assert images.end_of(name)["TrainingJobStatus"] == "Stopped"
    until(lambda: not processes(word), 30)
    # Neither podman's files nor the container's are left, whoever they belonged to.
    assert [path for path in images.home.rglob("podman")] == []


# The signal may come inside of a print, which can be entered once.
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"heard\\n"))
open("/opt/ml/model/m", "w").write("so far")
print("runs", flush=True)
while True:
    time.sleep(1)
"""
FORK_BOMB = """
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(600)
"""


def run_python(images, script, **more):
    # The API takes no line breaks.
    return images.train(entrypoint=["python3", "-c"], arguments=[f"exec({script!r})"], checkpoints="none", **more)


def test_a_container_that_goes_on_after_sigterm_is_killed_after_the_grace(images):
    word = f"chiliad-test-{uuid.uuid4()}"
    stopped = run_python(images, DEAF, environment={"WORD": word})
    images.wait_for_line(stopped, "runs")
    images.sagemaker.stop_training_job(TrainingJobName=stopped)
    assert images.end_of(stopped)["TrainingJobStatus"] == "Stopped"
    # It runs until it is over its time.
    late = run_python(images, DEAF, environment={"WORD": word}, seconds=8)
    job = images.end_of(late)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded"), job
    for name in (stopped, late):
        assert images.lines(name) == ["runs", "heard"]
        assert images.model_of(name) == {"m": "so far"}
    assert processes(word) == []


def stat_of(pid):
    """Its name and its parent's number; (None, 0) where it has ended."""
    try:
        name, rest = pathlib.Path(f"/proc/{pid}/stat").read_text().split("(", 1)[1].rsplit(")", 1)
    except OSError:
        return None, 0
    return name, int(rest.split()[1])


def test_a_job_whose_program_has_ended_ends_though_podman_stands_still(images):
    word = f"chiliad-test-{uuid.uuid4()}"
    script = 'trap "echo all >/opt/ml/model/m; exit 0" USR1; echo runs; while :; do sleep 0.1; done'
    name = images.train(entrypoint=["sh", "-c"], arguments=[script], environment={"WORD": word}, checkpoints="none")
    images.wait_for_line(name, "runs")
    # Beside podman there is the container's monitor, whose child is process 1, whose child is the program.
    parents = {pid: stat_of(pid)[1] for pid in map(int, filter(str.isdigit, os.listdir("/proc")))}
    first = next(pid for pid in processes(word) if stat_of(parents.get(pid, 0))[0] == "conmon")
    program = next(pid for pid, parent in parents.items() if parent == first)
    around = parents[parents[first]]
    podman = next(pid for pid, parent in parents.items() if parent == around and stat_of(pid)[0] == "podman")
    os.kill(podman, signal.SIGSTOP)
    os.kill(program, signal.SIGUSR1)
    job = images.end_of(name, 60)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert images.model_of(name) == {"m": "all\n"}
    assert not os.path.exists(f"/proc/{podman}")


def test_a_fork_bomb_in_a_container_ends_it_and_nothing_else(images):
    word = f"chiliad-test-{uuid.uuid4()}"
    other = run_python(images, DEAF)
    images.wait_for_line(other, "runs")
    bomb = images.end_of(run_python(images, FORK_BOMB, environment={"WORD": word}))
    assert bomb["TrainingJobStatus"] == "Failed"
    assert f"processes and threads, {PROCESSES} are allowed" in bomb["FailureReason"], bomb["FailureReason"]
    assert processes(word) == []
    assert images.describe(other)["TrainingJobStatus"] == "InProgress"
    images.sagemaker.stop_training_job(TrainingJobName=other)
    assert images.end_of(other)["TrainingJobStatus"] == "Stopped"
    assert images.lines(other) == ["runs", "heard"]


def test_instances_of_an_image_that_says_gang_start_together_and_find_one_another(images):
    # More of them than there are places. An argument has 256 characters at most, a hyperparameter 2,500 without line breaks.
    program = "import json; exec(json.loads(json.load(open('/opt/ml/input/config/hyperparameters.json'))['script']))"
    name = images.train(image="localhost/together", entrypoint=["python3", "-c"], arguments=[program], checkpoints="none",
                        instances=3, script=json.dumps(MEET))
    job = images.end_of(name)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), images.lines(name))
    met(images.model_of(name), 3)


def test_what_another_user_of_the_image_leaves_is_stored_where_everybody_may_read_it(images):
    script = ("import os\nos.chown('/opt/ml/model', 33, 33)\nos.setgid(33)\nos.setuid(33)\n"
              "open('/opt/ml/model/open', 'w').write('read')\n")
    name = run_python(images, script)
    job = images.end_of(name)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), images.lines(name))
    assert images.model_of(name) == {"open": "read"}
    # What the job had is gone, although it was another user's.
    until(lambda: not list((images.home / "jobs").rglob(name)), 30)
