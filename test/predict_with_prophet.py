"""Models on standard input -> what the Prophet that is installed predicts from them, without intervals.

    python predict_with_prophet.py < {"name": {"model": the text of model.json, "freq": "D", "future": {...}}, ...}

prints {"name": {ds: yhat of the ten rows after the history}, ...}. "future" is optional: columns beside ds, ten values each.
"""
import json
import logging
import sys

logging.disable(logging.CRITICAL)

from prophet.serialize import model_from_json  # noqa: E402  (after the log is off)

out = {}
for name, case in json.load(sys.stdin).items():
    model = model_from_json(case["model"])
    model.uncertainty_samples = 0
    future = model.make_future_dataframe(periods=10, freq=case["freq"], include_history=False)
    forecast = model.predict(future.assign(**case.get("future", {})))
    out[name] = {ds.isoformat(): float(yhat) for ds, yhat in zip(forecast["ds"], forecast["yhat"])}
json.dump(out, sys.stdout)
