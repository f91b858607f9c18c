// The fit: rows scaled, the best mode of the posterior found (best_mode.cc) and made a model.

#include <algorithm>

#include "base/check.h"
#include "forecast/best_mode.h"
#include "forecast/calendar_state.h"
#include "forecast/objective.h"
#include "forecast/posterior_mode.h"
#include "forecast/prophet.h"
#include "forecast/starts.h"
#include "forecast/sufficient_statistics.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

// As Prophet's attribute `history` has them. A column that is both condition and regressor is a regressor.
std::vector<OwnedColumn> history_columns(const Calendar::State& calendar, const PreparedRows& rows,
                                         bool logistic_floor) {
  std::vector<OwnedColumn> columns = calendar.columns;
  for (const Regressor& regressor : calendar.options.regressors) {
    const auto column = std::ranges::find(columns, regressor.name, &OwnedColumn::name);
    for (double& value : column->values) value = (value - regressor.mu) / regressor.std;
  }
  if (calendar.options.growth != Growth::kLogistic) return columns;
  for (const std::string_view name : {"cap", "floor"}) {
    const auto column = std::ranges::find(rows.columns, name, &OwnedColumn::name);
    if (column != rows.columns.end() && (name == "cap" || logistic_floor)) columns.push_back(*column);
  }
  return columns;
}

std::shared_ptr<const KeptHistory> keep_rows(const Calendar::State& calendar, const PreparedRows& rows,
                                             bool logistic_floor) {
  auto kept = std::make_shared<KeptHistory>();
  kept->ds = rows.ds;
  kept->y = rows.y;
  kept->columns = history_columns(calendar, rows, logistic_floor);
  kept->history_dates = rows.history_dates;
  kept->changepoints = calendar.changepoints.moments;
  kept->changepoint_rows = calendar.changepoints.rows;
  return kept;
}

}  // namespace

WarmStart warm_start_params(const FittedModel& model) {
  const FittedState& state = model.state();
  return {state.k, state.m, state.sigma_obs, state.delta, state.beta};
}

bool has_one_mode(const FittedModel& model) {
  const ProphetOptions& options = model.state().options;
  if (options.growth == Growth::kLogistic) return false;
  const bool shares =
      std::ranges::any_of(options.regressors, [](const Regressor& one) { return one.mode == Mode::kMultiplicative; });
  const bool holidays = !model.state().train_holiday_names.empty() &&
                        options.holidays_mode.value_or(options.seasonality_mode) == Mode::kMultiplicative;
  return !shares && !holidays;
}

Result<FittedModel> fit(const Calendar& shared, const PreparedRows& rows, const FitOptions& options,
                        FitReport* report) {
  const Calendar::State& calendar = shared.state();
  CHILIAD_CHECK(rows.y.size() == calendar.rows() && rows.ds.size() == calendar.rows());
  FitReport own;
  FitReport& out = report != nullptr ? *report : own;
  out = FitReport{};

  const Result<ScaledSeries> scaled = scale_series(calendar.options, rows.y, borrow(rows.columns));
  if (!scaled) return scaled.error();
  const SeriesValues values{scaled->y, scaled->cap};

  FittedState state;
  state.options = calendar.options;
  state.seasonalities = calendar.seasonalities;
  state.train_holiday_names = calendar.train_holiday_names;
  state.start = calendar.time_scale.start;
  state.t_scale_s = static_cast<double>(calendar.time_scale.length_ns) / 1e9;
  state.y_min = scaled->y_min;
  state.y_scale = scaled->y_scale;
  state.logistic_floor = scaled->logistic_floor;
  state.changepoints_t = calendar.changepoints.t;
  const auto [low, high] = std::minmax_element(rows.y.begin(), rows.y.end());
  if (*low == *high && calendar.options.growth != Growth::kLogistic) {
    const TrendStart start = trend_start(calendar.options.growth, calendar.ds, calendar.t, values.y, {});
    state.k = start.k;
    state.m = start.m;
    state.delta.assign(calendar.changepoints.t.size(), 0.0);
    state.beta.assign(calendar.x.columns, 0.0);
    state.sigma_obs = kSigmaFloor;
    out.constant_series = true;
    out.note = "constant series: not optimised, the model repeats the constant";
  } else {
    // Where the columns can interpolate the rows, which point is kept depends on the way from a large noise.
    const bool warm = options.warm_start && calendar.rows() > calendar.smooth() + calendar.changes();
    Result<Parameters> found = find_best_mode(
        calendar, values, warm ? warm_start(calendar, values, *options.warm_start) : prophet_start(calendar, values),
        warm ? Starts::kOne : Starts::kSeveral, out);
    if (!found) return std::move(found).error();
    out.warm_started = warm;
    state.k = found->k;
    state.m = found->m;
    state.delta = found->delta;
    state.beta.assign(found->beta.begin(), found->beta.begin() + static_cast<std::ptrdiff_t>(calendar.x.columns));
    state.sigma_obs = found->sigma_obs;
    state.log_posterior = out.log_posterior;
    if (calendar.changepoints.moments.empty())
      fold_into_slope(calendar.options.growth, state.k, state.m, state.delta[0]);
  }
  state.rows = static_cast<std::int64_t>(rows.y.size());
  state.history_date_count = static_cast<std::int64_t>(rows.history_dates.size());
  const std::size_t kept_dates = std::min<std::size_t>(5, rows.history_dates.size());
  state.last_dates.assign(rows.history_dates.end() - static_cast<std::ptrdiff_t>(kept_dates), rows.history_dates.end());
  if (options.keep == KeepHistory::kYes) state.history = keep_rows(calendar, rows, state.logistic_floor);
  if (options.keep_statistics && has_statistics(calendar))
    state.statistics = make_statistics(calendar, values, rows.y, state);
  const auto& layout = state.logistic_floor ? calendar.floored_layout : calendar.layout;
  return FittedModel::from_state(std::move(state), layout);
}

Result<FittedModel> fit(const History& history, const ProphetOptions& options, const FitOptions& fit_options,
                        FitReport* report) {
  Result<PreparedRows> rows = prepare_rows(history);
  if (!rows) return std::move(rows).error();
  Result<Calendar> calendar = Calendar::make(rows->ds, options, borrow(rows->columns));
  if (!calendar) return std::move(calendar).error();
  return fit(*calendar, *rows, fit_options, report);
}

}  // namespace chiliad::forecast
