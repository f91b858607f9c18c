"""Prophet.refresh(): new rows in a fitted model, as `chiliad train --refresh held|refit` takes them in."""
import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest

import chiliad
import chiliad.serialize


def rows(first, last, seed=3):
    days = np.arange(400)
    random = np.random.default_rng(seed)
    temp = 15 + 5 * np.sin(days / 30) + random.normal(0, 1, 400)
    y = 50 + 0.1 * days + np.maximum(0, days - 150) * 0.3 + 3 * np.sin(2 * np.pi * days / 7) + 0.8 * temp
    table = pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=400), "y": y + random.normal(0, 1, 400), "temp": temp})
    table.loc[57, "y"] = np.nan
    return table.iloc[first:last].reset_index(drop=True)


def fitted(last=300, **arguments):
    model = chiliad.Prophet(**arguments)
    model.add_regressor("temp")
    return model.fit(rows(0, last), keep_statistics=True)


def held(model, table):
    """A plain fit of all rows that is given what a refresh holds."""
    temp = model.extra_regressors["temp"]
    given = chiliad.Prophet(changepoints=model.changepoints, growth=model.growth, scaling=model.scaling,
                            yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False,
                            changepoint_prior_scale=model.changepoint_prior_scale)
    for name, one in model.seasonalities.items():
        given.add_seasonality(name, one["period"], one["fourier_order"], one["prior_scale"], one["mode"])
    given.add_regressor("temp", prior_scale=temp["prior_scale"], standardize=False)
    return given.fit(table.assign(temp=(table["temp"] - temp["mu"]) / temp["std"]))


def difference(model, cold):
    """Of forecasts of the history and after it, in units of y_scale."""
    table, temp = rows(0, 400), model.extra_regressors["temp"]
    ours = model.predict(table)
    theirs = cold.predict(table.assign(temp=(table["temp"] - temp["mu"]) / temp["std"]))
    names = ["yhat", "trend", "weekly", "yhat_lower", "yhat_upper"]
    return np.abs(ours[names].to_numpy() - theirs[names].to_numpy()).max() / model.y_scale


@pytest.mark.parametrize("arguments", [{}, {"growth": "flat"}, {"scaling": "minmax"}, {"changepoint_prior_scale": 1.0}],
                         ids=str)
