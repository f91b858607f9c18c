"""chiliad.Prophet is Prophet's class: the same names, arguments, attributes and errors."""
import ast
import copy
import inspect
import logging
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import prophet
import prophet.diagnostics
import prophet.metrics
import prophet.plot
import prophet.serialize
import prophet.utilities
import pytest

import chiliad
import chiliad.diagnostics
import chiliad.metrics
import chiliad.plot
import chiliad.serialize
import chiliad.utilities

logging.getLogger("cmdstanpy").setLevel(logging.ERROR)

BOTH = pytest.mark.parametrize("Prophet", [prophet.Prophet, chiliad.Prophet], ids=["prophet", "chiliad"])


def rows(n=120, **columns):
    days = np.arange(n)
    y = 20 + 0.1 * days + 3 * np.sin(2 * np.pi * days / 7) + np.random.default_rng(1).normal(0, 1, n)
    return pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=n), "y": y, **columns})


def public(of):
    return {name: value for name, value in vars(of).items() if not name.startswith("_") and callable(
        getattr(of, name)) and getattr(value, "__module__", None) not in ("typing", "collections", "tqdm.auto", "copy")}


def test_every_method_is_there_with_the_same_arguments():
    for name in public(prophet.Prophet):
        theirs = inspect.signature(getattr(prophet.Prophet, name))
        ours = inspect.signature(getattr(chiliad.Prophet, name))
        assert list(ours.parameters) == list(theirs.parameters) or name == "make_seasonality_features", name
        for argument, value in theirs.parameters.items():
            if argument in ours.parameters and value.default is not inspect.Parameter.empty:
                assert ours.parameters[argument].default == value.default, f"{name}({argument})"
    theirs = inspect.signature(prophet.Prophet.__init__).parameters
    ours = inspect.signature(chiliad.Prophet.__init__).parameters
    assert {name: p.default for name, p in ours.items()} == {name: p.default for name, p in theirs.items()}


@pytest.mark.parametrize("name", ["diagnostics", "metrics", "serialize", "utilities", "plot"])
def test_every_function_of_the_modules_is_there_with_the_same_arguments(name):
    theirs, ours = getattr(prophet, name), getattr(chiliad, name)
    for function, value in vars(theirs).items():
        if inspect.isfunction(value) and value.__module__ == theirs.__name__ and not function.startswith("_"):
            expected = [p for p in inspect.signature(value).parameters]
            assert list(inspect.signature(getattr(ours, function)).parameters)[:len(expected)] == expected, function


def test_every_attribute_of_a_fitted_model_is_there():
    theirs, ours = prophet.Prophet().fit(rows()), chiliad.Prophet().fit(rows())
    assert set(vars(theirs)) <= set(vars(copy.deepcopy(ours)))
    for name in ("history", "history_dates", "changepoints", "changepoints_t", "train_component_cols"):
        assert type(getattr(ours, name)) is type(getattr(theirs, name)), name
    assert {name: value.shape for name, value in ours.params.items()} == \
        {name: value.shape for name, value in theirs.params.items()}


HOLIDAYS = pd.DataFrame({"holiday": ["fair"], "ds": ["2021-02-01"]})

CONSTRUCTORS = {
    "growth": dict(growth="cubic"),
    "changepoint_range type": dict(changepoint_range="0.8"),
    "changepoint_range": dict(changepoint_range=1.5),
    "scaling": dict(scaling="max"),
    "seasonality_mode": dict(seasonality_mode="both"),
    "holidays_mode": dict(holidays_mode="both"),
    "holidays type": dict(holidays=[1]),
    "holidays columns": dict(holidays=HOLIDAYS[["ds"]]),
    "holidays NaN": dict(holidays=HOLIDAYS.assign(ds=[None])),
    "one window": dict(holidays=HOLIDAYS.assign(lower_window=0)),
    "lower window": dict(holidays=HOLIDAYS.assign(lower_window=1, upper_window=1)),
    "upper window": dict(holidays=HOLIDAYS.assign(lower_window=-1, upper_window=-1)),
    "reserved": dict(holidays=HOLIDAYS.assign(holiday="trend")),
    "delimiter": dict(holidays=HOLIDAYS.assign(holiday="a_delim_b")),
}

