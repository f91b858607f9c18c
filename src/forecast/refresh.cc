#include "forecast/refresh.h"

#include <algorithm>
#include <cmath>

#include "forecast/component_name.h"
#include "forecast/design.h"
#include "forecast/features.h"
#include "forecast/kernels.h"
#include "forecast/statistics_mode.h"
#include "forecast/sufficient_statistics.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

// What the values so far and the new ones are scaled by, as scale_series() has it.
void set_scale(FittedState& state, double low, double high) {
  if (state.options.scaling == Scaling::kAbsMax) {
    state.y_scale = std::max(std::fabs(low), std::fabs(high));
  } else {
    state.y_min = low;
    state.y_scale = high - low;
  }
  if (state.y_scale == 0) state.y_scale = 1;
}

// Brings the parameters into the units of all rows: time up to `last`, values from `low` to `high`.
UnitChange move_units(FittedState& state, Instant last, double low, double high) {
  const double y_scale = state.y_scale, y_min = state.y_min;
  const auto length_ns = static_cast<double>((last - state.start).count());
  UnitChange change{state.beta.size(), length_ns / static_cast<double>(std::llround(state.t_scale_s * 1e9)), 1};
  state.t_scale_s = length_ns / 1e9;
  set_scale(state, low, high);
  change.value = y_scale / state.y_scale;
  const double constant = state.options.scaling == Scaling::kMinMax ? (y_min - state.y_min) / state.y_scale : 0;
  state.k *= change.value * change.time;
  state.m = state.m * change.value + constant;
  for (double& delta : state.delta) delta *= change.value * change.time;
  for (double& beta : state.beta) beta *= change.value;
  for (double& t : state.changepoints_t) t /= change.time;
  return change;
}

// The parameters in the order of the columns.
std::vector<double> parameter_vector(const FittedState& state, std::size_t columns) {
  std::vector<double> theta = {state.options.growth == Growth::kFlat ? 0 : state.k, state.m};
  theta.reserve(columns);
  theta.insert(theta.end(), state.beta.begin(), state.beta.end());
  const std::size_t changes = columns - theta.size();
  theta.insert(theta.end(), state.delta.begin(), state.delta.begin() + static_cast<std::ptrdiff_t>(changes));
  return theta;
}

// The columns of each new row, and its residual at the parameters, into the statistics, which are in the units before.
void add_rows(const FittedState& state, const UnitChange& change, const FeatureMatrix& x, const PreparedRows& rows,
              StatisticsPoint& point) {
  const TimeScale scale{state.start, std::llround(state.t_scale_s * 1e9)};
  const std::size_t features = state.beta.size();
  const bool slope = state.options.growth != Growth::kFlat;
  const double floor = state.options.scaling == Scaling::kMinMax ? state.y_min : 0;
  std::vector<double> z(point.theta.size());
  for (std::size_t i = 0; i < rows.ds.size(); ++i) {
    const double t = scale(rows.ds[i]);
    z[0] = slope ? t : 0;
    z[1] = 1;
    std::copy_n(x.row(i), features, z.data() + 2);
    for (std::size_t j = 2 + features; j < z.size(); ++j) {
      z[j] = std::max(0.0, t - state.changepoints_t[j - 2 - features]);
    }
    const double y = (rows.y[i] - floor) / state.y_scale;
    const double residual = y - dot(z, point.theta);
    if (i == 0) {
      add_row(point.statistics, change, z, residual);
    } else {
      add_row(point.statistics, z, residual);
    }
  }
}

std::vector<Instant> joined_dates(std::span<const Instant> before, std::span<const Instant> after) {
  std::vector<Instant> all(before.begin(), before.end());
  all.insert(all.end(), after.begin(), after.end());
  return all;
}

// The kept rows with the new ones behind them, regressors standardised as the others are.
std::shared_ptr<const KeptHistory> longer_history(const FittedState& state, const PreparedRows& rows) {
  auto longer = std::make_shared<KeptHistory>(*state.history);
  longer->history_dates = joined_dates(longer->history_dates, rows.history_dates);
  if (rows.ds.empty()) return longer;
  longer->ds.insert(longer->ds.end(), rows.ds.begin(), rows.ds.end());
  longer->y.insert(longer->y.end(), rows.y.begin(), rows.y.end());
  for (OwnedColumn& column : longer->columns) {
    const auto given = std::ranges::find(rows.columns, column.name, &OwnedColumn::name);
    const auto regressor = std::ranges::find(state.options.regressors, column.name, &Regressor::name);
    for (std::size_t i = 0; i < rows.ds.size(); ++i) {
      double value = given->values[i];
      if (regressor != state.options.regressors.end()) value = (value - regressor->mu) / regressor->std;
      column.values.push_back(value);
    }
  }
  return longer;
}

