"""`chiliad up` and requests signed beforehand, as the questions about the platform use them."""
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

from record import CHILIAD, ROOT, SCRATCH, Finished, expect

REGION = "us-east-1"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-{}:1"
ROLE = "arn:aws:iam::123456789012:role/chiliad"


class Platform:
    """`chiliad up` with a new home (or one that is there) on a free port; a context manager that ends it."""

    def __init__(self, name, *arguments, cores=None, keep=False):
        self.home = SCRATCH / f"home-{name}"
        if not keep:
            shutil.rmtree(self.home, ignore_errors=True)
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [CHILIAD, "up", "--home", str(self.home), "--listen", "127.0.0.1:0", *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        printed = []
        for line in self.process.stderr:
            printed.append(line)
            ready = re.search(r"ready at (http://127\.0\.0\.1:(\d+))", line)
            if ready:
                self.url, self.port = ready[1], int(ready[2])
                break
        else:
            raise SystemExit("chiliad up ended before it was ready:\n" + "".join(printed))
        self.start_seconds = time.perf_counter() - began
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        text = (self.home / "credentials").read_text()
        self.key = re.search(r"aws_access_key_id\s*=\s*(\S+)", text)[1]
        self.secret = re.search(r"aws_secret_access_key\s*=\s*(\S+)", text)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=self.key,
                            aws_secret_access_key=self.secret,
                            config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60,
                                                          max_pool_connections=32))

    def memory_mb(self):
        return memory_mb(self.process)


def memory_mb(process):
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def signed(method, url, body, fields, service, key, secret):
    """One HTTP/1.1 request with its signature, as bytes. key None: without."""
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=dict(fields))
    if key is not None:
        auth = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        auth(botocore.credentials.Credentials(key, secret), service, REGION).add_auth(request)
    parts = urllib.parse.urlsplit(url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    head = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    head += [f"{name}: {value}" for name, value in request.headers.items() if name.lower() != "content-length"]
    if body or method in ("PUT", "POST"):
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def write_requests(name, requests):
    path = SCRATCH / f"{name}.requests"
    with open(path, "wb") as file:
        for request in requests:
            file.write(b"%d\n" % len(request) + request)
    return path


def replay(requests, port, seconds, connections=32, cores=None):
    """wrk sends the requests of a file in turn; every answer must be a 200."""
    environment = {**os.environ, "REQUESTS": str(requests)}
    done = Finished(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", ROOT / "bench/replay.lua",
                     f"http://127.0.0.1:{port}"], cores=cores, env=environment)
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    expect(seen["bad"] == 0, f"{seen['bad']} of {seen['requests']} answers were bad")
    return seen


def json_call(platform, operation, body):
    return signed("POST", f"{platform.url}/", json.dumps(body).encode(),
                  {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"},
                  "sagemaker", platform.key, platform.secret)


def tiny_training_job(name, bucket, prefix):
    return {
        "TrainingJobName": name, "RoleArn": ROLE, "HyperParameters": {"weekly_seasonality": "false"},
        "AlgorithmSpecification": {"TrainingImage": IMAGE.format("prophet"), "TrainingInputMode": "File"},
        "InputDataConfig": [{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{prefix}",
            "S3DataDistributionType": "FullyReplicated"}}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def pages(call, member, **arguments):
    token = {}
    while True:
        page = call(**arguments, **token)
        yield from page[member]
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def count(iterable):
    return sum(1 for _ in itertools.islice(iterable, 10**7))
