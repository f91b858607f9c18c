"""fit_many and predict_many: the models are those that one fits one by one."""
import copy
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import polars
import prophet.serialize
import pyarrow
import pytest

import chiliad
from chiliad.diagnostics import cross_validation
from chiliad.serialize import model_from_json, model_to_json


def table(customers=20, rows=120):
    random = np.random.default_rng(5)
    parts = []
    for number in range(customers):
        days = np.arange(rows + 3 * (number % 4))
        y = 20 + number + 0.1 * days + 3 * np.sin(2 * np.pi * days / 7) + random.normal(0, 1, len(days))
        parts.append(pd.DataFrame({"customer": f"c{number}", "when": pd.date_range("2021-01-01", periods=len(days)), "use": y}))
    return pd.concat(parts).sample(frac=1, random_state=1).reset_index(drop=True)


def fit(df, **arguments):
    return chiliad.fit_many(df, by="customer", ds="when", y="use", **arguments)


def alone(df, customer, **arguments):
    rows = df[df["customer"] == customer].rename(columns={"when": "ds", "use": "y"})[["ds", "y"]]
    return chiliad.Prophet(**arguments).fit(rows)


def test_models_are_those_fitted_alone_bit_for_bit():
    df = table()
    fleet = fit(df, seasonality_mode="multiplicative")
    assert len(fleet) == 20 and set(fleet) == set(df["customer"]) and not fleet.failures
    for customer in ("c0", "c7", "c19"):
        model, single = fleet[customer], alone(df, customer, seasonality_mode="multiplicative")
        for name, values in single.params.items():
            np.testing.assert_array_equal(model.params[name], values)
        pd.testing.assert_frame_equal(model.history, single.history)
        pd.testing.assert_frame_equal(model.predict(), single.predict())


def test_draws_are_those_of_models_fitted_alone():
    df = table(3, 60)
    df.loc[df["customer"] == "c2", "use"] = 4.0  # A constant is not sampled.
    one, eight = (fit(df, mcmc_samples=40, seed=7, threads=threads) for threads in (1, 8))
    assert len(one) == 3 and not one.failures
    rows = df[df["customer"] == "c1"].rename(columns={"when": "ds", "use": "y"})[["ds", "y"]]
    single = chiliad.Prophet(mcmc_samples=40).fit(rows, seed=7)
    again = pickle.loads(pickle.dumps(eight))
    for name, values in single.params.items():
        for fleet in (one, eight, again):
            np.testing.assert_array_equal(fleet["c1"].params[name], values, err_msg=name)
    assert one["c2"].params["k"].size == 1
    assert not np.array_equal(fit(df, mcmc_samples=40)["c1"].params["k"], single.params["k"])

    single.uncertainty_samples = 0
    expected = single.predict(single.make_future_dataframe(3, include_history=False))
    forecast = chiliad.predict_many(one, periods=3, columns="yhat")
    np.testing.assert_array_equal(forecast[forecast["customer"] == "c1"]["yhat"], expected["yhat"])
    assert set(chiliad.predict_many(one, periods=3)) == {"customer", "ds", "yhat", "yhat_lower", "yhat_upper"}


def test_draws_need_the_history():
    with pytest.raises(ValueError, match="mcmc_samples need their history"):
        fit(table(2), mcmc_samples=40, keep_history=False)


def test_the_number_of_threads_changes_nothing():
    df = table()
    one, eight = fit(df, threads=1), fit(df, threads=8)
    assert list(one) == list(eight)
    for customer in one:
        for name, values in one[customer].params.items():
            np.testing.assert_array_equal(values, eight[customer].params[name])


