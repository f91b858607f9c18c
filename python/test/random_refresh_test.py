"""Random models that are refreshed from their statistics, beside fits of all rows with the same things held.

The two differ by what rounding puts into the statistics' products, T eps times the way that the parameters went, seen
through the columns: over the square root of the least curvature. Columns that nearly repeat one another (many terms of a
year in some weeks, weak priors) have little of it, and their parameters go far. Where that is below 1e-8 of y_scale, so
is the difference. Fits by themselves end within some 1e-11 of the mode in long double: the distance is the refresh's.

CHILIAD_RANDOM_MODELS: half as many are drawn, 150 by default (two seconds of one core)."""
import copy
import os

import numpy as np
import pandas as pd
import pytest

import chiliad

MODELS = int(os.environ.get("CHILIAD_RANDOM_MODELS", 300)) // 2


def drawn(seed):
    """(rows, how many a model is fitted on first, the model)."""
    random = np.random.default_rng(seed)
    n = int(np.exp(random.uniform(np.log(40), np.log(900))))
    ds = pd.date_range("2019-03-01", periods=n, freq=random.choice(["D", "D", "h", "2D"]))
    days = ((ds - ds[0]) / pd.Timedelta(1, "D")).to_numpy()
    heat = np.cumsum(random.normal(0, 1, n)) if random.random() < 0.5 else random.normal(0, 1, n)
    y = random.choice([0, 5, 100]) + np.cumsum(random.normal(0, 0.02, n)) + random.uniform(-0.1, 0.1) * days
    y += random.uniform(0, 3) * np.sin(2 * np.pi * days / 7) + random.uniform(-1, 1) * heat
    y += 3 * 10 ** random.uniform(-3, 0) * random.normal(0, 1, n)
    model = chiliad.Prophet(
        growth=random.choice(["linear", "linear", "linear", "flat"]), scaling=random.choice(["absmax", "minmax"]),
        n_changepoints=int(random.choice([0, 5, 25, 25, 60])), changepoint_prior_scale=10 ** random.uniform(-3, 1),
        seasonality_prior_scale=10 ** random.uniform(-1, 2.7), yearly_seasonality=[False, "auto", True][random.integers(3)],
        uncertainty_samples=0)
    if random.random() < 0.5:
        model.add_regressor("heat", prior_scale=10 ** random.uniform(-1, 2.7))
    if random.random() < 0.4:
        model.add_seasonality("month", 30.5, int(random.integers(1, 6)))
    if random.random() < 0.2:
        model.add_seasonality("nearly a year", 365, int(random.integers(1, 6)))
    return pd.DataFrame({"ds": ds, "y": y, "heat": heat}), max(30, int(n * random.uniform(0.6, 0.98))), model


def held(model, rows):
    """A plain fit of all rows that is given what a refresh holds."""
    given = chiliad.Prophet(changepoints=model.changepoints, growth=model.growth, scaling=model.scaling, uncertainty_samples=0,
                            yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False,
                            changepoint_prior_scale=model.changepoint_prior_scale)
    for name, one in model.seasonalities.items():
        given.add_seasonality(name, one["period"], one["fourier_order"], one["prior_scale"], one["mode"])
    for name, one in model.extra_regressors.items():
        given.add_regressor(name, prior_scale=one["prior_scale"], standardize=False)
        rows = rows.assign(**{name: (rows[name] - one["mu"]) / one["std"]})
    return given.fit(rows)


def parameters(model, value=1.0, time=1.0, constant=0.0):
    """k, m, beta, delta, in units `value` and `time` times as large and moved by a constant; k 0 where there is no slope."""
    of = {name: values[0] for name, values in model.params.items()}
    slope = model.growth != "flat"
    return np.concatenate([of["k"] * value * time if slope else [0.0], of["m"] * value + constant, of["beta"] * value,
                           of["delta"] * value * time if slope else []])


def what_rounding_makes(model, way):
    """T eps |way| / sqrt(the least curvature of the parameters that are not held at zero), four times: of 6,000 models the
    worst takes 1.02 of it."""
    t = model.history["t"].to_numpy()
    X, scales, _, _ = model.make_all_seasonality_features(model.history)
    slope = model.growth != "flat"
    columns = [t if slope else 0 * t, np.ones_like(t), *X.to_numpy().T]
    columns += [np.maximum(0, t - moment) for moment in model.changepoints_t] if slope else []
    penalty = np.zeros(len(columns))
    penalty[:2 + len(scales)] = 1 / np.array([5, 5, *scales]) ** 2
    free = (parameters(model) != 0) | (penalty > 0)
    z = np.array(columns)[free]
    least = np.linalg.eigvalsh(z @ z.T + model.params["sigma_obs"][0, 0] ** 2 * np.diag(penalty[free]))[0]
    return 4 * len(t) * np.finfo(float).eps * np.abs(way).max() / np.sqrt(max(least, 1e-300))


@pytest.mark.parametrize("seed", range(MODELS))
def test_a_refreshed_random_model_is_a_fit_of_all_rows_as_far_as_rounding_lets_it(seed):
    rows, first, model = drawn(seed)
    model.fit(rows[:first], keep_statistics=True)
    before = copy.deepcopy(model)
    model.refresh(rows[first:])
    if model.last_update["way"] != "statistics":
        return  # Fitted from all rows: refresh_test.py.
    constant = (before.y_min - model.y_min) / model.y_scale if model.scaling == "minmax" else 0.0
    way = parameters(model) - parameters(before, before.y_scale / model.y_scale, model.t_scale / before.t_scale, constant)
    cold = held(model, rows)
    asked = cold.history[["ds", *cold.extra_regressors]]
    difference = np.abs(model.predict(rows)["yhat"].to_numpy() - cold.predict(asked)["yhat"].to_numpy()).max() / cold.y_scale
    assert difference <= max(1e-8, what_rounding_makes(cold, way))
