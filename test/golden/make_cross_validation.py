#!/usr/bin/env python3
"""Makes cases/cv_*.json.gz: cross-validations by real Prophet, in the format "prophet-cv-fixture-1" of doc/parity.md.

    python3 make_cross_validation.py cases

Needs Prophet 1.5.0. Prophet's own Python runs, with its optimiser replaced by the true optimum (true_optimum.py), so that
its forecasts can be asked for in all digits; bounds are its simulation's, and only looked at by the metrics.
"""
import gzip
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import prophet
from prophet import models
from prophet.diagnostics import cross_validation, performance_metrics

import true_optimum
from make_cases import columns, constructor, make_model, plain

for logger in ("prophet", "cmdstanpy"):
    logging.getLogger(logger).setLevel(logging.CRITICAL)


def optimum(self, init, data, **kwargs):
    problem = true_optimum.Problem(data, np.asarray(data["X"], float))
    start = {name: np.ravel(value) for name, value in init.items()}
    start.update(k=start["k"][0], m=start["m"][0], sigma_obs=start["sigma_obs"][0])
    theta = problem.maximise(true_optimum.pack(start))
    assert problem.kkt(theta) < 1e-6, problem.kkt(theta)
    self.stan_fit = None
    return {name: np.atleast_2d(np.asarray(value, float)) for name, value in true_optimum.unpack(theta, problem).items()}


def series(rows, freq="D", start="2021-03-01", seed=1):
    rng = np.random.default_rng(seed)
    ds = pd.date_range(start, periods=rows, freq=freq)
    days = (ds - ds[0]) / pd.Timedelta("1D")
    y = 40 + 0.05 * days + 3 * np.sin(2 * np.pi * days / 7) + rng.normal(0, 1.5, rows)
    return pd.DataFrame({"ds": ds, "y": np.round(y, 3)})


def minmax():
    """scaling='minmax', which the copy forgets; a gap that cut-offs step over; a value near 0, without mape."""
    frame = series(300, seed=2)
    frame.loc[120, "y"] = 1e-9
    return frame.drop(index=range(150, 205)).reset_index(drop=True), dict(
        scaling="minmax", n_changepoints=8), {}, dict(horizon="20 days", period="15 days", initial="60 days")


def logistic_minmax():
    """Logistic growth without a floor: the copy takes y_min for one."""
    frame = series(200, seed=3)
    frame["y"] = np.round(80 / (1 + np.exp(-(np.arange(200) - 90) / 30)) + frame["y"] / 20, 3)
    frame["cap"] = 100.0
    return frame, dict(growth="logistic", scaling="minmax", n_changepoints=5, weekly_seasonality=False), {}, dict(
        horizon="30 days", initial="120 days")


def regressors():
    """Two regressors, one of a single value up to the second cut-off; a condition; given changepoints and cut-offs."""
    frame, rng = series(220, seed=4), np.random.default_rng(5)
    frame["price"] = np.round(rng.normal(10, 2, 220), 2)
    frame["late"] = np.where(np.arange(220) < 140, 2.0, np.round(rng.normal(3, 1, 220), 2))
    frame["on"] = np.arange(220) % 10 < 4
    frame["y"] = np.round(frame["y"] + 0.8 * frame["price"] + 1.1 * frame["late"], 3)
    options = dict(weekly_seasonality=False, changepoints=["2021-05-01", "2021-04-10", "2021-08-01"])
    calls = dict(add_seasonality=[dict(name="week", period=7, fourier_order=2, condition_name="on")],
                 add_regressor=[dict(name="price"), dict(name="late", prior_scale=0.5)])
    return frame, options, calls, dict(horizon="12 days", cutoffs=["2021-07-10", "2021-07-01", "2021-09-01"],
                                       extra_output_columns=["trend", "late", "extra_regressors_additive"])


def hourly():
    """Defaults of every argument on three weeks of hours, with holidays."""
    holidays = pd.DataFrame({"holiday": "fair", "ds": pd.to_datetime(["2021-03-06", "2021-03-13", "2021-03-20"]),
                             "lower_window": 0, "upper_window": 1})
    return series(500, "h", seed=6), dict(holidays=holidays, n_changepoints=4, uncertainty_samples=100), {}, dict(
        horizon="36 hours")


CASES = dict(cv_minmax=minmax, cv_logistic_minmax=logistic_minmax, cv_regressors=regressors, cv_hourly=hourly)
WINDOWS = {"-1": (-1, False), "0": (0, False), "0.1": (0.1, False), "0.5": (0.5, False), "1": (1, False),
           "0_monthly": (0, True)}


def metrics(cv, window, monthly):
    figures = performance_metrics(cv, rolling_window=window, monthly=monthly)
    if not monthly:
        figures["horizon"] = figures["horizon"].dt.total_seconds()
    return columns(figures)


def make_case(name):
    frame, options, calls, args = CASES[name]()
    options = {"uncertainty_samples": 50, **options}
    model = make_model(options, calls)
    model.fit(frame)
    np.random.seed(1)
    call = dict(args)
    if "cutoffs" in call:
        call["cutoffs"] = list(pd.to_datetime(call["cutoffs"]))
    cv = cross_validation(model, disable_tqdm=True, **call)
    return {"format": "prophet-cv-fixture-1", "id": name, "optimiser": "true optimum",
            "versions": {"prophet": prophet.__version__, "numpy": np.__version__, "pandas": pd.__version__},
            "constructor": constructor(options), "add_seasonality": calls.get("add_seasonality", []),
            "add_regressor": calls.get("add_regressor", []), "horizon": args["horizon"],
            "args": {key: value for key, value in args.items() if key != "horizon"}, "history_input": columns(frame),
            "cutoffs": plain(list(cv["cutoff"].unique())), "cv": columns(cv),
            "performance_metrics": {key: metrics(cv, *window) for key, window in WINDOWS.items()}}


def main():
    models.CmdStanPyBackend.fit = optimum
    folder = Path(sys.argv[1])
    for name in CASES:
        text = json.dumps(make_case(name), allow_nan=False, separators=(",", ":"))
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        print(name, len(text), file=sys.stderr)


if __name__ == "__main__":
    main()
