"""Prophet's stored form: what prophet.serialize writes is read here, and the other way round.

Source: Prophet 1.5.0, serialize.py; doc/stored_form.md has it key by key.
"""
import json
from collections import OrderedDict
from copy import deepcopy

import numpy as np
import pandas as pd

from chiliad import engine_form, frames
from chiliad.forecaster import Prophet

PROPHET_VERSION = "1.5.0"  # Whose form it is.

SIMPLE_ATTRIBUTES = [
    "growth", "n_changepoints", "specified_changepoints", "changepoint_range", "yearly_seasonality", "weekly_seasonality",
    "daily_seasonality", "seasonality_mode", "seasonality_prior_scale", "changepoint_prior_scale", "holidays_prior_scale",
    "mcmc_samples", "interval_width", "uncertainty_samples", "y_scale", "y_min", "scaling", "logistic_floor",
    "country_holidays", "component_modes", "holidays_mode"]
PD_SERIES = ["changepoints", "history_dates", "train_holiday_names"]
PD_TIMESTAMP = ["start"]
PD_TIMEDELTA = ["t_scale"]
PD_DATAFRAME = ["holidays", "history", "train_component_cols"]
NP_ARRAY = ["changepoints_t"]
ORDEREDDICT = ["seasonalities", "extra_regressors"]


def _plain(value):
    """numpy's numbers and arrays as Python's, at any depth."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return type(value)((key, _plain(inner)) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def model_to_dict(model):
    """A fitted model as a dictionary that json can write."""
    if model.history is None:
        raise ValueError("This can only be used to serialize models that have already been fit.")
    out = {name: _plain(getattr(model, name)) for name in SIMPLE_ATTRIBUTES}
    for name in PD_SERIES:
        series = getattr(model, name)
        out[name] = None if series is None else series.to_json(orient="split", date_format="iso")
    out["start"] = model.start.timestamp()
    out["t_scale"] = model.t_scale.total_seconds()
    for name in PD_DATAFRAME:
        table = getattr(model, name)
        out[name] = None if table is None else table.to_json(orient="table", index=False)
    for name in NP_ARRAY:
        out[name] = getattr(model, name).tolist()
    for name in ORDEREDDICT:
        kept = OrderedDict((key, dict(deepcopy({k: v for k, v in properties.items() if k != "predictor"}),
                                      **({"predictor": None} if "predictor" in properties else {})))
                           for key, properties in getattr(model, name).items())
        out[name] = [list(kept), _plain(kept)]
    out["fit_kwargs"] = _plain(deepcopy(model.fit_kwargs))
    out["params"] = _plain(model.params)
    out["__prophet_version"] = PROPHET_VERSION
    own = {} if model._rows is None else {"rows": model._rows, "history_date_count": model._rows}
    if model.statistics is not None and model._statistics_of == engine_form.what_was_fitted(model):
        own["statistics"] = model.statistics
    if own:
        out["chiliad"] = own
    return out


def model_to_json(model):
    """A fitted model as text that model_from_json reads, Prophet's and ours."""
    return json.dumps(model_to_dict(model))


_ISO = "ISO8601" if int(pd.__version__.split(".")[0]) >= 2 else None  # Which reads each text by itself, as None did.


def _dates(values):
    dates = pd.to_datetime(pd.Series(values, dtype=object), utc=True, format=_ISO if _of_text(values) else None)
    return frames.nanoseconds(dates.dt.tz_localize(None).to_numpy(), "A date of the model").view("datetime64[ns]")


def _of_text(values):
    return any(isinstance(value, str) for value in values)


def _series(name, text):
    """A series of pandas' orient "split"."""
    if text is None:
        return None
    written = json.loads(text)
    if name == "train_holiday_names":
        return pd.Series(written["data"], dtype=object)
    index = pd.Index(written["index"], dtype="int64")
    return pd.Series(_dates(written["data"]), index=index, name="ds")


_DTYPES = {"integer": np.int64, "number": np.float64, "boolean": bool}


def _column(values, kind, is_date):
    if is_date:
        return _dates(values)
    missing = any(value is None for value in values)
    dtype = np.float64 if missing and kind in ("integer", "number") else object if missing else _DTYPES.get(kind, object)
    return pd.Series([np.nan if value is None and dtype is np.float64 else value for value in values], dtype=dtype)


def _table(name, text):
    """A table of pandas' orient "table", of any of pandas' versions of it."""
    if text is None:
        return None
    written = json.loads(text)
    columns = {}
    for field in written["schema"]["fields"]:
        values = [row.get(field["name"]) for row in written["data"]]
        is_date = field["type"] == "datetime" or field["name"] == "ds"  # Old versions wrote dates as strings.
        columns[field["name"]] = _column(values, field["type"], is_date)
    table = pd.DataFrame(columns)
    if name == "train_component_cols":
        table.index.name, table.columns.name = "col", "component"
    return table


def model_from_dict(model_dict):
    """The model that model_to_dict, or Prophet's, wrote."""
    model_dict = dict(model_dict)
    if "scaling" not in model_dict:  # Before Prophet 1.1.5.
        model_dict.update(scaling="absmax", y_min=0.0)
    model_dict.setdefault("holidays_mode", model_dict["seasonality_mode"])
    model = Prophet()
    for name in SIMPLE_ATTRIBUTES:
        setattr(model, name, model_dict[name])
    for name in PD_SERIES:
        setattr(model, name, _series(name, model_dict[name]))
    model.start = pd.Timestamp(model_dict["start"], unit="s").tz_localize(None)
    model.t_scale = pd.Timedelta(seconds=model_dict["t_scale"])
    for name in PD_DATAFRAME:
        setattr(model, name, _table(name, model_dict[name]))
    model.changepoints_t = np.array(model_dict["changepoints_t"])
    for name in ORDEREDDICT:
        keys, properties = model_dict[name]
        setattr(model, name, OrderedDict((key, properties[key]) for key in keys))
    model.fit_kwargs = model_dict["fit_kwargs"]
    model.params = {name: np.array(values) for name, values in model_dict["params"].items()}
    model.stan_backend = None
    model.stan_fit = None
    own = model_dict.get("chiliad") or {}
    if not len(model.history):  # Stored without its history: doc/stored_form.md.
        model._rows = int(own.get("rows", len(model.history_dates)))
    kept = own.get("statistics")
    model._take_statistics(kept if isinstance(kept, dict) else None)
    return model


def model_from_json(model_json):
    """The model in a text of model_to_json, Prophet's or ours."""
    model = json.loads(model_json)
    if isinstance(model, str):  # Old versions wrote JSON within JSON.
        model = json.loads(model)
    return model_from_dict(model)