ADDITIONS = {
    "seasonality prior": lambda m: m.add_seasonality("s", 7, 2, prior_scale=0),
    "fourier order": lambda m: m.add_seasonality("s", 7, 0),
    "seasonality mode": lambda m: m.add_seasonality("s", 7, 2, mode="both"),
    "condition name": lambda m: m.add_seasonality("s", 7, 2, condition_name="trend"),
    "reserved": lambda m: m.add_seasonality("yhat_lower", 7, 2),
    "regressor of a holiday": lambda m: m.add_regressor("fair"),
    "regressor of a seasonality": lambda m: m.add_seasonality("s", 7, 2).add_regressor("s"),
    "seasonality of a regressor": lambda m: m.add_regressor("r").add_seasonality("r", 7, 2),
    "regressor prior": lambda m: m.add_regressor("r", prior_scale=-1),
    "regressor mode": lambda m: m.add_regressor("r", mode="both"),
    "country": lambda m: m.add_country_holidays("Atlantis"),
    "regressor of a country's holiday": lambda m: m.add_country_holidays("US").add_regressor("Christmas Day"),
}


def fit(**how):
    table = how.pop("table", None)
    add = how.pop("add", lambda model: None)

    def run(Prophet):
        model = Prophet(**how)
        add(model)
        model.fit((rows() if table is None else table).copy())
    return run


def with_condition(model):
    model.add_seasonality("s", 7, 2, condition_name="on")


def with_regressor(model):
    model.add_regressor("a")


FITS = {
    "no ds": fit(table=rows()[["y"]]),
    "one row": fit(table=rows(1)),
    "no value": fit(table=rows().assign(y=np.nan)),
    "infinity": fit(table=rows().assign(y=np.inf)),
    "time zone": fit(table=rows().assign(ds=pd.date_range("2021-01-01", periods=120, tz="UTC"))),
    "no date": fit(table=rows().assign(ds=[pd.NaT] + list(pd.date_range("2021-01-02", periods=119)))),
    "regressor missing": fit(add=with_regressor),
    "regressor NaN": fit(table=rows(a=[np.nan] * 120), add=with_regressor),
    "condition missing": fit(add=with_condition),
    "condition not boolean": fit(table=rows(on=[2] * 120), add=with_condition),
    "cap missing": fit(growth="logistic"),
    "cap below floor": fit(growth="logistic", table=rows(cap=10.0, floor=20.0)),
    "changepoints outside": fit(changepoints=["2030-01-01"]),
    "holiday with two priors": fit(holidays=pd.DataFrame({"holiday": ["fair"] * 2, "ds": ["2021-02-01", "2021-03-01"],
                                                          "prior_scale": [1.0, 2.0]})),
    "holiday with a prior of 0": fit(holidays=HOLIDAYS.assign(prior_scale=0.0)),
}


def after_fit(act):
    def run(Prophet):
        act(Prophet().fit(rows()))
    return run


def predict_without(column, **how):
    add = how.pop("add")
    table = rows(**how)

    def run(Prophet):
        model = Prophet()
        add(model)
        model.fit(table).predict(table.drop(columns=column))
    return run


def logistic_without(column):
    def run(Prophet):
        table = rows(cap=60.0, floor=1.0)
        Prophet(growth="logistic").fit(table).predict(table.drop(columns=column))
    return run


LATER = {
    "predict before fit": lambda Prophet: Prophet().predict(rows()),
    "future before fit": lambda Prophet: Prophet().make_future_dataframe(3),
    "no rows": after_fit(lambda m: m.predict(rows()[:0])),
    "fit twice": after_fit(lambda m: m.fit(rows())),
    "seasonality after fit": after_fit(lambda m: m.add_seasonality("s", 3, 2)),
    "regressor after fit": after_fit(lambda m: m.add_regressor("r")),
    "country after fit": after_fit(lambda m: m.add_country_holidays("US")),
    "infer freq": lambda Prophet: Prophet().fit(rows().drop([116, 118])).make_future_dataframe(3, freq=None),
    "predict without regressor": predict_without("a", a=np.arange(120.0), add=with_regressor),
    "predict without condition": predict_without("on", on=[True, False] * 60, add=with_condition),
    "predict without cap": logistic_without("cap"),
    "predict without floor": logistic_without("floor"),
    "interval_width": lambda Prophet: Prophet(interval_width=1.5).fit(rows()).predict(),
}

METRICS = pd.DataFrame({"ds": pd.date_range("2021-01-02", periods=9), "cutoff": pd.Timestamp("2021-01-01"), "y": 1.0, "yhat": 2.0})


def module(of, name):
    """prophet.<name> or chiliad.<name>, by the class."""
    return sys.modules[of.__module__.split(".")[0] + "." + name]


def validated(*arguments, table=None, **how):
    def run(Prophet):
        model = Prophet(uncertainty_samples=0).fit(rows() if table is None else table)
        module(Prophet, "diagnostics").cross_validation(model, *arguments, disable_tqdm=True, **how)
    return run