def test_failed_series_are_listed_with_the_reason_and_touch_no_other():
    df = table(4)
    short = pd.DataFrame({"customer": "short", "when": [pd.Timestamp("2021-01-01")], "use": [1.0]})
    infinite = pd.DataFrame({"customer": "inf", "when": pd.date_range("2021-01-01", periods=3), "use": [1.0, np.inf, 2.0]})
    empty = pd.DataFrame({"customer": "nan", "when": pd.date_range("2021-01-01", periods=3), "use": [np.nan] * 3})
    fleet = fit(pd.concat([short, df, infinite, empty]))
    assert len(fleet) == 4 and set(fleet.failures) == {"short", "inf", "nan"}
    assert "less than 2 non-NaN rows" in fleet.failures["short"] and "less than 2 non-NaN rows" in fleet.failures["nan"]
    assert "infinity" in fleet.failures["inf"]
    np.testing.assert_array_equal(fleet["c1"].params["m"], alone(df, "c1").params["m"])


def test_polars_and_arrow_tables_give_the_same():
    df = table(5)
    expected = chiliad.predict_many(fit(df), periods=3)
    for other in (polars.from_pandas(df), pyarrow.Table.from_pandas(df)):
        pd.testing.assert_frame_equal(chiliad.predict_many(fit(other), periods=3), expected)


def test_forecasts_of_the_fleet_are_those_of_its_models():
    df = table(6)
    fleet = fit(df)
    forecasts = fleet.predict(5, columns=("trend", "yhat", "yhat_lower"), include_history=True)
    assert list(forecasts.columns) == ["customer", "ds", "trend", "yhat", "yhat_lower"]
    for customer in fleet:
        single = alone(df, customer)
        expected = single.predict(single.make_future_dataframe(5))[["ds", "trend", "yhat", "yhat_lower"]]
        found = forecasts[forecasts["customer"] == customer].drop(columns="customer").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected)


def test_regressors_and_seasonalities_for_all():
    df = table(5)
    df["heat"] = np.random.default_rng(1).normal(20, 5, len(df))
    df.loc[df.sample(10, random_state=2).index, ["use", "heat"]] = np.nan

    def prepare(model):
        model.add_regressor("heat")
        model.add_seasonality("monthly", 30.5, 3)

    fleet = fit(df, prepare=prepare)
    rows = df[df["customer"] == "c2"].rename(columns={"when": "ds", "use": "y"})[["ds", "y", "heat"]]
    single = chiliad.Prophet()
    prepare(single)
    single.fit(rows)
    np.testing.assert_array_equal(fleet["c2"].params["beta"], single.params["beta"])
    known = rows.dropna()
    np.testing.assert_allclose(fleet["c2"].predict(known)["yhat"], single.predict(known)["yhat"], rtol=1e-12)
    with pytest.raises(ValueError, match="columns beside ds"):
        fleet.predict(3)
    again = pickle.loads(pickle.dumps(fleet))
    pd.testing.assert_frame_equal(again["c2"].predict(known), fleet["c2"].predict(known))


@pytest.mark.parametrize("keep_history", [True, False])
def test_a_fleet_pickles_and_copies(keep_history):
    df = table(4)
    calls = []

    def prepare(model):  # A function within a function does not pickle, and need not.
        calls.append(model)
        model.add_seasonality("monthly", 30.5, 3)
        model.holidays = pd.DataFrame({"holiday": "fair", "ds": pd.to_datetime(["2021-02-01", "2021-05-04"])})

    fleet = fit(pd.concat([df, df[:1].assign(customer="short")]), prepare=prepare, keep_history=keep_history)
    assert len(calls) == 1
    expected = fleet.predict(5)
    for other in (pickle.loads(pickle.dumps(fleet)), copy.deepcopy(fleet), copy.copy(fleet),
                  pickle.loads(pickle.dumps(copy.deepcopy(fleet)))):
        assert list(other) == list(fleet) and other.failures == fleet.failures and set(other.failures) == {"short"}
        pd.testing.assert_frame_equal(other.predict(5), expected, rtol=1e-12)
        pd.testing.assert_frame_equal(other["c1"].history, fleet["c1"].history)
        np.testing.assert_array_equal(other["c1"].params["beta"], fleet["c1"].params["beta"])
    model = other["c1"]
    model.params["m"] += 1  # The fleet's own stay.
    model.params["beta"][:] = 0
    pd.testing.assert_frame_equal(other.predict(5), expected)


