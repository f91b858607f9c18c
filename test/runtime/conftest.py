"""Environments of runtimes, and the shipped programs run in them outside of a box."""
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "src" / "runtime" / "python"


@pytest.fixture(scope="session")
def base_environment(chiliad):
    """base_environment("scikit-learn"): the folder of a built-in runtime's environment, built where it is not there."""
    def find(name):
        done = chiliad.run("runtimes", "prepare", name, check=False)
        if "boxes cannot run here" in done.stderr or "bwrap" in done.stderr and done.returncode != 0:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr[-4000:]
        folder = pathlib.Path(os.environ["CHILIAD_ENVIRONMENTS"]) / done.stdout.split(": ")[1].split(",")[0] / "env"
        assert folder.is_dir(), done.stdout
        return folder
    return find


@pytest.fixture
def own_environment(base_environment, tmp_path):
    """own_environment("scikit-learn"): a Python over such an environment that packages may be installed into."""
    def make(name):
        base = base_environment(name)
        folder = tmp_path / "own"
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", folder], check=True)
        modules = next(folder.glob("lib/python3*/site-packages"))
        below = next(base.glob("lib/python3*/site-packages"))
        (modules / "below.pth").write_text(f"import site; site.addsitedir({str(below)!r})\n")
        return folder / "bin" / "python3"
    return make


def free_port():
    """Below those that the system gives out by itself: Multi Model Server takes none above 32766."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    pytest.fail("no free port")


class ModelServer:
    """A shipped server program on the loopback interface."""

    def __init__(self, python, log, *arguments, program="chiliad_serve_models.py", **variables):
        self.port = free_port()
        environment = {"PATH": f"{python.parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1",
                       "SAGEMAKER_BIND_TO_PORT": str(self.port), **variables}
        for name in ("PIP_CERT", "PIP_INDEX_URL", "JAVA_HOME"):
            if name in os.environ:
                environment.setdefault(name, os.environ[name])
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen([python, SHIPPED / program, *arguments], env=environment, cwd=log.parent,
                                            stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + 60
        while self.call("GET", "/ping")[0] != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail("the model server does not answer:\n" + self.lines())
            time.sleep(0.05)

    def lines(self):
        return self.log.read_text(errors="replace")[-6000:]

    def call(self, method, path, body=None, **headers):
        """(status, headers, body); status 0 where nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method,
                                         headers={name.replace("_", "-"): value for name, value in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()
        except OSError:
            return 0, {}, b""

    def load(self, name, folder):
        body = f'{{"model_name": "{name}", "url": "{folder}"}}'.encode()
        return self.call("POST", "/models", body, Content_Type="application/json")[0]

    def invoke(self, name, body, content_type="application/json", accept="application/json"):
        path = f"/models/{name}/invoke" if name else "/invocations"
        return self.call("POST", path, body, Content_Type=content_type, Accept=accept)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self):
        """Also its workers: in a box they would end with the box."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


@pytest.fixture
def serve_models(own_environment, tmp_path):
    """serve_models(*arguments, runtime=..., **variables): a model server that ends with the test."""
    servers = []

    def start(*arguments, runtime="scikit-learn", **variables):
        servers.append(ModelServer(own_environment(runtime), tmp_path / "server.log", *arguments, **variables))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()
