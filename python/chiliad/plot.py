"""Pictures of forecasts, components and cross-validations: by matplotlib, and by plotly where it is installed.

The functions and their arguments are those of Prophet 1.5.0, plot.py.
"""
import logging

import numpy as np
import pandas as pd

from chiliad.diagnostics import performance_metrics

logger = logging.getLogger("chiliad")

COLOR = "#0072B2"
BAND = {"color": COLOR, "alpha": 0.2}


def _pyplot():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install matplotlib") from error
    return pyplot


def _plotly():
    try:
        import plotly.graph_objs
        import plotly.subplots
    except ImportError as error:
        raise ImportError("interactive pictures need plotly: pip install plotly") from error
    return plotly


def _axes(ax, figsize):
    if ax is not None:
        return ax
    return _pyplot().figure(facecolor="w", figsize=figsize).add_subplot(111)


def _date_axis(ax):
    from matplotlib.dates import AutoDateFormatter, AutoDateLocator
    locator = AutoDateLocator(interval_multiples=False)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(AutoDateFormatter(locator))
    ax.grid(True, which="major", c="gray", ls="-", lw=1, alpha=0.2)


def _has_intervals(m, table, name, uncertainty):
    return bool(uncertainty and m.uncertainty_samples and name + "_lower" in table)


def plot(m, fcst, ax=None, uncertainty=True, plot_cap=True, xlabel="ds", ylabel="y", figsize=(10, 6), include_legend=False):
    """History as points, forecast as a line, its interval as a band. Returns the figure."""
    given = ax is not None
    ax = _axes(ax, figsize)
    times = fcst["ds"].to_numpy()
    ax.plot(m.history["ds"].to_numpy(), m.history["y"], "k.", label="Observed data points")
    ax.plot(times, fcst["yhat"], ls="-", c=COLOR, label="Forecast")
    if plot_cap and "cap" in fcst:
        ax.plot(times, fcst["cap"], ls="--", c="k", label="Maximum capacity")
    if plot_cap and m.logistic_floor and "floor" in fcst:
        ax.plot(times, fcst["floor"], ls="--", c="k", label="Minimum capacity")
    if _has_intervals(m, fcst, "yhat", uncertainty):
        ax.fill_between(times, fcst["yhat_lower"], fcst["yhat_upper"], label="Uncertainty interval", **BAND)
    _date_axis(ax)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if include_legend:
        ax.legend()
    if not given:
        ax.figure.tight_layout()
    return ax.figure


def _components(m, fcst):
    names = ["trend"]
    if m.train_holiday_names is not None and "holidays" in fcst:
        names.append("holidays")
    names += [name for name in ("weekly", "yearly") if name in fcst]
    names += sorted(name for name in m.seasonalities if name in fcst and name not in names)
    for mode in ("additive", "multiplicative"):
        if f"extra_regressors_{mode}" in fcst and any(p["mode"] == mode for p in m.extra_regressors.values()):
            names.append(f"extra_regressors_{mode}")
    return names


def plot_components(m, fcst, uncertainty=True, plot_cap=True, weekly_start=0, yearly_start=0, figsize=None):
    """A panel for the trend, the holidays, each seasonality and the regressors of each mode. Returns the figure."""
    names = _components(m, fcst)
    figure, axes = _pyplot().subplots(len(names), 1, facecolor="w", figsize=figsize or (9, 3 * len(names)), squeeze=False)
    for ax, name in zip(axes[:, 0], names):
        if name == "trend":
            plot_forecast_component(m, fcst, "trend", ax, uncertainty, plot_cap)
        elif name in m.seasonalities:
            period = m.seasonalities[name]["period"]
            if name == "weekly" or period == 7:
                plot_weekly(m, ax, uncertainty, weekly_start, name=name)
            elif name == "yearly" or period == 365.25:
                plot_yearly(m, ax, uncertainty, yearly_start, name=name)
            else:
                plot_seasonality(m, name, ax, uncertainty)
        else:
            plot_forecast_component(m, fcst, name, ax, uncertainty, plot_cap=False)
        if name in m.component_modes["multiplicative"]:
            set_y_as_percent(ax)
    figure.tight_layout()
    return figure


def plot_forecast_component(m, fcst, name, ax=None, uncertainty=True, plot_cap=False, figsize=(10, 6)):
    """One column of a forecast over time. Returns the artists."""
    ax = _axes(ax, figsize)
    times = fcst["ds"].to_numpy()
    artists = ax.plot(times, fcst[name], ls="-", c=COLOR)
    if plot_cap and "cap" in fcst:
        artists += ax.plot(times, fcst["cap"], ls="--", c="k")
    if plot_cap and m.logistic_floor and "floor" in fcst:
        artists += ax.plot(times, fcst["floor"], ls="--", c="k")
    if _has_intervals(m, fcst, name, uncertainty):
        artists += [ax.fill_between(times, fcst[name + "_lower"], fcst[name + "_upper"], **BAND)]
    _date_axis(ax)
    ax.set_xlabel("ds")
    ax.set_ylabel(name)
    if m.component_modes is not None and name in m.component_modes["multiplicative"]:
        set_y_as_percent(ax)
    return artists


