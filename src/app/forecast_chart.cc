#include "app/forecast_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace chiliad::app {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

constexpr const char* kBlue = "#1d6fb8";
constexpr const char* kInk = "#1f2933";
constexpr const char* kOrange = "#d9730d";
constexpr const char* kGrey = "#9aa5b1";
constexpr int kDateTicks = 9;

double at(Instant moment) { return static_cast<double>(nanos_since_epoch(moment)); }

std::vector<double> positions(const std::vector<Instant>& ds) {
  std::vector<double> x;
  x.reserve(ds.size());
  for (const Instant moment : ds) x.push_back(at(moment));
  return x;
}

std::vector<double> values(std::span<const double> column) { return {column.begin(), column.end()}; }

// The band between NAME_lower and NAME_upper, if the forecast has intervals.
void add_band(Panel& panel, const forecast::Forecast& forecast, const std::string& name, const std::vector<double>& x) {
  const std::span<const double> lower = forecast.column(name + "_lower"), upper = forecast.column(name + "_upper");
  if (!lower.empty()) panel.bands.push_back({x, values(lower), values(upper), kBlue});
}

std::vector<Mark> changepoint_marks(const forecast::FittedState& state) {
  std::vector<Mark> marks;
  double largest = 0;
  for (const double delta : state.delta) largest = std::max(largest, std::abs(delta));
  for (std::size_t i = 0; i < state.delta.size(); ++i) {
    // As Prophet's add_changepoints_to_plot leaves out what nobody would see.
    if (std::abs(state.delta[i]) < 0.01 * largest || state.delta[i] == 0) continue;
    const Instant moment = state.start + nanoseconds(std::llround(state.changepoints_t[i] * state.t_scale_s * 1e9));
    marks.push_back({at(moment), kOrange, true});
  }
  return marks;
}

Instant midnight(std::chrono::year_month_day date) { return Instant(sys_days(date)); }

// One period's moments and how its axis is marked.
struct Cycle {
  std::vector<Instant> ds;
  Axis axis;
  std::string title;
};

Cycle cycle_of(const forecast::Seasonality& seasonality, Instant history_start) {
  const auto period = nanoseconds(std::llround(seasonality.period_days * 86400e9));
  Cycle cycle;
  Instant start = history_start;
  nanoseconds length = period;
  if (seasonality.period_days == 7) {
    start = midnight(std::chrono::year(2017) / 1 / 1);  // A Sunday, as Prophet's plots begin.
    for (int day = 0; day < 7; ++day) {
      constexpr std::array kDays{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
      cycle.axis.ticks.push_back({at(start + days(day)), kDays[static_cast<std::size_t>(day)]});
    }
    cycle.title = "by day of the week";
  } else if (std::abs(seasonality.period_days - 365.25) < 1) {
    start = midnight(std::chrono::year(2017) / 1 / 1);
    length = days(365);
    for (unsigned month = 1; month <= 12; ++month) {
      constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
      cycle.axis.ticks.push_back(
          {at(midnight(std::chrono::year(2017) / std::chrono::month(month) / 1)), kMonths[month - 1]});
    }
    cycle.title = "by day of the year";
  } else if (seasonality.period_days == 1) {
    start = midnight(std::chrono::year(2017) / 1 / 1);
    for (int hour = 0; hour <= 24; hour += 3)
      cycle.axis.ticks.push_back({at(start + hours(hour)), fmt::format("{:02}:00", hour % 24)});
    cycle.title = "by hour of the day";
  } else {
    const Axis numbers = number_axis(0, seasonality.period_days, 8);
    for (const Tick& tick : numbers.ticks) {
      if (tick.at <= seasonality.period_days) cycle.axis.ticks.push_back({at(start) + tick.at * 86400e9, tick.label});
    }
    cycle.title = fmt::format("over {:g} days from {}", seasonality.period_days, format_instant(start));
  }
  constexpr int kPoints = 200;
  for (int i = 0; i <= kPoints; ++i) cycle.ds.push_back(start + length / kPoints * i);
  cycle.axis.low = at(start);
  cycle.axis.high = at(start + length);
  return cycle;
}

// Conditions hold, regressors have their mean and the capacity is one that a seasonality does not depend on: what one
// is drawn with.
std::vector<forecast::OwnedColumn> neutral_columns(const forecast::FittedState& state, std::size_t rows) {
  std::vector<forecast::OwnedColumn> columns;
  const bool floored = state.logistic_floor || state.options.scaling == forecast::Scaling::kAbsMax;
  const double floor = floored ? 0 : state.y_min;
  for (const std::string& name : forecast::needed_columns(state)) {
    if (name == "cap" || name == "floor") {
      columns.push_back({name, std::vector<double>(rows, name == "cap" ? floor + state.y_scale : floor)});
      continue;
    }
    const bool is_condition = std::ranges::find(state.seasonalities, name, &forecast::Seasonality::condition_name) !=
                              state.seasonalities.end();
    const auto regressor = std::ranges::find(state.options.regressors, name, &forecast::Regressor::name);
    columns.push_back({name, std::vector<double>(rows, is_condition ? 1 : regressor->mu)});
  }
  return columns;
}

}  // namespace

