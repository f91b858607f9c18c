"""The columns of X as tables that a person can look at. The engine makes its own, with the same values."""
import datetime

import numpy as np
import pandas as pd

from chiliad import frames

DELIMITER = "_delim_"


def days_since_epoch(dates):
    return frames.nanoseconds(pd.to_datetime(pd.Series(dates)).to_numpy()) / (86_400 * 1e9)


def fourier_series(dates, period, series_order):
    """sin and cos of 2 pi n t / period for n = 1 .. series_order, interleaved; t in days since 1970-01-01."""
    if not series_order >= 1:
        raise ValueError("series_order must be >= 1")
    angle = np.pi * 2 * days_since_epoch(dates)
    columns = np.empty((len(angle), 2 * series_order))
    for n in range(series_order):
        at = (n + 1) / period * angle
        columns[:, 2 * n], columns[:, 2 * n + 1] = np.sin(at), np.cos(at)
    return columns


def seasonality_features(dates, period, series_order, prefix):
    values = fourier_series(dates, period, series_order)
    return pd.DataFrame(values, columns=[f"{prefix}{DELIMITER}{i + 1}" for i in range(values.shape[1])])


def window(row):
    """(lower, upper) of a row of holidays; no window where one of them is missing."""
    lower, upper = getattr(row, "lower_window", 0), getattr(row, "upper_window", 0)
    try:
        return int(lower), int(upper)
    except ValueError:  # NaN
        return 0, 0
    except OverflowError:
        raise ValueError(f"holiday {row.holiday!r}: a window is at most 10000 days long") from None


def holiday_prior_scales(holidays, default):
    """The prior scale of each holiday, by name. One name cannot have two."""
    scales = {}
    for row in holidays.itertuples():
        scale = float(getattr(row, "prior_scale", default))
        scale = float(default) if np.isnan(scale) else scale
        if scales.setdefault(row.holiday, scale) != scale:
            raise ValueError(f"Holiday {row.holiday!r} does not have consistent prior scale specification.")
        if scale <= 0:
            raise ValueError("Prior scale must be > 0")
    return scales


def holiday_features(dates, holidays, default_prior_scale):
    """(a column of 0 and 1 for each holiday and day of its window, their prior scales, the holidays' names)."""
    scales = holiday_prior_scales(holidays, default_prior_scale)
    days = pd.to_datetime(pd.Series(dates)).to_numpy(dtype="datetime64[D]")
    columns = {}
    for row in holidays.itertuples():
        lower, upper = window(row)
        for offset in range(lower, upper + 1):
            name = f"{row.holiday}{DELIMITER}{'+' if offset >= 0 else '-'}{abs(offset)}"
            column = columns.setdefault(name, np.zeros(len(days)))
            if not pd.isna(row.ds):
                day = pd.Timestamp(row.ds).date() + datetime.timedelta(days=offset)
                column[days == np.datetime64(day)] = 1.0
    table = pd.DataFrame({name: columns[name] for name in sorted(columns)})
    return table, [scales[name.split(DELIMITER)[0]] for name in table.columns], list(scales)


def component_columns(feature_names, groups):
    """Which column of X belongs to which component, as 0 and 1. groups: {group: names of its components}.

    A component has the name of its columns up to the delimiter. In alphabetical order; additive_terms and
    multiplicative_terms stand last where nothing is in them."""
    of_column = [name.split(DELIMITER)[0] for name in feature_names]
    parts = {name: np.array([name == one for one in of_column], dtype=np.int64) for name in of_column}
    for group, members in groups.items():
        inside = np.array([one in members for one in of_column], dtype=np.int64)
        if inside.any():
            parts[group] = inside
    parts.pop("zeros", None)
    names = sorted(parts)
    names += [name for name in ("additive_terms", "multiplicative_terms") if name not in parts]
    none = np.zeros(len(of_column), dtype=np.int64)
    table = pd.DataFrame({name: parts.get(name, none) for name in names})
    table.index.name, table.columns.name = "col", "component"
    return table
