"""Cross-validation: how well would the model have forecast at past moments?

Source: Prophet 1.5.0, diagnostics.py. `chiliad cross-validate` does the same for a fleet (doc/diagnostics.md).
"""
import concurrent.futures
import logging
import multiprocessing
import sys
from copy import deepcopy

import numpy as np
import pandas as pd

from chiliad.forecaster import Prophet
from chiliad.metrics import (  # noqa: F401 - Prophet has them here, too
    PERFORMANCE_METRICS, coverage, mae, mape, mdape, mse, performance_metrics, register_performance_metric, rmse,
    rolling_mean_by_h, rolling_median_by_h, smape)

logger = logging.getLogger("chiliad")


def generate_cutoffs(df, horizon, initial, period):
    """Moments from the end minus horizon backwards by period, down to the first plus initial; over gaps, to the last row
    before them."""
    ds = df["ds"]
    first = ds.min()
    cutoff = ds.max() - horizon
    if cutoff < first:
        raise ValueError("Less data than horizon.")
    cutoffs = [cutoff]
    while cutoffs[-1] >= first + initial:
        cutoff -= period
        if not ((ds > cutoff) & (ds <= cutoff + horizon)).any() and cutoff > first:
            cutoff = ds[ds <= cutoff].max() - horizon
        cutoffs.append(cutoff)
    cutoffs = cutoffs[-2::-1]
    if not cutoffs:
        raise ValueError("Less data than horizon after initial window. Make horizon or initial shorter.")
    logger.info("%d forecasts with cutoffs between %s and %s", len(cutoffs), cutoffs[0], cutoffs[-1])
    return cutoffs


def _check_cutoffs(cutoffs, df, horizon):
    if min(cutoffs) <= df["ds"].min():
        raise ValueError("Minimum cutoff value is not strictly greater than min date in history")
    if max(cutoffs) > df["ds"].max() - horizon:
        raise ValueError("Maximum cutoff value is greater than end date minus horizon, no value for cross-validation "
                         "remaining")


def _pool(parallel):
    """(what has a map(), whether it is ours to end)."""
    if parallel == "threads":
        return concurrent.futures.ThreadPoolExecutor(), True
    if parallel == "processes":
        kind = "spawn" if sys.platform.startswith(("win", "darwin")) else "forkserver"
        return concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context(kind)), True
    if parallel == "dask":
        try:
            from dask.distributed import get_client
        except ImportError as error:
            raise ImportError("parallel='dask' requires the optional dependency dask.") from error
        return get_client(), False
    if hasattr(parallel, "map"):
        return parallel, False
    raise ValueError("'parallel' should be one of threads, processes, dask for an instance with a 'map' method")


def _progress(cutoffs, disable):
    if not disable:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return cutoffs
        return tqdm(cutoffs)
    return cutoffs


def cross_validation(model, horizon, period=None, initial=None, parallel=None, cutoffs=None, disable_tqdm=False,
                     extra_output_columns=None):
    """Forecasts over `horizon` from each cutoff by a model fitted to the rows up to it: ds, yhat, its interval, y, cutoff.

    period: between cutoffs, half a horizon. initial: before the first, three horizons or the longest season. parallel:
    None, "threads", "processes", "dask", or an object with map(). extra_output_columns: further ones of predict()."""
    if model.history is None:
        raise Exception("Model has not been fit. Fitting the model provides contextual parameters for cross validation.")
    if not len(model.history):
        raise ValueError("cross-validation needs the history, which this model was fitted or stored without")
    df = model.history.copy().reset_index(drop=True)
    horizon = pd.Timedelta(horizon)
    columns = ["ds", "yhat"] + (["yhat_lower", "yhat_upper"] if model.uncertainty_samples else [])
    extra = [extra_output_columns] if isinstance(extra_output_columns, str) else extra_output_columns or []
    columns += [name for name in extra if name not in columns]
    longest = max([0.0, *(float(p["period"]) for p in model.seasonalities.values())])
    season = pd.Timedelta(longest, "D")
    if cutoffs is None:
        period = 0.5 * horizon if period is None else pd.Timedelta(period)
        initial = max(3 * horizon, season) if initial is None else pd.Timedelta(initial)
        cutoffs = generate_cutoffs(df, horizon, initial, period)
    else:
        _check_cutoffs(cutoffs, df, horizon)
        initial = cutoffs[0] - df["ds"].min()
    if initial < season:
        logger.warning("the season of %g days is longer than the initial window: consider a longer one", longest)
    if not parallel:
        forecasts = [single_cutoff_forecast(df, model, cutoff, horizon, columns)
                     for cutoff in _progress(cutoffs, disable_tqdm)]
    else:
        pool, ours = _pool(parallel)
        n = len(cutoffs)
        if parallel == "dask":
            df, model = pool.scatter([df, model])
        try:
            forecasts = pool.map(single_cutoff_forecast, [df] * n, [model] * n, cutoffs, [horizon] * n, [columns] * n)
            forecasts = pool.gather(forecasts) if parallel == "dask" else list(forecasts)
        finally:
            if ours:
                pool.shutdown(wait=True)
    return pd.concat(forecasts, axis=0).reset_index(drop=True)