def test_a_refreshed_model_is_a_fit_of_all_rows_with_the_same_things_held(arguments):
    model = fitted(**arguments)
    changepoints = model.changepoints.copy()
    for first, last in ((300, 301), (301, 308), (308, 350)):
        assert model.refresh(rows(first, last)) is model
        cold = held(model, rows(0, last))
        assert difference(model, cold) < 1e-8
        assert len(model.history) == last - 1 and len(model.history_dates) == last
        for name in ("y", "t", "y_scaled", "floor"):
            np.testing.assert_allclose(model.history[name], cold.history[name], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(model.params["trend"], cold.params["trend"], atol=1e-8)
        np.testing.assert_allclose(model.params["lp__"], cold.params["lp__"], atol=1e-6)
        pd.testing.assert_series_equal(model.changepoints, changepoints)
    assert model.make_future_dataframe(1, include_history=False)["ds"][0] == pd.Timestamp("2021-12-17")


def test_copies_pickles_and_stored_models_are_refreshed_alike():
    model = fitted()
    others = [copy.deepcopy(model), pickle.loads(pickle.dumps(model)),
              chiliad.serialize.model_from_json(chiliad.serialize.model_to_json(model))]
    model.refresh(rows(300, 320))
    for other in others:
        other.refresh(rows(300, 320))
        assert np.abs(other.predict(rows(0, 400))["yhat"] - model.predict(rows(0, 400))["yhat"]).max() < 1e-8 * model.y_scale


def test_the_stored_form_has_statistics_only_where_they_were_kept():
    assert "statistics" in json.loads(chiliad.serialize.model_to_json(fitted()))["chiliad"]
    plain = chiliad.Prophet().fit(rows(0, 100))
    assert plain.statistics is None and "chiliad" not in json.loads(chiliad.serialize.model_to_json(plain))
    assert "keep_statistics" not in fitted().fit_kwargs


def without(model, **changed):
    stored = json.loads(chiliad.serialize.model_to_json(model))
    stored["chiliad"]["statistics"].update(changed)
    return chiliad.serialize.model_from_json(json.dumps(stored))


def test_what_cannot_be_refreshed_says_why_and_stays_as_it_was():
    model = fitted()
    before = chiliad.serialize.model_to_json(model)

    def refused(words, table, of=model, **arguments):
        with pytest.raises(ValueError, match=words):
            of.refresh(table, **arguments)

    for how in ("held", "refit"):
        refused("2 rows at or before the model's last date, 2021-10-27 00:00:00, the first at 2021-10-26", rows(298, 301), how=how)
        refused("there are no new rows", rows(0, 0), how=how)
        refused("Regressor 'temp' missing from dataframe", rows(300, 301).drop(columns="temp"), how=how)
        refused("Found infinity in column y", rows(300, 302).assign(y=np.inf), how=how)
    refused("how must be 'held' or 'refit', not 'anew'", rows(300, 301), how="anew")
    assert chiliad.serialize.model_to_json(model) == before and model.last_update is None
    refused("are damaged", rows(300, 301), without(model, gram="no base64!"))
    refused("statistics: gram is not that", rows(300, 301), without(model, gram="AAAAAAAAAAA="))
    bare = without_history(model)
    refused("has to be fitted from all its rows .changepoints are to be placed anew., and the model keeps no history", rows(300, 301),
            bare, how="refit")
    with pytest.raises(Exception, match="Model has not been fit"):
        chiliad.Prophet().refresh(rows(0, 3))


def changed(model):
    model.params["k"] = model.params["k"] + 1
    return model


WITHOUT_STATISTICS = {
    "kept none": ("the model has no statistics", lambda: plain(rows(0, 300), keep_statistics=False)),
    "shares of the trend": ("the model has no statistics", lambda: plain(rows(0, 300), seasonality_mode="multiplicative")),
    "few rows": ("there are no more rows than columns", lambda: plain(rows(0, 300)[280:])),
    "changed by hand": ("parameters or scales were changed since the fit", lambda: changed(plain(rows(0, 300)))),
    "of a later version": ("the model's statistics are of a later version", lambda: without(plain(rows(0, 300)), version=2)),
}


def plain(table, keep_statistics=True, **arguments):
    return chiliad.Prophet(**arguments).fit(table[["ds", "y"]], keep_statistics=keep_statistics)


@pytest.mark.parametrize("name", WITHOUT_STATISTICS)
def test_where_the_statistics_do_not_do_the_history_is_read_again_and_the_model_says_so(name):
    why, make = WITHOUT_STATISTICS[name]
    model = make()
    table = pd.concat([rows(0, 300)[280:] if name == "few rows" else rows(0, 300), rows(300, 303)])
    assert model.refresh(rows(300, 303)[["ds", "y"]]) is model
    assert model.last_update == {"way": "history", "note": "fitted from all rows: " + why}
    same(model, plain(table, seasonality_mode=model.seasonality_mode), rows(0, 400))


def test_the_model_says_which_of_the_two_was_done():
    model = fitted()
    model.refresh(rows(300, 301))
    assert model.last_update == {"way": "statistics", "note": ""}
    assert model.refresh(rows(0, 301), skip_known_rows=True).last_update["way"] == "statistics"
    model.refresh(rows(301, 302), how="refit")
    assert model.last_update == {"way": "history", "note": "fitted from all rows: changepoints are to be placed anew"}
    assert pickle.loads(pickle.dumps(model)).last_update == model.last_update == copy.deepcopy(model).last_update
    model.refresh(rows(302, 303))  # A model that was fitted again kept its statistics.
    assert model.last_update["way"] == "statistics"


def same(model, cold, table, bound=1e-8):
    """Two models of one fit: everything that a plain fit leaves, and forecasts within the bound, in units of y_scale."""
    assert model.seasonalities == cold.seasonalities and model.n_changepoints == cold.n_changepoints
    assert list(model.changepoints) == list(cold.changepoints) and list(model.changepoints.index) == list(cold.changepoints.index)
    assert list(model.history_dates) == list(cold.history_dates) and len(model.history) == len(cold.history)
    assert (model.start, model.t_scale, model.fit_kwargs) == (cold.start, cold.t_scale, cold.fit_kwargs)
    for name in ("y", "t", "y_scaled", "floor", *cold.extra_regressors):
        np.testing.assert_allclose(model.history[name], cold.history[name], rtol=1e-10, atol=1e-10, err_msg=name)
    ours, theirs = model.predict(table), cold.predict(table)
    assert list(ours.columns) == list(theirs.columns)
    for name in ours.columns.drop("ds"):
        if cold.growth == "logistic" and name.endswith(("_lower", "_upper")):
            continue  # Drawn: their last digits decide which numbers are.
        scale = 1 if "multiplicative" in name else cold.y_scale
        assert np.abs(ours[name] - theirs[name]).max() < bound * scale, name


def with_parts(model):
    model.add_regressor("temp", prior_scale=3, standardize="auto")
    model.add_seasonality("weekly", 7, 2, prior_scale=4)
    model.add_seasonality("monthly", 30.5, 2, condition_name="on")
    model.holidays = pd.DataFrame({"holiday": "fair", "ds": pd.to_datetime(["2021-02-01", "2021-05-04", "2021-12-01"]),
                                   "lower_window": -1, "upper_window": 1})


KINDS = {
    "plain": (0, 300, {}, None),
    "flat": (0, 300, {"growth": "flat"}, None),
    "minmax": (0, 300, {"scaling": "minmax"}, None),
    "multiplicative": (0, 300, {"seasonality_mode": "multiplicative"}, None),
    "logistic": (0, 300, {"growth": "logistic"}, None),
    "given changepoints": (0, 300, {"changepoints": ["2021-03-01", "2021-08-01"]}, None),
    "own parts": (0, 300, {}, with_parts),
    "a country's holidays": (0, 300, {}, lambda model: model.add_country_holidays("US")),
    "a seasonality that the first rows are too few for": (0, 12, {}, None),
    "changepoints that the first rows are too few for": (0, 20, {"n_changepoints": 40}, None),
    "a number of terms": (0, 300, {"weekly_seasonality": 2, "yearly_seasonality": True}, None),
}


@pytest.mark.parametrize("stored", [False, True], ids=["as fitted", "stored"])
@pytest.mark.parametrize("name", KINDS)
def test_refit_is_a_plain_fit_of_all_rows(name, stored):
    first, last, arguments, add = KINDS[name]
    if stored and name.startswith("changepoints"):
        pytest.skip("The stored form has what was left of the number: 25 are asked for then.")
    table = rows(0, 400).assign(on=lambda t: t["ds"].dt.month > 3)
    if name == "logistic":
        table = table.assign(cap=300.0, floor=1.0)

    def fit(part):
        model = chiliad.Prophet(**arguments)
        if add is not None:
            add(model)
        return model.fit(part, keep_statistics=name != "multiplicative")

    model = fit(table[first:last])
    if stored:
        model = chiliad.serialize.model_from_json(chiliad.serialize.model_to_json(model))
    model.refresh(table[last:390], how="refit")
    cold = fit(table[first:390])
    same(model, cold, table[first:])
    assert (model.statistics is None) == (name in ("multiplicative", "logistic"))
    model.refresh(table[390:], how="refit")  # Again, from a model that was refitted.
    same(model, fit(table[first:]), table[first:])


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_know_how_many_changepoints_were_asked_for(make):
    model = make(chiliad.Prophet(n_changepoints=40).fit(rows(0, 20)[["ds", "y"]]))
    assert model.n_changepoints == 15
    assert model.refresh(rows(20, 400)[["ds", "y"]], how="refit").n_changepoints == 40


def test_draws_are_made_again_with_the_seed_of_the_fit():
    model = chiliad.Prophet(mcmc_samples=40).fit(rows(0, 60)[["ds", "y"]], seed=5)
    model.refresh(rows(60, 70)[["ds", "y"]])
    assert model.last_update["way"] == "history"
    cold = chiliad.Prophet(mcmc_samples=40).fit(rows(0, 70)[["ds", "y"]], seed=5)
    for name, values in cold.params.items():
        np.testing.assert_array_equal(model.params[name], values)


def test_regressors_own_models_are_refitted_from_their_own_rows():
    def fit(table):
        model = chiliad.Prophet(weekly_seasonality=False)
        model.add_regressor("temp", regressor_predictor={"growth": "flat", "yearly_seasonality": 3})
        return model.fit(table)

    model = fit(rows(0, 300))
    model.refresh(rows(300, 350), how="refit")
    cold = fit(rows(0, 350))
    ours, theirs = (of.extra_regressors["temp"]["predictor"] for of in (model, cold))
    assert len(ours.history) == 350  # The row without y is among them.
    same(ours, theirs, rows(0, 400))
    future = rows(350, 400)[["ds"]]
    assert np.abs(model.predict(future)["yhat"] - cold.predict(future)["yhat"]).max() < 1e-8 * cold.y_scale


def test_a_constant_series_that_begins_to_move_is_fitted_as_any():
    def table(last):
        return rows(0, last)[["ds", "y"]].assign(y=lambda t: t["y"].where(t.index >= 100, 20.0).fillna(20.0))

    model = chiliad.Prophet().fit(table(100), keep_statistics=True)
    assert "lp__" not in model.params
    model.refresh(table(300)[100:], how="refit")
    same(model, chiliad.Prophet().fit(table(300)), rows(0, 400))


def test_the_number_of_changepoints_is_held():
    model = fitted(n_changepoints=7)
    model.refresh(rows(300, 310))
    assert model.n_changepoints == 7 and len(model.changepoints) == 7


def test_known_rows_can_be_left_out():
    model, other = fitted(), fitted()
    assert model.refresh(rows(250, 300), skip_known_rows=True) is model
    model.refresh(rows(250, 310), skip_known_rows=True)
    other.refresh(rows(300, 310))
    np.testing.assert_array_equal(model.params["delta"], other.params["delta"])


def without_history(model):
    stored = json.loads(chiliad.serialize.model_to_json(model))
    empty = json.loads(stored["history"])
    empty["data"] = []
    stored["chiliad"].update(rows=299, history_date_count=300)
    return chiliad.serialize.model_from_json(json.dumps({**stored, "history": json.dumps(empty)}))


def test_a_model_stored_without_its_history_takes_in_rows_too():
    whole = fitted()
    bare = without_history(whole)
    assert not len(bare.history)
    bare.refresh(rows(300, 330))
    whole.refresh(rows(300, 330))
    assert not len(bare.history) and bare.make_future_dataframe(1)["ds"].max() == pd.Timestamp("2021-11-27")
    assert np.abs(bare.predict(rows(0, 400))["yhat"] - whole.predict(rows(0, 400))["yhat"]).max() < 1e-12 * whole.y_scale


def test_rows_without_a_value_move_the_dates_alone():
    model = fitted()
    before = {name: values.copy() for name, values in model.params.items()}
    model.refresh(rows(300, 310).assign(y=np.nan))
    assert len(model.history) == 299 and len(model.history_dates) == 310
    assert model.make_future_dataframe(1, include_history=False)["ds"][0] == pd.Timestamp("2021-11-07")
    for name in ("k", "m", "delta", "beta", "sigma_obs"):
        np.testing.assert_array_equal(model.params[name], before[name])
