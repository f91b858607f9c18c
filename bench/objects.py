"""Objects of 13 kB (a customer's CSV or archive) put and got over S3: how many a second beside versitygw?

Expected: at least as many. Signed requests, 32 connections, the same 4,000 keys on both sides, all taking turns in one
run, server and load generator on the same 2 cores. versitygw: posix backend, no options beside those of its README. Neither
waits for the disk; a third server, `chiliad up --sync`, does before it answers, and so a put costs there what the disk
takes: with 32 connections many puts share a sync, with one each has its own.
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

from platform_server import REGION, Platform, memory_mb, replay, signed, write_requests
from record import RUNS, SCRATCH, expect

QUESTION = "Objects of 13 kB put and got over S3: how many a second beside versitygw?"
PUT, GET = "PutObject of 13 kB", "GetObject of 13 kB"
ALONE = "PutObject of 13 kB, one connection"
SYNCED = ", with --sync"
KEYS, SIZE, SECONDS = 4000, 13_000, 5


class Versitygw:
    """With a new folder for its buckets, or one that is there."""

    def __init__(self, folder=None):
        self.binary = os.environ.get("CHILIAD_TEST_S3_SERVER", "")
        expect(self.binary and not self.binary.startswith("moto"), "there is no versitygw: ./run test builds it with Go")
        self.key, self.secret = "bench", "bench-secret-key"
        if folder is None:
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

    def memory_mb(self):
        return memory_mb(self.process)

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
    with Platform("objects") as ours, Platform("objects-sync", "--sync") as synced, Versitygw() as rival:
        version = subprocess.run([rival.binary, "--version"], capture_output=True, text=True).stdout
        record.note("versitygw " + " ".join(version.split()))
        subjects = (("chiliad", ours, ""), ("versitygw", rival, ""), ("chiliad", synced, SYNCED))
        paths = {}
        for _, server, _ in subjects:
            server.client("s3").create_bucket(Bucket="bench")
            paths[server] = requests_of(server, "PUT", f"put-{server.port}")
        for _, server, _ in subjects:
            replay(paths[server], server.port, 2)
        for _ in range(RUNS):
            for connections, measure in ((32, PUT), (1, ALONE)):
                for name, server, how in subjects:
                    seen = replay(paths[server], server.port, SECONDS, connections=connections)
                    record.add(measure + how, name, "1/s", seen["requests"] / seen["seconds"])
        for name, server, _ in subjects:
            client = server.client("s3")
            for key in range(0, KEYS, KEYS // 100):
                got = client.get_object(Bucket="bench", Key=f"models/{key}.tar.gz")["Body"].read()
                expect(got == body_of(key), f"{name}: object {key} is not what was put")
            paths[server] = requests_of(server, "GET", f"get-{server.port}")
        for _ in range(RUNS):
            for name, server, _ in subjects[:2]:
                seen = replay(paths[server], server.port, SECONDS)
                record.add(GET, name, "1/s", seen["requests"] / seen["seconds"])
