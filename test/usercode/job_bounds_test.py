"""What a job's program may reach, and what becomes of one that asks for too much: through the API, as users meet it."""
import json
import os
import re
import time

import pytest

from script_jobs import BUCKET, MEET, ScriptJobs, met
from user_endpoint import SKLEARN

PROCESSES, MEMORY_MB, VOLUME_MB = 64, 300, 100
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
# Of what a job of this role does not need itself, just one folder of one bucket.
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": [
        f"arn:aws:s3:::{BUCKET}/mine/*", f"arn:aws:s3:::{BUCKET}/code/*", f"arn:aws:s3:::{BUCKET}/out/*"]},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}",
     "Condition": {"StringLike": {"s3:prefix": ["mine/*", "code/*"]}}}]})


@pytest.fixture(scope="module")
def jobs(new_platform, tmp_path_factory):
    jobs = ScriptJobs(new_platform, tmp_path_factory.mktemp("platform") / "home", "--instances", "2", "--grace", "1s",
                      "--job-processes", PROCESSES, "--job-memory", f"{MEMORY_MB}M", "--job-volume", f"{VOLUME_MB}M")
    yield jobs
    assert jobs.platform.stop() == 0, "".join(jobs.platform.log)


def refused(job, words):
    assert job["TrainingJobStatus"] == "Failed", job
    assert words in job["FailureReason"], job["FailureReason"]


def test_boto3_in_a_job_reaches_what_its_role_allows_and_nothing_else(jobs):
    iam = jobs.platform.client("iam")
    role = iam.create_role(RoleName="narrow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="narrow", PolicyName="p", PolicyDocument=POLICY)
    jobs.put("mine/in", b"given")
    jobs.put("theirs/in", b"not given")
    answer = jobs.run("""
import boto3, json
from botocore.exceptions import ClientError
s3, sagemaker, iam, sts, logs = (boto3.client(name) for name in ("s3", "sagemaker", "iam", "sts", "logs"))
BUCKET = "script-jobs"
def tried(call, **arguments):
    try:
        call(**arguments)
        return "done"
    except ClientError as error:
        return error.response["Error"]["Code"]
seen = {
    "read": s3.get_object(Bucket=BUCKET, Key="mine/in")["Body"].read().decode(),
    "written": tried(s3.put_object, Bucket=BUCKET, Key="mine/out", Body=b"left"),
    "listed": [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="mine/")["Contents"]],
    "who": sts.get_caller_identity()["Arn"],
    # As the SageMaker SDK makes its client.
    "who_by_sdk": boto3.client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com").get_caller_identity()["Arn"],
    "refused": [
        tried(s3.get_object, Bucket=BUCKET, Key="theirs/in"),
        tried(s3.put_object, Bucket=BUCKET, Key="theirs/out", Body=b""),
        tried(s3.delete_object, Bucket=BUCKET, Key="mine/in"),
        tried(s3.list_objects_v2, Bucket=BUCKET),
        tried(s3.list_objects_v2, Bucket=BUCKET, Prefix="theirs/"),
        tried(s3.list_buckets), tried(s3.create_bucket, Bucket="another"),
        tried(sagemaker.list_training_jobs), tried(sagemaker.stop_training_job, TrainingJobName="t"),
        tried(sagemaker.describe_endpoint, EndpointName="e"),
        tried(iam.list_users), tried(iam.create_user, UserName="u"),
        tried(sts.assume_role, RoleArn="arn:aws:iam::123456789012:role/chiliad", RoleSessionName="up"),
        tried(logs.describe_log_groups)]}
json.dump(seen, open("/opt/ml/model/seen", "w"))
json.dump({name: boto3.Session().get_credentials().get_frozen_credentials()._asdict()[name]
           for name in ("access_key", "secret_key", "token")}, open("/opt/ml/model/key", "w"))
""", image=SKLEARN, role=role)
    seen = json.loads(answer["seen"])
    assert set(seen.pop("refused")) <= {"AccessDenied", "AccessDeniedException"}
    assert seen.pop("who_by_sdk") == seen["who"]
    assert re.fullmatch(r"arn:aws:sts::123456789012:assumed-role/narrow/t-[0-9a-f]+", seen.pop("who"))
    assert seen == {"read": "given", "written": "done", "listed": ["mine/in", "mine/out"]}
    assert jobs.s3.get_object(Bucket=BUCKET, Key="mine/out")["Body"].read() == b"left"
    # With the program its keys have ended.
    key = json.loads(answer["key"])
    late = jobs.platform.client("s3", aws_access_key_id=key["access_key"], aws_secret_access_key=key["secret_key"],
                                aws_session_token=key["token"])
    with pytest.raises(late.exceptions.ClientError) as caught:
        late.get_object(Bucket=BUCKET, Key="mine/in")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_without_a_key_the_port_answers_nobody(jobs):
    answer = jobs.run("""
import json, os, socket, urllib.error, urllib.request
place = os.environ["AWS_ENDPOINT_URL"]
def status(path, body=None, **fields):
    request = urllib.request.Request(place + path, body, {key.replace("_", "-"): value for key, value in fields.items()})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
form = "application/x-www-form-urlencoded"
json.dump([
    status("/script-jobs"), status("/script-jobs/mine/in"), status("/"),
    status("/", b"{}", X_Amz_Target="SageMaker.ListTrainingJobs", Content_Type="application/x-amz-json-1.1"),
    status("/", b"Action=GetCallerIdentity&Version=2011-06-15", Content_Type=form),
    status("/", b"Action=CreateUser&UserName=u&Version=2010-05-08", Content_Type=form),
    status("/endpoints/e/invocations", b"{}"),
    status("/", b"{}", X_Amz_Target="Logs_20140328.DescribeLogGroups", Content_Type="application/x-amz-json-1.1"),
    status("/", b"{}", X_Amz_Target="SageMaker.ListTrainingJobs", Content_Type="application/x-amz-json-1.1",
           Authorization="AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA/20260101/us-east-1/sagemaker/aws4_request, "
                         "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64, X_Amz_Date="20260101T000000Z"),
], open("/opt/ml/model/statuses", "w"))
""")
    statuses = json.loads(answer["statuses"])
    assert set(statuses) <= {400, 401, 403}, statuses


def test_a_gigabyte_of_lines_is_not_kept_in_memory(jobs):
    jobs.forget_peak()
    before = jobs.memory()
    name = jobs.start("""
import sys
block = (b"x" * 99 + b"\\n") * 10_000
for _ in range(1000):
    sys.stdout.buffer.write(block)
print("the last line")
""")
    job = jobs.end_of(name, limit=600)
    assert job["TrainingJobStatus"] == "Completed", job
    assert jobs.memory("VmHWM") - before < 64 << 20
    stream = jobs.logs.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs",
                                            logStreamNamePrefix=name)["logStreams"][0]["logStreamName"]
    events = jobs.logs.get_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream,
                                      limit=10)["events"]
    assert events[-1]["message"] == "the last line" and events[-2]["message"] == "x" * 99


