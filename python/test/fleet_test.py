"""fit_many and predict_many: the models are those that one fits one by one."""
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

import chiliad


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


def test_an_empty_table_is_an_empty_fleet():
    fleet = fit(table(1)[:0])
    assert len(fleet) == 0 and fleet.predict(3).empty


LONG = """
import numpy as np, pandas as pd, chiliad, sys
rows = pd.DataFrame({"id": np.repeat(np.arange(4000), 500), "ds": np.tile(pd.date_range("2020-01-01", periods=500, freq="h"), 4000)})
rows["y"] = np.random.default_rng(1).normal(size=len(rows)) + 10
print("begins", flush=True)
chiliad.fit_many(rows, by="id", progress=True, seasonality_mode="multiplicative", yearly_seasonality=True)
print("ended")
"""


def test_ctrl_c_stops_it_and_progress_is_told():
    running = subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "begins\n"
    time.sleep(1.5)
    os.kill(running.pid, signal.SIGINT)
    began = time.monotonic()
    out, err = running.communicate(timeout=60)
    assert running.returncode != 0 and "ended" not in out and "KeyboardInterrupt" in err
    assert time.monotonic() - began < 20
    assert "of 4,000 series" in err
