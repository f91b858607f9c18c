"""Public holidays of countries, from the package `holidays`."""
import datetime
import functools

import numpy as np
import pandas as pd

FIRST_YEAR, LAST_YEAR = 1995, 2044  # Names of holidays in these years are taken, and no other component may have one.


def get_country_holidays_class(country):
    """The package's class of a country or market: "US", "UnitedStates", "NYSE"; "TU" is Turkey, too."""
    try:
        import holidays
    except ImportError as error:
        raise ImportError("country holidays need the package 'holidays': pip install holidays") from error
    country = {"TU": "TR"}.get(country, country)
    if not hasattr(holidays, country):
        raise AttributeError(f"Holidays in {country} are not currently supported!")
    return getattr(holidays, country)


def get_holiday_names(country):
    """Every name that a holiday of the country has in the years 1995 to 2044."""
    return set(_names(country))


# The package takes milliseconds for what a fit takes microseconds for, and a fleet asks for the same again and again.
@functools.lru_cache(maxsize=256)
def _names(country):
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    return frozenset(get_country_holidays_class(country)(language="en_US", years=years).values())


@functools.lru_cache(maxsize=256)
def _days(country, province, years):
    found = get_country_holidays_class(country)(expand=False, language="en_US", subdiv=province, years=list(years))
    return [(day, name) for day in found for name in found.get_list(day)]


@functools.lru_cache(maxsize=256)
def holiday_days(country, years):
    """((name, days since 1970-01-01), ...) of make_holidays_df(); years: a tuple, ascending."""
    epoch = datetime.date(1970, 1, 1)
    return tuple((name, (day - epoch).days) for day, name in _days(country, None, years))


def make_holidays_df(year_list, country, province=None, state=None):
    """The country's holidays of these years: a table with ds and holiday, which Prophet(holidays=...) takes."""
    rows = _days(country, province, tuple(sorted(int(year) for year in year_list)))
    return pd.DataFrame({"ds": pd.to_datetime([day for day, _ in rows]), "holiday": [name for _, name in rows]})
