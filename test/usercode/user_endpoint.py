"""Endpoints of user code as tests call them, and the processes that stand behind them."""
import io
import json
import os
import tarfile
import time

import botocore.exceptions
import pytest

from plain_run import SOURCE

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.0-1-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/chiliad"
TWICE = json.dumps('{"period": 7}')
ONCE = '{"period": 7}'
ENVIRONMENT = {"SAGEMAKER_PROGRAM": "forecast.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://fleet/sourcedir.tar.gz",
               "SAGEMAKER_CONTAINER_LOG_LEVEL": "20", "SAGEMAKER_REGION": "us-east-1"}


def tar_gz(files):
    """files: name -> bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def upload_fleet(s3, models):
    """The bucket `fleet` with the archives below models/ and the source beside them."""
    s3.create_bucket(Bucket="fleet")
    s3.put_object(Bucket="fleet", Key="sourcedir.tar.gz",
                  Body=tar_gz({path.name: path.read_bytes() for path in SOURCE.iterdir() if path.is_file()}))
    for path in models.iterdir():
        s3.put_object(Bucket="fleet", Key=f"models/{path.name}", Body=path.read_bytes())


class Endpoint:
    def __init__(self, platform, name, environment):
        self.platform, self.name = platform, name
        self.client, self.runtime = platform.client("sagemaker"), platform.client("sagemaker-runtime")
        self.client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": SKLEARN, "Mode": "MultiModel", "ModelDataUrl": "s3://fleet/models/", "Environment": environment})
        self.client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"}])
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.client.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})

    def once(self, model, body=TWICE, content_type="application/json", accept="application/json"):
        return self.runtime.invoke_endpoint(EndpointName=self.name, TargetModel=model, Body=body, ContentType=content_type,
                                            Accept=accept)["Body"].read().decode()

    def call(self, model, body=TWICE, **keywords):
        """As once(); again while the model is being loaded, which on a busy machine may take longer than a call waits."""
        end = time.monotonic() + 300
        while True:
            try:
                return self.once(model, body, **keywords)
            except self.runtime.exceptions.ModelNotReadyException:
                assert time.monotonic() < end, f"{model} is not ready"
                time.sleep(0.1)

    def error(self, model, body=TWICE, **keywords):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            self.call(model, body, **keywords)
        return raised.value.response

    def lines(self):
        logs = self.platform.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/sagemaker/Endpoints/{self.name}")
        return [event["message"] for page in pages for event in page["events"]]

    def delete(self):
        self.client.delete_endpoint(EndpointName=self.name)
        self.client.get_waiter("endpoint_deleted").wait(EndpointName=self.name, WaiterConfig={"Delay": 1})
        self.client.delete_endpoint_config(EndpointConfigName=self.name)
        self.client.delete_model(ModelName=self.name)


def descendants(pid):
    """pid -> name of every process below `pid`."""
    parents, names = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    name, _, rest = file.read().partition("(")[2].rpartition(")")
            except OSError:
                continue
            parents[int(entry)], names[int(entry)] = int(rest.split()[1]), name
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return {child: names[child] for child in found if child != pid}


def until(holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)
