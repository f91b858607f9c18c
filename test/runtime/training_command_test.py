"""The shipped command of training jobs over SageMaker's real training toolkit, below a folder of its own."""
import json
import os
import pathlib
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
open(model, "w").write("trained")
"""


@pytest.fixture
def start_training(own_environment, tmp_path):
    """start_training(**hyperparameters): the process, in a folder that plays /opt/ml."""
    def start(**hyperparameters):
        root = tmp_path / "ml"
        for folder in ("input/config", "input/data/training", "code", "model", "output"):
            (root / folder).mkdir(parents=True)
        (root / "code" / "train_it.py").write_text(SCRIPT)
        values = {"sagemaker_program": "train_it.py", "sagemaker_submit_directory": "s3://nowhere/sourcedir.tar.gz",
                  "sagemaker_region": "us-east-1", **hyperparameters}
        config = {"hyperparameters": {name.replace("_", "-") if not name.startswith("sagemaker") else name: json.dumps(value)
                                      for name, value in values.items()},
                  "inputdataconfig": {"training": {"TrainingInputMode": "File"}},
                  "resourceconfig": {"current_host": "localhost", "hosts": ["localhost"], "current_instance_type": "ml.m5.xlarge",
                                     "current_group_name": "homogeneousCluster", "network_interface_name": "lo",
                                     "instance_groups": [{"instance_group_name": "homogeneousCluster",
                                                          "instance_type": "ml.m5.xlarge", "hosts": ["localhost"]}]}}
        for name, value in config.items():
            (root / "input" / "config" / f"{name}.json").write_text(json.dumps(value))
        python = own_environment("scikit-learn")
        process = subprocess.Popen(
            [python, SHIPPED / "chiliad_train.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=root,
            env={"PATH": f"{python.parent}:/usr/bin:/bin", "SAGEMAKER_BASE_DIR": str(root), "TRAINING_JOB_NAME": "a-job",
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
