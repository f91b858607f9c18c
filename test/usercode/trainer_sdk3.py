"""The same user scripts with the classes of the SageMaker Python SDK 3.x: ScriptProcessor, ModelTrainer, and an endpoint
of sagemaker.core.resources that uses the handlers in the archives.

    python trainer_sdk3.py ROWS.csv SOURCE_DIR OUTPUT_FOLDER CUSTOMER...

Leaves the archives in OUTPUT_FOLDER/models and the answers in OUTPUT_FOLDER/result.json.
"""
import json
import pathlib
import sys

import botocore.exceptions
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import (CheckpointConfig, ContainerDefinition, ProcessingInput, ProcessingOutput,
                                   ProcessingS3Input, ProcessingS3Output, ProductionVariant, S3DataSource)
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, OutputDataConfig, SourceCode

MXNET = {"framework": "mxnet", "version": "1.9.0", "py_version": "py38", "instance_type": "ml.c5.xlarge",
         "image_scope": "training"}
SKLEARN = {"framework": "sklearn", "version": "1.2-1", "py_version": "py3", "instance_type": "ml.m5.xlarge"}


def split(session, role, image, raw, processed, source):
    ScriptProcessor(image_uri=image, role=role, command=["python3"], instance_count=1, instance_type="ml.m5.xlarge",
                    base_job_name="split3", sagemaker_session=session).run(
        code=f"{source}/split_customers.py",
        inputs=[ProcessingInput(input_name="raw_data", s3_input=ProcessingS3Input(
            s3_uri=raw, local_path="/opt/ml/processing/input/", s3_data_type="S3Prefix", s3_input_mode="File"))],
        outputs=[ProcessingOutput(output_name="customer_data", s3_output=ProcessingS3Output(
            s3_uri=processed, local_path="/opt/ml/processing/output/customer_data/", s3_upload_mode="EndOfJob"))],
        logs=False)


def train(session, role, image, processed, models, source):
    bucket = session.default_bucket()
    trainer = ModelTrainer(
        training_image=image, role=role, base_job_name="train3", sagemaker_session=session,
        source_code=SourceCode(source_dir=source, entry_script="train_customers.py", requirements="requirements.txt"),
        compute=Compute(instance_type="ml.c5.xlarge", instance_count=3),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/"),
        checkpoint_config=CheckpointConfig(s3_uri=models, local_path="/opt/ml/checkpoints"),
        # Where this SDK puts the code; the script's own default is script mode's.
        hyperparameters={"code-dir": "/opt/ml/input/data/code"})
    trainer.train(input_data_config=[InputData(channel_name="training", data_source=S3DataSource(
        s3_data_type="S3Prefix", s3_uri=processed, s3_data_distribution_type="ShardedByS3Key"))], logs=False)


def ask(endpoint, customer, attempts=20):
    """Again while the model is being loaded: this SDK's client does not do so by itself."""
    try:
        return endpoint.invoke(body='{"period": 7}', target_model=f"{customer}.tar.gz", content_type="application/json",
                               accept="application/json").body.read().decode()
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ModelNotReadyException" or attempts == 1:
            raise
    return ask(endpoint, customer, attempts - 1)


def forecast(role, image, models, customers):
    name = "forecasts3"
    model = Model.create(model_name=name, execution_role_arn=role, primary_container=ContainerDefinition(
        image=image, mode="MultiModel", model_data_url=models))
    config = EndpointConfig.create(endpoint_config_name=name, production_variants=[ProductionVariant(
        variant_name="AllTraffic", model_name=name, initial_instance_count=1, instance_type="ml.c5.xlarge",
        initial_variant_weight=1.0)])
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
    endpoint.wait_for_status("InService")
    answers = {}
    for customer in customers:
        answers[customer] = ask(endpoint, customer)
    endpoint.delete()
    endpoint.wait_for_delete()
    config.delete()
    model.delete()
    return answers


def main():
    rows, source, output, customers = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4:]
    session = Session()
    role, bucket = get_execution_role(), session.default_bucket()
    images = {name: image_uris.retrieve(region="us-east-1", **which)
              for name, which in (("mxnet", MXNET), ("sklearn", SKLEARN))}
    raw = session.upload_data(path=rows, bucket=bucket, key_prefix="fleet3/data")
    processed, models = f"s3://{bucket}/fleet3/processed", f"s3://{bucket}/fleet3/models/"
    split(session, role, images["sklearn"], raw, processed, source)
    train(session, role, images["mxnet"], processed, models, source)
    answers = forecast(role, images["sklearn"], models, customers)
    session.download_data(str(output / "models"), bucket, "fleet3/models/")
    (output / "result.json").write_text(json.dumps({"answers": answers, "images": images}))


if __name__ == "__main__":
    main()
