from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import Self

from chiliad.models import ModelInputData, ModelParams

_Mode = Literal["additive", "multiplicative"]
_Seasonality = Literal["auto"] | bool | int
_Table = Any  # Of pandas, polars or Arrow.
_Draws = dict[str, NDArray[np.float64]]

class _Update(TypedDict):
    way: Literal["statistics", "history", "cold"]
    note: str

class Prophet:
    growth: Literal["linear", "logistic", "flat"]
    changepoints: pd.Series | None
    n_changepoints: int
    specified_changepoints: bool
    changepoint_range: float
    yearly_seasonality: _Seasonality
    weekly_seasonality: _Seasonality
    daily_seasonality: _Seasonality
    holidays: pd.DataFrame | None
    seasonality_mode: _Mode
    holidays_mode: _Mode
    seasonality_prior_scale: float
    changepoint_prior_scale: float
    holidays_prior_scale: float
    mcmc_samples: int
    interval_width: float
    uncertainty_samples: int
    scaling: Literal["absmax", "minmax"]
    # Set by fit().
    start: pd.Timestamp | None
    y_min: float | None
    y_scale: float | None
    logistic_floor: bool
    t_scale: pd.Timedelta | None
    changepoints_t: NDArray[np.float64] | None
    seasonalities: OrderedDict[str, dict[str, Any]]
    extra_regressors: OrderedDict[str, dict[str, Any]]
    country_holidays: str | None
    stan_fit: Any
    stan_backend: Any
    params: dict[str, NDArray[np.float64]]
    history: pd.DataFrame | None
    history_dates: pd.Series | None
    train_component_cols: pd.DataFrame | None
    component_modes: dict[str, list[str]] | None
    train_holiday_names: pd.Series | None
    fit_kwargs: dict[str, Any]
    statistics: Any
    last_update: _Update | None

    def __init__(
        self,
        growth: Literal["linear", "logistic", "flat"] = "linear",
        changepoints: Sequence[Any] | pd.Series | None = None,
        n_changepoints: int = 25,
        changepoint_range: float = 0.8,
        yearly_seasonality: _Seasonality = "auto",
        weekly_seasonality: _Seasonality = "auto",
        daily_seasonality: _Seasonality = "auto",
        holidays: pd.DataFrame | None = None,
        seasonality_mode: _Mode = "additive",
        seasonality_prior_scale: float = 10.0,
        holidays_prior_scale: float = 10.0,
        changepoint_prior_scale: float = 0.05,
        mcmc_samples: int = 0,
        interval_width: float = 0.80,
        uncertainty_samples: int = 1000,
        stan_backend: str | None = None,
        scaling: Literal["absmax", "minmax"] = "absmax",
        holidays_mode: _Mode | None = None,
    ) -> None: ...
    def validate_inputs(self) -> None: ...
    def validate_column_name(
        self, name: str, check_holidays: bool = True, check_seasonalities: bool = True, check_regressors: bool = True
    ) -> None: ...
    def add_seasonality(
        self,
        name: str,
        period: float,
        fourier_order: int,
        prior_scale: float | None = None,
        mode: _Mode | None = None,
        condition_name: str | None = None,
    ) -> Self: ...
    def add_regressor(
        self,
        name: str,
        prior_scale: float | None = None,
        standardize: Literal["auto"] | bool = "auto",
        mode: _Mode | None = None,
        regressor_predictor: bool | dict[str, Any] | None = None,
    ) -> Self: ...
    def add_country_holidays(self, country_name: str) -> Self: ...
    def fit(self, df: _Table, **kwargs: Any) -> Self: ...
    def refresh(self, df: _Table, skip_known_rows: bool = False, how: Literal["held", "refit"] = "held") -> Self: ...
    def predict(self, df: _Table | None = None, vectorized: bool = True) -> pd.DataFrame: ...
    def predictive_samples(self, df: _Table, vectorized: bool = True) -> _Draws: ...
    def make_future_dataframe(
        self, periods: int, freq: str | None = "D", include_history: bool = True
    ) -> pd.DataFrame: ...
    def plot(
        self,
        fcst: pd.DataFrame,
        ax: Any = None,
        uncertainty: bool = True,
        plot_cap: bool = True,
        xlabel: str = "ds",
        ylabel: str = "y",
        figsize: tuple[float, float] = (10, 6),
        include_legend: bool = False,
    ) -> Any: ...
    def plot_components(
        self,
        fcst: pd.DataFrame,
        uncertainty: bool = True,
        plot_cap: bool = True,
        weekly_start: int = 0,
        yearly_start: int = 0,
        figsize: tuple[float, float] | None = None,
    ) -> Any: ...

    # The steps of a fit and of a forecast.
    def preprocess(self, df: _Table, **kwargs: Any) -> ModelInputData: ...
    def calculate_initial_params(self, num_total_regressors: int) -> ModelParams: ...
    def setup_dataframe(self, df: pd.DataFrame, initialize_scales: bool = False) -> pd.DataFrame: ...
    def initialize_scales(self, initialize_scales: bool, df: pd.DataFrame) -> None: ...
    def set_changepoints(self) -> None: ...
    def set_auto_seasonalities(self) -> None: ...
    def parse_seasonality_args(self, name: str, arg: _Seasonality, auto_disable: bool, default_order: int) -> int: ...
    def construct_holiday_dataframe(self, dates: pd.Series) -> pd.DataFrame: ...
    def make_holiday_features(
        self, dates: pd.Series, holidays: pd.DataFrame
    ) -> tuple[pd.DataFrame, list[float], list[str]]: ...
    def make_all_seasonality_features(
        self, df: pd.DataFrame
    ) -> tuple[pd.DataFrame, list[float], pd.DataFrame, dict[str, list[str]]]: ...
    def regressor_column_matrix(
        self, seasonal_features: pd.DataFrame, modes: dict[str, list[str]]
    ) -> tuple[pd.DataFrame, dict[str, list[str]]]: ...
    def add_group_component(self, components: pd.DataFrame, name: str, group: Iterable[str]) -> pd.DataFrame: ...
    def predict_trend(self, df: pd.DataFrame) -> pd.Series: ...
    def predict_seasonal_components(self, df: pd.DataFrame) -> pd.DataFrame: ...
    def predict_uncertainty(
        self, df: pd.DataFrame, vectorized: bool = True, regressor_samples: _Draws | None = None
    ) -> pd.DataFrame: ...
    def percentile(self, a: Any, *args: Any, **kwargs: Any) -> Any: ...
    def sample_posterior_predictive(
        self, df: pd.DataFrame, vectorized: bool = True, regressor_samples: _Draws | None = None
    ) -> _Draws: ...
    def sample_predictive_trend(self, df: pd.DataFrame, iteration: int) -> Any: ...
    def sample_predictive_trend_vectorized(
        self, df: pd.DataFrame, n_samples: int, iteration: int = 0
    ) -> NDArray[np.float64]: ...
    def sample_model(
        self, df: pd.DataFrame, seasonal_features: pd.DataFrame, iteration: int, s_a: pd.Series, s_m: pd.Series
    ) -> dict[str, Any]: ...
    def sample_model_vectorized(
        self,
        df: pd.DataFrame,
        seasonal_features: pd.DataFrame,
        iteration: int,
        s_a: pd.Series,
        s_m: pd.Series,
        n_samples: int,
    ) -> list[_Draws]: ...
    @staticmethod
    def fourier_series(dates: pd.Series, period: float, series_order: int) -> NDArray[np.float64]: ...
    @staticmethod
    def make_seasonality_features(
        dates: pd.Series, period: float, series_order: int, prefix: str
    ) -> pd.DataFrame: ...
    @staticmethod
    def piecewise_linear(t: Any, deltas: Any, k: Any, m: Any, changepoint_ts: Any) -> NDArray[np.float64]: ...
    @staticmethod
    def piecewise_logistic(t: Any, cap: Any, deltas: Any, k: Any, m: Any, changepoint_ts: Any) -> NDArray[np.float64]: ...
    @staticmethod
    def flat_trend(t: Any, m: Any) -> NDArray[np.float64]: ...
    @staticmethod
    def linear_growth_init(df: pd.DataFrame) -> tuple[float, float]: ...
    @staticmethod
    def logistic_growth_init(df: pd.DataFrame) -> tuple[float, float]: ...
    @staticmethod
    def flat_growth_init(df: pd.DataFrame) -> tuple[float, float]: ...
