"""Tables and arguments that cannot be are refused with a reason, and never read as something else."""
import datetime
import decimal

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

import chiliad


def rows(n=120, **columns):
    days = np.arange(n)
    y = 20 + 0.1 * days + 3 * np.sin(2 * np.pi * days / 7) + np.random.default_rng(1).normal(0, 1, n)
    return pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=n), "y": y, **columns})


def fit(table, add=lambda model: None, **arguments):
    model = chiliad.Prophet(uncertainty_samples=0, **arguments)
    add(model)
    return model.fit(table)


def old(unit):
    """Dates that datetime64[ns] cannot hold; numpy's conversion would make 1585 or so of them."""
    return pd.Series(np.datetime64("1000-01-01", unit) + np.arange(120) * np.timedelta64(86_400, "s").astype(f"m8[{unit}]"))


OUT_OF_RANGE = "outside of 1677-09-21 to 2262-04-11"
ZONES = "timezone specified"
DATES = {
    "of another unit": (lambda r: old("s"), OUT_OF_RANGE),
    "in microseconds": (lambda r: old("us"), OUT_OF_RANGE),
    "as text": (lambda r: ["3000-01-01"] * 120, OUT_OF_RANGE),
    "as objects": (lambda r: pd.Series([datetime.datetime(3000, 1, 1)] * 120, dtype=object), OUT_OF_RANGE),
    "of a zone": (lambda r: r["ds"].dt.tz_localize("UTC"), ZONES),
    "of a zone as text": (lambda r: r["ds"].astype(str) + "T00:00:00Z", ZONES),
    "no dates": (lambda r: ["yesterday"] * 120, "yesterday"),
}


@pytest.mark.filterwarnings("ignore:In a future version of pandas")
@pytest.mark.parametrize("name", DATES)
def test_dates_that_cannot_be(name):
    make, says = DATES[name]
    table = rows()
    bad = table.assign(ds=make(table))
    with pytest.raises(ValueError, match=says):
        fit(bad)
    with pytest.raises(ValueError, match=says):
        fit(table).predict(bad)
    with pytest.raises(ValueError, match=says):
        chiliad.fit_many(bad.assign(id=1), by="id")


@pytest.mark.parametrize("dtype", ["int64", "int32", "Int64", "str"])
def test_whole_numbers_are_days(dtype):
    table = rows()
    expected = fit(table).predict()
    given = table.assign(ds=table["ds"].dt.strftime("%Y%m%d").astype("int64").astype(dtype))
    pd.testing.assert_frame_equal(fit(given).predict(), expected)


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_dates_of_every_unit(unit):
    table = rows()
    expected = fit(table).predict()
    pd.testing.assert_frame_equal(fit(table.assign(ds=table["ds"].astype(f"datetime64[{unit}]"))).predict(), expected)


