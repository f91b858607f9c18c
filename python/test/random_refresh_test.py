"""Random models that are refreshed from their statistics, beside fits of all rows with the same things held.

Many of them have columns that nearly repeat one another (many terms of a year in some weeks, weak priors), along which
parameters go far; where rounding would show in the statistics' products, a refresh has to leave them to a fit.

CHILIAD_RANDOM_MODELS: half as many are drawn, 150 by default (two seconds of one core)."""
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


@pytest.mark.parametrize("seed", range(MODELS))
def test_a_refreshed_random_model_is_a_fit_of_all_rows(seed):
    rows, first, model = drawn(seed)
    model.fit(rows[:first], keep_statistics=True)
    model.refresh(rows[first:])
    if model.last_update["way"] != "statistics":
        return  # Fitted from all rows: refresh_test.py.
    cold = held(model, rows)
    asked = cold.history[["ds", *cold.extra_regressors]]
    difference = np.abs(model.predict(rows)["yhat"].to_numpy() - cold.predict(asked)["yhat"].to_numpy()).max() / cold.y_scale
    assert difference <= 1e-8


def test_most_random_models_are_refreshed_from_their_statistics():
    ways = []
    for seed in range(60):
        rows, first, model = drawn(seed)
        ways.append(model.fit(rows[:first], keep_statistics=True).refresh(rows[first:]).last_update["way"])
    assert ways.count("statistics") >= 50
