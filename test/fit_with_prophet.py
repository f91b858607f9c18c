"""Fits some small models with the Prophet that is installed -> {name: {model, freq, yhat}} on standard output.

    python fit_with_prophet.py
"""
import json
import logging
import sys

logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402  (after the log is off)
import pandas as pd  # noqa: E402
import prophet  # noqa: E402
from prophet import Prophet  # noqa: E402
from prophet.serialize import model_to_json  # noqa: E402


def series(rows, freq="D"):
    at = np.arange(rows)
    y = 100 + 0.3 * at + 8 * np.sin(2 * np.pi * at / 7) + np.random.default_rng(1).normal(0, 2, rows)
    return pd.DataFrame({"ds": pd.date_range("2022-01-01 06:00", periods=rows, freq=freq), "y": y})


def constant(rows):
    return series(rows).assign(y=4.5)


def monthly_and_weekly():
    model = Prophet(seasonality_mode="multiplicative", changepoint_prior_scale=0.3)
    return model.add_seasonality("monthly", 30.5, 3, mode="additive")


def with_holidays():
    days = pd.DataFrame({"holiday": ["fair", "it's late"], "ds": pd.to_datetime(["2022-02-01", "2022-05-03"]),
                         "lower_window": [-1, 0], "upper_window": [1, 2]})
    if prophet.__version__ < "1.5":  # Without holidays_mode, and with other names for a country's holidays.
        return Prophet(holidays=days)
    return Prophet(holidays=days, holidays_mode="multiplicative").add_country_holidays("DE")


def with_predicted_regressor():
    return Prophet().add_regressor("temp", regressor_predictor={"weekly_seasonality": 2, "growth": "flat"})


MODELS = {
    "defaults": (Prophet(), series(90), "D"),
    "notebook": (Prophet(yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False,
                         seasonality_mode="multiplicative"), series(358), "D"),
    "custom": (monthly_and_weekly(), series(120), "W"),
    "hourly": (Prophet(), series(200, "h"), "h"),
    "constant": (Prophet(), constant(50), "B"),
    "flat": (Prophet(growth="flat", yearly_seasonality=3), series(200), "D"),
    "holidays": (with_holidays(), series(120), "D"),
    "changepoints": (Prophet(changepoints=["2022-02-20", "2022-02-01"]), series(70), "MS"),
}

if prophet.__version__ >= "1.5":
    MODELS["predicted regressor"] = (with_predicted_regressor(), series(90).assign(temp=np.arange(90) * 5 % 7), "D")

out = {}
for name, (model, frame, freq) in MODELS.items():
    model.fit(frame)
    model.uncertainty_samples = 0
    future = model.make_future_dataframe(periods=10, freq=freq, include_history=False)
    forecast = model.predict(future)
    model.uncertainty_samples = 1000
    columns = {}  # What a model read from the stored form needs beside dates: the regressor's own model is not in it.
    for regressor, properties in model.extra_regressors.items():
        columns[regressor] = properties["predictor"].predict(future)["yhat"].tolist()
    out[name] = {"model": model_to_json(model), "freq": freq, "columns": columns,
                 "yhat": {ds.isoformat(): float(yhat) for ds, yhat in zip(forecast["ds"], forecast["yhat"])}}
json.dump(out, sys.stdout)
