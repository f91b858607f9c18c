"""A fleet: one model for each series of a table, fitted on all cores.

    fleet = chiliad.fit_many(df, by="customer_id", weekly_seasonality=True)
    fleet.failures                    {"17": "Dataframe has less than 2 non-NaN rows."}
    fleet["8"]                        a Prophet, as if it had been fitted alone
    chiliad.predict_many(fleet, periods=7)
    chiliad.predict_many(fleet, df=future)          future rows with regressors, conditions, cap and floor
    fleet = chiliad.refresh_many(fleet, new_rows)
"""
import sys
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chiliad import _engine, engine_form, frames
from chiliad.forecaster import Prophet


class Fleet(Mapping):
    """The models of a fleet by their series' id, in the order in which the ids appeared; failures: {id: reason}.

    Pickles and copies. `template`: the model without a fit that all of them are made of. `updates`: what refresh_many()
    did, {id: {"way": "statistics", "history" or "cold", "note": why}}; a series that had no new rows is not in it."""

    def __init__(self, template, by, fits, failures, keep_history=True, seed=0, updates=None):
        self.template, self.by, self.failures = template, by, failures
        self.keep_history, self.seed, self.updates = keep_history, seed, updates or {}
        self._fits = fits  # {id: _engine.Fit, or after unpickling the dictionary that it is made of}

    def __getstate__(self):
        return {**self.__dict__, "_fits": {key: self._fitted(key) for key in self._fits}}

    def _fitted(self, key):
        fit = self._fits[key]
        return deepcopy(fit) if isinstance(fit, dict) else fit.to_dict()

    def __getitem__(self, key):
        """The series' model, a Prophet."""
        fitted = self._fitted(key)
        rows = None
        if "history_ds" in fitted:
            rows = pd.DataFrame({"ds": fitted["history_ds"].view("datetime64[ns]"), "y": fitted["history_y"]})
            for name, values in fitted["history_columns"].items():
                rows[name] = values
            for name, mu, std in fitted["regressors"]:
                rows[name] = rows[name] * std + mu  # Kept as they stand in X.
        model = deepcopy(self.template)
        model._asked = model.seasonalities, model.n_changepoints
        model._take(fitted, rows)
        if "draws" in fitted:
            model._take_draws(fitted["draws"])
        model.last_update = self.updates.get(key)
        return model

    def _last_date(self, key):
        fit = self._fits[key]
        return int(fit["last_dates"][-1]) if isinstance(fit, dict) else fit.last_date

    def _start(self, key):
        fit = self._fits[key]
        return fit["start"] if isinstance(fit, dict) else fit.start

    def _history_dates(self, key):
        fit = self._fits[key]
        return fit.get("history_dates", np.empty(0, dtype=np.int64)) if isinstance(fit, dict) else fit.history_dates

    def _engine_model(self, key, dates, kept):
        """For a forecast of these dates. kept: engine_form.kept_options() of the template."""
        fit = self._fits[key]
        if self.template.country_holidays is not None:  # The fit knows them in the years of the rows alone.
            return _engine.Fit.from_dict(engine_form.fitted_state(self[key], dates.view("datetime64[ns]")))
        return _engine.Fit.from_dict(engine_form.state_of(fit, kept)) if isinstance(fit, dict) else fit

    def _with_options(self, key, kept):
        """Its engine's model made anew, for a refresh with refresh_options() among kept_options()."""
        return _engine.Fit.from_dict(engine_form.state_of(self._fitted(key), kept))

    def _years(self, keys, last):
        """All that these models' rows and moments up to `last` lie in, where the model asks for its country's holidays."""
        if self.template.country_holidays is None:
            return []
        first = min(self._start(key) for key in keys)
        return engine_form.years_of(np.arange(np.datetime64(int(first), "ns").astype("datetime64[Y]"),
                                              np.datetime64(int(last), "ns").astype("datetime64[Y]") + 1))

    def _check_no_columns(self):
        model = self.template
        if model.extra_regressors or model.growth == "logistic" or any(
                properties["condition_name"] for properties in model.seasonalities.values()):
            raise ValueError("predict_many: the models read columns beside ds, which periods do not have: give a table of the "
                             "future's rows, predict_many(fleet, df=future)")

    def __contains__(self, key):
        return key in self._fits  # Mapping's own would make the model.

    def __iter__(self):
        return iter(self._fits)

    def __len__(self):
        return len(self._fits)

    def __repr__(self):
        return f"<chiliad.Fleet: {len(self._fits)} models, {len(self.failures)} failures>"

    def predict(self, periods=None, freq="D", columns=None, include_history=False, **arguments):
        """predict_many(self, ...)."""
        return predict_many(self, periods, freq, columns, include_history, **arguments)

    def refresh(self, df, **arguments):
        """refresh_many(self, ...)."""
        from chiliad.fleet_refresh import refresh_many
        return refresh_many(self, df, **arguments)


