"""Minutes of calls over ten times as many models as the memory of a Multi Model Server has room for: every answer is the
right one, memory stays within its budget, and nothing is left behind.

WORKING_SET_SECONDS says how long (default 300).
"""
import os
import random
import threading
import time

import botocore.exceptions
import pytest

from plain_run import PlainRun
from user_endpoint import ENVIRONMENT, Endpoint, descendants, until, upload_fleet

SECONDS = float(os.environ.get("WORKING_SET_SECONDS", "300"))
# A loaded model is two processes with 140 MB, the server itself has 150 MB: the budget holds four.
MODELS, BUDGET_MB = 40, 750


def megabytes(pid):
    """Memory of a process, what it shares with others counted in parts."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) / 1000 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


@pytest.mark.long
def test_ten_times_as_many_models_as_fit_are_served_right(chiliad, start_platform, program, tmp_path):
    chiliad.run("generate", "--customers", MODELS, "--output", tmp_path / "rows.csv")
    plain = PlainRun(program("prophet-1.1.4/bin/python"), tmp_path / "rows.csv", tmp_path)
    expected = plain.forecasts([str(model) for model in range(MODELS)])
    assert len(set(expected.values())) == MODELS
    platform = start_platform("--container-memory", f"{BUDGET_MB}M")
    upload_fleet(platform.client("s3"), plain.models)
    endpoint = Endpoint(platform, "working-set", ENVIRONMENT)
    wrong, answered, refused, most = [], [0, 0, 0], [0, 0, 0], 0
    stop = time.monotonic() + SECONDS

    def client(number):
        choose = random.Random(number)
        while time.monotonic() < stop and not wrong:
            model = str(choose.randrange(MODELS))
            try:
                if endpoint.once(f"{model}.tar.gz") != expected[model]:
                    wrong.append((model, "another answer"))
                answered[number] += 1
            except botocore.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (429, 503):
                    wrong.append((model, error.response))
                refused[number] += 1
                time.sleep(0.2)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(answered))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, sum(megabytes(pid) for pid in descendants(platform.process.pid)))
        time.sleep(0.5)
    print(f"{sum(answered)} answers, {sum(refused)} calls told to come again, {most:.0f} MB at most")
    assert wrong == []
    assert min(answered) > SECONDS / 20
    # A model is weighed when it is loaded: one may be too many for a moment.
    assert most < BUDGET_MB + 200
    endpoint.delete()
    until(lambda: not descendants(platform.process.pid))