VALUES = {
    "text": (lambda y: ["many"] * 120, "many"),
    "complex": (lambda y: y + 0j, "complex"),
    "infinite": (lambda y: -np.inf, "infinity"),
    "missing": (lambda y: None, "less than 2 non-NaN rows"),
    "missing but one": (lambda y: [1.0] + [None] * 119, "less than 2 non-NaN rows"),
    "missing, of Arrow": (lambda y: pd.array([np.nan] * 120, dtype="double[pyarrow]"), "less than 2 non-NaN rows"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_that_cannot_be(name):
    make, says = VALUES[name]
    with pytest.raises(ValueError, match=says):
        fit(rows().assign(y=make(rows()["y"])))


@pytest.mark.parametrize("make", [
    lambda y: y.astype(str), lambda y: y.astype(object), lambda y: [decimal.Decimal(repr(value)) for value in y],
    lambda y: y.astype("Float64"), lambda y: y.astype("double[pyarrow]")])
def test_values_of_every_type(make):
    table = rows()
    expected = fit(table).predict()
    pd.testing.assert_frame_equal(fit(table.assign(y=make(table["y"]))).predict(), expected)


def test_gaps_of_every_type_are_gaps():
    table = rows()
    table.loc[[3, 50], "y"] = np.nan
    expected = fit(table)
    for dtype in ("object", "Float64", "double[pyarrow]"):
        given = fit(table.assign(y=table["y"].astype(dtype)))
        assert len(given.history) == 118
        np.testing.assert_array_equal(given.params["k"], expected.params["k"])


def twice(table, name):
    return pd.concat([table, table[[name]]], axis=1)


def with_regressor(model):
    model.add_regressor("heat")


@pytest.mark.parametrize("name", ["ds", "y", "heat"])
def test_a_column_that_is_there_twice(name):
    with pytest.raises(ValueError, match=f"Column '{name}' is there 2 times"):
        fit(twice(rows(heat=1.0), name), with_regressor)
    with pytest.raises(ValueError, match=f"Column '{name}' is there 2 times"):
        chiliad.fit_many(twice(rows(heat=1.0), name).assign(id=1), by="id", prepare=with_regressor)


@pytest.mark.parametrize("name", [5, None, ("a", "b")])
def test_names_that_are_no_text(name):
    for add in (lambda m: m.add_regressor(name), lambda m: m.add_seasonality(name, 7, 2),
                lambda m: m.add_seasonality("s", 7, 2, condition_name=name or 0)):
        with pytest.raises(TypeError, match="is not text"):
            add(chiliad.Prophet())
    if name == 5:
        with pytest.raises(TypeError, match="is not text"):
            chiliad.Prophet(holidays=pd.DataFrame({"holiday": [name], "ds": ["2021-02-01"]}))


def test_columns_whose_names_are_no_text_are_left_alone():
    table = rows()
    table[0], table[("a", 1)] = 1.0, 2.0
    assert len(fit(table).predict()) == 120


@pytest.mark.parametrize("table", [[1, 2], {"ds": [1], "y": [2]}, None, "ds"])
def test_what_is_no_table(table):
    with pytest.raises(TypeError, match="expected a pandas, polars or Arrow table"):
        fit(table)
    if table is not None:
        with pytest.raises(TypeError, match="expected a pandas, polars or Arrow table"):
            fit(rows()).predict(table)


def test_tables_of_polars_and_arrow():
    table = rows()
    expected = fit(table).predict(table)
    for make in (polars.from_pandas, pyarrow.Table.from_pandas):
        pd.testing.assert_frame_equal(fit(make(table)).predict(make(table)), expected)


def test_caps_of_text_are_numbers():
    table = rows(cap=60.0)
    expected = fit(table, growth="logistic").predict()
    given = fit(table.assign(cap="60.0"), growth="logistic")
    assert given.history["cap"].dtype == float
    pd.testing.assert_frame_equal(given.predict(), expected)


ARGUMENTS = {
    "order of a fraction": (dict(), lambda m: m.add_seasonality("s", 7, 1.5), TypeError, "integer"),
    "order too large": (dict(), lambda m: m.add_seasonality("s", 7, 100_000), ValueError, "at most 10000"),
    "order beyond numbers": (dict(), lambda m: m.add_seasonality("s", 7, 2**40), TypeError, "too large"),
    "weekly too large": (dict(weekly_seasonality=10**6), None, ValueError, "at most 10000"),
    "weekly beyond numbers": (dict(weekly_seasonality=2**40), None, TypeError, "Fourier order"),
    "period 0": (dict(), lambda m: m.add_seasonality("s", 0, 2), ValueError, "Period must be > 0"),
    "period NaN": (dict(), lambda m: m.add_seasonality("s", np.nan, 2), ValueError, "Period must be > 0"),
    "changepoints too many": (dict(n_changepoints=10**9), None, ValueError, "at most 10000"),
    "changepoints of a fraction": (dict(n_changepoints=2.5), None, TypeError, "integer"),
    "tau 0": (dict(changepoint_prior_scale=0), None, ValueError, "changepoint_prior_scale"),
    "tau negative": (dict(changepoint_prior_scale=-1), None, ValueError, "changepoint_prior_scale"),
    "tau NaN": (dict(changepoint_prior_scale=np.nan), None, ValueError, "changepoint_prior_scale"),
    "seasonality prior 0": (dict(seasonality_prior_scale=0), None, ValueError, "seasonality_prior_scale"),
    "range NaN": (dict(changepoint_range=np.nan), None, ValueError, "changepoint_range"),
    "few draws": (dict(mcmc_samples=6), None, ValueError, "at least 4 draws"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_that_cannot_be(name):
    arguments, add, error, says = ARGUMENTS[name]
    with pytest.raises(error, match=says):
        fit(rows(), add or (lambda model: None), **arguments)


@pytest.mark.parametrize("changepoints, says", [
    ([None], "Found NaN in argument changepoints"), (pd.DatetimeIndex(["2021-02-01"], tz="UTC"), ZONES),
    (["2031-01-01"], "must fall within training data")])
def test_changepoints_that_cannot_be(changepoints, says):
    with pytest.raises(ValueError, match=says):
        fit(rows(), changepoints=changepoints)


@pytest.mark.parametrize("window", [np.inf, 10**9])
def test_windows_without_an_end(window):
    table = pd.DataFrame({"holiday": ["fair"], "ds": ["2021-02-01"], "lower_window": 0, "upper_window": window})
    with pytest.raises(ValueError, match="at most 10000 days"):
        fit(rows(), holidays=table)


def test_more_than_memory_holds_is_refused_before_it_is_made():
    table = pd.DataFrame({"ds": pd.date_range("2000-01-01", periods=60_000, freq="h"), "y": np.arange(60_000.0)})

    def many(model):
        model.add_seasonality("many", 30.5, 9_500)

    with pytest.raises(ValueError, match="60000 rows of .* columns are more than the fit can hold"):
        fit(table, many)
    fleet = chiliad.fit_many(table.assign(id="a"), by="id", prepare=many)
    assert "more than the fit can hold" in fleet.failures["a"]


@pytest.mark.parametrize("periods", [-1, -5])
def test_periods_below_zero(periods):
    model = fit(rows())
    with pytest.raises(ValueError, match="periods must be >= 0"):
        model.make_future_dataframe(periods)
    fleet = chiliad.fit_many(rows().assign(id="a"), by="id")
    with pytest.raises(ValueError, match="periods must be at least"):
        fleet.predict(periods)
    assert list(model.make_future_dataframe(0)["ds"]) == list(rows()["ds"])


@pytest.mark.parametrize("init", [{"k": np.nan, "m": np.inf, "sigma_obs": -1.0, "delta": np.full(25, np.nan), "beta": np.zeros(3)},
                                  {"delta": np.zeros(0)}, {}])
def test_a_start_that_cannot_be_is_prophets_own(init):
    np.testing.assert_allclose(chiliad.Prophet().fit(rows(), init=init).params["beta"],
                               chiliad.Prophet().fit(rows()).params["beta"], rtol=1e-6, atol=1e-9)


def test_a_table_is_not_changed():
    table = rows(cap="60", heat="1")
    table["ds"] = table["ds"].astype(str)
    before = table.copy()
    model = fit(table, with_regressor, growth="logistic")
    model.predict(table)
    model.history, model.predictive_samples(table)
    pd.testing.assert_frame_equal(table, before)
