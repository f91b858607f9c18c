"""Prophet.refresh(): new rows in a fitted model, as `chiliad train --refresh held` takes them in."""
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

    refused("2 rows at or before the model's last date, 2021-10-27 00:00:00, the first at 2021-10-26", rows(298, 301))
    refused("there are no new rows", rows(0, 0))
    refused("Regressor 'temp' missing from dataframe", rows(300, 301).drop(columns="temp"))
    refused("Found infinity in column y", rows(300, 302).assign(y=np.inf))
    assert chiliad.serialize.model_to_json(model) == before
    refused("fit it with keep_statistics=True", rows(300, 301)[["ds", "y"]], chiliad.Prophet().fit(rows(0, 300)))
    shares = chiliad.Prophet(seasonality_mode="multiplicative").fit(rows(0, 300), keep_statistics=True)
    refused("has no statistics", rows(300, 301)[["ds", "y"]], shares)
    few = chiliad.Prophet().fit(rows(0, 20), keep_statistics=True)
    refused("fitted from all its rows .there are no more rows than columns.", rows(20, 21)[["ds", "y"]], few)
    changed = copy.deepcopy(model)
    changed.params["k"] = changed.params["k"] + 1
    refused("were changed since the fit", rows(300, 301), changed)
    refused("are damaged", rows(300, 301), without(model, gram="no base64!"))
    refused("statistics: gram is not that", rows(300, 301), without(model, gram="AAAAAAAAAAA="))
    refused("of a later version", rows(300, 301), without(model, version=2))


def test_known_rows_can_be_left_out():
    model, other = fitted(), fitted()
    assert model.refresh(rows(250, 300), skip_known_rows=True) is model
    model.refresh(rows(250, 310), skip_known_rows=True)
    other.refresh(rows(300, 310))
    np.testing.assert_array_equal(model.params["delta"], other.params["delta"])


def test_a_model_stored_without_its_history_takes_in_rows_too():
    whole = fitted()
    stored = json.loads(chiliad.serialize.model_to_json(whole))
    empty = json.loads(stored["history"])
    empty["data"] = []
    stored["chiliad"].update(rows=299, history_date_count=300)
    bare = chiliad.serialize.model_from_json(json.dumps({**stored, "history": json.dumps(empty)}))
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
