#!/usr/bin/env python3
"""Makes cases/: reference cases for `chiliad parity` with real Prophet, in the format of doc/parity.md.

    python3 make_cases.py cases

Needs Prophet 1.5.0 (NumPy and pandas come with it). Each case holds the options, the rows, everything that Prophet
computes before the optimiser, where its optimiser stopped, the true optimum found here, its forecast, and interval
bounds of ten seeds. Some series are generated, some are the CSV files that lie in Prophet's wheel (prophet/tests).
"""
import dataclasses
import gzip
import json
import logging
import math
import os
import sys
from pathlib import Path

import cmdstanpy
import holidays
import numpy as np
import pandas as pd
import prophet
from prophet import Prophet

import true_optimum

for name in ("prophet", "cmdstanpy"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

OFF = dict(yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False)
WHEEL = Path(prophet.__file__).parent / "tests"
SEEDS = 10
MAX_X = 2500  # Numbers of X kept; else 40 rows.


# --- The series -------------------------------------------------------------------------------------

def series(rows, freq="D", start="2022-01-01", seed=1, noise=2.0):
    """A bent trend with a week and a year in it."""
    rng = np.random.default_rng(seed)
    at = np.arange(rows)
    trend = 100 + 0.2 * at - 0.3 * np.maximum(0, at - rows // 3) + 0.4 * np.maximum(0, at - rows // 2)
    y = trend + 8 * np.sin(2 * np.pi * at / 7) + 12 * np.cos(2 * np.pi * at / 365.25) + rng.normal(0, noise, rows)
    return pd.DataFrame({"ds": pd.date_range(start, periods=rows, freq=freq), "y": y})


def missing_values():
    frame = series(200, seed=11)
    frame.loc[[0, 3, 4, 5, 60, 198, 199], "y"] = np.nan
    return frame


def duplicates():
    frame = series(150, seed=12)
    extra = frame.iloc[[5, 5, 40, 149]].assign(y=lambda f: f["y"] + 1.5)
    return pd.concat([frame, extra], ignore_index=True)


def unsorted():
    return series(160, seed=13).sample(frac=1, random_state=7).reset_index(drop=True)


def hourly():
    frame = series(240, freq="h", start="2022-03-01 05:00:00", seed=14)
    frame["y"] += 10 * np.sin(2 * np.pi * np.arange(240) / 24)
    return frame


def stiff():
    """Both trend and shares can follow the values: y scaled to [0, 1], a year's terms on four months."""
    at = np.arange(120)
    y = 100 + 0.2 * at + 8 * np.sin(2 * np.pi * at / 7) + 3 * np.sin(at * at)
    return series(120).assign(y=y)


def constant(value):
    return series(60).assign(y=value)


def wheel(file, rows):
    frame = pd.read_csv(WHEEL / file, parse_dates=["ds"]).iloc[:rows]
    return frame.assign(y=frame["y"].astype(float))


def with_cap():
    return series(120, seed=15).assign(cap=200.0)


def saturating(rows, seed, floor=None, rate=6.0):
    """A curve that nears a rising capacity (or falls to its floor), with a week."""
    random, at = np.random.default_rng(seed), np.arange(rows)
    cap, low = 80 + 40 * at / rows, np.zeros(rows) if floor is None else floor + 5 * np.sin(at / 30)
    share = 1 / (1 + np.exp(-rate * (at / rows - 0.4)))
    y = low + (cap - low) * share + 2 * np.sin(2 * np.pi * at / 7) + random.normal(0, 1.5, rows)
    frame = pd.DataFrame({"ds": pd.date_range("2022-03-01", periods=rows), "y": y, "cap": cap})
    return frame if floor is None else frame.assign(floor=low)


def saturating_with_parts():
    frame = saturating(180, 30)
    at = np.arange(len(frame))
    frame["promo"] = at % 11 == 3
    frame["temp"] = 20 + 6 * np.sin(at / 17)
    frame["y"] *= 1 + 0.1 * frame["promo"] + 0.004 * (frame["temp"] - 20)
    return frame


def with_regressors(rows=120, seed=16):
    """A binary one, one around 20 and one that is the same everywhere; the first two drive y."""
    frame, at = series(rows, seed=seed), np.arange(rows)
    frame["x"] = at % 5 * 1.5
    frame["promo"] = at % 11 == 3
    frame["temp"] = 20 + 6 * np.sin(at * at)
    frame["same"] = 4.0
    frame["y"] += 9 * frame["promo"] + 0.8 * (frame["temp"] - 20)
    return frame


def with_conditions():
    """Another week in the second half of each month, half the weeks of which lack a value."""
    frame = series(260, seed=21)
    frame["late"] = frame["ds"].dt.day > 15
    frame["early"] = ~frame["late"]
    frame.loc[frame["late"], "y"] += 6 * np.cos(2 * np.pi * np.arange(frame["late"].sum()) / 7)
    frame.loc[frame["ds"].dt.isocalendar().week % 4 == 1, "y"] = np.nan
    return frame


MONTHLY = dict(name="monthly", period=30.5, fourier_order=3, prior_scale=0.1, mode="multiplicative")
DAYS = pd.DataFrame({"holiday": "day", "ds": pd.to_datetime(["2022-01-06", "2022-03-08"])})
WINDOWS = pd.DataFrame({
    "holiday": ["fair", "fair", "A fair", "fair", "late"],
    "ds": pd.to_datetime(["2022-02-01", "2022-04-20", "2022-03-10", "2022-06-05", "2023-07-01"]),
    "lower_window": [-2, 0, 0, -1, -11], "upper_window": [1, 10, 0, 0, 0], "prior_scale": [0.4, 0.4, None, 0.4, 2.0]})

# id: rows, constructor, what else is called, periods and freq of the future.
CASES = {
    "trend_only": (series(358, seed=1), dict(seasonality_mode="multiplicative", **OFF), {}, (30, "D")),
    "yearly_weekly": (series(400, seed=2), dict(yearly_seasonality=True), {}, (30, "D")),
    "multiplicative": (series(300, seed=3), dict(seasonality_mode="multiplicative", yearly_seasonality=3), {}, (30, "D")),
    "custom_seasonality": (series(250, seed=4), {}, dict(add_seasonality=[MONTHLY]), (30, "D")),
    "minmax": (series(200, seed=5), dict(scaling="minmax", seasonality_mode="multiplicative"), {}, (30, "W")),
    "stiff_shares": (stiff(), dict(scaling="minmax", seasonality_mode="multiplicative", yearly_seasonality=4), {},
                     (30, "D")),
    "given_changepoints": (series(200, seed=6), dict(changepoints=["2022-05-01", "2022-02-14"],
                                                     changepoint_prior_scale=0.2), {}, (20, "B")),
    "empty_changepoints": (series(150, seed=7), dict(changepoints=[]), {}, (20, "D")),
    "zero_changepoints": (series(150, seed=8), dict(n_changepoints=0, **OFF), {}, (20, "D")),
    "flexible_trend": (series(300, seed=9, noise=0.5), dict(changepoint_prior_scale=0.5, changepoint_range=0.95,
                                                            n_changepoints=40, interval_width=0.5), {}, (150, "D")),
    "missing_values": (missing_values(), {}, {}, (30, "D")),
    "duplicates": (duplicates(), {}, {}, (30, "D")),
    "unsorted": (unsorted(), {}, {}, (30, "D")),
    "hourly": (hourly(), {}, {}, (48, "h")),
    "short_default": (series(20, seed=10), {}, {}, (30, "D")),
    "one_future_row": (series(120, seed=17), {}, {}, (1, "D")),
    "constant": (constant(7.25), {}, {}, (30, "D")),
    "zeros": (constant(0.0), dict(seasonality_mode="multiplicative"), {}, (30, "D")),
    "two_points": (series(2), {}, {}, (30, "D")),
    "wheel_data": (wheel("data.csv", 300), {}, {}, (30, "D")),
    "wheel_data2": (wheel("data2.csv", 250), {}, {}, (30, "5min")),
    "wheel_data3": (wheel("data3.csv", 70), dict(scaling="minmax"), {}, (30, "D")),
    "flat": (series(300, seed=19), dict(growth="flat", yearly_seasonality=4), {}, (30, "D")),
    "flat_multiplicative": (series(150, seed=20), dict(growth="flat", seasonality_mode="multiplicative",
                                                       scaling="minmax"), {}, (30, "D")),
    "flat_constant": (constant(-3.5), dict(growth="flat"), {}, (10, "D")),
    "logistic": (with_cap(), dict(growth="logistic"), {}, (10, "D")),
    "logistic_floor": (saturating(160, 31, floor=20), dict(growth="logistic"), {}, (20, "D")),
    "logistic_floor_minmax": (saturating(160, 32, floor=-60), dict(growth="logistic", scaling="minmax",
                                                                   changepoint_prior_scale=0.5), {}, (12, "W")),
    "logistic_minmax": (saturating(140, 33), dict(growth="logistic", scaling="minmax"), {}, (20, "D")),
    "logistic_falling": (saturating(150, 34, rate=-8.0), dict(growth="logistic", n_changepoints=10), {}, (1, "D")),
    "logistic_multiplicative": (saturating_with_parts(), dict(growth="logistic", seasonality_mode="multiplicative",
                                                              holidays=DAYS),
                                dict(add_regressor=[dict(name="promo"), dict(name="temp", mode="additive")]),
                                (20, "D")),
    "logistic_no_changepoints": (saturating(100, 35), dict(growth="logistic", n_changepoints=0, **OFF), {}, (20, "D")),
    "holidays": (series(120, seed=18), dict(holidays=DAYS), {}, (10, "D")),
    "holidays_windows": (series(260, seed=25), dict(holidays=WINDOWS, seasonality_mode="multiplicative",
                                                    holidays_prior_scale=5.0), {}, (60, "D")),
    "holidays_hourly": (hourly(), dict(holidays=pd.DataFrame({
        "holiday": "day", "ds": pd.to_datetime(["2022-03-04", "2022-03-08", "2022-03-12"])})), {}, (72, "h")),
    "country": (series(500, seed=26), dict(holidays=DAYS, holidays_mode="multiplicative"),
                dict(add_country_holidays="US"), (120, "D")),
    "country_lunar": (series(400, seed=27), {}, dict(add_country_holidays="TU"), (100, "D")),
    "regressor": (with_regressors(), {}, dict(add_regressor=[dict(name="x")]), (10, "D")),
    "regressors": (with_regressors(300, 22), dict(seasonality_mode="multiplicative", holidays_prior_scale=2.0),
                   dict(add_regressor=[dict(name="promo"), dict(name="temp", mode="additive", prior_scale=0.5),
                                       dict(name="same", mode="additive"),
                                       dict(name="x", standardize=False, mode="additive")]), (20, "D")),
    "regressor_multiplicative": (with_regressors(200, 23), {},
                                 dict(add_regressor=[dict(name="temp", mode="multiplicative"),
                                                     dict(name="promo", standardize=True)]), (20, "W")),
    "flat_regressor": (with_regressors(150, 24), dict(growth="flat", **OFF), dict(add_regressor=[dict(name="temp")]),
                       (20, "D")),
    "conditional": (with_conditions(), dict(weekly_seasonality=False),
                    dict(add_seasonality=[dict(name="week_late", period=7, fourier_order=3, condition_name="late"),
                                          dict(name="week_early", period=7, fourier_order=2, prior_scale=0.3,
                                               mode="multiplicative", condition_name="early")]), (30, "D")),
}


# --- Plain values -----------------------------------------------------------------------------------

def plain(value):
    """What json can write: numbers shortest, dates ISO, missing values null."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray, pd.Series, pd.DatetimeIndex)):
        return [plain(one) for one in value]
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def columns(frame):
    return {name: plain(list(frame[name])) for name in frame}


def constructor(options):
    out = dict(options)
    if "holidays" in out:
        out["holidays"] = [plain(row) for row in out["holidays"].to_dict("records")]
    return plain(out)


# --- One case ---------------------------------------------------------------------------------------

def make_model(options, calls):
    model = Prophet(**options)
    for call in calls.get("add_seasonality", []):
        model.add_seasonality(**call)
    for call in calls.get("add_regressor", []):
        model.add_regressor(**call)
    if "add_country_holidays" in calls:
        model.add_country_holidays(calls["add_country_holidays"])
    return model


def scales(model):
    return plain({
        "start": model.start, "t_scale_seconds": model.t_scale.total_seconds(), "y_scale": model.y_scale,
        "y_min": model.y_min, "logistic_floor": model.logistic_floor, "n_changepoints_used": model.n_changepoints,
        "changepoints": pd.to_datetime(model.changepoints), "changepoints_t": model.changepoints_t,
        "last_history_date": model.history_dates.max(), "n_history_dates": len(model.history_dates),
        "seasonalities": dict(model.seasonalities), "component_modes": model.component_modes,
        "extra_regressors": {name: {key: value for key, value in one.items() if not key.startswith("predictor")}
                             for name, one in model.extra_regressors.items()},
        "train_holiday_names": None if model.train_holiday_names is None else list(model.train_holiday_names),
        "train_component_cols": {"columns": list(model.train_component_cols.columns),
                                 "rows": model.train_component_cols.values.tolist()}})


def stan_data(data, x):
    rows = list(range(len(x)))
    if x.size > MAX_X:
        rows = sorted({int(r) for r in np.linspace(0, len(x) - 1, 40)})
    out = {name: plain(data[name]) for name in ("T", "S", "K", "tau", "trend_indicator")}
    out.update({name: plain(list(data[name])) for name in ("y", "t", "cap", "t_change", "s_a", "s_m", "sigmas")})
    out.update(X_rows=rows, X=plain(x[rows]), X_colsum=plain(x.sum(axis=0)), X_colsumsq=plain((x ** 2).sum(axis=0)))
    return out


def params_of(values):
    return {"k": float(np.ravel(values["k"])[0]), "m": float(np.ravel(values["m"])[0]),
            "delta": plain(np.ravel(values["delta"])), "beta": plain(np.ravel(values["beta"])),
            "sigma_obs": float(np.ravel(values["sigma_obs"])[0])}


def predict_at(model, params, future):
    """yhat and trend of the model with other parameters."""
    kept, model.params = model.params, dict(model.params)
    for name, value in params.items():
        model.params[name] = np.asarray(value, float).reshape(1, -1)
    if len(model.changepoints) == 0 and model.growth != "logistic":  # Folding would move a logistic trend.
        model.params["k"] = model.params["k"] + model.params["delta"].reshape(-1)
        model.params["delta"] = np.zeros((1, 1))
    forecast = model.predict(future)
    model.params = kept
    return {"yhat": plain(forecast["yhat"]), "trend": plain(forecast["trend"])}


def intervals(model, future, rows):
    """Bounds of SEEDS simulations at some rows of the history and all of the future."""
    names = ["yhat_lower", "yhat_upper", "trend_lower", "trend_upper"]
    runs = {name: [] for name in names}
    for seed in range(SEEDS):
        np.random.seed(seed)
        forecast = model.predict(future)
        for name in names:
            runs[name].append(forecast[name].to_numpy()[rows])
    return {"uncertainty_samples": model.uncertainty_samples, "seeds": SEEDS, "interval_width": model.interval_width,
            "rows": rows, "columns_full": list(forecast.columns),
            "mean": {name: plain(np.mean(runs[name], axis=0)) for name in names},
            "sd": {name: plain(np.std(runs[name], axis=0, ddof=1)) for name in names}}


def optimum(problem, init, model, raw, future):
    """Where Prophet stopped and the true optimum; the latter's forecast."""
    stop = {"params": raw, "lp_numpy": problem.log_posterior(true_optimum.pack(raw))}
    stop["kkt"] = problem.kkt(true_optimum.pack(raw))
    stop["algorithm"] = model.stan_fit.metadata.cmdstan_config["algorithm"]  # newton after a fallback, too
    found = [problem.maximise(true_optimum.pack(start)) for start in (init, raw)]
    lps = [problem.log_posterior(theta) for theta in found]
    best = found[int(np.argmax(lps))]
    params = true_optimum.unpack(best, problem)
    true = {"params": params, "lp_numpy": max(lps), "kkt": problem.kkt(best),
            "n_zero_delta": int(np.sum(np.array(params["delta"]) == 0)), "lp_from_init": lps[0],
            "lp_from_stan": lps[1]}
    true["degenerate"] = bool(params["sigma_obs"] < 1e-7 or true["kkt"] > 1e-6)
    print(f"  gap {max(lps) - stop['lp_numpy']:.3g}, KKT residual {true['kkt']:.1e}, from init and stop "
          f"{lps[0]:.9g} {lps[1]:.9g}, zero deltas {true['n_zero_delta']} of {len(params['delta'])}", file=sys.stderr)
    return {"prophet_default": stop, "true": true}, predict_at(model, params, future)


def fit(options, calls, frame):
    """The fitted model, and its parameters before the dummy changepoint is folded into k."""
    model, seen = make_model(options, calls), {}
    backend_fit = model.stan_backend.fit

    def spy(init, data, **kwargs):
        seen.update({name: np.array(value) for name, value in backend_fit(init, data, **kwargs).items()})
        return {name: np.array(value) for name, value in seen.items()}
    model.stan_backend.fit = spy
    model.fit(frame)
    return model, params_of(seen or model.params), bool(seen)


def make_case(name, frame, options, calls, ahead):
    prepared = make_model(options, calls)
    data = dataclasses.asdict(prepared.preprocess(frame.copy()))
    x = np.asarray(data["X"], float)
    init = params_of(dataclasses.asdict(prepared.calculate_initial_params(data["K"])))
    model, raw, optimised = fit(options, calls, frame.copy())
    periods, freq = ahead
    future = model.make_future_dataframe(periods=periods, freq=freq)
    for extra in set(frame.columns) - {"ds", "y"}:
        future[extra] = np.resize(frame[extra].to_numpy(), len(future))
    problem = true_optimum.Problem(data, x)
    case = {"format": "prophet-fixture-1", "id": name,
            "versions": {"prophet": prophet.__version__, "cmdstanpy": cmdstanpy.__version__,
                         "holidays": holidays.__version__, "numpy": np.__version__, "pandas": pd.__version__},
            "options": {"constructor": constructor(options), "add_seasonality": calls.get("add_seasonality", []),
                        "add_regressor": calls.get("add_regressor", []),
                        "add_country_holidays": calls.get("add_country_holidays")},
            "history_input": columns(frame), "scales": scales(model), "stan_data": stan_data(data, x),
            "init": dict(init, lp=problem.log_posterior(true_optimum.pack(init))),
            "optimum": {"prophet_default": {"params": raw}},
            "params_final": {key: {"shape": list(np.shape(value)), "values": plain(np.ravel(value))}
                             for key, value in model.params.items() if key != "trend"},
            "future": {"make_future_dataframe": {"periods": periods, "freq": freq}, "frame": columns(future)}}
    samples, model.uncertainty_samples = model.uncertainty_samples, 0
    forecast = model.predict(future)
    case["forecast"] = {"columns": list(forecast.columns), "data": columns(forecast)}
    if optimised:
        case["optimum"], case["forecast_true_optimum"] = optimum(problem, init, model, raw, future)
    model.uncertainty_samples = samples
    at = sorted({int(r) for r in np.linspace(0, len(future) - periods - 1, 15)})
    case["intervals"] = intervals(model, future, at + list(range(len(future) - periods, len(future))))
    return case


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, (frame, options, calls, ahead) in CASES.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        print(name, file=sys.stderr)
        text = json.dumps(make_case(name, frame, options, calls, ahead), allow_nan=False, separators=(",", ":"))
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
