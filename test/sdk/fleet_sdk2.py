"""A fleet from raw rows to forecasts with the SageMaker Python SDK 2.x, as a notebook would do it. Nothing in it knows
where AWS is: the environment says.

    python fleet_sdk2.py ROWS.csv CUSTOMERS

Prints one line of JSON with what came out; the test that started it compares.
"""
import json
import logging
import sys
import tarfile
import tempfile
import time

import boto3
import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from sagemaker.serializers import JSONSerializer

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
logging.getLogger("sagemaker").setLevel(logging.ERROR)


def main():
    rows, customers = sys.argv[1], int(sys.argv[2])
    seconds = {}
    began = time.monotonic()

    def lap(name):
        nonlocal began
        now = time.monotonic()
        seconds[name] = round(now - began, 2)
        began = now

    session = sagemaker.Session()
    role = sagemaker.get_execution_role()
    bucket = session.default_bucket()
    prefix = "fleet"
    raw = session.upload_data(path=rows, bucket=bucket, key_prefix=f"{prefix}/data")
    lap("upload")

    split = f"s3://{bucket}/{prefix}/processed"
    processor = Processor(image_uri=f"{REGISTRY}/chiliad-split:1", role=role, instance_count=1,
                          instance_type="ml.m5.xlarge", base_job_name="fleet-split", sagemaker_session=session)
    processor.run(
        inputs=[ProcessingInput(input_name="raw_data", source=raw, destination="/opt/ml/processing/input/")],
        outputs=[ProcessingOutput(output_name="customer_data", source="/opt/ml/processing/output/customer_data/",
                                  destination=split)],
        logs=True, wait=True)
    lap("processing")

    models = f"s3://{bucket}/{prefix}/models/"
    estimator = Estimator(image_uri=f"{REGISTRY}/chiliad-prophet:1", role=role, instance_count=10,
                          instance_type="ml.c5.xlarge", output_path=f"s3://{bucket}/", base_job_name="fleet-train",
                          checkpoint_s3_uri=models, checkpoint_local_path="/opt/ml/checkpoints",
                          hyperparameters={"holdout": 7}, sagemaker_session=session)
    estimator.fit({"training": TrainingInput(split, distribution="ShardedByS3Key", content_type="text/csv")},
                  logs="All")
    lap("training")

    name = f"fleet-{int(time.time())}"
    container = Model(image_uri=f"{REGISTRY}/chiliad-prophet:1", role=role, sagemaker_session=session)
    fleet = MultiDataModel(name=name, model_data_prefix=models, model=container, sagemaker_session=session)
    predictor = fleet.deploy(initial_instance_count=1, instance_type="ml.c5.xlarge", endpoint_name=name,
                             serializer=JSONSerializer(), deserializer=JSONDeserializer())
    if predictor is None:
        predictor = sagemaker.predictor.Predictor(endpoint_name=name, sagemaker_session=session,
                                                  serializer=JSONSerializer(), deserializer=JSONDeserializer())
    lap("deploy")

    listed = sorted(fleet.list_models())
    forecasts = {}
    for customer in ("8", str(customers - 1)):
        # Twice JSON, both ways: what the notebook's handlers read and write.
        answer = predictor.predict(json.dumps({"period": 7}), target_model=f"{customer}.tar.gz")
        forecasts[customer] = json.loads(answer)

    # A model that comes while the endpoint runs, once from the store and once from a file.
    added = fleet.add_model(model_data_source=f"{models}8.tar.gz", model_data_path="added/copy-of-8.tar.gz")
    copied = json.loads(predictor.predict(json.dumps({"period": 7}), target_model="added/copy-of-8.tar.gz"))
    with tempfile.TemporaryDirectory() as folder:
        boto3.client("s3").download_file(bucket, f"{prefix}/models/8.tar.gz", f"{folder}/8.tar.gz")
        with tarfile.open(f"{folder}/8.tar.gz") as archive:
            members = sorted(archive.getnames())
        fleet.add_model(model_data_source=f"{folder}/8.tar.gz", model_data_path="uploaded.tar.gz")
    uploaded = json.loads(predictor.predict(json.dumps({"period": 7}), target_model="uploaded.tar.gz"))

    predictor.delete_endpoint()
    fleet.delete_model()
    lap("predict and delete")
    client = boto3.client("sagemaker")
    # On a line of its own, whatever the SDK's progress bars left on the last one.
    print("\n" + json.dumps({
        "role": role, "bucket": bucket, "models": len(listed), "first": listed[0], "members": members,
        "forecasts": forecasts, "copied_is_same": copied == forecasts["8"],
        "uploaded_is_same": uploaded == forecasts["8"], "added": added,
        "artifacts": estimator.model_data,
        "endpoints_left": len(client.list_endpoints(NameContains="fleet")["Endpoints"]),
        "models_left": len(client.list_models(NameContains="fleet")["Models"]), "seconds": seconds,
    }))


if __name__ == "__main__":
    main()
