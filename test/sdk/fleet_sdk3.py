"""The same fleet with the classes of the SageMaker Python SDK 3.x: ModelTrainer and sagemaker.core.resources.

    python fleet_sdk3.py ROWS.csv CUSTOMERS
"""
import json
import sys
import time

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import Processor
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import (CheckpointConfig, ContainerDefinition, ProcessingInput, ProcessingOutput,
                                   ProcessingS3Input, ProcessingS3Output, ProductionVariant, S3DataSource)
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, OutputDataConfig

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def main():
    rows, customers = sys.argv[1], int(sys.argv[2])
    session = Session()
    role = get_execution_role()
    bucket = session.default_bucket()
    raw = session.upload_data(path=rows, bucket=bucket, key_prefix="fleet3/data")

    split = f"s3://{bucket}/fleet3/processed"
    Processor(image_uri=f"{REGISTRY}/chiliad-split:1", role=role, instance_count=1, instance_type="ml.m5.xlarge",
              base_job_name="fleet3-split", sagemaker_session=session).run(
        inputs=[ProcessingInput(input_name="raw_data", s3_input=ProcessingS3Input(
            s3_uri=raw, local_path="/opt/ml/processing/input/", s3_data_type="S3Prefix", s3_input_mode="File"))],
        outputs=[ProcessingOutput(output_name="customer_data", s3_output=ProcessingS3Output(
            s3_uri=split, local_path="/opt/ml/processing/output/customer_data/", s3_upload_mode="EndOfJob"))],
        wait=True, logs=False)

    models = f"s3://{bucket}/fleet3/models/"
    trainer = ModelTrainer(
        training_image=f"{REGISTRY}/chiliad-prophet:1", role=role, base_job_name="fleet3-train",
        sagemaker_session=session, compute=Compute(instance_type="ml.c5.xlarge", instance_count=10),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/"),
        checkpoint_config=CheckpointConfig(s3_uri=models, local_path="/opt/ml/checkpoints"),
        hyperparameters={"holdout": "7"})
    trainer.train(input_data_config=[InputData(channel_name="training", data_source=S3DataSource(
        s3_data_type="S3Prefix", s3_uri=split, s3_data_distribution_type="ShardedByS3Key"))], wait=True, logs=False)

    name = f"fleet3-{int(time.time())}"
    model = Model.create(model_name=name, execution_role_arn=role, primary_container=ContainerDefinition(
        image=f"{REGISTRY}/chiliad-prophet:1", mode="MultiModel", model_data_url=models))
    config = EndpointConfig.create(endpoint_config_name=name, production_variants=[ProductionVariant(
        variant_name="AllTraffic", model_name=name, initial_instance_count=1, instance_type="ml.c5.xlarge",
        initial_variant_weight=1.0)])
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
    endpoint.wait_for_status("InService")
    forecasts = {}
    for customer in ("8", str(customers - 1)):
        answer = endpoint.invoke(body=json.dumps({"period": 7}), target_model=f"{customer}.tar.gz",
                                 content_type="application/json", accept="application/json")
        forecasts[customer] = json.loads(answer.body.read())
    endpoint.delete()
    endpoint.wait_for_delete()
    config.delete()
    model.delete()
    # On a line of its own, whatever the SDK's boxes left on the last one.
    print("\n" + json.dumps({"role": role, "forecasts": forecasts}))


if __name__ == "__main__":
    main()
