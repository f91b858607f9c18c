"""`chiliad serve` and its models, as the questions about serving use them."""
import http.client
import json
import os
import re
import shutil
import subprocess
import threading

from data import fleet_folder
from fleet import OPTIONS
from record import CHILIAD, SCRATCH, Finished

ENDPOINT = "bench"
BODY = '{"period": 7}'


def models(history="none"):
    """A folder of 1,000 trend-only models, trained once."""
    folder = SCRATCH / f"models-{history}"
    if not folder.exists():
        part = SCRATCH / f"models-{history}.part"
        shutil.rmtree(part, ignore_errors=True)
        Finished([CHILIAD, "train", "--data", fleet_folder(1000), "--models", part, "--threads", os.cpu_count(),
                  "--holdout", 7, "--history", history, *OPTIONS])
        part.rename(folder)
    return folder


class Server:
    """Serves a folder on a free port of the loopback interface; a context manager that ends it."""

    def __init__(self, folder, *arguments, cores=None):
        self.process = subprocess.Popen(
            [CHILIAD, "serve", "--models", str(folder), "--listen", "127.0.0.1:0", "--endpoint", ENDPOINT,
             *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        printed = []
        for line in self.process.stderr:
            printed.append(line)
            address = re.search(r"serving .* at http://127\.0\.0\.1:(\d+)", line)
            if address:
                self.port = int(address[1])
                break
        else:
            raise SystemExit("chiliad serve ended before it listened:\n" + "".join(printed))
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def memory_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def ask(connection, model):
    """The status and the bytes that answer one call."""
    connection.request("POST", f"/endpoints/{ENDPOINT}/invocations", BODY,
                       {"X-Amzn-SageMaker-Target-Model": model, "Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()


def is_forecast(status, body):
    """Seven rows of finite numbers under the columns of an answer."""
    if status != 200:
        return False
    answer = json.loads(body)
    columns = ("ds", "trend", "yhat", "yhat_lower", "yhat_upper", "trend_lower", "trend_upper")
    if not all(len(answer.get(column, {})) == 7 for column in columns):
        return False
    return all(answer["yhat_lower"][row] <= answer["yhat"][row] <= answer["yhat_upper"][row] for row in answer["yhat"])