def seasonality_plot_df(m, ds):
    """Rows at these dates for a look at the seasonalities alone: regressors at 0, conditions true."""
    columns = {"ds": ds, "cap": 1.0, "floor": 0.0}
    columns.update({name: 0.0 for name in m.extra_regressors})
    columns.update({p["condition_name"]: True for p in m.seasonalities.values() if p["condition_name"] is not None})
    return m.setup_dataframe(pd.DataFrame(columns))


def _one_period(m, name, days, ax, uncertainty, figsize):
    """Draws a seasonality over these dates; returns (the axes, the artists)."""
    ax = _axes(ax, figsize)
    values = m.predict_seasonal_components(seasonality_plot_df(m, days))
    artists = ax.plot(days, values[name], ls="-", c=COLOR)
    if _has_intervals(m, values, name, uncertainty):
        artists += [ax.fill_between(days, values[name + "_lower"], values[name + "_upper"], **BAND)]
    ax.grid(True, which="major", c="gray", ls="-", lw=1, alpha=0.2)
    ax.set_ylabel(name)
    if m.seasonalities[name]["mode"] == "multiplicative":
        set_y_as_percent(ax)
    return ax, artists


def plot_weekly(m, ax=None, uncertainty=True, weekly_start=0, figsize=(10, 6), name="weekly"):
    """A week of a seasonality; weekly_start: 0 for Sunday, 1 for Monday, ..."""
    days = pd.date_range(start="2017-01-01", periods=7) + pd.Timedelta(days=weekly_start)  # A Sunday.
    ax, artists = _one_period(m, name, days, ax, uncertainty, figsize)
    ax.set_xticks(days)
    ax.set_xticklabels(days.day_name())
    ax.set_xlabel("Day of week")
    return artists


def plot_yearly(m, ax=None, uncertainty=True, yearly_start=0, figsize=(10, 6), name="yearly"):
    """A year of a seasonality; yearly_start: days after January 1."""
    from matplotlib.dates import MonthLocator, num2date
    from matplotlib.ticker import FuncFormatter
    days = pd.date_range(start="2017-01-01", periods=365) + pd.Timedelta(days=yearly_start)
    ax, artists = _one_period(m, name, days, ax, uncertainty, figsize)
    ax.xaxis.set_major_locator(MonthLocator(range(1, 13), bymonthday=1, interval=2))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{num2date(x):%B} {num2date(x).day}"))
    ax.set_xlabel("Day of year")
    return artists


def plot_seasonality(m, name, ax=None, uncertainty=True, figsize=(10, 6)):
    """One period of a seasonality of any length. Returns the artists."""
    from matplotlib.dates import num2date
    from matplotlib.ticker import FuncFormatter
    start = pd.Timestamp("2017-01-01")
    period = m.seasonalities[name]["period"]
    days = pd.to_datetime(np.linspace(start.value, (start + pd.Timedelta(period, "D")).value, 200).astype("int64"))
    ax, artists = _one_period(m, name, days, ax, uncertainty, figsize)
    ax.set_xticks(pd.to_datetime(np.linspace(days[0].value, days[-1].value, 7).astype("int64")))
    if name == "yearly":
        text, label = (lambda at: f"{at:%B} {at.day}"), "Day of year"
    elif name == "weekly":
        text, label = (lambda at: f"{at:%A}"), "Day of Week"
    elif name == "daily":
        text, label = (lambda at: f"{at:%H:%M}"), "Hour of day"
    elif period <= 2:
        text, label = (lambda at: f"{at:%H:%M}"), "Hours"
    else:
        text, label = (lambda at: f"{(at.replace(tzinfo=None) - start.to_pydatetime()).days}"), f"Days ({period:g})"
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: text(num2date(x))))
    ax.set_xlabel(label)
    return artists


def set_y_as_percent(ax):
    ticks = ax.get_yticks()
    ax.set_yticks(ticks.tolist())
    ax.set_yticklabels([f"{100 * tick:.4g}%" for tick in ticks])
    return ax


def _significant_changepoints(m, threshold):
    if len(m.changepoints) == 0:
        return m.changepoints
    sizes = np.abs(np.nanmean(m.params["delta"], axis=0))
    return m.changepoints[sizes >= threshold]


