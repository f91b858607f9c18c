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
            address = re.search(r"127\.0\.0\.1:(\d+)", line)
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


@pytest.fixture(scope="session")
def reference_dir():
    folder = os.environ.get("REFERENCE_DIR")
    if not folder:
        pytest.skip("REFERENCE_DIR is not set")
    return pathlib.Path(folder)
