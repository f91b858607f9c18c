"""The shipped command of training jobs over SageMaker's real training toolkit, below a folder of its own."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "src" / "runtime" / "python"

SCRIPT = """
import argparse, os, signal, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--prediction-length", type=int)
parser.add_argument("--how", default="well")
flags = parser.parse_args()
print("channel", os.environ["SM_CHANNEL_TRAINING"], "host", os.environ["SM_CURRENT_HOST"], "length", flags.prediction_length)
model = os.path.join(os.environ["SM_MODEL_DIR"], "model")
def stop(number, frame):
    open(model, "w").write("stored at SIGTERM")
    sys.exit(0)
if flags.how == "wait":
    signal.signal(signal.SIGTERM, stop)
    print("waiting", flush=True)
    time.sleep(60)
if flags.how == "badly":
    raise KeyError("no such customer")
if flags.how == "silently":
    sys.exit(3)
open(model, "w").write("trained")
"""


@pytest.fixture
def start_training(own_environment, tmp_path):
    """start_training(**hyperparameters): the process, in a folder that plays /opt/ml. `hosts`: the first is this one."""
    def start(hosts=("localhost",), **hyperparameters):
        root = tmp_path / "ml"
        for folder in ("input/config", "input/data/training", "code", "model", "output"):
            (root / folder).mkdir(parents=True)
        (root / "code" / "train_it.py").write_text(SCRIPT)
        values = {"sagemaker_program": "train_it.py", "sagemaker_submit_directory": "s3://nowhere/sourcedir.tar.gz",
                  "sagemaker_region": "us-east-1", **hyperparameters}
        config = {"hyperparameters": {name.replace("_", "-") if not name.startswith("sagemaker") else name: json.dumps(value)
                                      for name, value in values.items()},
                  "inputdataconfig": {"training": {"TrainingInputMode": "File"}},
                  "resourceconfig": {"current_host": hosts[0], "hosts": hosts, "current_instance_type": "ml.m5.xlarge",
                                     "current_group_name": "homogeneousCluster", "network_interface_name": "lo",
                                     "instance_groups": [{"instance_group_name": "homogeneousCluster",
                                                          "instance_type": "ml.m5.xlarge", "hosts": hosts}]}}
        for name, value in config.items():
            (root / "input" / "config" / f"{name}.json").write_text(json.dumps(value))
        python = own_environment("scikit-learn")
        process = subprocess.Popen(
            [python, SHIPPED / "chiliad_train.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=root,
            env={"PATH": f"{tmp_path}:{python.parent}:/usr/bin:/bin", "SAGEMAKER_BASE_DIR": str(root), "TRAINING_JOB_NAME": "a-job",
                 "AWS_REGION": "us-east-1", "PYTHONUNBUFFERED": "1"})
        return root, process
    return start


def test_the_callers_script_is_run(start_training):
    root, process = start_training(prediction_length=7)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    assert f"channel {root}/input/data/training host localhost length 7" in output, output
    assert (root / "model" / "model").read_text() == "trained"
    assert not (root / "output" / "failure").exists()


def test_a_script_that_fails_says_why(start_training):
    root, process = start_training(how="badly")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 1, output
    assert "no such customer" in (root / "output" / "failure").read_text()


def test_of_a_script_that_says_nothing_the_toolkits_lines_are_no_reason(start_training):
    root, process = start_training(how="silently")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 1, output
    reason = (root / "output" / "failure").read_text()
    assert 'ExitCode 3\nErrorMessage ""\n' in reason, reason


# Names that resolve: the toolkit waits for all.
HOSTS = ["127.0.0.1", "127.0.0.2"]
# Stands for torch's own launcher, which is no part of this environment.
TORCHRUN = """#!/bin/sh
echo "torchrun $*; at $MASTER_ADDR:$MASTER_PORT"
"""


def test_torch_distributed_is_started_by_torchrun(start_training, tmp_path):
    (tmp_path / "torchrun").write_text(TORCHRUN)
    (tmp_path / "torchrun").chmod(0o755)
    _, process = start_training(hosts=HOSTS, sagemaker_torch_distributed_enabled=True, prediction_length=7)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    port = re.search(r"at 127.0.0.1:(2\d{4})$", output, re.MULTILINE)[1]
    assert (f"torchrun --nnodes 2 --nproc_per_node 1 --master_addr 127.0.0.1 --master_port {port} --node_rank 0 train_it.py "
            "--prediction-length 7;") in output, output


def test_mpi_over_instances_is_refused_with_the_reason(start_training):
    root, process = start_training(hosts=HOSTS, sagemaker_mpi_enabled=True)
    assert process.communicate(timeout=120)[0] and process.returncode == 1
    assert "MPI over several instances does not run here" in (root / "output" / "failure").read_text()[:200]


def test_the_script_hears_sigterm_and_stores_what_it_has(start_training):
    root, process = start_training(how="wait")
    for line in process.stdout:
        if line.startswith("waiting"):
            break
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert process.returncode == 0
    assert (root / "model" / "model").read_text() == "stored at SIGTERM"
