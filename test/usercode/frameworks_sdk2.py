"""A scikit-learn and an XGBoost script from training to one multi-model endpoint each, with the SageMaker Python SDK 2.x.

    python frameworks_sdk2.py sklearn|xgboost SCRIPTS DATA_FOLDER RESULT.json

DATA_FOLDER has a folder with rows.csv a model. The answers of each model at (0.25, 1) and (0.75, 0) go to RESULT.json.
"""
import json
import pathlib
import sys

import numpy
import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.serializers import CSVSerializer, NumpySerializer
from sagemaker.sklearn import SKLearn
from sagemaker.utils import name_from_base
from sagemaker.xgboost import XGBoost

ROLE = sagemaker.get_execution_role()
SESSION = sagemaker.Session()
PLACE = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large", "py_version": "py3", "sagemaker_session": SESSION}


def sklearn_line(scripts, name):
    return SKLearn(entry_point="train_line.py", source_dir=f"{scripts}/lines", framework_version="1.2-1",
                   base_job_name=f"line-{name}", hyperparameters={"fit-intercept": 1},
                   metric_definitions=[{"Name": "slope", "Regex": "slope=(.*?);"}], **PLACE)


def xgboost_step(scripts, name):
    return XGBoost(entry_point="train_step.py", source_dir=f"{scripts}/steps", framework_version="1.7-1",
                   base_job_name=f"step-{name}", hyperparameters={"max_depth": 1, "eta": 1.0, "num_round": 1}, **PLACE)


def main():
    framework, scripts, data, result = sys.argv[1:]
    make, serializer = {"sklearn": (sklearn_line, NumpySerializer()), "xgboost": (xgboost_step, CSVSerializer())}[framework]
    bucket, prefix = SESSION.default_bucket(), name_from_base(framework)
    estimators = {}
    for folder in sorted(pathlib.Path(data).iterdir()):
        rows = SESSION.upload_data(str(folder / "rows.csv"), bucket, f"{prefix}/data/{folder.name}")
        estimators[folder.name] = make(scripts, folder.name)
        estimators[folder.name].fit({"train": rows}, wait=False)
    for estimator in estimators.values():
        estimator.latest_training_job.wait(logs="None")

    fleet = MultiDataModel(name=name_from_base("fleet"), model_data_prefix=f"s3://{bucket}/{prefix}/models/",
                           model=next(iter(estimators.values())).create_model(), sagemaker_session=SESSION)
    predictor = fleet.deploy(initial_instance_count=1, instance_type="ml.m5.large", serializer=serializer,
                             deserializer=JSONDeserializer())
    for name, estimator in estimators.items():
        fleet.add_model(model_data_source=estimator.model_data, model_data_path=f"{name}.tar.gz")
    points = numpy.array([[0.25, 1], [0.75, 0]])
    answers = {name: predictor.predict(points, target_model=f"{name}.tar.gz") for name in estimators}
    csv = SESSION.sagemaker_runtime_client.invoke_endpoint(
        EndpointName=predictor.endpoint_name, TargetModel=f"{name}.tar.gz", Body="0.25,1\n0.75,0\n", ContentType="text/csv",
        Accept="application/json")["Body"].read()
    predictor.delete_endpoint(delete_endpoint_config=True)
    fleet.delete_model()
    metrics = {name: SESSION.describe_training_job(estimator.latest_training_job.name).get("FinalMetricDataList", [])
               for name, estimator in estimators.items()}
    pathlib.Path(result).write_text(json.dumps({
        "answers": answers, "last_by_csv": json.loads(csv),
        "metrics": {name: {each["MetricName"]: each["Value"] for each in found} for name, found in metrics.items()}}))


if __name__ == "__main__":
    main()