def add_changepoints_to_plot(ax, m, fcst, threshold=0.01, cp_color="r", cp_linestyle="--", trend=True):
    """Adds the trend and a line at each changepoint where it turns by `threshold` or more. Returns the artists."""
    artists = list(ax.plot(fcst["ds"], fcst["trend"], c=cp_color)) if trend else []
    return artists + [ax.axvline(x=moment, c=cp_color, ls=cp_linestyle) for moment in _significant_changepoints(m, threshold)]


def plot_cross_validation_metric(df_cv, metric, rolling_window=0.1, ax=None, figsize=(10, 6), color="b", point_color="gray"):
    """A metric over the horizon: of each forecast as a point, over the window as a line. Returns the figure."""
    given = ax is not None
    ax = _axes(ax, figsize)
    each = performance_metrics(df_cv, metrics=[metric], rolling_window=-1)
    over = performance_metrics(df_cv, metrics=[metric], rolling_window=rolling_window)
    longest = each["horizon"].max()
    units = [("D", "days"), ("h", "hours"), ("m", "minutes"), ("s", "seconds"), ("ms", "milliseconds")]
    unit, word = next(((u, w) for u, w in units if longest / pd.Timedelta(1, u) >= 5), units[-1])
    one = pd.Timedelta(1, unit)
    ax.plot(each["horizon"] / one, each[metric], ".", alpha=0.1, c=point_color)
    ax.plot(over["horizon"] / one, over[metric], "-", c=color)
    ax.grid(True)
    ax.set_xlabel(f"Horizon ({word})")
    ax.set_ylabel(metric)
    return ax.figure if not given else ax.get_figure()


def _band(graph, times, lower, upper, name):
    return [graph.Scatter(x=times, y=lower, mode="lines", line={"width": 0}, hoverinfo="skip", showlegend=False),
            graph.Scatter(x=times, y=upper, mode="lines", line={"width": 0}, fill="tonexty",
                          fillcolor="rgba(0, 114, 178, 0.2)", hoverinfo="skip", name=name, showlegend=False)]


def plot_plotly(m, fcst, uncertainty=True, plot_cap=True, trend=False, changepoints=False, changepoints_threshold=0.01,
                xlabel="ds", ylabel="y", figsize=(900, 600)):
    """plot() by plotly. Returns a plotly figure."""
    graph = _plotly().graph_objs
    times = fcst["ds"]
    traces = [graph.Scatter(name="Actual", x=m.history["ds"], y=m.history["y"], mode="markers",
                            marker={"color": "black", "size": 4})]
    if _has_intervals(m, fcst, "yhat", uncertainty):
        traces += _band(graph, times, fcst["yhat_lower"], fcst["yhat_upper"], "Uncertainty")
    traces.append(graph.Scatter(name="Predicted", x=times, y=fcst["yhat"], mode="lines", line={"color": COLOR, "width": 2}))
    dashed = {"color": "black", "dash": "dash", "width": 2}
    if plot_cap and "cap" in fcst:
        traces.append(graph.Scatter(name="Cap", x=times, y=fcst["cap"], mode="lines", line=dashed))
    if plot_cap and m.logistic_floor and "floor" in fcst:
        traces.append(graph.Scatter(name="Floor", x=times, y=fcst["floor"], mode="lines", line=dashed))
    if trend:
        traces.append(graph.Scatter(name="Trend", x=times, y=fcst["trend"], mode="lines", line={"color": "#B23B00", "width": 2}))
    spans = [{"count": 7, "label": "1w", "step": "day", "stepmode": "backward"},
             {"count": 1, "label": "1m", "step": "month", "stepmode": "backward"},
             {"count": 6, "label": "6m", "step": "month", "stepmode": "backward"},
             {"count": 1, "label": "1y", "step": "year", "stepmode": "backward"}, {"step": "all"}]
    over_time = {"title": {"text": xlabel}, "type": "date", "rangeselector": {"buttons": spans}, "rangeslider": {"visible": True}}
    figure = graph.Figure(data=traces, layout={"width": figsize[0], "height": figsize[1], "showlegend": False, "xaxis": over_time,
                                               "yaxis": {"title": {"text": ylabel}}})
    if changepoints:
        for moment in _significant_changepoints(m, changepoints_threshold):
            figure.add_vline(x=moment, line={"color": "#B23B00", "dash": "dash"})
    return figure