class Progress:
    """A line on a terminal, or nothing."""

    def __init__(self, total, wanted, what="fit_many"):
        self.total, self.what, self.began, self.shown = total, what, time.monotonic(), False
        self.on = sys.stderr.isatty() if wanted is None else wanted

    def __call__(self, done):
        seconds = time.monotonic() - self.began
        if not self.on or seconds < 0.5:
            return
        rate = done / seconds
        left = f", {(self.total - done) / rate:.0f} s left" if rate > 0 else ""
        print(f"\r{self.what}: {done:,} of {self.total:,} series, {rate:,.0f}/s{left}   ", end="", file=sys.stderr, flush=True)
        self.shown = True

    def end(self):
        if self.shown:
            print(file=sys.stderr)


def _groups(ids, what):
    """(the order in which series lie one after the other, where each begins and the last ends, the ids)."""
    codes, names = pd.factorize(ids)
    if (codes < 0).any():
        raise ValueError(f"{what}: a row without an id")
    order = np.argsort(codes, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(names)))]).astype(np.int64)
    return order, first, list(names)


@dataclass
class Series:
    """Rows of many series, one series after the other, as the engine takes them."""

    ids: list
    first: np.ndarray  # Where each begins, and the number of rows.
    ds: np.ndarray  # In nanoseconds.
    y: np.ndarray
    columns: dict

    def places(self):
        """The number of each row's series."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.first))

    def rows_of(self, number):
        return slice(self.first[number], self.first[number + 1])

    def only(self, series, rows=None):
        """Those series alone, a mask, and of them those rows."""
        place = self.places()
        kept = series[place] if rows is None else series[place] & rows
        counts = np.bincount(place[kept], minlength=len(self.ids))
        first = np.concatenate([[0], np.cumsum(counts[series])]).astype(np.int64)
        ids = [name for name, wanted in zip(self.ids, series) if wanted]
        return Series(ids, first, self.ds[kept], self.y[kept], {name: v[kept] for name, v in self.columns.items()})


def series_of(df, model, by, ds, y, what):
    table = frames.table(df)
    for name in (by, ds, y):
        if isinstance(name, (list, tuple, pd.Index)):
            raise TypeError(f"{what}: expected the name of one column, not {list(name)}: make one id of several columns first")
        if name not in table:
            raise ValueError(f"{what}: the table has no column {name!r}; it has {', '.join(map(repr, table.columns))}")
    order, first, ids = _groups(frames.column(table, by), what)
    others = [name for name in ("ds", "y") if name in table and name not in (ds, y)]
    table = table.drop(columns=others).rename(columns={ds: "ds", y: "y"})
    values = frames.numbers(frames.column(table, "y"))
    has_value = ~np.isnan(values)
    dated = frames.column(table, "ds").notna().to_numpy()
    if (has_value & ~dated).any():
        raise ValueError("Found NaN in column ds.")
    if not dated.all():
        kept = dated[order]
        first = np.concatenate([[0], np.cumsum(kept)])[first]
        order = order[kept]
    table, values, has_value = table.iloc[order], values[order], has_value[order]
    dates = frames.nanoseconds(frames.dates(table["ds"]))
    return Series(ids, first, dates, values, frames.columns_of(model, table, has_value))


def fit_series(model, series, keep_history, keep_statistics, seed, threads, shown, earlier=None):
    """({id: fit}, {id: why there is none})."""
    sampling = engine_form.nuts_options(model.mcmc_samples, {"seed": seed}) if model.mcmc_samples else None
    options = engine_form.fit_options(model, series.ds[~np.isnan(series.y)].view("datetime64[ns]"))
    results = _engine.fit_many(options, series.ds, series.y, series.columns, series.first, bool(keep_history),
                               bool(keep_statistics) and not sampling, sampling, earlier, int(threads), shown)
    shown.end()
    return ({name: fit for name, fit in zip(series.ids, results) if not isinstance(fit, str)},
            {name: fit for name, fit in zip(series.ids, results) if isinstance(fit, str)})


def fit_many(df, by, *, ds="ds", y="y", threads=0, progress=None, prepare=None, keep_history=True, keep_statistics=False,
             seed=0, **arguments):
    """Fits a Prophet to each series of a table.

    df: a pandas, polars or Arrow table with the columns `by`, `ds`, `y` and what the model reads beside them. threads: 0
    is one a core. progress: whether to show it; None: on a terminal. prepare: called once with the Prophet that all
    models are made of, to add seasonalities, regressors or holidays. keep_history: False keeps no rows, which is most of
    a fleet's memory; such models forecast and are stored, but are not cross-validated and have no history to look at.
    keep_statistics: keeps what refresh_many() needs of the rows. Further arguments are Prophet's. With mcmc_samples each
    model has draws of its posterior, those of fit(rows, seed=seed); they need the history.

    Returns a Fleet; a series that cannot be fitted is in its `failures` with the reason, the others are not touched by it.
    Ctrl-C stops within a tenth of a second. The models are the same, bit for bit, as those fitted one by one."""
    model = Prophet(**arguments)
    if prepare is not None:
        prepare(model)
    if any(properties["predictor_spec"] is not None for properties in model.extra_regressors.values()):
        raise ValueError("fit_many: regressor_predictor needs a model of its own for each regressor, which a fleet does not hold: "
                         "fit such series one by one with Prophet, or forecast with the regressors' future values")
    if model.mcmc_samples and not keep_history:
        raise ValueError("fit_many: models with mcmc_samples need their history; leave keep_history=False out")
    series = series_of(df, model, by, ds, y, "fit_many")
    shown = Progress(len(series.ids), progress)
    fits, failures = fit_series(model, series, keep_history, keep_statistics, seed, threads, shown)
    return Fleet(model, by, fits, failures, keep_history, seed)


def predict_many(fleet, periods=None, freq="D", columns=None, include_history=False, *, df=None, ds="ds"):
    """One table with the fleet's id, ds and `columns` of the forecasts of the `periods` dates after each history, or of
    the rows of `df`.

    df: a pandas, polars or Arrow table with `ds` and what the models read beside it: regressors, conditions, cap and
    floor. With the fleet's id as a column each series has rows of its own, and those without rows are left out, as are
    rows of series in `fleet.failures`; without it the rows are for all.

    columns: yhat and, unless uncertainty_samples is 0, its bounds. Country holidays are those of the years asked for."""
    if (periods is None) == (df is None):
        raise ValueError("predict_many: give either periods or df, the rows to forecast")
    if df is not None:
        if include_history:
            raise ValueError("predict_many: include_history goes with periods; put the rows of the past into df")
        return _forecasts(fleet, columns, _rows_given(fleet, df, ds))
    fleet._check_no_columns()
    if periods < (0 if include_history else 1):
        raise ValueError(f"predict_many: periods must be at least {0 if include_history else 1}, not {periods}")
    return _forecasts(fleet, columns, _rows_after(fleet, periods, freq, include_history))


def _rows_after(fleet, periods, freq, include_history):
    """(id, dates, {}) of each series."""
    cache = {}
    for key in fleet:
        dates = _dates_after(fleet._last_date(key), periods, freq, cache)
        if include_history:
            past = fleet._history_dates(key)
            if not len(past):
                raise ValueError("predict_many: include_history needs models that kept their history")
            dates = np.concatenate([past, dates])
        yield key, dates, {}


def _rows_given(fleet, df, ds):
    """(id, dates, columns) of each series that has rows in df."""
    table = frames.table(df)
    if ds not in table:
        raise ValueError(f"predict_many: the table has no column {ds!r}; it has {', '.join(map(repr, table.columns))}")
    if fleet.by not in table:
        dates, columns = frames.nanoseconds(frames.dates(frames.column(table, ds))), frames.columns_of(fleet.template, table)
        if len(dates):
            yield from ((key, dates, columns) for key in fleet)
        return
    order, first, ids = _groups(frames.column(table, fleet.by), "predict_many")
    unknown = [key for key in ids if key not in fleet and key not in fleet.failures]
    if unknown:
        shown = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise ValueError(f"predict_many: the fleet has no model of {len(unknown)} of the table's series: {shown}")
    # Of those without a model nothing is read.
    known = [number for number, key in enumerate(ids) if key in fleet]
    parts = [order[first[number]:first[number + 1]] for number in known]
    ids, first = [ids[number] for number in known], np.cumsum([0, *map(len, parts)])
    table = table.iloc[np.concatenate([order[:0], *parts])]
    dates = frames.nanoseconds(frames.dates(frames.column(table, ds)))
    columns = _columns_of_groups(fleet, table, first, ids)
    place = {key: number for number, key in enumerate(ids)}
    for key in fleet:
        if key in place:
            rows = slice(first[place[key]], first[place[key] + 1])
            yield key, dates[rows], {name: values[rows] for name, values in columns.items()}


def _columns_of_groups(fleet, table, first, ids):
    """What the models read, of all rows; what is wrong with it is said of the first series that has it."""
    try:
        return frames.columns_of(fleet.template, table)
    except ValueError:
        for number, key in enumerate(ids):
            try:
                frames.columns_of(fleet.template, table.iloc[first[number]:first[number + 1]])
            except ValueError as error:
                raise ValueError(f"{fleet.by} {key!r}: {error}") from error
        raise


def _forecasts(fleet, columns, rows):
    """The table of predict_many(). rows: (id, dates in nanoseconds, columns beside them) of each series."""
    options, kept = engine_form.predict_options(fleet.template), engine_form.kept_options(fleet.template, [])
    bounds = ("yhat_lower", "yhat_upper") if fleet.template.uncertainty_samples else ()
    columns = ("yhat", *bounds) if columns is None else (columns,) if isinstance(columns, str) else tuple(columns)
    parts = {fleet.by: [], "ds": [], **{name: [] for name in columns}}
    for key, dates, beside in rows:
        try:
            if fleet.template.mcmc_samples:  # From every draw, which the class does.
                values = fleet[key].predict(pd.DataFrame({"ds": dates.view("datetime64[ns]"), **_as_given(fleet, beside)}))
                at = frames.nanoseconds(values["ds"].to_numpy())
            else:
                at, values = fleet._engine_model(key, dates, kept).predict(dates, beside, options)
        except ValueError as error:
            raise ValueError(f"{fleet.by} {key!r}: {error}") from error
        if not set(columns) <= set(values):
            raise ValueError(f"predict_many: no column {sorted(set(columns) - set(values))}; there are {', '.join(values)}")
        parts[fleet.by].append(np.repeat(np.array([key]), len(at)))
        parts["ds"].append(at.view("datetime64[ns]"))
        for name in columns:
            parts[name].append(values[name])
    return pd.DataFrame({name: np.concatenate(arrays) if arrays else [] for name, arrays in parts.items()})


def _as_given(fleet, columns):
    """Conditions as true and false again, which the class asks for."""
    conditions = {properties["condition_name"] for properties in fleet.template.seasonalities.values()}
    return {name: values.astype(bool) if name in conditions and name not in fleet.template.extra_regressors else values
            for name, values in columns.items()}


def _dates_after(last, periods, freq, cache):
    """The dates after `last` in nanoseconds, as make_future_dataframe() makes them."""
    if last not in cache:
        if len(cache) > 10_000:  # Of a fleet in which each series ends on a day of its own.
            cache.clear()
        dates = pd.date_range(start=pd.Timestamp(last), periods=periods + 1, freq=freq)
        cache[last] = frames.nanoseconds(dates[dates > pd.Timestamp(last)][:periods].to_numpy())
    return cache[last]