def refitted(Prophet):
    serialize = module(Prophet, "serialize")
    serialize.model_from_json(serialize.model_to_json(Prophet().fit(rows()))).fit(rows())


def fitted_again_inside(Prophet):
    model = Prophet()
    model.add_regressor("a", regressor_predictor=True)
    model.fit(rows(3, a=[1.0, 2.0, 3.0])).extra_regressors["a"]["predictor"].fit(rows())


OTHERS = {
    "stored before fit": lambda P: module(P, "serialize").model_to_json(P()),
    "a loaded model fitted": refitted,
    "cv: before fit": lambda P: module(P, "diagnostics").cross_validation(P(), "5 days"),
    "cv: copy before fit": lambda P: module(P, "diagnostics").prophet_copy(P()),
    "cv: horizon": validated("200 days"),
    "cv: initial": validated("40 days", initial="100 days"),
    "cv: first cutoff": validated("10 days", cutoffs=[pd.Timestamp("2021-01-01")]),
    "cv: last cutoff": validated("10 days", cutoffs=[pd.Timestamp("2021-04-29")]),
    "cv: parallel": validated("10 days", initial="50 days", parallel="several"),
    "cv: few rows": validated("10 days", cutoffs=[pd.Timestamp("2021-01-02")],
                              table=rows().assign(y=lambda t: t["y"].where(t["ds"] != "2021-01-02"))),
    "metrics: twice": lambda P: module(P, "diagnostics").performance_metrics(METRICS, metrics=["mse", "mse"]),
    "metrics: unknown": lambda P: module(P, "diagnostics").performance_metrics(METRICS, metrics=["mean"]),
    "regressor's own model fitted twice": fitted_again_inside,
    "order of a Fourier series": lambda P: P.fourier_series(rows()["ds"], 7, 0),
}

CASES = {"constructor: " + name: (lambda Prophet, a=a: Prophet(**copy.deepcopy(a))) for name, a in CONSTRUCTORS.items()}
CASES |= {"add: " + name: (lambda Prophet, act=act: act(Prophet(holidays=HOLIDAYS.copy()))) for name, act in ADDITIONS.items()}
CASES |= {"fit: " + name: act for name, act in FITS.items()}
CASES |= {"later: " + name: act for name, act in LATER.items()}
CASES |= OTHERS


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_is_said_in_prophets_words(name):
    with pytest.raises(Exception) as theirs:
        CASES[name](prophet.Prophet)
    with pytest.raises(Exception) as ours:
        CASES[name](chiliad.Prophet)
    assert isinstance(ours.value, theirs.type), f"{ours.type.__name__}: {ours.value}"
    if name not in ("later: interval_width", "cv: parallel"):  # numpy's words about percentiles; a set in any order.
        assert str(theirs.value).rstrip(".") in str(ours.value)


# What Prophet raises that no case above can: on its own mistakes, and on what cannot be or is not here.
OF_PROPHET_ALONE = {
    "A bug occurred in seasonal components.", "A bug occurred in constructing regressors.",
    "Expected a unique column position for regressor ''",
    "Not enough data to fit regressor model for ''.",  # The two rows that have y have the regressor.
    "parallel='dask' requires the optional dependency dask.",
}


