"""refresh_many: new rows in a fleet's models, from their statistics or from their histories."""
import copy
import pickle

import numpy as np
import pandas as pd
import polars
import pytest

import chiliad


def table(first=0, last=200, customers=6, **columns):
    """Days [first, last) of each customer; the last two begin later and have a gap."""
    parts = []
    for number in range(customers):
        random = np.random.default_rng(number)
        days = np.arange(400)
        y = 20 + number + 0.1 * days + np.maximum(0, days - 120) * 0.2 + 3 * np.sin(2 * np.pi * days / 7) + random.normal(0, 1, 400)
        part = pd.DataFrame({"customer": f"c{number}", "ds": pd.date_range("2021-06-01", periods=400), "y": y,
                             "temp": 15 + random.normal(0, 3, 400), "on": days % 3 == 0})
        part.loc[[40, 195], "y"] = np.nan
        parts.append(part[10 * (number >= customers - 2):][lambda p: (p.index >= first) & (p.index < last)])
    return pd.concat(parts).sample(frac=1, random_state=1).reset_index(drop=True).assign(**columns)


def fit(df, **arguments):
    return chiliad.fit_many(df, by="customer", **{"keep_statistics": True, **arguments})


def alone(df, customer):
    return df[df["customer"] == customer].drop(columns="customer").sort_values("ds").reset_index(drop=True)


def parts(model):
    model.add_regressor("temp")
    model.add_seasonality("monthly", 30.5, 2, condition_name="on")
    model.holidays = pd.DataFrame({"holiday": "fair", "ds": pd.to_datetime(["2021-08-01", "2022-02-04"])})


def difference(model, other, asked):
    columns = ["trend", "yhat", "yhat_lower", "yhat_upper", "weekly"]
    return np.abs(model.predict(asked)[columns].to_numpy() - other.predict(asked)[columns].to_numpy()).max() / other.y_scale


KINDS = {"plain": ({}, None), "flat": ({"growth": "flat"}, None), "minmax": ({"scaling": "minmax"}, None),
         "given changepoints": ({"changepoints": ["2021-07-01", "2021-09-01"]}, None), "own parts": ({}, parts),
         "a country": ({}, lambda model: model.add_country_holidays("US"))}


@pytest.mark.parametrize("name", KINDS)
def test_models_are_those_that_one_refreshes_one_by_one(name):
    arguments, prepare = KINDS[name]
    fleet = fit(table(), prepare=prepare, **arguments)
    new = table(200, 230)  # Into another year.
    after = chiliad.refresh_many(fleet, new)
    assert list(after) == list(fleet) and not after.failures
    assert after.updates == {key: {"way": "statistics", "note": ""} for key in fleet}
    again = after.refresh(table(230, 231))
    for key in ("c0", "c5"):
        single = fleet[key]
        assert single.last_update is None and len(single.history_dates) == 200 - 10 * (key == "c5")
        for rows, refreshed in ((new, after), (table(230, 231), again)):
            single.refresh(alone(rows, key))
            model = refreshed[key]
            assert model.last_update == single.last_update
            assert difference(model, single, alone(table(0, 400), key)) < 1e-12
            pd.testing.assert_frame_equal(model.history[single.history.columns], single.history, check_dtype=False)
            assert list(model.history_dates) == list(single.history_dates) and model.n_changepoints == single.n_changepoints
            assert list(model.changepoints) == list(single.changepoints)
    if prepare is None:
        dates = again.predict(2)
        assert dates["ds"].min() == pd.Timestamp("2022-01-18") and len(dates) == 12


def test_a_refreshed_fleet_is_a_fit_of_all_rows_with_the_same_things_held():
    fleet = fit(table())
    after = chiliad.refresh_many(fleet, table(200, 260))
    for key in after:
        model = after[key]
        held = chiliad.Prophet(changepoints=model.changepoints, yearly_seasonality=False, weekly_seasonality=True,
                               daily_seasonality=False).fit(alone(table(0, 260), key))
        assert difference(model, held, alone(table(0, 400), key)) < 1e-8


@pytest.mark.parametrize("name, keep_statistics", [*((name, True) for name in KINDS), ("plain", False)])
def test_refit_is_fit_many_of_all_rows(name, keep_statistics):
    arguments, prepare = KINDS[name]
    fleet = fit(table(), prepare=prepare, keep_statistics=keep_statistics, **arguments)
    after = chiliad.refresh_many(fleet, table(200, 320), how="refit")
    cold = fit(table(0, 320), prepare=prepare, **arguments)
    assert list(after) == list(fleet) and not after.failures
    assert {one["way"] for one in after.updates.values()} == {"history"} and len(after.updates) == 6
    assert "changepoints are to be placed anew" in after["c1"].last_update["note"]
    for key in cold:
        assert difference(after[key], cold[key], alone(table(0, 400), key)) < 1e-8
        assert list(after[key].changepoints) == list(cold[key].changepoints)
        assert list(after[key].history_dates) == list(cold[key].history_dates)
    assert chiliad.refresh_many(after, table(320, 321)).updates["c2"]["way"] == "statistics"


@pytest.mark.parametrize("arguments, columns", [
    ({"seasonality_mode": "multiplicative"}, {}), ({"growth": "logistic"}, {"cap": 200.0, "floor": 1.0}), ({"mcmc_samples": 40}, {})],
    ids=str)
