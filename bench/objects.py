"""Objects of 13 kB (a customer's CSV or archive) put and got over S3: how many a second beside versitygw?

Expected: at least as many. Signed requests, 32 connections, the same 4,000 keys on both sides, both taking turns in one
run, server and load generator on the same 2 cores. versitygw: posix backend, no options beside those of its README.
    ./run bench objects

Checked: every answer is 200; after the puts each of 100 objects is read back by boto3 and compared on both sides.
"""
import os
import random
import shutil
import socket
import subprocess
import time
import urllib.request

import boto3
import botocore.config

from platform_server import REGION, Platform, replay, signed, write_requests
from record import RUNS, SCRATCH, expect

QUESTION = "Objects of 13 kB put and got over S3: how many a second beside versitygw?"
PUT, GET = "PutObject of 13 kB", "GetObject of 13 kB"
KEYS, SIZE, SECONDS = 4000, 13_000, 5


class Versitygw:
    def __init__(self):
        self.binary = os.environ.get("CHILIAD_TEST_S3_SERVER", "")
        expect(self.binary and not self.binary.startswith("moto"), "there is no versitygw: ./run test builds it with Go")
        self.key, self.secret = "bench", "bench-secret-key"
        folder = SCRATCH / "versitygw"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [self.binary, "--port", f"127.0.0.1:{self.port}", "--quiet", "--health", "/health", "posix", str(folder)],
            env={**os.environ, "ROOT_ACCESS_KEY": self.key, "ROOT_SECRET_KEY": self.secret},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                urllib.request.urlopen(self.url + "/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=self.key,
                            aws_secret_access_key=self.secret,
                            config=botocore.config.Config(retries={"total_max_attempts": 1}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def body_of(key):
    return random.Random(key).randbytes(SIZE)


def requests_of(server, method, name):
    return write_requests(name, (
        signed(method, f"{server.url}/bench/models/{key}.tar.gz", body_of(key) if method == "PUT" else b"", {}, "s3",
               server.key, server.secret) for key in range(KEYS)))


def measure(record):
    with Platform("objects") as ours, Versitygw() as rival:
        version = subprocess.run([rival.binary, "--version"], capture_output=True, text=True).stdout
        record.note("versitygw " + " ".join(version.split()))
        subjects = (("chiliad", ours), ("versitygw", rival))
        paths = {}
        for name, server in subjects:
            server.client("s3").create_bucket(Bucket="bench")
            paths[name, "PUT"] = requests_of(server, "PUT", f"put-{name}")
        for name, server in subjects:
            replay(paths[name, "PUT"], server.port, 2)
        for _ in range(RUNS):
            for name, server in subjects:
                seen = replay(paths[name, "PUT"], server.port, SECONDS)
                record.add(PUT, name, "1/s", seen["requests"] / seen["seconds"])
        for name, server in subjects:
            client = server.client("s3")
            for key in range(0, KEYS, KEYS // 100):
                got = client.get_object(Bucket="bench", Key=f"models/{key}.tar.gz")["Body"].read()
                expect(got == body_of(key), f"{name}: object {key} is not what was put")
            paths[name, "GET"] = requests_of(server, "GET", f"get-{name}")
        for _ in range(RUNS):
            for name, server in subjects:
                seen = replay(paths[name, "GET"], server.port, SECONDS)
                record.add(GET, name, "1/s", seen["requests"] / seen["seconds"])