def test_without_its_history_a_model_forecasts_the_same():
    df = table(3)
    kept, bare = fit(df), fit(df, keep_history=False)
    pd.testing.assert_frame_equal(bare.predict(7), kept.predict(7))
    assert len(pickle.dumps(bare)) < 0.6 * len(pickle.dumps(kept))
    model, whole = bare["c1"], kept["c1"]
    assert model.history.empty and set(model.history.columns) == set(whole.history.columns)
    assert list(model.history_dates) == list(whole.history_dates)[-5:]
    assert (abs(model.changepoints.to_numpy() - whole.changepoints.to_numpy()) <= np.timedelta64(1, "us")).all()
    pd.testing.assert_frame_equal(model.train_component_cols, whole.train_component_cols)
    one = pd.DataFrame({"ds": [model.history_dates.max() + pd.Timedelta(days=1)]})  # Its step is that of the history.
    loaded = model_from_json(model_to_json(model))
    prophets = prophet.serialize.model_from_json(model_to_json(model))
    prophets.uncertainty_samples = 0
    np.testing.assert_allclose(prophets.predict(one)["yhat"], whole.predict(one)["yhat"], rtol=1e-12)
    for other in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model)), loaded):
        pd.testing.assert_frame_equal(other.predict(one), whole.predict(one))
    assert len(model.make_future_dataframe(3, freq=None)) == 8
    for act, says in ((lambda: model.predict(), "without"), (lambda: bare.predict(3, include_history=True), "kept their history"),
                      (lambda: cross_validation(model, "10 days"), "needs the history")):
        with pytest.raises(ValueError, match=says):
            act()


def test_a_logistic_model_without_its_history():
    df = table(2).assign(cap=80.0, floor=1.0)
    kept, bare = fit(df, growth="logistic"), fit(df, growth="logistic", keep_history=False)
    asked = pd.DataFrame({"ds": pd.date_range("2022-01-01", periods=3), "cap": 80.0, "floor": 1.0})
    pd.testing.assert_frame_equal(bare["c1"].predict(asked), kept["c1"].predict(asked))
    assert bare["c1"].logistic_floor and bare["c1"].history.empty


def test_country_holidays_are_those_of_the_years_asked_for():
    df = table(3, rows=360)

    def prepare(model):
        model.add_country_holidays("US")

    fleet = fit(df, prepare=prepare)
    forecasts = fleet.predict(400, columns=["yhat", "holidays"])
    single = chiliad.Prophet()
    prepare(single)
    rows = df[df["customer"] == "c1"].rename(columns={"when": "ds", "use": "y"})[["ds", "y"]]
    single.fit(rows)
    expected = single.predict(single.make_future_dataframe(400, include_history=False))
    found = forecasts[forecasts["customer"] == "c1"]
    assert (expected["holidays"] != 0).sum() > 10
    np.testing.assert_allclose(found["holidays"], expected["holidays"], rtol=1e-12)
    np.testing.assert_allclose(found["yhat"], expected["yhat"], rtol=1e-12)


def test_columns_of_a_forecast():
    fleet = fit(table(2), uncertainty_samples=0)
    assert list(fleet.predict(2).columns) == ["customer", "ds", "yhat"]
    assert list(fleet.predict(2, columns="trend").columns) == ["customer", "ds", "trend"]
    with pytest.raises(ValueError, match="no column .*yhat_lower.*there are trend"):
        fleet.predict(2, columns=("yhat", "yhat_lower"))


def everything(model):
    model.add_regressor("heat", mode="multiplicative")
    model.add_regressor("promo", standardize=False)
    model.add_seasonality("open_week", 7, 2, condition_name="open")
    model.add_country_holidays("DE")


HOLIDAYS = pd.DataFrame({"holiday": "fair", "ds": pd.to_datetime(["2021-02-03", "2021-05-05"]), "lower_window": -1, "upper_window": 1})


