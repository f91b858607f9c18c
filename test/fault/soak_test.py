"""Minutes of mixed load on a server whose memory holds a tenth of its models: every answer is right, models that are
replaced meanwhile are seen, memory stays where it was.

SOAK_SECONDS says how long (default 600).
"""
import http.client
import json
import math
import os
import random
import shutil
import threading
import time

import pytest

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
MODELS, LEVELS = 300, (100.0, 900.0)


@pytest.fixture(scope="module")
def levels(chiliad, tmp_path_factory):
    """Two fleets of constant series: a forecast says which of the two a model came from."""
    root = tmp_path_factory.mktemp("soak")
    for level in LEVELS:
        data = root / f"data-{level:.0f}"
        data.mkdir()
        for model in range(MODELS):
            (data / f"{model}.csv").write_text("".join(
                f"2022-{1 + day // 28:02}-{1 + day % 28:02},{level + model + math.sin(day):.3f}\n" for day in range(120)))
        chiliad.run("train", "--data", data, "--models", root / f"models-{level:.0f}", "--history", "none")
    return root


def resident_kb(server):
    with open(f"/proc/{server.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@pytest.mark.long
def test_answers_stay_right_and_memory_stays_flat(levels, serve, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(levels / "models-100", models)
    server = serve("--models", models, "--endpoint", "soak", "--memory-budget", "100K")
    stop = time.monotonic() + SECONDS
    wrong, answered, replaced = [], [0] * 4, [0]

    def client(number):
        choose = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while time.monotonic() < stop and not wrong:
            model = choose.randrange(MODELS)
            body = choose.choice(['{"period": 7}', '{"period": 300}', '"{\\"period\\": 2}"', "no json", '{"period": -1}'])
            connection.request("POST", "/endpoints/soak/invocations", body,
                               {"X-Amzn-SageMaker-Target-Model": f"{model}.tar.gz", "Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
            if response.status == 429:
                continue
            if body.startswith("no") or "-1" in body:
                if response.status not in (400, 424):
                    wrong.append((model, body, response.status, text[:300]))
                continue
            if response.status != 200:
                wrong.append((model, body, response.status, text[:300]))
                continue
            answer = json.loads(text)
            if isinstance(answer, str):
                answer = json.loads(answer)
            first = next(iter(answer["yhat"].values()))
            if not any(abs(first - level - model) < 20 for level in LEVELS):
                wrong.append((model, body, first))
            answered[number] += 1

    def replacer():
        choose = random.Random(99)
        while time.monotonic() < stop and not wrong:
            model, level = choose.randrange(MODELS), choose.choice(LEVELS)
            part = models / f".part-{model}"
            shutil.copy(levels / f"models-{level:.0f}" / f"{model}.tar.gz", part)
            part.rename(models / f"{model}.tar.gz")
            replaced[0] += 1
            time.sleep(0.01)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=replacer))
    for thread in threads:
        thread.start()
    time.sleep(min(SECONDS / 4, 60))
    early = resident_kb(server)
    for thread in threads:
        thread.join()
    late = resident_kb(server)
    print(f"{sum(answered)} answers, {replaced[0]} models replaced, {early} kB then {late} kB resident")
    assert wrong == []
    assert min(answered) > 0 and late < early * 1.2 + 4096
    assert server.stop() == 0