@pytest.mark.parametrize("asked", ["sagemaker_mpi_enabled", "sagemaker_parameter_server_enabled",
                                   "sagemaker_torch_distributed_enabled", "by its image"])
def test_instances_of_a_distribution_start_together_and_find_one_another(jobs, asked):
    # Three of them where two places are: each waits for the others, by name.
    how = {"image": "together"} if asked == "by its image" else {"hyperparameters": {asked: "true"}}
    met(jobs.run(MEET, instances=3, **how), 3)


FORK_BOMB = """
import os, time
first = os.getpid()
while True:
    try:
        os.fork()
    except BlockingIOError as error:
        if os.getpid() == first:
            open("/opt/ml/output/failure", "w").write(str(error))
            os._exit(5)
        time.sleep(600)
"""
FILLS_DISK = """
import os
import time
piece = os.urandom(1 << 20) * 10
for number in range(50):
    with open(f"/tmp/large-{number}", "wb") as file:
        file.write(piece)
    time.sleep(0.02)
time.sleep(600)
"""
FILLS_MEMORY = """
kept = []
while True:
    kept.append(bytearray(b"x" * (4 << 20)))
"""
CLOSES_ITS_OUTPUT = """
import os, time
print("before", flush=True)
os.close(1)
os.close(2)
time.sleep(0.3)
open("/opt/ml/model/m", "w").write("went on")
"""
WRITES_OUTSIDE = """
import os
written = []
for place in ("/", "/usr", "/usr/bin", "/opt", "/opt/ml/..", "/root", "/home", "/var", "/boot", "/sys", "/proc/sys/kernel",
              "/opt/chiliad/base", os.environ["OUTSIDE"], os.environ["HOME_OF_SERVER"]):
    try:
        open(place + "/chiliad-was-here", "w").close()
        written.append(place)
    except OSError:
        pass
home = os.environ["HOME_OF_SERVER"]
written += [path for path in ("/etc/shadow", home, home + "/credentials", home + "/jobs/training") if os.path.exists(path)]
os.symlink(os.environ["OUTSIDE"], "/opt/ml/model/link")
open("/opt/ml/model/written", "w").write(" ".join(written))
"""


def test_jobs_that_misbehave_end_as_their_page_says_and_others_go_on(jobs, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    began = time.monotonic()
    bomb, disk, memory = (jobs.start(script) for script in (FORK_BOMB, FILLS_DISK, FILLS_MEMORY))
    silent = jobs.start(CLOSES_ITS_OUTPUT)
    writer = jobs.start(WRITES_OUTSIDE, Environment={"OUTSIDE": str(outside), "HOME_OF_SERVER": str(jobs.home)})
    word = f"9{os.getpid()}"
    leaver = jobs.start(f"""
import subprocess
subprocess.Popen(["setsid", "sh", "-c", "trap '' TERM HUP; while :; do sleep {word}; done"], start_new_session=True)
open("/opt/ml/model/m", "w").write("left one behind")
""")
    refused(jobs.end_of(bomb), "[Errno 11] Resource temporarily unavailable, algo-1, exit code: 5")
    refused(jobs.end_of(disk), " of disk, 104.9 MB are allowed")
    refused(jobs.end_of(memory), " of memory, 314.6 MB are allowed")
    assert jobs.end_of(silent)["TrainingJobStatus"] == "Completed"
    assert jobs.model_of(silent) == {"m": "went on"} and jobs.lines(silent) == ["before"]
    assert jobs.end_of(writer)["TrainingJobStatus"] == "Completed"
    assert jobs.model_of(writer) == {"written": ""} and list(outside.iterdir()) == []
    assert jobs.lines(writer) == ["not stored: model/link: a symbolic link"]
    assert jobs.end_of(leaver)["TrainingJobStatus"] == "Completed"
    assert not any(word.encode() in command for command in command_lines())
    assert time.monotonic() - began < 60
    assert jobs.run("open('/opt/ml/model/m', 'w').write('fine')") == {"m": "fine"}


def command_lines():
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit():
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    yield file.read()
        except OSError:
            pass


def test_a_job_that_ignores_its_stop_is_killed_after_the_grace(jobs):
    name = jobs.start("""
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("/opt/ml/model/m", "w").write("so far")
print("deaf", flush=True)
while True:
    time.sleep(1)
""")
    jobs.wait_for_line(name, "deaf")
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    assert jobs.end_of(name, limit=30)["TrainingJobStatus"] == "Stopped"
    assert jobs.model_of(name) == {"m": "so far"}
