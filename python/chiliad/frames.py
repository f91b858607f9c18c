"""From a table of a user to the arrays that the engine reads."""
import numpy as np
import pandas as pd


def dates(column):
    """A column of dates as datetime64[ns]; whole numbers are read as 20220131. Raises for time zones and gaps."""
    series = column if isinstance(column, pd.Series) else pd.Series(column)
    if series.dtype == "datetime64[ns]":
        values = series.to_numpy()
        if np.isnat(values).any():
            raise ValueError("Found NaN in column ds.")
        return values
    if series.dtype == np.int64:
        series = series.astype(str)
    series = pd.to_datetime(series)
    if getattr(series.dt, "tz", None) is not None:
        raise ValueError("Column ds has timezone specified, which is not supported. Remove timezone.")
    if series.isna().any():
        raise ValueError("Found NaN in column ds.")
    return series.to_numpy(dtype="datetime64[ns]")


def nanoseconds(values):
    return np.ascontiguousarray(values).astype("datetime64[ns]", copy=False).view(np.int64)


def numbers(column):
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64))
    return np.ascontiguousarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan))


def regressor(df, name, needed):
    """A regressor's values; they may be missing where `needed` is False."""
    if name not in df:
        raise ValueError(f"Regressor {name!r} missing from dataframe")
    values = numbers(df[name])
    if np.isnan(values[needed]).any():
        raise ValueError(f"Found NaN in column {name!r}")
    return values


def condition(df, name, needed):
    """A condition's values as 0 and 1."""
    if name not in df:
        raise ValueError(f"Condition {name!r} missing from dataframe")
    if not df[name][needed].isin([True, False]).all():
        raise ValueError(f"Found non-boolean in column {name!r}")
    values = np.zeros(len(df))
    values[needed] = df[name][needed].astype(bool)
    return values


def columns_of(model, df, needed=None):
    """{name: values} of what the model reads beside ds and y; `needed`: the rows in which nothing may be missing."""
    needed = np.ones(len(df), dtype=bool) if needed is None else needed
    columns = {name: regressor(df, name, needed) for name in model.extra_regressors}
    for properties in model.seasonalities.values():
        name = properties["condition_name"]
        if name is not None and name not in columns:
            columns[name] = condition(df, name, needed)
    if model.growth == "logistic":
        for name in ("cap", "floor"):
            if name in df:
                columns[name] = numbers(df[name])
    return columns


def training_rows(model, df):
    """(ds, y, columns) of the rows of a history, ds as datetime64[ns], in their order; and df's rows with a value."""
    if "ds" not in df or "y" not in df:
        raise ValueError('Dataframe must have columns "ds" and "y" with the dates and values respectively.')
    values = df["y"]
    has_value = ~np.isnan(values.to_numpy()) if values.dtype == np.float64 else values.notna().to_numpy()
    if has_value.sum() < 2:
        raise ValueError("Dataframe has less than 2 non-NaN rows.")
    y = numbers(df["y"])
    if np.isinf(y).any():
        raise ValueError("Found infinity in column y.")
    # Of a row without a date and without a value nothing is left.
    dated = has_value if has_value.all() else has_value | df["ds"].notna().to_numpy()
    if not dated.all():
        df, y, has_value = df[dated], y[dated], has_value[dated]
    return dates(df["ds"]), y, columns_of(model, df, has_value), has_value