def single_cutoff_forecast(df, model, cutoff, horizon, predict_columns):
    """The rows of cross_validation() for one cutoff."""
    fresh = prophet_copy(model, cutoff)
    known, asked = _split(df, cutoff, horizon)
    if len(known) < 2:
        raise Exception("Less than two datapoints before cutoff. Increase initial window.")
    fresh.fit(known, **model.fit_kwargs)
    columns = ["ds"] + ["cap"] * (fresh.growth == "logistic") + ["floor"] * (fresh.growth == "logistic" and fresh.logistic_floor)
    columns += fresh.extra_regressors
    columns += [p["condition_name"] for p in fresh.seasonalities.values() if p["condition_name"] is not None]
    # As arrays: a list of moments, or a table of all components, would take pandas longer than the fit.
    added = {"y": asked["y"].to_numpy(), "cutoff": np.full(len(asked), pd.Timestamp(cutoff).to_datetime64())}
    asked = asked[list(dict.fromkeys(columns))]
    if type(fresh).predict is Prophet.predict and len(asked) and not fresh._needs_draws():
        forecast = fresh._forecast(asked)
        return pd.DataFrame({**{name: forecast[name] for name in predict_columns}, **added})
    return fresh.predict(asked)[predict_columns].assign(**added)


def _split(df, cutoff, horizon):
    """The rows up to `cutoff`, and those of the horizon behind it."""
    ds = df["ds"].to_numpy()
    if (ds[1:] >= ds[:-1]).all():  # As a history is: a slice is made sooner than a selection.
        ends = [pd.Timestamp(moment).to_datetime64() for moment in (cutoff, cutoff + horizon)]
        first, last = np.searchsorted(ds, ends, side="right")
        return df.iloc[:first], df.iloc[first:last]
    return df[df["ds"] <= cutoff], df[(df["ds"] > cutoff) & (df["ds"] <= cutoff + horizon)]


def prophet_copy(m, cutoff=None):
    """A model that is not fitted, with the options of a fitted one. Given changepoints: those before the last row up to
    `cutoff`. The built-in seasonalities are off: those that the fit chose are among the others."""
    if m.history is None:
        raise Exception("This is for copying a fitted Prophet object.")
    changepoints = None
    if m.specified_changepoints:
        changepoints = m.changepoints
        if cutoff is not None:
            changepoints = changepoints[changepoints < m.history["ds"][m.history["ds"] <= cutoff].max()]
    copy = m.__class__(
        growth=m.growth, n_changepoints=m.n_changepoints, changepoint_range=m.changepoint_range, changepoints=changepoints,
        yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False, holidays=m.holidays,
        holidays_mode=m.holidays_mode, seasonality_mode=m.seasonality_mode,
        seasonality_prior_scale=m.seasonality_prior_scale, changepoint_prior_scale=m.changepoint_prior_scale,
        holidays_prior_scale=m.holidays_prior_scale, mcmc_samples=m.mcmc_samples, interval_width=m.interval_width,
        uncertainty_samples=m.uncertainty_samples, scaling=m.scaling)
    copy.extra_regressors = deepcopy(m.extra_regressors)
    copy.seasonalities = deepcopy(m.seasonalities)
    copy.country_holidays = m.country_holidays
    return copy
