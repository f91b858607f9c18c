from collections.abc import Iterable
from typing import Any

import pandas as pd

def get_country_holidays_class(country: str) -> Any: ...
def get_holiday_names(country: str) -> set[str]: ...
def make_holidays_df(
    year_list: Iterable[int], country: str, province: str | None = None, state: str | None = None
) -> pd.DataFrame: ...
