"""The handler that each archive carries: one JSON object in, one out. An endpoint with a handler of its own (forecast.py)
does not use it."""
import json
import pathlib

import numpy
from prophet.serialize import model_from_json


def model_fn(model_dir):
    return model_from_json(pathlib.Path(model_dir, "model.json").read_text())


def input_fn(request_body, content_type):
    return int(json.loads(request_body)["period"])


def predict_fn(period, model):
    numpy.random.seed(period)
    return model.predict(model.make_future_dataframe(periods=period)).iloc[-period:]


def output_fn(forecast, accept):
    return json.dumps({"handler": "from the archive", "yhat": forecast.yhat.tolist()})
