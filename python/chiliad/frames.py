"""From a table of a user to the arrays that the engine reads."""
import numpy as np
import pandas as pd


def table(df):
    """A pandas table of a pandas, polars or Arrow one."""
    if isinstance(df, pd.DataFrame):
        return df
    if hasattr(df, "to_pandas"):
        return df.to_pandas()
    if hasattr(df, "__dataframe__"):
        return pd.api.interchange.from_dataframe(df)
    remedy = ": call its collect() first" if hasattr(df, "collect") else ""
    raise TypeError(f"expected a pandas, polars or Arrow table, not {type(df).__name__}{remedy}")


def column(df, name):
    """The one column of this name."""
    values = df[name]
    if isinstance(values, pd.DataFrame):
        raise ValueError(f"Column {name!r} is there {values.shape[1]} times: keep one")
    return values


def dates(column, what="Column ds"):
    """A column of dates as datetime64[ns]; whole numbers are read as 20220131. Raises for time zones, gaps and dates
    that nanoseconds cannot hold."""
    series = column if isinstance(column, pd.Series) else pd.Series(column)
    if series.dtype == "datetime64[ns]":
        values = series.to_numpy()
    else:
        if pd.api.types.is_integer_dtype(series.dtype):
            series = series.astype(str)
        try:
            series = pd.to_datetime(series)
        except pd.errors.OutOfBoundsDatetime as error:
            raise _out_of_range(what) from error
        if getattr(getattr(series, "dt", None), "tz", None) is not None or _of_zones(series):
            raise ValueError(f"{what} has timezone specified, which is not supported. Remove timezone.")
        values = nanoseconds(series.to_numpy(), what).view("datetime64[ns]")
    if np.isnat(values).any():
        raise ValueError(f"Found NaN in {what[0].lower()}{what[1:]}.")
    return values


def _of_zones(series):
    """Whether its values have several time zones, which pandas leaves as they are."""
    return series.dtype == object and any(getattr(value, "tzinfo", None) is not None for value in series)


def _out_of_range(what):
    return ValueError(f"{what} has a date outside of {pd.Timestamp.min:%Y-%m-%d} to {pd.Timestamp.max:%Y-%m-%d}, "
                      "which nanoseconds cannot hold")


def nanoseconds(values, what="Column ds"):
    """datetime64 of any unit as nanoseconds since 1970-01-01. numpy itself would wrap around without a word."""
    values = np.ascontiguousarray(values)
    if values.dtype != "datetime64[ns]":
        try:
            values = pd.Series(values).astype("datetime64[ns]").to_numpy()
        except pd.errors.OutOfBoundsDatetime as error:
            raise _out_of_range(what) from error
    return np.ascontiguousarray(values).view(np.int64)


def numbers(column):
    """A column as float64, NaN where something is missing."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64))
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "c":
        raise ValueError(f"Column {column.name!r} has complex numbers")
    return np.ascontiguousarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan))


def regressor(df, name, needed):
    """A regressor's values; they may be missing where `needed` is False."""
    if name not in df:
        raise ValueError(f"Regressor {name!r} missing from dataframe")
    values = numbers(column(df, name))
    if np.isnan(values[needed]).any():
        raise ValueError(f"Found NaN in column {name!r}")
    return values


def condition(df, name, needed):
    """A condition's values as 0 and 1."""
    if name not in df:
        raise ValueError(f"Condition {name!r} missing from dataframe")
    given = column(df, name)[needed]
    if not given.isin([True, False]).all():
        raise ValueError(f"Found non-boolean in column {name!r}")
    values = np.zeros(len(df))
    values[needed] = given.astype(bool)
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
                columns[name] = numbers(column(df, name))
    return columns


def has_value(df):
    """Which rows of a history have a value."""
    return ~np.isnan(numbers(column(df, "y")))


def training_rows(model, df, least=2):
    """(ds, y, columns) of the rows of a history, ds as datetime64[ns], in their order; and df's rows with a value, of
    which there have to be `least`."""
    if "ds" not in df or "y" not in df:
        raise ValueError('Dataframe must have columns "ds" and "y" with the dates and values respectively.')
    y = numbers(column(df, "y"))
    known = ~np.isnan(y)
    if known.sum() < least:
        raise ValueError("Dataframe has less than 2 non-NaN rows.")
    if np.isinf(y).any():
        raise ValueError("Found infinity in column y.")
    # Of a row without a date and without a value nothing is left.
    dated = known if known.all() else known | column(df, "ds").notna().to_numpy()
    if not dated.all():
        df, y, known = df[dated], y[dated], known[dated]
    return dates(column(df, "ds")), y, columns_of(model, df, known), known
