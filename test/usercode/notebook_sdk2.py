"""The steps of AWS's notebook on thousands of models, with the SageMaker Python SDK 2.x and with scripts of the user's own: upload,
split, train on ten instances, serve from one endpoint, forecast, clean up. Nothing in it knows where AWS is.

    python notebook_sdk2.py ROWS.csv SOURCE_DIR OUTPUT_FOLDER CUSTOMER...

Leaves the series and the archives in OUTPUT_FOLDER, as they lay in the bucket, and there result.json: the forecasts of
the customers named, who trained whom, and how long each step took.
"""
import io
import json
import os
import pathlib
import re
import sys
import time

import boto3
import pandas
import sagemaker
from sagemaker import get_execution_role
from sagemaker.deserializers import JSONDeserializer
from sagemaker.inputs import TrainingInput
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.mxnet import MXNet
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.serializers import JSONSerializer
from sagemaker.sklearn import SKLearnModel, SKLearnProcessor
from sagemaker.utils import name_from_base

INSTANCES = 10


def split(session, role, raw, processed, source):
    processor = SKLearnProcessor(framework_version="1.0-1", role=role, instance_count=1, instance_type="ml.m5.xlarge",
                                 base_job_name="split", sagemaker_session=session)
    processor.run(
        code=f"{source}/split_customers.py",
        inputs=[ProcessingInput(source=raw, input_name="raw_data", destination="/opt/ml/processing/input/")],
        outputs=[ProcessingOutput(output_name="customer_data", source="/opt/ml/processing/output/customer_data/",
                                  destination=processed)])


def train(role, processed, models, source):
    estimator = MXNet(entry_point="train_customers.py", source_dir=source, role=role, framework_version="1.9.0",
                      py_version="py38", instance_count=INSTANCES, instance_type="ml.c5.xlarge", base_job_name="train",
                      checkpoint_s3_uri=models, checkpoint_local_path="/opt/ml/checkpoints")
    estimator.fit(TrainingInput(s3_data=processed, distribution="ShardedByS3Key", content_type="text/csv",
                                s3_data_type="S3Prefix", input_mode="File"))
    return estimator


def deploy(session, role, models, source):
    model = SKLearnModel(model_data=os.path.join(models, "1.tar.gz"), role=role, entry_point="forecast.py",
                         source_dir=source, framework_version="1.0-1", py_version="py3", name=name_from_base("model"),
                         sagemaker_session=session)
    fleet = MultiDataModel(name=name_from_base("customers"), model_data_prefix=models, model=model,
                           sagemaker_session=session)
    predictor = fleet.deploy(initial_instance_count=1, instance_type="ml.c5.xlarge",
                             endpoint_name=name_from_base("forecasts"), serializer=JSONSerializer(),
                             deserializer=JSONDeserializer())
    return fleet, predictor


def forecast(predictor, customers):
    """customer -> (the answer's text, seconds of the first call, of the second), each made twice."""
    forecasts = {}
    for customer in customers:
        answers, seconds = [], []
        for _ in range(2):
            began = time.monotonic()
            # JSON in a string: the serializer encodes it a second time, the handler decodes it a second time.
            answers.append(predictor.predict(data='{"period": 7}', target_model=f"{customer}.tar.gz"))
            seconds.append(time.monotonic() - began)
        assert answers[0] == answers[1], customer
        frame = pandas.read_json(io.StringIO(answers[0]))
        assert len(frame[["ds", "yhat", "yhat_lower", "yhat_upper"]]) == 7
        forecasts[customer] = (answers[0], *seconds)
    return forecasts


def trained_by(job):
    """customer -> the instance that says in its log to have stored it."""
    logs, group = boto3.client("logs"), "/aws/sagemaker/TrainingJobs"
    hosts = {}
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNamePrefix=job):
        for event in page["events"]:
            saved = re.search(r"\[(\S+)\] saved .*/(.+)\.tar\.gz", event["message"])
            if saved:
                assert event["logStreamName"].startswith(f"{job}/{saved[1]}-"), event
                hosts[saved[2]] = saved[1]
    return hosts


def main():
    rows, source, output, customers = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4:]
    seconds, began = {}, time.monotonic()

    def lap(name):
        nonlocal began
        seconds[name], began = round(time.monotonic() - began, 2), time.monotonic()

    session = sagemaker.Session()
    role = get_execution_role()
    bucket = session.default_bucket()
    prefix = "sagemaker/" + name_from_base("fleet")
    raw = session.upload_data(rows, bucket, f"{prefix}/data")
    lap("upload")
    processed = f"s3://{bucket}/{prefix}/data/processed"
    split(session, role, raw, processed, source)
    lap("split")
    models = f"s3://{bucket}/{prefix}/models/"
    estimator = train(role, processed, models, source)
    lap("train")
    fleet, predictor = deploy(session, role, models, source)
    lap("deploy")
    listed = len(list(fleet.list_models()))
    forecasts = forecast(predictor, customers)
    lap("predict")
    predictor.delete_endpoint()
    fleet.delete_model()
    lap("delete")

    session.download_data(str(output / "series"), bucket, f"{prefix}/data/processed")
    session.download_data(str(output / "models"), bucket, f"{prefix}/models/")
    client = boto3.client("sagemaker")
    job = estimator.latest_training_job.name
    (output / "result.json").write_text(json.dumps({
        "listed": listed, "forecasts": forecasts, "trained_by": trained_by(job), "seconds": seconds,
        "left": (len(client.list_endpoints(NameContains=predictor.endpoint_name)["Endpoints"])
                 + len(client.list_models(NameContains=fleet.name)["Models"])),
        "training_job": client.describe_training_job(TrainingJobName=job)}, default=str))


if __name__ == "__main__":
    main()
