"""How much longer does the first call of a model take than a warm one, when the model lies on local disk?

Expected: p50 within 1 ms of a warm call.
    ./run bench cold_call

One client, one kept-alive connection, 1,000 models: each called for the first time since the server started, then a
second and third time (the third is the warm figure). The page cache holds the files: it is the server's work that is
measured. Checked: each answer is a forecast, and the third equals the first.
"""
import statistics
import time

from record import RUNS, expect
from server import Server, ask, is_forecast, models

QUESTION = "How much longer does the first call of a model take than a warm one?"
MEASURE = "call of a model on local disk, not in memory, p50"
COLD, WARM = "cold", "warm"


def measure(record):
    folder = models("full")
    for _ in range(RUNS):
        with Server(folder) as server:
            connection = server.connection()
            ask(connection, "no-such-model.tar.gz")  # The connection and the server's first allocations are not counted.
            cold, warm = [], []
            for model in range(1000):
                answers = []
                for seconds in (cold, None, warm):
                    before = time.perf_counter()
                    answers.append(ask(connection, f"{model}.tar.gz"))
                    if seconds is not None:
                        seconds.append(time.perf_counter() - before)
                expect(is_forecast(*answers[0]) and answers[0] == answers[2], f"model {model}: {answers[0][1][:200]!r}")
        record.add(MEASURE, COLD, "s", statistics.median(cold))
        record.add(MEASURE, WARM, "s", statistics.median(warm))
        record.add("p99 of it", COLD, "s", sorted(cold)[989])
        record.add("p99 of it", WARM, "s", sorted(warm)[989])
