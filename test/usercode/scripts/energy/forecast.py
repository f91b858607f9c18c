"""Inference: the four functions of the SageMaker inference toolkit around a stored Prophet model.

Body and answer are JSON strings that hold JSON, because the client encodes what is encoded already.
"""
import json
import pathlib

import numpy
from prophet.serialize import model_from_json

JSON = "application/json"


def model_fn(model_dir):
    return model_from_json(pathlib.Path(model_dir, "model.json").read_text())


def input_fn(request_body, content_type):
    if content_type != JSON:
        raise ValueError(f"a body of type {content_type!r} is not understood, only {JSON}")
    return int(json.loads(json.loads(request_body))["period"])


def predict_fn(period, model):
    # Bounds are drawn at random; a test compares them to the last digit.
    numpy.random.seed(period)
    return model.predict(model.make_future_dataframe(periods=period)).iloc[-period:]


def output_fn(forecast, accept):
    if accept != JSON:
        raise ValueError(f"an answer of type {accept!r} cannot be given, only {JSON}")
    return json.dumps(forecast.to_json())
