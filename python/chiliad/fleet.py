"""A fleet: one model for each series of a table, fitted on all cores.

    fleet = chiliad.fit_many(df, by="customer_id", weekly_seasonality=True)
    fleet.failures                    {"17": "Dataframe has less than 2 non-NaN rows."}
    fleet["8"]                        a Prophet, as if it had been fitted alone
    chiliad.predict_many(fleet, periods=7)
"""
import sys
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd

from chiliad import _engine, engine_form, frames
from chiliad.forecaster import Prophet


class Fleet(Mapping):
    """The models of a fleet by their series' id, in the order in which the ids appeared; failures: {id: reason}."""

    def __init__(self, arguments, prepare, by, fits, failures):
        self._arguments, self._prepare, self.by, self._fits, self.failures = arguments, prepare, by, fits, failures

    def _empty(self):
        model = Prophet(**self._arguments)
        self._prepare(model)
        return model

    @property
    def _predict_options(self):
        return engine_form.predict_options(self._empty())

    def _needs_no_columns(self):
        model = self._empty()
        if model.extra_regressors or model.growth == "logistic" or any(
                properties["condition_name"] for properties in model.seasonalities.values()):
            raise ValueError("predict_many: the models read columns beside ds; forecast each with its own: "
                             "fleet[id].predict(df)")
        if model.country_holidays is not None:
            raise ValueError("predict_many: with country holidays forecast each model by itself: fleet[id].predict(df)")

    def __getitem__(self, key):
        """The series' model, a Prophet."""
        fitted = self._fits[key].to_dict()
        model = self._empty()
        rows = pd.DataFrame({"ds": fitted["history_ds"].view("datetime64[ns]"), "y": fitted["history_y"]})
        for name, values in fitted["history_columns"].items():
            rows[name] = values
        for name, mu, std in fitted["regressors"]:
            rows[name] = rows[name] * std + mu  # Kept as they stand in X.
        model._take(fitted, rows)
        return model

    def __iter__(self):
        return iter(self._fits)

    def __len__(self):
        return len(self._fits)

    def __repr__(self):
        return f"<chiliad.Fleet: {len(self._fits)} models, {len(self.failures)} failures>"

    def predict(self, periods, freq="D", columns=("yhat", "yhat_lower", "yhat_upper"), include_history=False):
        """predict_many(self, ...)."""
        return predict_many(self, periods, freq, columns, include_history)


class _Progress:
    """A line on a terminal, or nothing."""

    def __init__(self, total, wanted):
        self.total, self.began, self.shown = total, time.monotonic(), False
        self.on = sys.stderr.isatty() if wanted is None else wanted

    def __call__(self, done):
        seconds = time.monotonic() - self.began
        if not self.on or seconds < 0.5:
            return
        rate = done / seconds
        left = f", {(self.total - done) / rate:.0f} s left" if rate > 0 else ""
        print(f"\rfit_many: {done:,} of {self.total:,} series, {rate:,.0f}/s{left}   ", end="", file=sys.stderr, flush=True)
        self.shown = True

    def end(self):
        if self.shown:
            print(file=sys.stderr)


def _pandas(table):
    """A pandas table of a pandas, polars or Arrow one."""
    if isinstance(table, pd.DataFrame):
        return table
    if hasattr(table, "to_pandas"):
        return table.to_pandas()
    if hasattr(table, "__dataframe__"):
        return pd.api.interchange.from_dataframe(table)
    raise TypeError(f"fit_many takes a pandas, polars or Arrow table, not {type(table).__name__}")


def _groups(ids):
    """(the order in which series lie one after the other, where each begins and the last ends, the ids)."""
    codes, names = pd.factorize(ids)
    if (codes < 0).any():
        raise ValueError("fit_many: a row without an id")
    order = np.argsort(codes, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(names)))]).astype(np.int64)
    return order, first, list(names)


def fit_many(df, by, *, ds="ds", y="y", threads=0, progress=None, prepare=None, **arguments):
    """Fits a Prophet to each series of a table.

    df: a pandas, polars or Arrow table with the columns `by`, `ds`, `y` and what the model reads beside them. threads: 0
    is one a core. progress: whether to show it; None: on a terminal. prepare: called with each Prophet before its fit, to
    add seasonalities, regressors or holidays, the same for all. Further arguments are Prophet's.

    Returns a Fleet; a series that cannot be fitted is in its `failures` with the reason, the others are not touched by it.
    Ctrl-C stops within a tenth of a second. The models are the same, bit for bit, as those fitted one by one."""
    table = _pandas(df)
    for name in (by, ds, y):
        if name not in table:
            raise ValueError(f"fit_many: the table has no column {name!r}; it has {', '.join(map(repr, table.columns))}")
    prepare = prepare or (lambda model: None)
    model = Prophet(**arguments)
    prepare(model)
    if model.mcmc_samples:
        raise NotImplementedError("fit_many finds modes: with mcmc_samples fit each model by itself")
    order, first, ids = _groups(table[by])
    table = table.rename(columns={ds: "ds", y: "y"})
    has_value = table["y"].notna().to_numpy()
    dated = table["ds"].notna().to_numpy()
    if (has_value & ~dated).any():
        raise ValueError("Found NaN in column ds.")
    if not dated.all():
        kept = dated[order]
        first = np.concatenate([[0], np.cumsum(kept)])[first]
        order = order[kept]
    table, has_value = table.iloc[order], has_value[order]
    dates = frames.dates(table["ds"])
    columns = frames.columns_of(model, table, has_value)
    options = engine_form.fit_options(model, dates[has_value])
    shown = _Progress(len(ids), progress)
    results = _engine.fit_many(options, frames.nanoseconds(dates), frames.numbers(table["y"]), columns, first, True,
                               int(threads), shown)
    shown.end()
    fits = {name: fit for name, fit in zip(ids, results) if not isinstance(fit, str)}
    failures = {name: fit for name, fit in zip(ids, results) if isinstance(fit, str)}
    return Fleet(arguments, prepare, by, fits, failures)


def predict_many(fleet, periods, freq="D", columns=("yhat", "yhat_lower", "yhat_upper"), include_history=False):
    """One table with the fleet's id, ds and `columns` of the forecasts of the `periods` dates after each history."""
    fleet._needs_no_columns()
    cache = {}
    parts = {fleet.by: [], "ds": [], **{name: [] for name in columns}}
    for key, fit in fleet._fits.items():
        dates = _dates_after(fit.last_date, periods, freq, cache)
        if include_history:
            dates = np.concatenate([fit.history_dates, dates])
        at, values = fit.predict(dates, {}, fleet._predict_options)
        parts[fleet.by].append(np.repeat(np.array([key]), len(at)))
        parts["ds"].append(at.view("datetime64[ns]"))
        for name in columns:
            parts[name].append(values[name])
    return pd.DataFrame({name: np.concatenate(arrays) if arrays else [] for name, arrays in parts.items()})


def _dates_after(last, periods, freq, cache):
    """The dates after `last` in nanoseconds, as make_future_dataframe() makes them."""
    if last not in cache:
        if len(cache) > 10_000:  # Of a fleet in which each series ends on a day of its own.
            cache.clear()
        dates = pd.date_range(start=pd.Timestamp(last), periods=periods + 1, freq=freq)
        cache[last] = frames.nanoseconds(dates[dates > pd.Timestamp(last)][:periods].to_numpy())
    return cache[last]
