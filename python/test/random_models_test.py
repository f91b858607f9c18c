"""Models drawn at random beside the real Prophet: what is deterministic agrees, and no fit is worse.

CHILIAD_RANDOM_MODELS: how many are drawn, 300 by default (a minute of one core)."""
import logging
import os

import numpy as np
import pandas as pd
import prophet
import prophet.serialize
import pytest

import chiliad
import chiliad.models
import chiliad.serialize
from chiliad import _engine, engine_form
from random_models import Drawn

logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
logging.getLogger("prophet").setLevel(logging.ERROR)

# Models of which Prophet's stop is above ours, with what is known of them: of 2,000 seeds one.
BELOW = {
    645: "a second mode with less noise and two large changes of the slope, which no start of ours reaches",
}

SEEDS = range(int(os.environ.get("CHILIAD_RANDOM_MODELS", "300")))


def assert_tables_agree(ours, theirs, tolerance):
    assert list(ours.columns) == list(theirs.columns)
    for name in theirs.columns:
        left, right = ours[name].to_numpy(), theirs[name].to_numpy()
        if left.dtype.kind in "biuf":
            scale = max(1e-300, float(np.nanmax(np.abs(right.astype(float)))))
            np.testing.assert_allclose(left.astype(float), right.astype(float), rtol=0, atol=tolerance * scale, err_msg=name)
        else:
            assert (left == right).all(), name


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_drawn_at_random(seed):
    drawn = Drawn(seed)
    ours = drawn.build(chiliad.Prophet).fit(drawn.history)
    theirs = drawn.build(prophet.Prophet).fit(drawn.history)
    told = drawn.describe()

    # What the data decide.
    for name in ("y_scale", "y_min", "start", "t_scale", "n_changepoints", "logistic_floor", "seasonalities"):
        if name == "y_min" and (drawn.arguments.get("growth") == "logistic" or ours.scaling == "absmax"):
            continue  # Not used there.
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-12) if name.startswith("y_") else \
            getattr(ours, name) == getattr(theirs, name), told
    np.testing.assert_allclose(ours.changepoints_t, theirs.changepoints_t, atol=1e-12, err_msg=told)
    assert list(ours.changepoints) == list(theirs.changepoints), told
    assert list(ours.history_dates) == list(theirs.history_dates), told
    assert_tables_agree(ours.history, theirs.history, 1e-10)
    assert_tables_agree(ours.train_component_cols.reset_index(drop=True), theirs.train_component_cols.reset_index(drop=True), 0)
    assert {k: set(v) for k, v in ours.component_modes.items()} == {k: set(v) for k, v in theirs.component_modes.items()}
    features, scales, _, _ = ours.make_all_seasonality_features(ours.history)
    their_features, their_scales, _, _ = theirs.make_all_seasonality_features(theirs.history)
    assert_tables_agree(features, their_features, 1e-10)
    assert scales == their_scales

    # The fit; where the columns can interpolate the rows the density has no bound, and to be lower is better.
    lp, their_lp = ours.params["lp__"][0, 0], theirs.params["lp__"][0, 0]
    bounded = len(ours.history) > 2 + len(ours.changepoints_t) + features.shape[1]
    below = bounded and lp < their_lp - 1e-6 * abs(their_lp)
    assert below == (seed in BELOW), f"{told}: log-posterior {lp}, Prophet's {their_lp}"

    # Forecasts, from the same parameters, in both directions.
    for model in (ours, theirs):
        model.uncertainty_samples = 0
    text = chiliad.serialize.model_to_json(ours)
    assert_tables_agree(ours.predict(drawn.future), prophet.serialize.model_from_json(text).predict(drawn.future), 1e-9)
    text = prophet.serialize.model_to_json(theirs)
    loaded = chiliad.serialize.model_from_json(text)
    assert_tables_agree(loaded.predict(drawn.future), theirs.predict(drawn.future), 1e-9)

    # Draws: of the same random numbers.
    for model in (loaded, theirs):
        model.uncertainty_samples = 30
    np.random.seed(seed)
    mine = loaded.predictive_samples(drawn.future)
    np.random.seed(seed)
    hers = theirs.predictive_samples(drawn.future)
    for name in ("trend", "yhat"):
        np.testing.assert_allclose(mine[name], hers[name], rtol=1e-8, atol=1e-8 * theirs.y_scale, err_msg=told)
    for one, other in zip(single_draws(loaded, drawn.future, seed), single_draws(theirs, drawn.future, seed)):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8 * theirs.y_scale, err_msg=told)


def single_draws(model, future, seed):
    """What the simulation's own methods draw: one future at a time, and three."""
    df = model.setup_dataframe(future.copy())
    features, _, columns, _ = model.make_all_seasonality_features(df)
    parts = columns["additive_terms"], columns["multiplicative_terms"]
    np.random.seed(seed)
    futures = [model.sample_model(df, features, 0, *parts)] + model.sample_model_vectorized(df, features, 0, *parts, 3)
    return [future[name] for future in futures for name in ("trend", "yhat")] + [
        model.sample_predictive_trend(df, 0), model.sample_predictive_trend_vectorized(df, 4)]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_stan_would_be_given_is_the_same(seed):
    drawn = Drawn(seed)
    ours, theirs = drawn.build(chiliad.Prophet), drawn.build(prophet.Prophet)
    mine, hers = ours.preprocess(drawn.history, seed=3), theirs.preprocess(drawn.history, seed=3)
    told = drawn.describe()
    assert vars(mine).keys() == vars(hers).keys()
    for name, expected in vars(hers).items():
        np.testing.assert_allclose(np.asarray(getattr(mine, name), dtype=float), np.asarray(expected, dtype=float), rtol=1e-10,
                                   atol=1e-12, err_msg=f"{name}: {told}")
    start, expected = ours.calculate_initial_params(mine.K), theirs.calculate_initial_params(hers.K)
    for name, value in vars(expected).items():
        np.testing.assert_allclose(getattr(start, name), value, rtol=1e-9, atol=1e-12, err_msg=f"{name}: {told}")
    assert list(ours.history_dates) == list(theirs.history_dates) and ours.fit_kwargs == {"seed": 3}
    with pytest.raises(Exception, match="can only be fit once"):
        ours.fit(drawn.history)
    # The parameters that the engine finds for them are those of the fit.
    found = _engine.fit_stan_data(*stan_form(mine, start), False)
    assert found["report"]["log_posterior"] == pytest.approx(
        drawn.build(chiliad.Prophet).fit(drawn.history).params["lp__"][0, 0], rel=1e-4, abs=0.5), told


def stan_form(data, start):
    arrays = {name: np.ascontiguousarray(getattr(data, name), dtype=np.float64)
              for name in ("y", "t", "cap", "t_change", "X", "sigmas", "s_a", "s_m")}
    growth = chiliad.models.TrendIndicator(data.trend_indicator).name.lower()
    return {"growth": growth, "tau": data.tau, **arrays}, engine_form.warm_start(vars(start))


def test_the_generator_reaches_every_option():
    drawn = [Drawn(seed) for seed in range(300)]
    reached = {name for one in drawn for name in one.arguments} | {name for one in drawn for name, _ in one.calls}
    assert reached >= {"growth", "scaling", "seasonality_mode", "changepoints", "holidays", "n_changepoints", "add_regressor",
                       "add_seasonality", "add_country_holidays", "changepoint_range", "weekly_seasonality"}
    assert {one.arguments.get("growth", "linear") for one in drawn} == {"linear", "logistic", "flat"}
    assert any(pd.isna(one.history["y"]).any() for one in drawn)
