"""S3 servers to test against: chiliad's own face, and versitygw beside it.

CHILIAD_TEST_S3_SERVER names versitygw's program (tool/get_versitygw.sh prints it); without it those cases are skipped.
"""
import configparser
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import boto3
import botocore.config
import pytest

REGION = "us-east-1"


class S3Server:
    """A server with the keys of its administrator."""

    def __init__(self, name, process, url, access_key, secret_key):
        self.name, self.process, self.url = name, process, url
        self.access_key, self.secret_key = access_key, secret_key

    def client(self, service="s3", access_key=None, secret_key=None, **config):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60,
                                        s3={"addressing_style": "path"}, **config)
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, config=config, verify=False,
                            aws_access_key_id=access_key or self.access_key,
                            aws_secret_access_key=secret_key or self.secret_key)

    def environment(self):
        """For the AWS CLI: nothing of this machine's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": self.access_key,
                       "AWS_SECRET_ACCESS_KEY": self.secret_key, "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "",
                       "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                       "AWS_EC2_METADATA_DISABLED": "true", "PYTHONIOENCODING": "utf-8"}

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_chiliad(binary, folder, *options):
    """`chiliad up` over a folder, which may have been one before."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen([str(binary), "up", "--home", str(folder), "--listen", "127.0.0.1:0", *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log = []
    for line in process.stderr:
        log.append(line)
        if ready := re.search(r"ready at (https?://\S+)", line):
            break
    else:
        pytest.fail("chiliad up ended before it was ready:\n" + "".join(log))
    # Who does not read what a server writes stops it.
    threading.Thread(target=log.extend, args=(process.stderr,), daemon=True).start()
    keys = configparser.ConfigParser()
    keys.read(folder / "credentials")
    return S3Server("chiliad", process, ready[1], keys["default"]["aws_access_key_id"],
                    keys["default"]["aws_secret_access_key"])


def start_versitygw(folder):
    program = os.environ.get("CHILIAD_TEST_S3_SERVER", "")
    if not program or program.startswith("moto:"):
        pytest.skip("CHILIAD_TEST_S3_SERVER does not name versitygw")
    data = folder / "data"
    data.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = os.environ | {"ROOT_ACCESS_KEY": "chiliadtest", "ROOT_SECRET_KEY": "a-secret-of-the-tests"}
    process = subprocess.Popen([program, "--port", address, "--quiet", "--health", "/health", "posix", str(data)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://{address}/health", timeout=5).close()
            return S3Server("versitygw", process, f"http://{address}", "chiliadtest", "a-secret-of-the-tests")
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                pytest.fail("versitygw does not come up")
