"""An image of one's own (deploy/example-container): buildah builds it, podman runs it as a training job, as a processing
job, and as the server of a multi-model endpoint. The base is made of this machine's Debian packages: no registry is
needed."""
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import uuid

import botocore.exceptions
import pytest

from script_jobs import BUCKET, ROLE, ScriptJobs, channel
from user_endpoint import until

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = PROJECT / "deploy" / "example-container"
IMAGE = "localhost/weekday-means:latest"
RUNTIMES = (EXAMPLE / "runtimes.toml").read_text() + """
[[runtime]]
name = "not-built"
images = ["localhost/not-built"]
kind = "oci"
"""
# A model of 4 KB and more is a folder of two blocks: the budget has room for three of six.
DISK_FOR_THREE = "28K"
WEEKS = 6


def series(number):
    """Eight weeks of one customer, from a Monday on."""
    first = datetime.date(2024, 1, 1)
    return [(first + datetime.timedelta(day), 100 * number + 10 * (day % 7) + day // 7) for day in range(56)]


def expected(number, period):
    """What the example's model says: the mean of the last six weeks' same weekdays."""
    rows = series(number)[-7 * WEEKS:]
    days = [rows[-1][0] + datetime.timedelta(n + 1) for n in range(period)]
    return {"ds": [str(day) for day in days],
            "yhat": [statistics.fmean(y for ds, y in rows if ds.weekday() == day.weekday()) for day in days]}


def on_host(word):
    """The processes that have this word in their environment, whoever they are in."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and word.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def run(*command, **keywords):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **keywords)
    assert done.returncode == 0, f"{command}: {done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """A storage of images that holds the example's and goes away with the module; the machine's own is not touched."""
    missing = [name for name in ("podman", "buildah", "conmon") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"images cannot be run here: {', '.join(missing)} not installed")
    if os.geteuid() != 0:
        pytest.skip("images are run where the server is root")
    folder = tmp_path_factory.mktemp("images")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/images"\nrunroot = "{folder}/run"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_STORAGE_CONF", str(folder / "storage.conf"))
        with open(folder / "root.tar", "wb") as tar:
            subprocess.run([sys.executable, PROJECT / "tool" / "debian_root.py"], stdout=tar, check=True, timeout=120)
        run("podman", "import", "--quiet", folder / "root.tar", "localhost/python-base")
        (folder / "root.tar").unlink()
        # Nothing is run while this image is built: no network, no isolation of its own.
        run("buildah", "bud", "--pull-never", "--isolation", "chroot", "--build-arg", "BASE=localhost/python-base",
            "-t", IMAGE, EXAMPLE)
        yield folder
        subprocess.run(["umount", "--lazy", f"{folder}/images/overlay"], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


class Images(ScriptJobs):
    """A platform that knows the example's image; six customers' days in s3://script-jobs/days/."""

    def __init__(self, new_platform, home, *arguments):
        home.mkdir(mode=0o700)
        super().__init__(new_platform, home, *arguments)
        for number in range(6):
            self.put(f"days/c{number}.csv", "ds,y\n" + "".join(f"{ds},{y}\n" for ds, y in series(number)))

    def begin(self):
        (self.home / "runtimes.toml").write_text(RUNTIMES)
        super().begin()
        self.runtime = self.platform.client("sagemaker-runtime")

    def train(self, image=IMAGE, entrypoint=None, arguments=None, environment=None, checkpoints="models", seconds=300):
        name = f"t-{uuid.uuid4().hex[:12]}"
        algorithm = {"TrainingImage": image, "TrainingInputMode": "File",
                     **({"ContainerEntrypoint": entrypoint} if entrypoint else {}),
                     **({"ContainerArguments": arguments} if arguments else {})}
        self.sagemaker.create_training_job(
            TrainingJobName=name, RoleArn=ROLE, HyperParameters={"weeks": str(WEEKS)}, AlgorithmSpecification=algorithm,
            InputDataConfig=[channel("training", "days/")], OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out",
                                                                             "CompressionType": "NONE"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{checkpoints}/"}, Environment=environment or {},
            StoppingCondition={"MaxRuntimeInSeconds": seconds})
        return name

    def call(self, endpoint, model, period=9):
        answer = self.runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=f"{model}.tar.gz",
                                              ContentType="application/json", Body=json.dumps({"period": period}))
        return json.loads(answer["Body"].read())


@pytest.fixture(scope="module")
def images(storage, new_platform, tmp_path_factory):
    images = Images(new_platform, tmp_path_factory.mktemp("platform") / "home", "--container-disk", DISK_FOR_THREE,
                    "--job-memory", "300M", "--job-processes", "60")
    # Asked of the platform itself: what it says is why the tests are skipped.
    first = images.train(entrypoint=["true"], checkpoints="none")
    job = images.end_of(first)
    reason = job.get("FailureReason", "")
    if re.search(r"podman|containers? (is|are) not|namespace", reason):
        images.platform.stop()
        pytest.skip(f"podman cannot run containers here: {reason}")
    assert job["TrainingJobStatus"] == "Completed", reason
    yield images
    assert images.platform.stop() == 0, "".join(images.platform.log)


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
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        images.call("means", "nobody")
    assert raised.value.response["Error"]["Code"] == "ValidationError"

    # A server that dies comes back, and its models with it.
    servers = on_host(word)
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
    assert not set(servers) & set(on_host(word))
    images.sagemaker.delete_endpoint(EndpointName="means")
    until(lambda: not on_host(word), 60)


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
    assert on_host(word) == []

    name = images.train(entrypoint=["python3", "-c"], arguments=[script], environment={"WORD": word}, checkpoints="none")
    images.wait_for_line(name, "runs")
    before = on_host(word)
    assert before
    images.platform.stop(signal.SIGKILL)
    until(lambda: not set(before) & set(on_host(word)), 30)
    images.begin()
    # The job begins anew, in a container of its own.
    until(lambda: on_host(word), 60)
    time.sleep(0.2)
    images.sagemaker.stop_training_job(TrainingJobName=name)
    assert images.end_of(name)["TrainingJobStatus"] == "Stopped"
    until(lambda: not on_host(word), 30)
    assert "/podman/" not in pathlib.Path("/proc/self/mounts").read_text()
