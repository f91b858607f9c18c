from typing import Any

import pandas as pd

from chiliad.forecaster import Prophet

# Figures, axes and artists are matplotlib's, or plotly's of the functions called ..._plotly; neither has to be there.
_Size = tuple[float, float]

def plot(
    m: Prophet,
    fcst: pd.DataFrame,
    ax: Any = None,
    uncertainty: bool = True,
    plot_cap: bool = True,
    xlabel: str = "ds",
    ylabel: str = "y",
    figsize: _Size = (10, 6),
    include_legend: bool = False,
) -> Any: ...
def plot_components(
    m: Prophet,
    fcst: pd.DataFrame,
    uncertainty: bool = True,
    plot_cap: bool = True,
    weekly_start: int = 0,
    yearly_start: int = 0,
    figsize: _Size | None = None,
) -> Any: ...
def plot_forecast_component(
    m: Prophet,
    fcst: pd.DataFrame,
    name: str,
    ax: Any = None,
    uncertainty: bool = True,
    plot_cap: bool = False,
    figsize: _Size = (10, 6),
) -> list[Any]: ...
def seasonality_plot_df(m: Prophet, ds: Any) -> pd.DataFrame: ...
def plot_weekly(
    m: Prophet,
    ax: Any = None,
    uncertainty: bool = True,
    weekly_start: int = 0,
    figsize: _Size = (10, 6),
    name: str = "weekly",
) -> list[Any]: ...
def plot_yearly(
    m: Prophet,
    ax: Any = None,
    uncertainty: bool = True,
    yearly_start: int = 0,
    figsize: _Size = (10, 6),
    name: str = "yearly",
) -> list[Any]: ...
def plot_seasonality(
    m: Prophet, name: str, ax: Any = None, uncertainty: bool = True, figsize: _Size = (10, 6)
) -> list[Any]: ...
def set_y_as_percent(ax: Any) -> Any: ...
def add_changepoints_to_plot(
    ax: Any,
    m: Prophet,
    fcst: pd.DataFrame,
    threshold: float = 0.01,
    cp_color: str = "r",
    cp_linestyle: str = "--",
    trend: bool = True,
) -> list[Any]: ...
def plot_cross_validation_metric(
    df_cv: pd.DataFrame,
    metric: str,
    rolling_window: float = 0.1,
    ax: Any = None,
    figsize: _Size = (10, 6),
    color: str = "b",
    point_color: str = "gray",
) -> Any: ...
def plot_plotly(
    m: Prophet,
    fcst: pd.DataFrame,
    uncertainty: bool = True,
    plot_cap: bool = True,
    trend: bool = False,
    changepoints: bool = False,
    changepoints_threshold: float = 0.01,
    xlabel: str = "ds",
    ylabel: str = "y",
    figsize: _Size = (900, 600),
) -> Any: ...
def plot_components_plotly(
    m: Prophet, fcst: pd.DataFrame, uncertainty: bool = True, plot_cap: bool = True, figsize: _Size = (900, 200)
) -> Any: ...
def plot_forecast_component_plotly(
    m: Prophet,
    fcst: pd.DataFrame,
    name: str,
    uncertainty: bool = True,
    plot_cap: bool = False,
    figsize: _Size = (900, 300),
) -> Any: ...
def plot_seasonality_plotly(
    m: Prophet, name: str, uncertainty: bool = True, figsize: _Size = (900, 300)
) -> Any: ...
def get_forecast_component_plotly_props(
    m: Prophet, fcst: pd.DataFrame, name: str, uncertainty: bool = True, plot_cap: bool = False
) -> dict[str, Any]: ...
def get_seasonality_plotly_props(m: Prophet, name: str, uncertainty: bool = True) -> dict[str, Any]: ...