def with_columns(df, when):
    random = np.random.default_rng(3)
    return df.assign(heat=random.normal(20, 5, len(df)), promo=random.integers(0, 2, len(df)), open=df[when].dt.dayofweek < 5,
                     cap=90.0, floor=2.0)


def future_rows(customers, per_customer=4):
    """Rows of the future in no order, each customer's first day another."""
    parts = [pd.DataFrame({"customer": f"c{i}", "when": pd.date_range("2021-05-01", periods=per_customer) + pd.Timedelta(i, "D")})
             for i in range(customers)]
    return with_columns(pd.concat(parts).sample(frac=1, random_state=4).reset_index(drop=True), "when")


@pytest.mark.parametrize("arguments", [{"growth": "logistic"}, {"growth": "linear"}, {"growth": "flat", "mcmc_samples": 24}],
                         ids=["logistic", "linear", "sampled"])
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_a_table_of_the_future_has_what_models_read_beside_dates(arguments, library):
    def as_library(df):
        return {"pandas": lambda: df, "polars": lambda: polars.from_pandas(df), "arrow": lambda: pyarrow.Table.from_pandas(df)}[library]()

    df, future = with_columns(table(4), "when"), future_rows(4)
    df.loc[df["customer"] == "c3", "use"] = np.nan  # No model: its future rows are nobody's, whatever is in them.
    future.loc[future["customer"] == "c3", "heat"] = np.nan
    fleet = fit(as_library(df), prepare=everything, holidays=HOLIDAYS, weekly_seasonality=False, **arguments)
    assert list(fleet.failures) == ["c3"]
    columns = ["trend", "heat", "open_week", "holidays", "yhat"]
    np.random.seed(1)
    found = chiliad.predict_many(fleet, df=as_library(future), ds="when", columns=columns)
    assert found["customer"].unique().tolist() == list(fleet) and len(found) == 12
    for customer in fleet:
        model = chiliad.Prophet(holidays=HOLIDAYS, weekly_seasonality=False, **arguments)
        everything(model)
        model.fit(df[df["customer"] == customer].rename(columns={"when": "ds", "use": "y"}), **({"seed": 0} if "mcmc_samples" in arguments else {}))
        expected = model.predict(future[future["customer"] == customer].rename(columns={"when": "ds"}))
        one = found[found["customer"] == customer]
        np.testing.assert_array_equal(one["ds"], expected["ds"])
        for name in columns:
            np.testing.assert_allclose(one[name], expected[name], rtol=1e-12, atol=1e-12)


def test_rows_of_the_future_without_an_id_are_for_all():
    df = with_columns(table(3), "when")
    fleet = fit(df, prepare=lambda model: model.add_regressor("heat"))
    rows = pd.DataFrame({"ds": pd.date_range("2021-06-01", periods=3), "heat": [18.0, 25.0, 10.0]})
    found = fleet.predict(df=rows)
    assert list(found.columns) == ["customer", "ds", "yhat", "yhat_lower", "yhat_upper"] and len(found) == 9
    np.testing.assert_allclose(found[found["customer"] == "c1"]["yhat"], fleet["c1"].predict(rows)["yhat"], rtol=1e-12)
    assert fleet.predict(df=rows[:0]).empty


