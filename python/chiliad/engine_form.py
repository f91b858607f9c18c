"""Prophet's attributes as the dictionaries that the engine reads, and back."""
import base64
import hashlib
import operator
import os
from collections import OrderedDict

import numpy as np
import pandas as pd

from chiliad import features, frames
from chiliad.make_holidays import FIRST_YEAR, LAST_YEAR, holiday_days

BUILT_IN = (("yearly", 365.25, 10), ("weekly", 7, 3), ("daily", 1, 4))
CHOICES = tuple(name + "_seasonality" for name, *_ in BUILT_IN)


def holiday_table(model, years):
    """The model's own holidays and its country's in these years as the engine takes them; None: none.

    For a fitted model the country's years are widened until every name that the fit saw is there."""
    rows = []  # (name, day, lower_window, upper_window, prior_scale)
    if model.holidays is not None:
        for row in model.holidays.itertuples():
            rows.append((row.holiday, np.datetime64(row.ds, "D").astype(int), *features.window(row),
                         float(getattr(row, "prior_scale", np.nan))))
    if model.country_holidays is not None:
        country = list(holiday_days(model.country_holidays, tuple(years)))
        if model.train_holiday_names is not None:
            missing = set(model.train_holiday_names) - {row[0] for row in rows} - {name for name, _ in country}
            if missing:
                others = tuple(sorted(set(range(FIRST_YEAR, LAST_YEAR + 1)) - set(years)))
                country += [row for row in holiday_days(model.country_holidays, others) if row[0] in missing]
        rows += [(name, day, 0, 0, np.nan) for name, day in country]
    if model.holidays is None and model.country_holidays is None:
        return None
    place = {}
    of_row = np.array([place.setdefault(row[0], len(place)) for row in rows], dtype=np.int64)
    columns = list(zip(*rows)) or [()] * 5
    return (list(place), of_row, *(np.array(columns[i], dtype=np.int64) for i in (1, 2, 3)),
            np.array(columns[4], dtype=np.float64))


def seasonality_tuples(model):
    return [(name, float(p["period"]), operator.index(p["fourier_order"]), float(p["prior_scale"]), p["mode"], p["condition_name"])
            for name, p in model.seasonalities.items()]


def regressor_tuples(model):
    return [(name, float(p["prior_scale"]), p["standardize"] if p["standardize"] == "auto" else bool(p["standardize"]),
             p["mode"], float(p["mu"]), float(p["std"])) for name, p in model.extra_regressors.items()]


def kept_options(model, years):
    return {
        "growth": model.growth, "seasonality_mode": model.seasonality_mode, "holidays_mode": model.holidays_mode,
        "holidays_prior_scale": float(model.holidays_prior_scale), "scaling": model.scaling,
        "seasonalities": seasonality_tuples(model), "regressors": regressor_tuples(model),
        "holidays": holiday_table(model, years),
    }


def seasonality_choice(value):
    """"auto", True, False or a number of terms; 1 is a number, as it is for Prophet."""
    return value if value == "auto" or value is True or value is False else int(value)


def fit_options(model, ds):
    options = kept_options(model, years_of(ds) if model.country_holidays else [])
    for name in CHOICES:
        options[name] = seasonality_choice(getattr(model, name))
    options["changepoints"] = None
    if model.specified_changepoints:
        options["changepoints"] = frames.nanoseconds(frames.dates(model.changepoints, "Argument changepoints"))
    options["n_changepoints"] = operator.index(model.n_changepoints)
    options["changepoint_range"] = float(model.changepoint_range)
    options["seasonality_prior_scale"] = float(model.seasonality_prior_scale)
    options["changepoint_prior_scale"] = float(model.changepoint_prior_scale)
    return options


def nuts_options(mcmc_samples, kwargs):
    """mcmc_samples and the arguments of fit() as the sampler takes them: those of CmdStan's that it has, too."""
    half = int(mcmc_samples) // 2
    seed = kwargs.get("seed")
    return {"chains": int(kwargs.get("chains", 4)), "draws": half, "warmup": int(kwargs.get("iter_warmup", half)),
            "acceptance": float(kwargs.get("adapt_delta", 0.8)), "max_tree_depth": int(kwargs.get("max_treedepth", 10)),
            "seed": int(np.random.randint(2**31) if seed is None else seed), "threads": os.cpu_count() or 1}


def warm_start(init):
    """fit(init=...) as the engine takes it: numbers, and arrays of one axis; None where there is none."""
    if not isinstance(init, dict):
        return None
    start = {name: float(np.ravel(init[name])[0]) for name in ("k", "m", "sigma_obs") if name in init}
    start.update({name: np.ravel(np.asarray(init[name], dtype=np.float64)).copy() for name in ("delta", "beta") if name in init})
    return start


def years_of(ds):
    return sorted(set((ds.astype("datetime64[Y]").astype(int) + 1970).tolist()))


def fitted_state(model, ds):
    """The parts of a fitted model for a forecast of the dates `ds`: from its attributes, as they are now."""
    history_dates = model.history_dates
    state = kept_options(model, years_of(ds) if model.country_holidays else [])
    names = model.train_holiday_names
    state.update({
        "train_holiday_names": [] if names is None else [str(name) for name in names],
        "start": int(pd.Timestamp(model.start).as_unit("ns").value) if hasattr(pd.Timestamp, "as_unit")
        else int(pd.Timestamp(model.start).value),
        "t_scale": model.t_scale / pd.Timedelta(1, "s"),
        "y_min": 0.0 if model.y_min is None else float(model.y_min), "y_scale": float(model.y_scale),
        "logistic_floor": bool(model.logistic_floor),
        "changepoints_t": np.ascontiguousarray(model.changepoints_t, dtype=np.float64),
        "k": float(model.params["k"][0, 0]), "m": float(model.params["m"][0, 0]),
        "delta": np.ascontiguousarray(model.params["delta"][0], dtype=np.float64),
        "beta": np.ascontiguousarray(model.params["beta"][0], dtype=np.float64),
        "sigma_obs": float(model.params["sigma_obs"][0, 0]),
        "rows": model._row_count(),
        "last_dates": frames.nanoseconds(history_dates.to_numpy()[-5:]),
        "history_date_count": len(history_dates),
    })
    return state