void count_rows(FittedState& state, const PreparedRows& rows, KeepHistory keep) {
  state.rows += static_cast<std::int64_t>(rows.ds.size());
  state.history_date_count += static_cast<std::int64_t>(rows.history_dates.size());
  std::vector<Instant> dates = joined_dates(state.last_dates, rows.history_dates);
  if (dates.size() > 5) dates.erase(dates.begin(), dates.end() - 5);
  state.last_dates = std::move(dates);
  state.history = keep == KeepHistory::kYes && state.history ? longer_history(state, rows) : nullptr;
}

Result<Done> check_new_rows(const FittedModel& model, const History& rows, const PreparedRows& prepared) {
  if (rows.ds.empty()) return invalid("there are no new rows");
  const Instant last = last_date(model);
  if (prepared.history_dates.front() <= last) {
    return invalid("a row at " + format_instant(prepared.history_dates.front()) +
                   " is not after the model's last one, " + format_instant(last));
  }
  const FittedState& state = model.state();
  if (!near_enough(state.start, prepared.history_dates.back())) {
    return invalid("the history spans more than 290 years: " + format_instant(state.start) + " to " +
                   format_instant(prepared.history_dates.back()));
  }
  return Done{};
}

// Parameters and statistics of all rows. `x`: the features of the new ones. Empty, or why there are none.
std::string take_in(const FeatureParts& parts, const PreparedRows& rows, const FeatureMatrix& x, FittedState& state,
                    FitReport& report) {
  StatisticsPoint point;
  point.statistics = *state.statistics;
  SufficientStatistics& statistics = point.statistics;
  const auto [new_low, new_high] = std::ranges::minmax_element(rows.y);
  const double low = std::min(*new_low, statistics.y_low), high = std::max(*new_high, statistics.y_high);
  if (!std::isfinite(high - low)) return "the values are too far apart";
  const UnitChange change = move_units(state, rows.ds.back(), low, high);
  point.theta = parameter_vector(state, statistics.columns());
  add_rows(state, change, x, rows, point);
  statistics.y_low = low;
  statistics.y_high = high;
  if (low == high) {
    report.constant_series = true;
    report.note = "constant series: not optimised, the model repeats the constant";
  } else if (state.rows <= static_cast<std::int64_t>(statistics.columns())) {
    return "there are no more rows than columns";
  } else {
    const std::vector<double> scales = prior_scales(parts);
    const Priors priors{scales, state.options.changepoint_prior_scale, statistics.at(1, 1)};
    if (std::string reason = find_mode(priors, point, report); !reason.empty()) return reason;
    const auto features = point.theta.begin() + 2, changes = features + static_cast<std::ptrdiff_t>(state.beta.size());
    if (state.options.growth != Growth::kFlat) state.k = point.theta[0];
    state.m = point.theta[1];
    std::copy(features, changes, state.beta.begin());
    std::copy(changes, point.theta.end(), state.delta.begin());
    state.sigma_obs = point.sigma;
    state.log_posterior = report.log_posterior;
  }
  // The line, and with it the residual, stays.
  if (!has_changepoints(state)) fold_into_slope(state.options.growth, state.k, state.m, state.delta[0]);
  state.statistics = std::make_shared<const SufficientStatistics>(std::move(statistics));
  return "";
}

}  // namespace

Instant last_date(const FittedModel& model) { return model.state().last_dates.back(); }

std::vector<OwnedColumn> given_columns(const FittedState& state) {
  std::vector<OwnedColumn> columns = state.history->columns;
  for (const Regressor& regressor : state.options.regressors) {
    const auto column = std::ranges::find(columns, regressor.name, &OwnedColumn::name);
    if (column == columns.end()) continue;
    for (double& value : column->values) value = value * regressor.std + regressor.mu;
  }
  return columns;
}

Result<Refreshed> refresh(const FittedModel& model, const History& new_rows, KeepHistory keep, FitReport* report) {
  FitReport own;
  FitReport& out = report != nullptr ? *report : own;
  out = FitReport{};
  const Result<PreparedRows> rows = prepare_new_rows(new_rows);
  if (!rows) return rows.error();
  if (Result<Done> checked = check_new_rows(model, new_rows, *rows); !checked) return std::move(checked).error();
  FittedState state = model.state();
  if (!has_statistics(model)) return Refreshed{std::nullopt, "a model of this kind has no statistics"};
  if (!state.statistics) return Refreshed{std::nullopt, "the model was stored without statistics"};
  if (rows->ds.empty()) {
    count_rows(state, *rows, keep);
  } else {
    const FeatureParts parts = model.parts();
    const std::vector<Column> columns = borrow(rows->columns);
    const Result<FeatureInputs> inputs = find_inputs(parts, columns, rows->ds);
    if (!inputs) return inputs.error();
    count_rows(state, *rows, keep);
    std::string reason = take_in(parts, *rows, make_features(parts, rows->ds, *inputs), state, out);
    if (!reason.empty()) return Refreshed{std::nullopt, std::move(reason)};
  }
  Result<FittedModel> made = FittedModel::from_state(std::move(state), model.layout());
  if (!made) return std::move(made).error();
  return Refreshed{*std::move(made), ""};
}

}  // namespace chiliad::forecast
