"""Training jobs in script mode as tests start them: a script, what it gets, what becomes of it, and its processes."""
import io
import json
import pathlib
import tarfile
import time
import uuid

ROLE = "arn:aws:iam::123456789012:role/chiliad"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
BUCKET = "script-jobs"
# No packages: its environment is there in a moment.
RUNTIMES = """
[[runtime]]
name = "plain"
images = ["plain"]
kind = "python"
train = ["python3", "/opt/ml/code/train.py"]

[[runtime]]
name = "together"
images = ["together"]
kind = "python"
train = ["python3", "/opt/ml/code/train.py"]
gang = true
"""
# Each instance serves at a port of its own name and calls all others by theirs; which it heard of is left in its model.
MEET = """
import json, os, socket, time
hosts, me = json.loads(os.environ["SM_HOSTS"]), os.environ["SM_CURRENT_HOST"]
server = socket.create_server((me, 7777))
heard = []
for host in hosts:
    deadline = time.monotonic() + 30
    while host != me:
        try:
            with socket.create_connection((host, 7777), 1) as peer:
                peer.sendall(me.encode())
            break
        except OSError:
            assert time.monotonic() < deadline, host
            time.sleep(0.02)
for _ in hosts[1:]:
    with server.accept()[0] as peer:
        heard.append(peer.recv(100).decode())
json.dump([sorted(heard), len({socket.gethostbyname(host) for host in hosts}), socket.gethostname()],
          open("/opt/ml/model/" + me, "w"))
"""


def met(models, instances):
    """Whether all found one another, by what MEET left."""
    hosts = [f"algo-{n + 1}" for n in range(instances)]
    assert {host: json.loads(text) for host, text in models.items()} == {
        me: [[host for host in hosts if host != me], instances, me] for me in hosts}


def tar_gz(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def channel(name, uri, **more):
    return {"ChannelName": name, "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{uri}",
        "S3DataDistributionType": more.pop("distribution", "FullyReplicated")}}, **more}


def processes(word):
    """The processes of this machine that have this word in their environment, whoever they are in."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and word.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


class ScriptJobs:
    """A platform that knows the images `plain` and `together`; the jobs of a module share it."""

    def __init__(self, new_platform, home, *arguments):
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "runtimes.toml").write_text(RUNTIMES)
        self.home, self.arguments, self.new_platform = home, arguments, new_platform
        self.begin()
        self.s3.create_bucket(Bucket=BUCKET)

    def begin(self):
        self.platform = self.new_platform(self.home, *self.arguments)
        self.s3, self.sagemaker, self.logs = (self.platform.client(name) for name in ("s3", "sagemaker", "logs"))

    def put(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def start(self, script, image="plain", channels=(), instances=1, role=ROLE, hyperparameters=None, seconds=300,
              files=None, **more):
        """files: what lies beside the script, name -> bytes."""
        name = f"t-{uuid.uuid4().hex[:12]}"
        self.put(f"code/{name}.tar.gz", tar_gz({"train.py": script.encode(), **(files or {})}))
        inputs = {"InputDataConfig": list(channels)} if channels else {}
        self.sagemaker.create_training_job(
            TrainingJobName=name, RoleArn=role,
            HyperParameters={"sagemaker_submit_directory": f'"s3://{BUCKET}/code/{name}.tar.gz"',
                             "sagemaker_program": '"train.py"', **(hyperparameters or {})},
            AlgorithmSpecification={"TrainingImage": REGISTRY + image if "/" not in image else image,
                                    "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out", "CompressionType": "NONE"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": seconds}, **inputs, **more)
        return name

    def describe(self, name):
        return self.sagemaker.describe_training_job(TrainingJobName=name)

    def end_of(self, name, limit=120):
        deadline = time.monotonic() + limit
        while (job := self.describe(name))["TrainingJobStatus"] in ("InProgress", "Stopping"):
            assert time.monotonic() < deadline, job["SecondaryStatusTransitions"]
            time.sleep(0.05)
        return job

    def run(self, script, **more):
        """What a job that ends well left in its model folder, by name."""
        name = self.start(script, **more)
        job = self.end_of(name)
        assert job["TrainingJobStatus"] == "Completed", (job["FailureReason"], self.lines(name))
        return self.model_of(name)

    def model_of(self, name):
        prefix = f"out/{name}/output/model/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key[len(prefix):]: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys}

    def lines(self, name):
        group = "/aws/sagemaker/TrainingJobs"
        try:
            streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name + "/")["logStreams"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []  # Nothing was printed yet.
        return [event["message"] for stream in streams
                for event in self.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"],
                                                      startFromHead=True)["events"]]

    def wait_for_line(self, name, line, limit=60):
        deadline = time.monotonic() + limit
        while line not in self.lines(name):
            assert time.monotonic() < deadline, self.describe(name)
            time.sleep(0.05)

    def forget_peak(self):
        with open(f"/proc/{self.platform.process.pid}/clear_refs", "w") as refs:
            refs.write("5")

    def memory(self, what="VmRSS"):
        """Bytes of the server's; VmHWM: the most since forget_peak()."""
        with open(f"/proc/{self.platform.process.pid}/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith(what + ":"))
