"""How much memory do 100,000 models take in one server?

Expected: at most 4 kB each. The archives of 1,000 customers, without history, under 100,000 names (hard links; the server
cannot know, each is loaded for itself).
    ./run bench resident

The figure is the growth of the server's resident memory (VmRSS) between the moment before the first call and the moment
when each model has answered a call, over the number of models. Checked: every call answered 200, and after the last one the
server lists 100,000 models.
"""
import os
import re
import shutil

from record import RUNS, SCRATCH, expect
from server import Server, ask, models

QUESTION = "How much memory do 100,000 models take in one server?"
MODELS = int(os.environ.get("CHILIAD_BENCH_MODELS", "100000"))
EACH = "memory of a resident model without history"
ALL = f"resident memory of the server with {MODELS} models"


def linked_models():
    source, folder = models("none"), SCRATCH / f"models-linked-{MODELS}"
    if not folder.exists():
        part = SCRATCH / "models-linked.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for number in range(MODELS):
            os.link(source / f"{number % 1000}.tar.gz", part / f"{number}.tar.gz")
        part.rename(folder)
    return folder


def loaded_models(server):
    connection = server.connection()
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    found = re.search(r"^\w*LoadedModelCount\w*(?:\{[^}]*\})? ([0-9.e+]+)$", text, re.MULTILINE | re.IGNORECASE)
    expect(found, "no LoadedModelCount at /metrics")
    return int(float(found[1]))


def measure(record):
    folder = linked_models()
    for _ in range(RUNS):
        with Server(folder, "--memory-budget", "4G") as server:
            connection = server.connection()
            ask(connection, "no-such-model.tar.gz")
            before = server.memory_mb()
            for number in range(MODELS):
                status, body = ask(connection, f"{number}.tar.gz")
                expect(status == 200, f"model {number}: {status}: {body[:200]!r}")
            expect(loaded_models(server) == MODELS, f"{loaded_models(server)} models are loaded")
            after = server.memory_mb()
        record.add(EACH, "chiliad", "bytes", (after - before) * 1048576 / MODELS)
        record.add(ALL, "chiliad", "MB", after)
