"""What the tests that cross folders share: the binary under test, reference data, a server that ends with its test."""
import os
import pathlib
import re
import signal
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("CHILIAD_BINARY", ROOT / "build" / "bin" / "chiliad"))
VENVS = pathlib.Path(os.environ.get("CHILIAD_VENVS", ROOT / ".venv"))
# Environments of user code are built once for all servers that tests start.
os.environ.setdefault("CHILIAD_ENVIRONMENTS", str(VENVS / "environments"))
# Files that take longest, most of it waiting: begun before the others, so that no worker begins one when the rest has ended.
LONGEST = ["user_scripts_test", "sdk_test", "model_server_test", "sdk_tls_test", "oci_test", "endpoint_test",
           "accelerate_jobs_test", "kill_user_code_test", "container_server_test", "transform_memory_test",
           "notebook_cell_test", "s3_cli_test", "kill_platform_test", "prepare_test", "container_mms_test",
           "job_bounds_test", "stored_models_test", "hosting_test", "platform_test"]


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


class Chiliad:
    """The program under test, with subcommands as a person types them."""

    path = str(BINARY)

    def run(self, *arguments, check=True, **keywords):
        """Runs one subcommand to its end; with `check` any exit code but 0 fails the test with what it printed."""
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, timeout=600, **keywords)
        if check and done.returncode != 0:
            pytest.fail(f"chiliad {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
        return done


class Server:
    """`chiliad serve` on a free port of the loopback interface. Its log is in .log, a list of lines."""

    def __init__(self, *arguments, env=None):
        self.process = subprocess.Popen(
            [Chiliad.path, "serve", "--listen", "127.0.0.1:0", *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
        self.log = []
        self.port = None
        for line in self.process.stderr:
            self.log.append(line)
            address = re.search(r"serving .* at http://127\.0\.0\.1:(\d+)", line)
            if address:
                self.port = int(address[1])
                break
        else:
            pytest.fail("chiliad serve ended before it listened:\n" + "".join(self.log))
        # A server that cannot write its log would stop: read on.
        self.reader = threading.Thread(target=self.log.extend, args=(self.process.stderr,), daemon=True)
        self.reader.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self, how=signal.SIGTERM):
        """Ends the server and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=10)
        return code


@pytest.fixture(scope="session")
def chiliad():
    if not BINARY.exists():
        pytest.fail(f"{BINARY} does not exist: ./run build")
    return Chiliad()


@pytest.fixture(scope="session")
def start_server(chiliad):
    """start_server(*arguments): a server that whoever started it stops."""
    return Server


@pytest.fixture
def serve(chiliad):
    """serve(*arguments) starts a server; all of them end with the test."""
    servers = []

    def start(*arguments, **keywords):
        servers.append(Server(*arguments, **keywords))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(signal.SIGKILL)


class Platform:
    """`chiliad up` on a free port of the loopback interface, with everything below `home`. Its log is in .log. `words`
    go in front of the command: env, setpriv."""

    def __init__(self, home, *arguments, words=()):
        self.home = pathlib.Path(home)
        self.process = subprocess.Popen(
            [*words, Chiliad.path, "up", "--home", str(home), "--listen", "127.0.0.1:0", *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.log = []
        self.url = None
        for line in self.process.stderr:
            self.log.append(line)
            ready = re.search(r"ready at (https?://\S+)", line)
            if ready:
                self.url = ready[1]
                break
        else:
            pytest.fail("chiliad up ended before it was ready:\n" + "".join(self.log))
        self.port = int(self.url.rsplit(":", 1)[1])
        self.reader = threading.Thread(target=self.log.extend, args=(self.process.stderr,), daemon=True)
        self.reader.start()

    def environment(self):
        """This process's environment with what `chiliad env` adds to it."""
        lines = subprocess.run([Chiliad.path, "env", "--home", str(self.home)], capture_output=True, text=True,
                               check=True, timeout=60).stdout
        shown = subprocess.run(["sh", "-c", lines + "env -0"], capture_output=True, text=True, check=True).stdout
        return dict(pair.split("=", 1) for pair in shown.split("\0") if pair)

    def client(self, service, **keywords):
        """boto3's client of a service, with the first key; it does not try again, so that every answer is seen."""
        import boto3
        import botocore.config
        environment = self.environment()
        settings = {"endpoint_url": self.url, "region_name": environment["AWS_REGION"],
                    "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
                    "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
                    "config": botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60)}
        return boto3.client(service, **{**settings, **keywords})

    def run(self, *command, limit=600, **variables):
        """Runs a client's program, told by environment() where the server is, and returns what it printed."""
        done = subprocess.run([str(part) for part in command], env={**self.environment(), **variables},
                              capture_output=True, text=True, timeout=limit)
        assert done.returncode == 0, (
            f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}")
        return done.stdout

    def stop(self, how=signal.SIGTERM):
        """Ends the server and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=10)
        return code


@pytest.fixture(scope="session")
def new_platform(chiliad):
    """new_platform(home, *arguments): `chiliad up`, which whoever started it stops."""
    return Platform


@pytest.fixture
def start_platform(chiliad, tmp_path):
    """start_platform(*arguments, home=...): `chiliad up`; all of them end with the test."""
    platforms = []

    def start(*arguments, home=None):
        platforms.append(Platform(home or tmp_path / "home", *arguments))
        return platforms[-1]

    yield start
    for platform in platforms:
        platform.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def platform(chiliad, tmp_path_factory):
    """One `chiliad up` for the tests of a file."""
    platform = Platform(tmp_path_factory.mktemp("home"))
    yield platform
    assert platform.stop() == 0, "".join(platform.log)


@pytest.fixture(scope="session")
def program():
    """program("sagemaker-2/bin/python"): a program of one of the environments that ./run test makes."""
    def find(name):
        path = VENVS / name
        if not path.exists():
            pytest.skip(f"{path} does not exist: ./run test makes it")
        return str(path)
    return find


@pytest.fixture(scope="session")
def reference_dir():
    folder = os.environ.get("REFERENCE_DIR")
    if not folder:
        pytest.skip("REFERENCE_DIR is not set")
    return pathlib.Path(folder)
