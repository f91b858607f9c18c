"""Every picture is drawn, with what belongs in it."""
import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

import chiliad
from chiliad import plot
from chiliad.diagnostics import cross_validation


@pytest.fixture(scope="module")
def fitted():
    days = np.arange(800)
    y = 20 + 0.01 * days + 3 * np.sin(2 * np.pi * days / 7) + np.random.default_rng(1).normal(0, 1, 800)
    df = pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=800), "y": y, "cap": 60.0, "floor": 1.0,
                       "heat": np.random.default_rng(2).normal(size=800), "on": days % 2 == 0})
    holidays = pd.DataFrame({"holiday": ["fair", "fair"], "ds": ["2021-05-01", "2022-05-01"]})
    model = chiliad.Prophet(growth="logistic", holidays=holidays, seasonality_mode="multiplicative")
    model.add_seasonality("monthly", 30.5, 3, mode="additive")
    model.add_seasonality("half_day", 0.5, 1, condition_name="on")
    model.add_regressor("heat", mode="additive")
    model.fit(df)
    return model, model.predict(df)


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def test_the_forecast(fitted):
    model, forecast = fitted
    figure = model.plot(forecast, include_legend=True)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["Observed data points", "Forecast", "Maximum capacity", "Minimum capacity", "Uncertainty interval"]
    axes = pyplot.figure().add_subplot()
    assert model.plot(forecast, ax=axes, uncertainty=False) is axes.figure
    lines = plot.add_changepoints_to_plot(axes, model, forecast, threshold=0)
    assert len(lines) == 1 + len(model.changepoints)


def test_the_components(fitted):
    model, forecast = fitted
    figure = model.plot_components(forecast)
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "trend", "holidays", "weekly", "yearly", "half_day", "monthly", "extra_regressors_additive"]
    percent = {axes.get_ylabel(): axes.get_yticklabels()[0].get_text().endswith("%") for axes in figure.axes}
    assert percent["weekly"] and percent["holidays"] and not percent["monthly"] and not percent["trend"]


def test_a_metric_of_a_cross_validation(fitted):
    df = pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=100), "y": np.random.default_rng(1).normal(10, 1, 100)})
    validated = cross_validation(chiliad.Prophet().fit(df), horizon="10 days", initial="60 days", disable_tqdm=True)
    figure = plot.plot_cross_validation_metric(validated, metric="mae")
    assert figure.axes[0].get_xlabel() == "Horizon (days)" and figure.axes[0].get_ylabel() == "mae"


def test_the_interactive_pictures(fitted):
    model, forecast = fitted
    figure = plot.plot_plotly(model, forecast, trend=True, changepoints=True, changepoints_threshold=0)
    assert {trace.name for trace in figure.data} == {"Actual", "Predicted", "Uncertainty", "Cap", "Floor", "Trend", None}
    parts = plot.plot_components_plotly(model, forecast)
    assert [note.text for note in parts.layout.annotations][:3] == ["trend", "holidays", "weekly"]
    assert len(plot.plot_seasonality_plotly(model, "monthly").data[0].x) == 200
    assert plot.plot_forecast_component_plotly(model, forecast, "trend").data[0].name == "trend"


def test_interactive_pictures_have_axes_for_what_they_show(fitted):
    model, forecast = fitted
    figure = plot.plot_plotly(model, forecast)
    assert [button.label for button in figure.layout.xaxis.rangeselector.buttons[:4]] == ["1w", "1m", "6m", "1y"]
    assert figure.layout.xaxis.rangeslider.visible
    parts = plot.plot_components_plotly(model, forecast)
    axes = {axis.title.text: axis for axis in parts.select_yaxes()}
    assert axes["weekly"].tickformat == "%" and axes["monthly"].tickformat is None
    assert [axis.tickformat for axis in parts.select_xaxes()][2:6] == ["%A", "%B %e", "%H:%M", "%B %e"]  # weekly to monthly

    props = plot.get_seasonality_plotly_props(model, "half_day")
    assert set(props) == {"traces", "xaxis", "yaxis"} and props["xaxis"].tickformat == "%H:%M"
    props = plot.get_forecast_component_plotly_props(model, forecast, "holidays")
    hover = pd.Series(props["traces"][0].text, index=forecast["ds"])
    assert hover[hover != ""].to_dict() == {pd.Timestamp("2021-05-01"): "fair", pd.Timestamp("2022-05-01"): "fair"}


def test_every_function_of_prophets_module_is_there():
    import inspect

    import prophet.plot
    for name, function in inspect.getmembers(prophet.plot, inspect.isfunction):
        if function.__module__ == "prophet.plot" and not name.startswith("_"):
            theirs = inspect.signature(function).parameters
            assert list(inspect.signature(getattr(plot, name)).parameters) == list(theirs), name
