"""kill -9 of `chiliad up` whose user is not root, in the moment in which newuidmap gives a new namespace its users: while
podman is asked for its storage, and while a box begins. Nothing of that user runs on."""
import contextlib
import os
import pathlib
import shutil
import threading

import botocore.exceptions
import pytest

from script_jobs import ROLE
from user_endpoint import until
from weekday_means_image import EXAMPLE, IMAGE, owner_of_storage

# Beside the real one in the PATH, and as patient as is asked for.
NEWUIDMAP = """#!/bin/sh
[ -e "{folder}/slow" ] || exec {real} "$@"
: >"{folder}/waits"
exec sleep 1000
"""


def processes_of(user):
    """Whoever they are where they run."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nUid:\t{user}\t" in status.read_text():
                found.append((status.parent / "cmdline").read_bytes())
    return found


@pytest.fixture
def owner():
    if os.geteuid() != 0:
        pytest.skip("what a user has left is seen where nobody else is that user: needs root")
    with owner_of_storage("user") as owner:
        yield owner


def create_job(sagemaker, name):
    sagemaker.create_training_job(
        TrainingJobName=name, RoleArn=ROLE, AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://jobs/out"}, StoppingCondition={"MaxRuntimeInSeconds": 600},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1})


def create_unanswered(sagemaker, name):
    with contextlib.suppress(botocore.exceptions.BotoCoreError):
        create_job(sagemaker, name)


@pytest.mark.parametrize("moment", ["storage", "box"])
def test_no_process_outlives_a_server_killed_while_it_waits_for_newuidmap(new_platform, owner, moment):
    programs, home = owner.folder / "programs", owner.folder / "home"
    for folder in (programs, home):
        folder.mkdir(mode=0o700)
        owner.give(folder)
    (programs / "newuidmap").write_text(NEWUIDMAP.format(folder=programs, real=shutil.which("newuidmap")))
    (programs / "newuidmap").chmod(0o755)
    owner.give(programs / "newuidmap")
    (home / "runtimes.toml").write_text((EXAMPLE / "runtimes.toml").read_text())
    platform = new_platform(home, words=[*owner.words, "env", f"PATH={programs}:{os.environ['PATH']}"])
    sagemaker = platform.client("sagemaker")
    platform.client("s3").create_bucket(Bucket="jobs")
    try:
        if moment == "box":  # There is no such image: the storage is known then.
            create_job(sagemaker, "first")
            until(lambda: sagemaker.describe_training_job(TrainingJobName="first")["TrainingJobStatus"] == "Failed")
            reason = sagemaker.describe_training_job(TrainingJobName="first")["FailureReason"]
            assert "the image localhost/weekday-means:latest is not here" in reason
        (programs / "slow").touch()
        second = threading.Thread(target=create_unanswered, args=(sagemaker, "second"))
        second.start()
        until((programs / "waits").exists)
        until(lambda: b"sleep\x001000\x00" in processes_of(owner.number))
    finally:
        platform.process.kill()
        platform.process.wait()
    second.join(timeout=60)
    until(lambda: not processes_of(owner.number))
