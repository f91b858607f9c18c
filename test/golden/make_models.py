#!/usr/bin/env python3
"""Makes models/: small models as Prophet itself stores them, and what Prophet predicts from them.

    python3 make_models.py models [CASE ...]   with the Prophet that is installed (1.5.0 made the committed ones)
    python3 make_models.py models 1.1.4        the same under names that begin with "prophet-1.1.4-"

<name>.json is the text of model_to_json, byte for byte. <name>.forecast.json holds
{"prophet": version, "ds": [...], column: [...]} as model_from_json(<name>.json).predict() gives it, with
uncertainty_samples = 0, for all rows of the history and the ten that make_future_dataframe adds; "given" holds the
columns that went in beside ds. Models with features that chiliad does not support yet have no forecast file:
src/forecast/stored_form_test.cc expects them to be refused.
"""
import json
import logging
import os
import sys

import numpy as np
import pandas as pd
import prophet
from prophet import Prophet
from prophet.serialize import model_from_json, model_to_json

for name in ("prophet", "cmdstanpy"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

OFF = dict(yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False)


def series(rows, freq="D", start="2022-01-01", seed=1):
    """Values with five decimals: what pandas writes of them is exact."""
    rng = np.random.default_rng(seed)
    at = np.arange(rows)
    y = 100 + 0.3 * at + 8 * np.sin(2 * np.pi * at / 7) + rng.normal(0, 2, rows)
    return pd.DataFrame({"ds": pd.date_range(start, periods=rows, freq=freq), "y": y.round(5)})


def trend_only():
    return Prophet(seasonality_mode="multiplicative", **OFF).fit(series(30)), "D"


def weekly_and_custom():
    model = Prophet(seasonality_mode="multiplicative", changepoint_prior_scale=0.5, n_changepoints=7,
                    interval_width=0.95, uncertainty_samples=300, daily_seasonality=False, yearly_seasonality=False)
    model.add_seasonality("month / 30.5 \"days\"", period=30.5, fourier_order=2, prior_scale=0.1, mode="additive")
    return model.fit(series(60, seed=2)), "D"


def minmax_missing():
    frame = series(50, seed=3)
    frame.loc[[4, 20, 49], "y"] = np.nan
    options = {} if prophet.__version__ < "1.1.5" else dict(scaling="minmax", holidays_mode="multiplicative")
    return Prophet(weekly_seasonality=True, **options).fit(frame), "D"


def given_changepoints():
    model = Prophet(changepoints=["2022-02-10", "2022-01-11"], weekly_seasonality=2)
    return model.fit(series(50, seed=4)), "B"


def no_changepoints():
    return Prophet(n_changepoints=0, weekly_seasonality=False).fit(series(20, seed=5)), "D"


def constant():
    frame = series(20)
    frame["y"] = 7.25
    return Prophet().fit(frame), "D"


def hourly():
    frame = series(72, freq="h", start="2021-12-31 03:30:00", seed=6)
    return Prophet(growth="linear").fit(frame), "h"


def monthly():
    frame = series(40, freq="MS", start="1960-03-01", seed=7)
    return Prophet(yearly_seasonality=2).fit(frame), "MS"


def logistic():
    frame = series(30)
    frame["cap"] = 200.0
    return Prophet(growth="logistic", **OFF).fit(frame), "D", frame


def logistic_floor():
    frame = series(40, seed=8)
    frame["temp"] = (np.arange(40) * 5) % 13 / 4
    frame["cap"] = 90.0 + np.arange(40)
    frame["floor"] = 40.5 - np.arange(40) % 3
    model = Prophet(growth="logistic", scaling="minmax", seasonality_mode="multiplicative", yearly_seasonality=False)
    return model.add_regressor("temp").fit(frame), "D", frame


def flat():
    return Prophet(growth="flat", **OFF).fit(series(30)), "D"


def holidays():
    days = pd.DataFrame({"holiday": ["day / \"one\"", "fair", "fair"],
                         "ds": pd.to_datetime(["2022-01-06", "2022-01-10", "2022-01-25"]),
                         "lower_window": [0, -1, 0], "upper_window": [0, 1, 2], "prior_scale": [3.0, 0.5, 0.5]})
    return Prophet(holidays=days, holidays_mode="multiplicative", **OFF).fit(series(30)), "D"


def country_holidays():
    days = pd.DataFrame({"holiday": "New Year's Day", "ds": pd.to_datetime(["2022-01-08"])})
    model = Prophet(holidays=days, **OFF)
    model.add_country_holidays("US")
    model.add_regressor("x")
    frame = series(80)
    frame["x"] = np.arange(80) % 3 / 2
    return model.fit(frame), "D", frame


def regressor():
    frame = series(40)
    frame["x / y"] = np.arange(40) % 4 * 1.5
    frame["promo"] = (np.arange(40) % 9 == 0).astype(float)
    frame["raw"] = (np.arange(40) * 7) % 11 - 5.0
    model = Prophet(seasonality_mode="multiplicative", holidays_prior_scale=3.0, **OFF)
    model.add_regressor("x / y", mode="additive").add_regressor("promo", standardize=True, prior_scale=0.5)
    model.add_regressor("raw", standardize=False)
    return model.fit(frame), "D", frame


def conditional():
    frame = series(30)
    frame["on"] = frame["ds"].dt.day < 15
    frame["temp"] = (np.arange(30) * 5) % 13 / 4
    model = Prophet(**OFF)
    model.add_seasonality("weekly_on", period=7, fourier_order=2, condition_name="on", mode="multiplicative")
    model.add_seasonality("weekly", period=7, fourier_order=1, condition_name="on").add_regressor("temp")
    return model.fit(frame), "D", frame


def sampled():
    return Prophet(mcmc_samples=8, n_changepoints=2, **OFF).fit(series(12), show_progress=False, chains=1, seed=1), None


CASES = [trend_only, weekly_and_custom, minmax_missing, given_changepoints, no_changepoints, constant, hourly, monthly,
         logistic, logistic_floor, flat, holidays, country_holidays, regressor, conditional, sampled]
OLD_CASES = [trend_only, weekly_and_custom, minmax_missing, given_changepoints, constant, hourly]


def write(folder, name, model, freq, frame=None):
    text = model_to_json(model)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        file.write(text)
    if freq is None:
        return
    loaded = model_from_json(text)
    loaded.uncertainty_samples = 0
    future = loaded.make_future_dataframe(periods=10, freq=freq)
    given = [] if frame is None else [column for column in frame if column not in ("ds", "y")]
    for column in given:
        future[column] = np.resize(frame[column].to_numpy(), len(future))
    forecast = loaded.predict(future)
    out = {"prophet": prophet.__version__, "freq": freq,
           "ds": [d.isoformat() for d in forecast.pop("ds")]}
    if given:
        out["given"] = {column: [float(v) for v in future[column]] for column in given}
    out.update({column: [float(v) for v in forecast[column]] for column in forecast})
    with open(os.path.join(folder, name + ".forecast.json"), "w") as file:
        json.dump(out, file)
        file.write("\n")


def main():
    folder = sys.argv[1]
    old = len(sys.argv) > 2 and sys.argv[2][0].isdigit()
    if old and prophet.__version__ != sys.argv[2]:
        sys.exit(f"this is Prophet {prophet.__version__}, not {sys.argv[2]}")
    os.makedirs(folder, exist_ok=True)
    for case in OLD_CASES if old else CASES:
        if not old and len(sys.argv) > 2 and case.__name__ not in sys.argv[2:]:
            continue
        model, freq, *frame = case()
        name = case.__name__.replace("_", "-")
        write(folder, f"prophet-{sys.argv[2]}-{name}" if old else name, model, freq, *frame)
        print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