Panel forecast_panel(const forecast::FittedModel& model, const forecast::Forecast& forecast) {
  const forecast::FittedState& state = model.state();
  Panel panel;
  panel.height = 380;
  const std::vector<double> x = positions(forecast.ds());
  Instant low = forecast.ds().front(), high = forecast.ds().back();
  if (state.history) {
    low = std::min(low, state.history->ds.front());
    high = std::max(high, state.history->ds.back());
    const double radius = state.history->ds.size() > 2000 ? 1.0 : state.history->ds.size() > 600 ? 1.4 : 1.9;
    panel.dots.push_back({positions(state.history->ds), state.history->y, kInk, radius});
    panel.legend.push_back({LegendEntry::Shape::kDot, kInk, "history"});
  }
  panel.x = date_axis(low, high, kDateTicks);
  add_band(panel, forecast, "yhat", x);
  // A thick line through a thousand weeks hides what it should explain.
  panel.lines.push_back({x, values(forecast.column("yhat")), kBlue, x.size() > 600 ? 1.1 : 1.8, false});
  panel.legend.push_back({LegendEntry::Shape::kLine, kBlue, "forecast"});
  if (!panel.bands.empty()) {
    panel.legend.push_back(
        {LegendEntry::Shape::kBand, kBlue, fmt::format("{:g} % interval", 100 * state.options.interval_width)});
  }
  panel.marks = changepoint_marks(state);
  if (!panel.marks.empty()) panel.legend.push_back({LegendEntry::Shape::kDashed, kOrange, "changepoint"});
  const Instant end = state.last_dates.back();
  if (forecast.ds().back() > end && low < end) panel.marks.push_back({at(end), kGrey, false});
  panel.y = fitting_y_axis(panel, 6);
  return panel;
}

Result<std::vector<Panel>> component_panels(const forecast::FittedModel& model, const forecast::Forecast& forecast) {
  const forecast::FittedState& state = model.state();
  std::vector<Panel> panels;
  Panel trend;
  trend.title = "trend";
  trend.height = 170;
  const std::vector<double> x = positions(forecast.ds());
  trend.x = date_axis(forecast.ds().front(), forecast.ds().back(), kDateTicks);
  add_band(trend, forecast, "trend", x);
  trend.lines.push_back({x, values(forecast.column("trend")), kBlue, 1.8, false});
  trend.marks = changepoint_marks(state);
  trend.y = fitting_y_axis(trend, 4);
  panels.push_back(std::move(trend));

  forecast::PredictOptions plain;
  plain.uncertainty = forecast::Uncertainty::kNone;
  for (const forecast::Seasonality& seasonality : state.seasonalities) {
    Cycle cycle = cycle_of(seasonality, state.start);
    const std::vector<forecast::OwnedColumn> given = neutral_columns(state, cycle.ds.size());
    const std::vector<forecast::Column> columns = forecast::borrow(given);
    Result<forecast::Forecast> effect = model.predict(forecast::Frame{cycle.ds, columns}, plain);
    if (!effect) return std::move(effect).error().in(seasonality.name);
    const bool multiplicative = seasonality.mode == forecast::Mode::kMultiplicative;
    Panel panel;
    panel.title = seasonality.name + ", " + cycle.title + (multiplicative ? ", in % of the trend" : "");
    panel.height = 170;
    panel.x = std::move(cycle.axis);
    std::vector<double> y = values(effect->column(seasonality.name));
    if (multiplicative) {
      for (double& value : y) value *= 100;
    }
    panel.lines.push_back({positions(cycle.ds), std::move(y), kBlue, 1.8, false});
    panel.y = fitting_y_axis(panel, 4);
    panels.push_back(std::move(panel));
  }
  return panels;
}

}  // namespace chiliad::app
