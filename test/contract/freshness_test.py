"""Models that are written, overwritten and deleted while the server runs."""
import os
import shutil
import time

WITHIN = 30.0  # Seconds: the promise is 1, but a test does not judge by the clock of a busy machine.


def loaded(invoke, server, other, model="8.tar.gz"):
    """The body of `other`, once `model` is in memory and answers something else."""
    first, expected = invoke(server, model), invoke(server, other)
    assert (first.status, expected.status) == (200, 200)
    assert first.body != expected.body
    return expected.body


def answers(invoke, server, expected, model="8.tar.gz"):
    """Whether the answer becomes `expected` (a status or a body) in time; nothing else than old or new on the way."""
    before = invoke(server, model)
    deadline = time.monotonic() + WITHIN
    while True:
        answer = invoke(server, model)
        if expected in (answer.status, answer.body):
            return True
        assert answer.body == before.body
        if time.monotonic() > deadline:
            return False


def replace(models, source, target="8.tar.gz"):
    shutil.copyfile(models / source, models / "new.part")
    os.rename(models / "new.part", models / target)


def test_a_new_model_is_served(models, server, invoke):
    assert invoke(server, "new.tar.gz").status == 400
    replace(models, "1.tar.gz", "new.tar.gz")
    answer = invoke(server, "new.tar.gz")
    assert (answer.status, answer.body) == (200, invoke(server, "1.tar.gz").body)


def test_a_renamed_file_replaces_the_model(models, server, invoke):
    expected = loaded(invoke, server, "1.tar.gz")
    replace(models, "1.tar.gz")
    assert answers(invoke, server, expected)


def test_a_file_written_in_place_replaces_the_model(models, server, invoke):
    expected = loaded(invoke, server, "2.tar.gz")
    with open(models / "8.tar.gz", "wb") as file:
        file.write((models / "2.tar.gz").read_bytes())
    assert answers(invoke, server, expected)


def test_a_deleted_model_is_gone(models, server, invoke):
    assert invoke(server, "8.tar.gz").status == 200
    os.remove(models / "8.tar.gz")
    assert answers(invoke, server, 400)


def test_folders_made_later_are_watched_too(models, server, invoke):
    (models / "a" / "b").mkdir(parents=True)
    shutil.copyfile(models / "3.tar.gz", models / "a" / "b" / "8.tar.gz")
    model = "a/b/8.tar.gz"
    first = invoke(server, model)
    assert first.status == 200 and first.body == invoke(server, "3.tar.gz").body
    expected = loaded(invoke, server, "4.tar.gz", model)
    replace(models, "4.tar.gz", model)
    assert answers(invoke, server, expected, model)
    shutil.rmtree(models / "a")
    assert answers(invoke, server, 400, model)
