"""The real Multi Model Server in a box: twenty small models through a budget of memory that holds a few of them."""
import concurrent.futures
import json
import os
import threading
import time

import botocore.exceptions
import pytest

from container_server_test import ROLE, tar_gz, until

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.0-1-cpu-py3"
MODELS, BUDGET_MB = 20, 500
HANDLER = b"""
import json, os, pathlib

def model_fn(folder):
    model = json.loads((pathlib.Path(folder) / "model.json").read_text())
    model["ballast"] = b"x" * (model["mb"] << 20)
    return model

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(number, model):
    return model["factor"] * number

def output_fn(number, accept):
    return json.dumps(number)
"""


def memory_mb(platform):
    """Of all processes below the platform's, what they share counted in parts."""
    children, total = {}, 0
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        try:
            with open(f"/proc/{pid}/stat") as file:
                children.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(pid)
        except OSError:
            pass
    below = list(children.get(platform.process.pid, []))
    for pid in below:
        below += children.get(pid, [])
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024
        except OSError:
            pass
    return total


@pytest.fixture(scope="module")
def served(new_platform, tmp_path_factory):
    platform = new_platform(tmp_path_factory.mktemp("platform") / "home", "--container-memory", f"{BUDGET_MB}M")
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="small")
    s3.put_object(Bucket="small", Key="sourcedir.tar.gz", Body=tar_gz({"serve_factor.py": HANDLER}))
    for number in range(MODELS):
        model = json.dumps({"factor": number, "mb": 30}).encode()
        s3.put_object(Bucket="small", Key=f"models/{number}.tar.gz", Body=tar_gz({"model.json": model}))
    sagemaker.create_model(ModelName="small", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://small/models/", "Environment": {
            "SAGEMAKER_PROGRAM": "serve_factor.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://small/sourcedir.tar.gz"}})
    sagemaker.create_endpoint_config(EndpointConfigName="small", ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": "small", "InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"}])
    sagemaker.create_endpoint(EndpointName="small", EndpointConfigName="small")
    status = until(lambda: (now := sagemaker.describe_endpoint(EndpointName="small"))["EndpointStatus"] != "Creating"
                   and now, 900)
    assert status["EndpointStatus"] == "InService", status
    yield platform
    assert platform.stop() == 0, "".join(platform.log)


def call(runtime, model, body="2"):
    return runtime.invoke_endpoint(EndpointName="small", TargetModel=f"{model}.tar.gz", Body=body,
                                   ContentType="application/json")["Body"].read().decode()


def call_again(runtime, model):
    def once():
        try:
            return call(runtime, model)
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (429, 503), error.response
            return None
    return until(once)


def test_twenty_models_are_answered_right_within_the_budget_of_memory(served):
    runtime, over, most = served.client("sagemaker-runtime"), threading.Event(), [0]

    def watch():
        while not over.is_set():
            most[0] = max(most[0], memory_mb(served))
            time.sleep(0.2)

    watching = threading.Thread(target=watch)
    watching.start()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        models = [(7 * i) % MODELS for i in range(2 * MODELS)]
        assert list(pool.map(lambda model: call_again(runtime, model), models)) == [str(2 * model) for model in models]
    over.set()
    watching.join()
    # The budget is kept to before a load; two loads run at a time.
    assert 200 < most[0] < BUDGET_MB * 1.25, most


def test_a_handlers_failure_is_told_and_harms_nobody(served):
    runtime = served.client("sagemaker-runtime")
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(runtime, 3, "no number")
    error = raised.value.response
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 500)
    assert "Expecting value" in error["OriginalMessage"]
    assert call_again(runtime, 3) == "6"
