// The fit: rows scaled, modes of the posterior found (posterior_mode.cc) from one or more starts (starts.cc), the best
// one made a model.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "base/check.h"
#include "forecast/calendar_state.h"
#include "forecast/objective.h"
#include "forecast/posterior_mode.h"
#include "forecast/prophet.h"
#include "forecast/starts.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

// Modes of one series from several starts, of which the best is kept.
class BestMode {
 public:
  BestMode(const Calendar::State& calendar, const SeriesValues& values) : calendar_(calendar), values_(values) {}

  // From `start`; where that may have missed the best mode, from further ones. Errors: of the first start.
  Result<Parameters> find(Parameters start, bool warm, FitReport& report);

 private:
  void try_from(Parameters start);
  bool may_have_several() const;
  double needed_gain() const;
  std::string note() const;

  const Calendar::State& calendar_;
  const SeriesValues& values_;
  Parameters best_;
  FitReport report_;  // Of the best.
  int starts_ = 1;
  double first_ = 0;  // Log-posterior of the first.
  bool apart_ = false;
};

// Log-posteriors that rounding and the end of a climb do not tell apart.
double same_mode(double log_posterior) { return 1e-6 * std::max(1.0, std::fabs(log_posterior)); }

// Where the columns can interpolate the rows the density has no upper bound and no best mode.
bool BestMode::may_have_several() const {
  return !calendar_.is_linear() && calendar_.rows() > calendar_.smooth() + calendar_.changes() &&
         !report_.sigma_at_floor;
}

// What another mode of these has to be better by. Logistic growth tells the same rows in several ways that are about as
// likely; there Prophet's own start decides unless another mode is clearly better (e^2 = 7 times the density).
double BestMode::needed_gain() const { return calendar_.options.growth == Growth::kLogistic ? 2 : 0; }

void BestMode::try_from(Parameters start) {
  FitReport report;
  Result<Parameters> found = find_mode(calendar_, values_, std::move(start), report);
  ++starts_;
  if (!found || report.sigma_at_floor) return;
  const double gain = report.log_posterior - report_.log_posterior;
  const bool same = std::fabs(gain) <= same_mode(report_.log_posterior);
  apart_ = apart_ || (!same && report.converged && report_.converged);
  if (same ? report_.converged || !report.converged : gain < needed_gain()) return;
  best_ = *std::move(found);
  report_ = std::move(report);
}

Result<Parameters> BestMode::find(Parameters start, bool warm, FitReport& report) {
  constexpr int kMaxRestarts = 4;
  constexpr int kLongClimb = 30;  // Steps.
  Result<Parameters> found = find_mode(calendar_, values_, std::move(start), report);
  if (!found) return found;
  best_ = *std::move(found);
  report_ = report;
  first_ = report.log_posterior;
  if (may_have_several()) {
    if (!warm) {
      for (Parameters& further : further_starts(calendar_, values_, best_)) try_from(std::move(further));
    }
    // A long climb is one along a ridge, which a start off it may spare.
    const bool was_long = report_.iterations > kLongClimb && starts_ == 1;
    for (int i = 0; i < kMaxRestarts && (!report_.converged || (i == 0 && was_long)); ++i) try_from(trend_alone(best_));
  }
  report = report_;
  report.starts = starts_;
  report.gain_over_first = report_.log_posterior - first_;
  report.note = note();
  return std::move(best_);
}

std::string BestMode::note() const {
  std::string text = report_.note;
  const double gain = report_.log_posterior - first_;
  if (gain <= same_mode(first_) && !apart_) return text;
  if (!text.empty()) text += "; ";
  if (gain <= same_mode(first_)) {
    return text + "several optima: the first of " + std::to_string(starts_) + " starts reached the best";
  }
  char number[32];
  std::snprintf(number, sizeof(number), "%.3g", gain);
  return text + "several optima: the best of " + std::to_string(starts_) + " starts is " + number + " above the first";
}

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
    Result<Parameters> found =
        BestMode(calendar, values)
            .find(warm ? warm_start(calendar, values, *options.warm_start) : prophet_start(calendar, values), warm,
                  out);
    if (!found) return std::move(found).error();
    out.warm_started = warm;
    state.k = found->k;
    state.m = found->m;
    state.delta = found->delta;
    state.beta.assign(found->beta.begin(), found->beta.begin() + static_cast<std::ptrdiff_t>(calendar.x.columns));
    state.sigma_obs = found->sigma_obs;
    state.log_posterior = out.log_posterior;
    if (calendar.changepoints.moments.empty()) {
      // The stand-in for no changepoints is active from t = 0 on: part of the slope. That of logistic growth turns
      // about m, which goes along so that the trend stays as it was fitted.
      const double k = state.k + state.delta[0];
      if (calendar.options.growth == Growth::kLogistic && k != 0) state.m *= state.k / k;
      state.k = k;
      state.delta[0] = 0;
    }
  }
  state.rows = static_cast<std::int64_t>(rows.y.size());
  state.history_date_count = static_cast<std::int64_t>(rows.history_dates.size());
  const std::size_t kept_dates = std::min<std::size_t>(5, rows.history_dates.size());
  state.last_dates.assign(rows.history_dates.end() - static_cast<std::ptrdiff_t>(kept_dates), rows.history_dates.end());
  if (options.keep == KeepHistory::kYes) state.history = keep_rows(calendar, rows, state.logistic_floor);
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