def statistics_of(fitted):
    """What the fit kept for refresh(), as the stored form has it (doc/stored_form.md); None: nothing."""
    found = fitted.get("statistics")
    if found is None:
        return None
    text = {name: base64.b64encode(found[name].astype("<f8").tobytes()).decode() for name in ("gradient", "gram")}
    return {"version": 1, "columns": len(found["gradient"]), "lowest": found["lowest"], "highest": found["highest"],
            "sum_of_squares": found["sum_of_squares"], **text}


def statistics_numbers(kept):
    """What statistics_of() made, as the engine takes it. Raises ValueError for text that is none."""
    try:
        numbers = {name: np.frombuffer(base64.b64decode(kept[name], validate=True), "<f8").astype(np.float64)
                   for name in ("gradient", "gram")}
        numbers.update({name: float(kept[name]) for name in ("lowest", "highest", "sum_of_squares")})
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"refresh: the model's statistics are damaged: {error}") from error
    return numbers


def refresh_options(model):
    """What a refresh takes of the options beside those of a forecast."""
    given = model.specified_changepoints and len(model.changepoints) > 0
    moments = frames.nanoseconds(frames.dates(model.changepoints, "Argument changepoints")) if given else None
    return {"changepoint_prior_scale": float(model.changepoint_prior_scale), "given_changepoints": moments}


def state_to_refresh(model, ds):
    """fitted_state() with all that a refresh takes beside, but for the history."""
    return {**fitted_state(model, ds), **refresh_options(model), "n_changepoints": operator.index(model.n_changepoints),
            "statistics": statistics_numbers(model.statistics)}


def what_was_fitted(model):
    """Of the parameters and scales, to which statistics belong: another value where one of them was changed."""
    parts = [np.asarray(model.params[name], dtype=np.float64).tobytes() for name in ("k", "m", "delta", "beta")]
    parts += [np.asarray(model.changepoints_t, dtype=np.float64).tobytes()]
    parts += [repr((float(model.y_scale), model.y_min, str(model.start), str(model.t_scale))).encode()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def state_of(fitted, kept):
    """The parts of a fitted model from what _engine.Fit.to_dict() gives, as it was fitted; kept: kept_options() of the
    model without a fit, for a refresh with refresh_options()."""
    names = ("seasonalities", "train_holiday_names", "start", "y_min", "y_scale", "logistic_floor", "changepoints_t", "delta",
             "beta", "rows", "last_dates", "history_date_count", "n_changepoints")
    beside = ()
    if "changepoint_prior_scale" in kept:
        beside = ("statistics", "history_ds", "history_y", "history_columns", "history_dates", "changepoints",
                  "changepoint_rows")
    scales = {name: (mu, std) for name, mu, std in fitted["regressors"]}
    return {**kept, **{name: fitted[name] for name in names}, **{name: fitted[name] for name in beside if name in fitted},
            "regressors": [(*one[:4], *scales[one[0]]) for one in kept["regressors"]],
            "t_scale": fitted["t_scale"] / 1e9, **{name: float(fitted[name][0]) for name in ("k", "m", "sigma_obs")}}


def asked_for(model):
    """(seasonalities, n_changepoints) that a fitted model was asked for, where only what the fit made of them is known.

    Seasonalities that the options alone do not explain were added. A number of changepoints that the rows cut down was
    Prophet's own, 25, or more than is left."""
    added = OrderedDict()
    for name, period, order in BUILT_IN:
        one = model.seasonalities.get(name)
        automatic = {"period": period, "fourier_order": order, "prior_scale": model.seasonality_prior_scale,
                     "mode": model.seasonality_mode, "condition_name": None}
        if one is not None and getattr(model, name + "_seasonality") == "auto" and dict(one) != automatic:
            added[name] = one
    names = {name for name, *_ in BUILT_IN}
    found = OrderedDict((name, one) for name, one in model.seasonalities.items() if name not in names or name in added)
    n = model.n_changepoints
    cut = not model.specified_changepoints and n >= 0 and n == int(np.floor(model._row_count() * model.changepoint_range)) - 1
    return found, max(n, 25) if cut else n


def predict_options(model):
    samples = int(model.uncertainty_samples or 0)
    return {"uncertainty": "exact" if samples else "none", "interval_width": float(model.interval_width),
            "uncertainty_samples": samples, "seed": 0, "quantiles": np.empty(0)}


def number(value):
    """7.0 as 7."""
    return int(value) if float(value).is_integer() else value


def params_of(fitted):
    """model.params: each of shape (1, n). A constant series is not optimised and has no lp__ and no trend."""
    names = ["k", "m", "delta", "sigma_obs", "beta"]
    params = {name: fitted[name].reshape(1, -1) for name in names}
    if fitted["log_posterior"] is not None:
        params = {"lp__": fitted["log_posterior"].reshape(1, -1), **params}
        if "trend" in fitted:
            params["trend"] = fitted["trend"].reshape(1, -1)
    return params


def seasonalities_of(fitted):
    names = ("period", "fourier_order", "prior_scale", "mode", "condition_name")
    found = OrderedDict()
    for name, period, *rest in fitted["seasonalities"]:
        found[name] = dict(zip(names, (number(period), *rest)))
    return found