@pytest.mark.parametrize("act, says", [
    (lambda fleet, rows: fleet.predict(), "either periods or df"),
    (lambda fleet, rows: fleet.predict(3, df=rows), "either periods or df"),
    (lambda fleet, rows: fleet.predict(df=rows, ds="when", include_history=True), "include_history goes with periods"),
    (lambda fleet, rows: fleet.predict(df=rows), "no column 'ds'; it has 'customer', 'when'"),
    (lambda fleet, rows: fleet.predict(df=rows.drop(columns="heat"), ds="when"), "customer 'c.': Regressor 'heat' missing from dataframe"),
    (lambda fleet, rows: fleet.predict(df=rows.assign(heat=rows["heat"].where(rows["customer"] != "c1")), ds="when"),
     "customer 'c1': Found NaN in column 'heat'"),
    (lambda fleet, rows: fleet.predict(df=rows.drop(columns="cap"), ds="when"), "customer 'c.': Capacities must be supplied"),
    (lambda fleet, rows: fleet.predict(df=rows.replace({"customer": {"c2": "x"}}), ds="when"), "no model of 1 of the table's series: 'x'"),
    (lambda fleet, rows: fleet.predict(df=rows.assign(when=pd.NaT), ds="when"), "Found NaN in column ds"),
])
def test_what_a_table_of_the_future_lacks_is_said(act, says):
    fleet = fit(with_columns(table(3), "when"), growth="logistic", prepare=lambda model: model.add_regressor("heat"))
    with pytest.raises(ValueError, match=says):
        act(fleet, future_rows(3))


def test_another_column_named_ds_or_y_is_in_nobodys_way():
    df = table(2)
    pd.testing.assert_frame_equal(fit(df.assign(ds="text", y=None)).predict(2), fit(df).predict(2))


def test_models_of_regressors_are_refused_with_the_reason():
    with pytest.raises(ValueError, match="regressor_predictor needs a model of its own for each regressor"):
        fit(table(1).assign(heat=1.0), prepare=lambda model: model.add_regressor("heat", regressor_predictor=True))


@pytest.mark.parametrize("change, says", [
    (lambda df: df.drop(columns="use"), "no column 'use'"),
    (lambda df: df.assign(customer=[None] * len(df)), "without an id"),
    (lambda df: df.assign(when=[pd.NaT] * len(df)), "Found NaN in column ds"),
    (lambda df: df.assign(when=df["when"].dt.tz_localize("UTC")), "timezone"),
])
def test_what_cannot_be_is_said(change, says):
    with pytest.raises(ValueError, match=says):
        fit(change(table(2)))


def test_a_table_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="pandas, polars or Arrow"):
        chiliad.fit_many([1, 2], by="customer")
    with pytest.raises(TypeError, match=r"not LazyFrame: call its collect\(\) first"):
        fit(polars.from_pandas(table(2)).lazy())


def test_the_id_is_one_column():
    with pytest.raises(TypeError, match=r"the name of one column, not \['customer', 'use'\]"):
        chiliad.fit_many(table(2), by=["customer", "use"], ds="when", y="use")


def test_an_empty_table_is_an_empty_fleet():
    fleet = fit(table(1)[:0])
    assert len(fleet) == 0 and fleet.predict(3).empty


LONG = """
import numpy as np, pandas as pd, chiliad, sys
rows = pd.DataFrame({"id": np.repeat(np.arange(4000), 500), "ds": np.tile(pd.date_range("2020-01-01", periods=500, freq="h"), 4000)})
rows["y"] = np.random.default_rng(1).normal(size=len(rows)) + 10
how = dict(by="id", seasonality_mode="multiplicative", yearly_seasonality=True)
few = rows.groupby("id").head(3)
fleet = chiliad.fit_many(few, **how)
print("begins", flush=True)
%s
print("ended")
"""

CALLS = {
    "fits": "chiliad.fit_many(rows, progress=True, **how)",
    "samples": "chiliad.fit_many(rows[rows['id'] < 3], progress=True, mcmc_samples=400_000, **how)",
    "refits": "fleet.refresh(rows.drop(few.index), how='refit', progress=True)",
}


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_stops_it_and_progress_is_told(name):
    running = subprocess.Popen([sys.executable, "-c", LONG % CALLS[name]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "begins\n"
    told = ""
    while " series, " not in told:
        told = told[-60:] + (more := running.stderr.read(1))
        assert more, told
    os.kill(running.pid, signal.SIGINT)
    began = time.monotonic()
    out, err = running.communicate(timeout=60)
    assert running.returncode != 0 and "ended" not in out and "KeyboardInterrupt" in err
    assert time.monotonic() - began < 20