def test_models_without_statistics_are_fitted_from_all_their_rows(arguments, columns):
    days = 60 if "mcmc_samples" in arguments else 200
    fleet = fit(table(0, days, 3, **columns), seed=4, **arguments)
    after = chiliad.refresh_many(fleet, table(days, days + 20, 3, **columns))
    cold = fit(table(0, days + 20, 3, **columns), seed=4, **arguments)
    for key in cold:
        assert after.updates[key]["way"] == "history"
        assert ("the model is sampled" if "mcmc_samples" in arguments else "no statistics") in after.updates[key]["note"]
        if "mcmc_samples" in arguments:
            np.testing.assert_array_equal(after[key].params["beta"], cold[key].params["beta"])
        else:
            assert difference(after[key], cold[key], alone(table(0, 400, 3, **columns), key)) < 1e-8


def test_each_series_goes_its_own_way_and_failures_are_listed_with_reasons():
    df, new = table(), table(200, 210)
    few = df["customer"].eq("c1") & (df["ds"] < "2021-11-28")  # 19 rows with a value, and two new ones: 22 columns.
    short = pd.DataFrame({"customer": "short", "ds": [pd.Timestamp("2021-06-01")], "y": [1.0], "temp": 0.0, "on": False})
    fleet = fit(pd.concat([df[~few], short]))
    assert set(fleet.failures) == {"short"}
    new = new[(new["customer"] != "c0") & ~(new["customer"].eq("c1") & (new["ds"] > "2021-12-19"))]
    new.loc[(new["customer"] == "c2") & (new["ds"] > "2021-12-20"), "y"] = np.inf
    known = df[(df["customer"] == "c3") & (df["ds"] > "2021-12-15")]
    fresh = table(200, 240, 7)[lambda t: t["customer"] == "c6"]
    after = chiliad.refresh_many(fleet, pd.concat([new, known, fresh]))
    assert {key: one["way"] for key, one in after.updates.items()} == {
        "c1": "history", "c4": "statistics", "c5": "statistics", "c6": "cold"}
    assert "there are no more rows than columns" in after.updates["c1"]["note"]
    assert list(after) == [*fleet, "c6"]
    assert set(after.failures) == {"short", "c2", "c3"} and "infinity" in after.failures["c2"]
    assert after.failures["c3"].startswith(f"{len(known)} rows at or before the model's last date, 2021-12-17")
    for key in ("c0", "c2", "c3"):  # As they were.
        np.testing.assert_array_equal(after[key].params["beta"], fleet[key].params["beta"])
    cold = fit(pd.concat([df[~few], new, fresh]))
    for key in ("c1", "c6"):
        assert difference(after[key], cold[key], alone(table(0, 400, 7), key)) < 1e-8

    skipped = chiliad.refresh_many(fleet, pd.concat([new, df]), skip_known_rows=True)
    assert skipped.updates["c3"]["way"] == "statistics" and set(skipped.failures) == {"short", "c2"} and "c0" not in skipped.updates
    np.testing.assert_array_equal(skipped["c4"].params["delta"], after["c4"].params["delta"])
    nothing = chiliad.refresh_many(fleet, df[:0])
    assert not nothing.updates and list(nothing) == list(fleet) and nothing.failures == fleet.failures


def test_without_histories_statistics_do_and_a_refit_says_what_is_missing():
    fleet, kept = fit(table(), keep_history=False), fit(table())
    after = fleet.refresh(table(200, 230))
    pd.testing.assert_frame_equal(after.predict(5), kept.refresh(table(200, 230)).predict(5))
    assert after["c1"].history.empty
    refused = fleet.refresh(table(200, 230), how="refit")
    assert set(refused.failures) == set(fleet) and "keeps no history: fit_many() all rows anew" in refused.failures["c0"]
    pd.testing.assert_frame_equal(refused.predict(5), fleet.predict(5))


@pytest.mark.parametrize("how", ["held", "refit"])
@pytest.mark.parametrize("name", ["plain", "own parts", "a country"])
def test_fleets_that_were_pickled_are_refreshed_alike(name, how):
    arguments, prepare = KINDS[name]
    fleet, new = fit(table(), prepare=prepare, **arguments), table(200, 230)
    expected = fleet.refresh(new, how=how)
    for other in (pickle.loads(pickle.dumps(fleet)), copy.deepcopy(fleet)):
        after = pickle.loads(pickle.dumps(other.refresh(new, how=how)))
        assert after.updates == expected.updates
        for key in expected:
            assert difference(after[key], expected[key], alone(table(0, 400), key)) < 1e-12


@pytest.mark.parametrize("how", ["held", "refit"])
def test_the_number_of_threads_and_the_kind_of_table_change_nothing(how):
    fleet, new = fit(table()), table(200, 230)
    one = fleet.refresh(new, how=how, threads=1)
    for other in (fleet.refresh(new, how=how, threads=8), fleet.refresh(polars.from_pandas(new), how=how),
                  fleet.refresh(new.rename(columns={"ds": "when", "y": "use"}), ds="when", y="use", how=how)):
        for key in one:
            for name, values in one[key].params.items():
                np.testing.assert_array_equal(values, other[key].params[name])


@pytest.mark.parametrize("change, says", [
    (dict(how="anew"), "how must be 'held' or 'refit', not 'anew'"), (dict(ds="when"), "refresh_many: the table has no column 'when'")])
def test_what_cannot_be_is_said(change, says):
    with pytest.raises(ValueError, match=says):
        fit(table()).refresh(table(200, 201), **change)
    with pytest.raises(ValueError, match="Regressor 'temp' missing"):
        fit(table(), prepare=parts).refresh(table(200, 201).drop(columns="temp"))