def raised_by(module):
    """{(first line, last line): text} of what a module of Prophet's raises."""
    tree = ast.parse(pathlib.Path(module.__file__).read_text())
    lines = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            parts = [part.value for part in ast.walk(node.exc) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            lines[node.lineno, node.end_lineno] = "".join(parts)
    return lines


def test_every_error_that_prophet_raises_is_among_the_cases():
    told = set()
    for act in CASES.values():
        with pytest.raises(Exception) as theirs:
            act(prophet.Prophet)
        told |= {(pathlib.Path(entry.path), entry.lineno + 1) for entry in theirs.traceback}
    missing = set()
    for module in (prophet.forecaster, prophet.serialize, prophet.diagnostics, prophet.metrics, prophet.make_holidays,
                   prophet.utilities):
        for (first, last), text in raised_by(module).items():
            if not any((pathlib.Path(module.__file__), line) in told for line in range(first, last + 1)):
                missing.add(text)
    assert missing == OF_PROPHET_ALONE


@pytest.mark.parametrize("arguments, table", [(dict(), rows().assign(ds=pd.Timestamp("2021-01-01"))),
                                              (dict(changepoint_prior_scale=-1), rows())])
def test_what_prophet_leaves_to_stan_is_said_here(arguments, table):
    with pytest.raises(RuntimeError):
        prophet.Prophet(**arguments).fit(table)
    with pytest.raises(ValueError, match="have the same ds|must be > 0"):
        chiliad.Prophet(**arguments).fit(table)


def test_draws_of_the_posterior_agree_with_stans():
    table = rows(200)
    models = []
    for Prophet in (prophet.Prophet, chiliad.Prophet):
        models.append(Prophet(mcmc_samples=600, n_changepoints=5, uncertainty_samples=300).fit(
            table, seed=3, show_progress=False))
    theirs, ours = models
    # Those of the model; Stan's also tell how its sampler fared (divergent__, ...).
    assert {name: value.shape for name, value in ours.params.items()} == \
        {name: value.shape for name, value in theirs.params.items() if not name.endswith("__") or name == "lp__"}
    for name in ("k", "m", "sigma_obs", "beta", "delta", "lp__"):
        mean, their_mean = ours.params[name].mean(axis=0), theirs.params[name].mean(axis=0)
        deviation = theirs.params[name].std(axis=0)
        # 1,200 draws, of which some 300 count: five standard errors of both.
        assert (np.abs(mean - their_mean) < 5 * deviation * np.sqrt(2 / 300)).all(), name
    future = ours.make_future_dataframe(10)
    np.random.seed(1)
    mine, hers = ours.predict(future), theirs.predict(future)
    assert list(mine.columns) == list(hers.columns)
    width = (hers["yhat_upper"] - hers["yhat_lower"]).mean()
    for name in ("yhat", "yhat_lower", "yhat_upper", "weekly_lower"):
        assert np.abs(mine[name] - hers[name]).max() < 0.2 * width, name
    again = chiliad.Prophet(mcmc_samples=600, n_changepoints=5).fit(table, seed=3)
    np.testing.assert_array_equal(again.params["beta"], ours.params["beta"])


def test_a_sampled_model_begins_where_it_is_told():
    table = rows(60)
    start = chiliad.utilities.warm_start_params(chiliad.Prophet().fit(table))
    # Without warm-up the first draws are near the start, which otherwise has sigma_obs = 1.
    first = [chiliad.Prophet(mcmc_samples=8).fit(table, seed=1, iter_warmup=0, init=init).params["sigma_obs"][0]
             for init in (start, None)]
    assert abs(first[0] - start["sigma_obs"]) < 0.01 < abs(first[1] - start["sigma_obs"])
    assert chiliad.utilities.warm_start_params(chiliad.Prophet(mcmc_samples=40).fit(table, seed=1, init=start))


SAMPLING = """
import numpy as np, pandas as pd, chiliad
df = pd.DataFrame({"ds": pd.date_range("2018-01-01", periods=1000), "y": np.random.default_rng(1).normal(size=1000) + 10})
print("begins", flush=True)
chiliad.Prophet(mcmc_samples=200_000, seasonality_mode="multiplicative").fit(df)
print("ended")
"""


def test_ctrl_c_stops_the_sampler():
    running = subprocess.Popen([sys.executable, "-c", SAMPLING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "begins\n"
    time.sleep(1)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode != 0 and "ended" not in out and "KeyboardInterrupt" in err


def test_models_with_draws_are_stored_in_both_directions():
    ours = chiliad.Prophet(mcmc_samples=40, uncertainty_samples=0).fit(rows(60), seed=1)
    text = chiliad.serialize.model_to_json(ours)
    future = ours.make_future_dataframe(5)
    expected = ours.predict(future)["yhat"]
    for model in (prophet.serialize.model_from_json(text), chiliad.serialize.model_from_json(text), copy.deepcopy(ours)):
        np.testing.assert_allclose(model.predict(future)["yhat"], expected, rtol=1e-9)


def test_components_may_be_grouped_by_hand():
    components = pd.DataFrame({"col": [0, 1, 2], "component": ["a", "a", "b"]})
    for group in (["a"], ["a", "b"], ["none"]):
        pd.testing.assert_frame_equal(chiliad.Prophet().add_group_component(components, "all", group),
                                      prophet.Prophet().add_group_component(components, "all", group))


def test_a_constant_series_is_not_sampled():
    model = chiliad.Prophet(mcmc_samples=40).fit(rows().assign(y=5.0))
    assert model.params["k"].shape == (1, 1) and (model.predict()["yhat"] == 5).all()


@BOTH
def test_models_pickle_and_copy(Prophet):
    model = Prophet(holidays=HOLIDAYS.copy(), uncertainty_samples=0)
    model.add_regressor("a")
    table = rows(a=np.random.default_rng(2).normal(size=120))
    model.fit(table)
    expected = model.predict(table)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        pd.testing.assert_frame_equal(other.predict(table), expected)
        pd.testing.assert_frame_equal(other.history, model.history)


def test_what_is_changed_in_the_attributes_is_in_the_next_forecast():
    model = chiliad.Prophet().fit(rows())
    before = model.predict()
    model.params["m"] = model.params["m"] + 1
    model.interval_width = 0.5
    after = model.predict()
    np.testing.assert_allclose(after["trend"], before["trend"] + model.y_scale, rtol=1e-12)
    assert ((after["yhat_upper"] - after["yhat_lower"]) < 0.6 * (before["yhat_upper"] - before["yhat_lower"])).all()
    model.uncertainty_samples = 0
    assert "yhat_upper" not in model.predict()


def test_the_history_is_that_of_the_fit_though_the_table_changes_afterwards():
    table = rows()
    expected = table["y"].copy()
    model = chiliad.Prophet().fit(table)
    table["y"] = 0
    np.testing.assert_array_equal(model.history["y"], expected)


def test_arrays_of_a_forecast_are_the_engines_own_memory():
    from chiliad import _engine, engine_form, frames
    model = chiliad.Prophet().fit(rows())
    ds = rows()["ds"].to_numpy(dtype="datetime64[ns]")
    at, values = _engine.Fit.from_dict(engine_form.fitted_state(model, ds)).predict(
        frames.nanoseconds(ds), {}, engine_form.predict_options(model))
    assert not values["yhat"].flags.owndata and values["yhat"].base is not None
    assert np.shares_memory(frames.nanoseconds(ds), ds)


def test_intervals_are_those_of_prophets_simulation():
    ours, theirs = chiliad.Prophet().fit(rows(400)), prophet.Prophet(uncertainty_samples=20_000).fit(rows(400))
    theirs.params = {name: value.copy() for name, value in ours.params.items()}
    np.random.seed(1)
    future = theirs.make_future_dataframe(30)
    exact, simulated = ours.predict(future), theirs.predict(future)
    for name in ("yhat_lower", "yhat_upper"):
        width = (simulated["yhat_upper"] - simulated["yhat_lower"]).mean()
        assert np.abs(exact[name] - simulated[name]).max() < 0.05 * width, name


def test_cross_validation_and_metrics_are_prophets():
    table = rows(300)
    theirs, ours = prophet.Prophet(uncertainty_samples=0).fit(table), chiliad.Prophet(uncertainty_samples=0).fit(table)
    arguments = dict(horizon="20 days", period="20 days", initial="200 days", disable_tqdm=True)
    expected = prophet.diagnostics.cross_validation(theirs, **arguments)
    found = chiliad.diagnostics.cross_validation(ours, **arguments)
    assert list(found.columns) == list(expected.columns) and (found["ds"] == expected["ds"]).all()
    assert (found["cutoff"] == expected["cutoff"]).all() and (found["y"] == expected["y"]).all()
    assert np.abs(found["yhat"] - expected["yhat"]).max() < 0.1 * table["y"].std()
    for rolling in (0.1, 0.0, 1.0, -1):
        pd.testing.assert_frame_equal(
            chiliad.diagnostics.performance_metrics(expected, rolling_window=rolling).reset_index(drop=True),
            prophet.diagnostics.performance_metrics(expected, rolling_window=rolling).reset_index(drop=True), rtol=1e-10)
    threads = chiliad.diagnostics.cross_validation(ours, parallel="threads", **arguments)
    pd.testing.assert_frame_equal(threads, found)


def test_coefficients_and_warm_start_have_prophets_form():
    table = rows(a=np.random.default_rng(3).normal(size=120))
    models = []
    for Prophet in (prophet.Prophet, chiliad.Prophet):
        model = Prophet()
        model.add_regressor("a", mode="multiplicative")
        models.append(model.fit(table))
    models[0].params = models[1].params
    pd.testing.assert_frame_equal(chiliad.utilities.regressor_coefficients(models[1]),
                                  prophet.utilities.regressor_coefficients(models[0]))
    start = chiliad.utilities.warm_start_params(models[1])
    assert start.keys() == prophet.utilities.warm_start_params(models[0]).keys()
    again = chiliad.Prophet()
    again.add_regressor("a", mode="multiplicative")
    again.fit(table, init=start)
    assert again._fresh["fitted"]["report"]["warm_started"]
    np.testing.assert_allclose(again.params["beta"], models[1].params["beta"], rtol=1e-6, atol=1e-9)
    assert chiliad.serialize.model_to_json(again)  # With arrays in fit_kwargs.
