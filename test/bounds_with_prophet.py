"""A model on standard input -> Prophet's forecast of the ten rows after its history, with all columns and bounds.

    python bounds_with_prophet.py < model.json
"""
import json
import logging
import sys

logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402  (after the log is off)
from prophet.serialize import model_from_json  # noqa: E402

np.random.seed(1)
model = model_from_json(sys.stdin.read())
forecast = model.predict(model.make_future_dataframe(periods=10, include_history=False))
json.dump({name: forecast[name].tolist() for name in forecast.columns if name != "ds"}, sys.stdout)