def plot_components_plotly(m, fcst, uncertainty=True, plot_cap=True, figsize=(900, 200)):
    """plot_components() by plotly. Returns a plotly figure."""
    plotly = _plotly()
    names = _components(m, fcst)
    figure = plotly.subplots.make_subplots(rows=len(names), cols=1, subplot_titles=names)
    for row, name in enumerate(names, 1):
        if name in m.seasonalities:
            props = get_seasonality_plotly_props(m, name, uncertainty)
        else:
            props = get_forecast_component_plotly_props(m, fcst, name, uncertainty, plot_cap and name == "trend")
        for trace in props["traces"]:
            figure.add_trace(trace, row=row, col=1)
        figure.update_xaxes(props["xaxis"], row=row, col=1)
        figure.update_yaxes(props["yaxis"], row=row, col=1)
    return figure.update_layout(width=figsize[0], height=figsize[1] * len(names), showlegend=False)


def plot_forecast_component_plotly(m, fcst, name, uncertainty=True, plot_cap=False, figsize=(900, 300)):
    """plot_forecast_component() by plotly. Returns a plotly figure."""
    return _figure_of(get_forecast_component_plotly_props(m, fcst, name, uncertainty, plot_cap), figsize)


def plot_seasonality_plotly(m, name, uncertainty=True, figsize=(900, 300)):
    """One period of a seasonality by plotly. Returns a plotly figure."""
    return _figure_of(get_seasonality_plotly_props(m, name, uncertainty), figsize)


def _figure_of(props, figsize):
    layout = {"width": figsize[0], "height": figsize[1], "showlegend": False, "xaxis": props["xaxis"], "yaxis": props["yaxis"]}
    return _plotly().graph_objs.Figure(data=props["traces"], layout=layout)


def get_forecast_component_plotly_props(m, fcst, name, uncertainty=True, plot_cap=False):
    """What draws one column of a forecast: {"traces", "xaxis", "yaxis"}, for a figure of one's own."""
    graph = _plotly().graph_objs
    times = fcst["ds"]
    hover = _holidays_of(m, times) if name == "holidays" else None
    traces = [graph.Scatter(name=name, x=times, y=fcst[name], mode="lines", text=hover, line={"color": COLOR, "width": 2})]
    if _has_intervals(m, fcst, name, uncertainty):
        traces += _band(graph, times, fcst[name + "_lower"], fcst[name + "_upper"], name)
    for bound in ("cap",) * ("cap" in fcst) + ("floor",) * bool(m.logistic_floor and "floor" in fcst):
        if plot_cap:
            traces.append(graph.Scatter(name=bound, x=times, y=fcst[bound], mode="lines", line={"color": "black", "dash": "dash"}))
    is_share = m.component_modes is not None and name in m.component_modes["multiplicative"]
    return {"traces": traces, "xaxis": graph.layout.XAxis(type="date", range=_with_margin(times)),
            "yaxis": _value_axis(graph, name, is_share, "normal" if name == "trend" else "tozero")}


def get_seasonality_plotly_props(m, name, uncertainty=True):
    """What draws one period of a seasonality: {"traces", "xaxis", "yaxis"}, for a figure of one's own."""
    graph = _plotly().graph_objs
    period = m.seasonalities[name]["period"]
    start = pd.Timestamp("2017-01-01")
    end = start + pd.Timedelta(period, "D")
    days = pd.to_datetime(np.linspace(start.value, end.value, 200).astype("int64"))
    values = m.predict_seasonal_components(seasonality_plot_df(m, days))
    traces = [graph.Scatter(name=name, x=days, y=values[name], mode="lines", line={"color": COLOR, "width": 2})]
    if _has_intervals(m, values, name, uncertainty):
        traces += _band(graph, days, values[name + "_lower"], values[name + "_upper"], name)
    # The time of day, weekdays, or dates, as far apart as the period is long.
    ticks = "%H:%M" if period <= 2 else "%A %H:%M" if period < 7 else "%A" if period < 14 else "%B %e"
    return {"traces": traces, "xaxis": graph.layout.XAxis(type="date", tickformat=ticks, range=_with_margin(days)),
            "yaxis": _value_axis(graph, name, m.seasonalities[name]["mode"] == "multiplicative", "normal")}


def _value_axis(graph, name, is_share, range_mode):
    formats = {"tickformat": "%", "hoverformat": ".2%"} if is_share else {}
    return graph.layout.YAxis(title={"text": name}, rangemode=range_mode, zerolinecolor="#AAA", **formats)


def _with_margin(times):
    first, last = times.min(), times.max()
    return [first - (last - first) * 0.05, last + (last - first) * 0.05]


def _holidays_of(m, times):
    """The names of the holidays of each moment, with the days that they are away."""
    features, _, _ = m.make_holiday_features(times, m.construct_holiday_dataframe(times))
    names = [column.replace("_delim_", " ").removesuffix(" +0") for column in features.columns]
    return ["<br>".join(name for name, value in zip(names, row) if value != 0) for row in features.to_numpy()]
