"""How well forecasts of a cross-validation did, over windows of the horizon.

Source: Prophet 1.5.0, metrics.py; the windows are those of src/diagnose/metrics.h.
"""
import logging

import numpy as np
import pandas as pd

logger = logging.getLogger("chiliad")

PERFORMANCE_METRICS = {}
DEFAULT_METRICS = ["mse", "rmse", "mae", "mape", "mdape", "smape", "coverage"]


def register_performance_metric(func):
    """Makes a function (df, w) -> table of horizon and the function's name a metric."""
    PERFORMANCE_METRICS[func.__name__] = func
    return func


def performance_metrics(df, metrics=None, rolling_window=0.1, monthly=False):
    """A row a horizon with each metric over the `rolling_window` share of all forecasts that end there.

    df: what cross_validation returned. rolling_window 0: each horizon for itself; below 0: each forecast for itself.
    monthly: horizons are numbers of calendar months. None where no metric is left."""
    metrics = list(DEFAULT_METRICS if metrics is None else metrics)
    if ("yhat_lower" not in df or "yhat_upper" not in df) and "coverage" in metrics:
        metrics.remove("coverage")
    if len(set(metrics)) != len(metrics):
        raise ValueError("Input metrics must be a list of unique values")
    if not set(metrics) <= set(PERFORMANCE_METRICS):
        raise ValueError(f"Valid values for metrics are: {DEFAULT_METRICS}")
    rows = df.copy()
    if monthly:
        rows["horizon"] = rows["ds"].dt.to_period("M").astype("int64") - rows["cutoff"].dt.to_period("M").astype("int64")
    else:
        rows["horizon"] = rows["ds"] - rows["cutoff"]
    rows = rows.sort_values("horizon")
    if "mape" in metrics and rows["y"].abs().min() < 1e-8:
        logger.info("mape is left out: y comes close to 0")
        metrics.remove("mape")
    if not metrics:
        return None
    w = int(rolling_window * len(rows))
    if w >= 0:
        w = min(max(w, 1), len(rows))
    result = None
    for name in metrics:
        table = PERFORMANCE_METRICS[name](rows, w)
        if result is None:
            result = table
        else:
            assert np.array_equal(result["horizon"].to_numpy(), table["horizon"].to_numpy())
            result[name] = table[name]
    return result


def rolling_mean_by_h(x, h, w, name):
    """The mean of at least w values of x that end at each horizon h, the farther horizon's taken first; of the horizon
    that reaches w, as much as is needed. Horizons with fewer than w values up to them are left out."""
    groups = pd.DataFrame({"x": x, "h": h}).groupby("h")["x"].agg(["sum", "count"]).sort_index()
    sums, counts, horizons = groups["sum"].to_numpy(), groups["count"].to_numpy(), groups.index.to_numpy()
    means = np.empty(len(groups))
    last = len(groups) - 1
    total, size = 0.0, 0
    for i in range(len(groups) - 1, -1, -1):
        total += sums[i]
        size += counts[i]
        while size >= w:
            means[last] = (total - (size - w) * sums[i] / counts[i]) / w
            total -= sums[last]
            size -= counts[last]
            last -= 1
    return pd.DataFrame({"horizon": horizons[last + 1:], name: means[last + 1:]})


def rolling_median_by_h(x, h, w, name):
    """The median of at least w values of x that end at each horizon h; what is missing comes from the rows before."""
    x, h = np.asarray(x), np.asarray(h)
    horizons, medians = [], []
    for horizon in np.unique(h)[::-1]:
        at = h == horizon
        values = list(x[at])
        first = at.argmax()
        values += list(x[max(0, first - max(0, w - len(values))):first])
        if len(values) < w:
            break
        horizons.append(horizon)
        medians.append(np.median(values))
    return pd.DataFrame({"horizon": np.array(horizons[::-1], dtype=h.dtype), name: medians[::-1]})


def _over_windows(df, values, w, name, rolling=rolling_mean_by_h):
    if w < 0:
        return pd.DataFrame({"horizon": df["horizon"], name: values})
    return rolling(x=values.to_numpy(), h=df["horizon"].to_numpy(), w=w, name=name)


@register_performance_metric
def mse(df, w):
    """Mean squared error."""
    return _over_windows(df, (df["y"] - df["yhat"]) ** 2, w, "mse")


@register_performance_metric
def rmse(df, w):
    """Root of the mean squared error."""
    table = mse(df, w)
    return pd.DataFrame({"horizon": table["horizon"], "rmse": np.sqrt(table["mse"])})


@register_performance_metric
def mae(df, w):
    """Mean absolute error."""
    return _over_windows(df, (df["y"] - df["yhat"]).abs(), w, "mae")


@register_performance_metric
def mape(df, w):
    """Mean absolute error as a share of y."""
    return _over_windows(df, ((df["y"] - df["yhat"]) / df["y"]).abs(), w, "mape")


@register_performance_metric
def mdape(df, w):
    """Median absolute error as a share of y."""
    return _over_windows(df, ((df["y"] - df["yhat"]) / df["y"]).abs(), w, "mdape", rolling_median_by_h)


@register_performance_metric
def smape(df, w):
    """Mean of |y - yhat| / ((|y| + |yhat|) / 2); 0 where both are 0."""
    size = (df["y"].abs() + df["yhat"].abs()) / 2
    return _over_windows(df, ((df["y"] - df["yhat"]).abs() / size).fillna(0), w, "smape")


@register_performance_metric
def coverage(df, w):
    """The share of y inside the interval."""
    return _over_windows(df, (df["y"] >= df["yhat_lower"]) & (df["y"] <= df["yhat_upper"]), w, "coverage")
