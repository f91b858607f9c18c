from collections.abc import Sequence
from typing import Any

import pandas as pd

from chiliad.forecaster import Prophet
from chiliad.metrics import coverage as coverage
from chiliad.metrics import mae as mae
from chiliad.metrics import mape as mape
from chiliad.metrics import mdape as mdape
from chiliad.metrics import mse as mse
from chiliad.metrics import performance_metrics as performance_metrics
from chiliad.metrics import register_performance_metric as register_performance_metric
from chiliad.metrics import rmse as rmse
from chiliad.metrics import rolling_mean_by_h as rolling_mean_by_h
from chiliad.metrics import rolling_median_by_h as rolling_median_by_h
from chiliad.metrics import smape as smape

def generate_cutoffs(
    df: pd.DataFrame, horizon: pd.Timedelta, initial: pd.Timedelta, period: pd.Timedelta
) -> list[pd.Timestamp]: ...
def cross_validation(
    model: Prophet,
    horizon: str,
    period: str | None = None,
    initial: str | None = None,
    parallel: Any = None,
    cutoffs: Sequence[pd.Timestamp] | pd.DatetimeIndex | None = None,
    disable_tqdm: bool = False,
    extra_output_columns: str | list[str] | None = None,
) -> pd.DataFrame: ...
def single_cutoff_forecast(
    df: pd.DataFrame, model: Prophet, cutoff: pd.Timestamp, horizon: pd.Timedelta, predict_columns: list[str]
) -> pd.DataFrame: ...
def prophet_copy(m: Prophet, cutoff: pd.Timestamp | None = None) -> Prophet: ...
