"""A fleet brought up to date: new rows in the models of fit_many().

    new rows --of models with statistics--> _engine.refresh_many --they do not do--.
             '--how="refit", or sampled------> history + new rows ------------------+--> _engine.fit_many
"""
import numpy as np

from chiliad import _engine, engine_form
from chiliad.fleet import Fleet, Progress, Series, fit_series, series_of
from chiliad.forecaster import ANEW, REFRESH_WAYS, known_rows, no_history


def refresh_many(fleet, df, *, ds="ds", y="y", how="held", skip_known_rows=False, threads=0, progress=None):
    """A fleet with new rows in its models, each brought up to date as Prophet.refresh(rows, skip_known_rows, how) does it.

    df: a table as that of fit_many() with rows after each series' last date. Models that were fitted with
    keep_statistics=True take theirs in without the old rows; where the statistics do not do, and with how="refit", a model
    is fitted from its history and the new rows. A series that the fleet has no model of is fitted from the rows given.

    Returns another Fleet, whose `updates` say for each series with new rows which was done; `fleet` stays as it is. Of a
    series in `failures` that has a model, the model is the earlier one."""
    model = fleet.template
    if how not in REFRESH_WAYS:
        raise ValueError(f"refresh_many: how must be 'held' or 'refit', not {how!r}")
    series = series_of(df, model, fleet.by, ds, y, "refresh_many")
    failures, series = _without_known(fleet, series, skip_known_rows)
    there = [name for name in series.ids if name in fleet]
    fits, reasons, updates = {}, {}, {}
    if how == "refit" or model.mcmc_samples:
        reasons = dict.fromkeys(there, ANEW if how == "refit" else "the model is sampled")
    elif there:
        fits, reasons, failed = _held(fleet, series.only(_mask(series.ids, there)), threads, progress)
        failures.update(failed)
        updates = {name: {"way": "statistics", "note": ""} for name in fits}
    if not fleet.keep_history:
        failures.update({name: no_history(why, "fit_many() all rows anew") for name, why in reasons.items()})
    anew = [name for name in series.ids if name not in fits and name not in failures]
    if anew:
        whole = _with_history(fleet, series.only(_mask(series.ids, anew)))
        shown = Progress(len(anew), progress, "refresh_many, from all rows")
        earlier = None if model.mcmc_samples else _starts(fleet, whole)
        fitted, failed = fit_series(model, whole, fleet.keep_history, True, fleet.seed, threads, shown, earlier)
        fits.update(fitted)
        failures.update(failed)
        updates.update({name: {"way": "history", "note": "fitted from all rows: " + reasons[name]} if name in reasons
                        else {"way": "cold", "note": ""} for name in fitted})
    old = {name: why for name, why in fleet.failures.items() if name not in fits}
    return Fleet(model, fleet.by, {**fleet._fits, **fits}, {**old, **failures}, fleet.keep_history, fleet.seed, updates)


def _mask(ids, wanted):
    wanted = set(wanted)
    return np.array([name in wanted for name in ids], dtype=bool)


def _starts(fleet, series):
    """The series' models, where a fit of more rows may begin; None where there is none."""
    there = [name for name in series.ids if name in fleet]
    kept = None
    if any(isinstance(fleet._fits[name], dict) for name in there):
        kept = _kept(fleet, series.only(_mask(series.ids, there)))
    return [fleet._with_options(name, kept) if isinstance(fleet._fits.get(name), dict) else fleet._fits.get(name)
            for name in series.ids]


def _without_known(fleet, series, skip):
    """({id: reason}, the series without those and without rows that their models know)."""
    before = np.iinfo(np.int64).min
    last = np.array([fleet._last_date(name) if name in fleet else before for name in series.ids], dtype=np.int64)
    place = series.places()
    known = series.ds <= last[place]
    failures = {}
    if not skip:
        for number in np.unique(place[known]):
            of = series.rows_of(number)
            days = series.ds[of][known[of]].view("datetime64[ns]")
            failures[series.ids[number]] = known_rows(len(days), last[number], days.min())
    fresh = np.bincount(place[~known], minlength=len(series.ids)) > 0
    wanted = [name for name, new in zip(series.ids, fresh) if new and name not in failures]
    return failures, series.only(_mask(series.ids, wanted), ~known)


def _kept(fleet, series):
    """What its models were told, with what a refresh takes."""
    years = fleet._years(series.ids, series.ds.max())
    return {**engine_form.kept_options(fleet.template, years), **engine_form.refresh_options(fleet.template)}


def _held(fleet, series, threads, progress):
    """({id: fit}, {id: why it has to be fitted from all rows}, {id: why it cannot be}) from the statistics."""
    kept = _kept(fleet, series)
    country = fleet.template.country_holidays is not None  # Its days in the years of the new rows.
    models = [fleet._with_options(name, kept) if country or isinstance(fleet._fits[name], dict) else fleet._fits[name]
              for name in series.ids]
    shown = Progress(len(series.ids), progress, "refresh_many")
    results = _engine.refresh_many(models, series.ds, series.y, series.columns, series.first, int(threads), shown)
    shown.end()
    results = dict(zip(series.ids, results))
    return ({name: fit for name, (fit, _, _) in results.items() if fit is not None},
            {name: reason for name, (_, reason, _) in results.items() if reason},
            {name: error for name, (_, _, error) in results.items() if error})


def _with_history(fleet, series):
    """The series with the rows of their models before their own."""
    names = dict.fromkeys(series.columns)
    parts = []
    for number, name in enumerate(series.ids):
        of = series.rows_of(number)
        new = {"ds": series.ds[of], "y": series.y[of], **{column: v[of] for column, v in series.columns.items()}}
        old = []
        if name in fleet:
            fitted = fleet._fitted(name)
            scales = {regressor: (mu, std) for regressor, mu, std in fitted["regressors"]}
            without = np.setdiff1d(fitted["history_dates"], fitted["history_ds"])
            old = [{"ds": fitted["history_ds"], "y": fitted["history_y"]}, {"ds": without}]
            for column, values in fitted["history_columns"].items():
                mu, std = scales.get(column, (0.0, 1.0))
                old[0][column] = values * std + mu  # Kept as they stand in X.
                names[column] = None
        parts.append([*old, new])
    first = np.cumsum([0, *(sum(len(part["ds"]) for part in parts_of) for parts_of in parts)], dtype=np.int64)
    flat = [part for parts_of in parts for part in parts_of]
    columns = {name: np.concatenate([part.get(name, np.full(len(part["ds"]), np.nan)) for part in flat])
               for name in ("y", *names)}
    dates = np.concatenate([part["ds"] for part in flat])
    return Series(series.ids, first, dates, columns["y"], {name: columns[name] for name in names})
