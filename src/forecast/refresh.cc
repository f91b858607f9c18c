// The search is the one of a fit (posterior_mode.cc), begun at the model's own parameters with a noise above every
// mode's, so that it ends at the mode which a fit of all rows ends at. What a fit computes afresh from the rows after
// each step, residual and gradient, follows here from the products: Z'r at the new point is Z'r - Z'Z step. Errors of
// that are of the size of the step, not of y, because the statistics belong to the residual at the model's parameters.

#include "forecast/refresh.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecast/component_name.h"
#include "forecast/design.h"
#include "forecast/features.h"
#include "forecast/kernels.h"
#include "forecast/mode_search.h"
#include "forecast/posterior_mode.h"
#include "forecast/sufficient_statistics.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

constexpr double kTolerance = 1e-9;   // Of the optimality residual.
constexpr double kLostDigits = 1e-9;  // Share of the residual that rounding may have made.
constexpr int kMaxPasses = 12;

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

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

// Brings parameters and statistics into the units of all rows: time up to `last`, values from `low` to `high`.
void move_units(FittedState& state, SufficientStatistics& statistics, Instant last, double low, double high) {
  const FittedState before = state;
  const auto length_ns = static_cast<double>((last - state.start).count());
  const double time = length_ns / static_cast<double>(std::llround(state.t_scale_s * 1e9));
  state.t_scale_s = length_ns / 1e9;
  set_scale(state, low, high);
  const double value = before.y_scale / state.y_scale;
  const double constant = state.options.scaling == Scaling::kMinMax ? (before.y_min - state.y_min) / state.y_scale : 0;
  state.k *= value * time;
  state.m = state.m * value + constant;
  for (double& delta : state.delta) delta *= value * time;
  for (double& beta : state.beta) beta *= value;
  for (double& t : state.changepoints_t) t /= time;
  rescale(statistics, state.beta.size(), time, value);
  statistics.y_low = low;
  statistics.y_high = high;
}

// The columns of each new row, and its residual at the state's parameters, into the statistics.
void add_rows(const FittedState& state, const FeatureMatrix& x, const PreparedRows& rows,
              SufficientStatistics& statistics) {
  const TimeScale scale{state.start, std::llround(state.t_scale_s * 1e9)};
  const std::size_t features = state.beta.size();
  const bool slope = state.options.growth != Growth::kFlat;
  const double floor = state.options.scaling == Scaling::kMinMax ? state.y_min : 0;
  std::vector<double> z(statistics.columns());
  const std::vector<double> theta =
      column_order(slope ? state.k : 0, state.m, state.beta, state.delta, features, statistics.columns());
  for (std::size_t i = 0; i < rows.ds.size(); ++i) {
    const double t = scale(rows.ds[i]);
    z[0] = slope ? t : 0;
    z[1] = 1;
    std::copy_n(x.row(i), features, z.data() + 2);
    for (std::size_t j = 2 + features; j < z.size(); ++j) {
      z[j] = std::max(0.0, t - state.changepoints_t[j - 2 - features]);
    }
    const double y = (rows.y[i] - floor) / state.y_scale;
    add_row(statistics, z, y - dot(z, theta));
  }
}

// The mode from the statistics. Begins at the parameters that they belong to and keeps them there.
class Search {
 public:
  Search(const FittedState& state, std::vector<double> prior, SufficientStatistics& statistics)
      : statistics_(statistics),
        prior_(std::move(prior)),
        curvature_(in_prior_units(blocks_of(statistics, prior_.size()), prior_)),
        rows_(statistics.at(1, 1)),
        tau_(state.options.changepoint_prior_scale),
        changes_(statistics.columns() - 2 - prior_.size()),
        now_{state.k, state.m, state.delta, state.beta, 1} {
    if (state.options.growth == Growth::kFlat) now_.k = 0;
    now_.sigma_obs = std::sqrt(highest_noise());
  }

  // Empty when the mode was reached, else why it was not.
  std::string run(FitReport& report);
  const Parameters& parameters() const { return now_; }

 private:
  std::vector<double> vector_of(const Parameters& parameters) const {
    return column_order(parameters.k, parameters.m, parameters.beta, parameters.delta, prior_.size(),
                        statistics_.columns());
  }
  Priors priors() const { return {prior_, tau_, rows_}; }
  double residual() const {
    return optimality_residual(priors(), now_, statistics_.sum_of_squares,
                               as_gradient(statistics_.gradient, prior_.size(), now_.delta.size()));
  }
  // What rounding may leave of a zero: a fit's allowance (posterior_mode.cc) for values up to 1.
  double rounding() const {
    return 64 * std::numeric_limits<double>::epsilon() * std::sqrt(rows_) / (now_.sigma_obs * now_.sigma_obs);
  }
  double highest_noise() const;
  SearchResult search() const;
  void move_to(Parameters next);

  SufficientStatistics& statistics_;
  const std::vector<double> prior_;
  const PenalizedQuadratic curvature_;
  const double rows_;
  const double tau_;
  const std::size_t changes_;
  Parameters now_;
  double lost_ = 0;  // What rounding may have put into the sum of squares.
};

// A variance that no mode's is above, where the search begins. For the best coefficients at a variance v, of penalty
// p(v) and residual R(v), R(v) / (2 v) + p(v) is at most R0 / (2 v) + p0, that of the parameters here: R(v) <= R0 + 2 v
// p0. At a mode v <= R(v) / T, so v <= R0 / (T - 2 p0). Nor is R(v) above y'y, that of all zeros.
double Search::highest_noise() const {
  const std::vector<double> theta = vector_of(now_);
  const double yy =
      statistics_.sum_of_squares + 2 * dot(theta, statistics_.gradient) + dot(theta, gram_product(statistics_, theta));
  const double always = std::max(1.0, best_noise_variance(std::max(0.0, yy), rows_));
  double penalty = (now_.k * now_.k + now_.m * now_.m) / (2 * kLinePrior * kLinePrior);
  for (const double delta : now_.delta) penalty += std::fabs(delta) / tau_;
  for (std::size_t j = 0; j < prior_.size(); ++j)
    penalty += 0.5 * now_.beta[j] * now_.beta[j] / (prior_[j] * prior_[j]);
  constexpr double kRounding = 1 + 1e-9;
  const double left = rows_ - 2 * penalty;
  return left > 0 ? std::min(always, kRounding * statistics_.sum_of_squares / left) : always;
}

SearchResult Search::search() const {
  const std::size_t features = prior_.size();
  std::vector<double> u = {now_.k / kLinePrior, now_.m / kLinePrior};
  std::vector<double> g = {statistics_.gradient[0] * kLinePrior, statistics_.gradient[1] * kLinePrior};
  for (std::size_t j = 0; j < features; ++j) {
    u.push_back(now_.beta[j] / prior_[j]);
    g.push_back(statistics_.gradient[2 + j] * prior_[j]);
  }
  curvature_.rotate(u);
  curvature_.rotate(g);
  SearchStart start;
  start.u = u;
  start.d = std::span(now_.delta).first(changes_);
  start.g_s = g;
  start.g_d = std::span(statistics_.gradient).subspan(2 + features);
  start.rr = statistics_.sum_of_squares;
  start.rows = rows_;
  start.tau = tau_;
  start.v = now_.sigma_obs * now_.sigma_obs;
  start.v_floor = kSigmaFloor * kSigmaFloor;
  return search_mode(curvature_, start);
}

void Search::move_to(Parameters next) {
  std::vector<double> step = vector_of(next);
  const std::vector<double> from = vector_of(now_);
  for (std::size_t i = 0; i < step.size(); ++i) step[i] -= from[i];
  const std::vector<double> product = gram_product(statistics_, step);
  double change = 0, size = statistics_.sum_of_squares;
  for (std::size_t i = 0; i < step.size(); ++i) {
    change += step[i] * (product[i] - 2 * statistics_.gradient[i]);
    size += std::fabs(step[i]) * (std::fabs(product[i]) + 2 * std::fabs(statistics_.gradient[i]));
    statistics_.gradient[i] -= product[i];
  }
  lost_ += 4 * std::numeric_limits<double>::epsilon() * size;
  statistics_.sum_of_squares = std::max(0.0, statistics_.sum_of_squares + change);
  now_ = std::move(next);
  now_.sigma_obs = std::max(kSigmaFloor, std::sqrt(best_noise_variance(statistics_.sum_of_squares, rows_)));
}

std::string Search::run(FitReport& report) {
  double best = std::numeric_limits<double>::infinity();
  Parameters best_point = now_;
  SufficientStatistics best_statistics;
  int stalled = 0;
  report.iterations = 0;
  while (report.iterations++ < kMaxPasses && stalled < 3) {
    const SearchResult found = search();
    if (!found.ok) return "the statistics allow no step";
    if (found.at_floor) return "the rows have no noise";
    std::vector<double> x = found.x;
    curvature_.unrotate(x);
    Parameters next = now_;
    next.k += x[0] * kLinePrior;
    next.m += x[1] * kLinePrior;
    for (std::size_t j = 0; j < prior_.size(); ++j) next.beta[j] += x[2 + j] * prior_[j];
    std::copy(found.delta.begin(), found.delta.end(), next.delta.begin());
    move_to(std::move(next));
    const double reached = residual();
    stalled = reached < best ? 0 : stalled + 1;
    if (reached < best) {
      best = reached;
      best_point = now_;
      best_statistics = statistics_;
    }
    if (best <= std::max(kTolerance, rounding())) break;
  }
  if (!std::isfinite(best)) return "the statistics allow no step";
  now_ = std::move(best_point);
  statistics_ = std::move(best_statistics);
  report.optimality_residual = best;
  report.log_posterior = log_posterior(priors(), now_, statistics_.sum_of_squares);
  if (!(lost_ <= kLostDigits * statistics_.sum_of_squares)) return "the rows have next to no noise";
  if (!(best <= 100 * std::max(kTolerance, rounding())) || !std::isfinite(report.log_posterior))
    return "the optimum was not reached from the statistics";
  return "";
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
                    SufficientStatistics& statistics, FitReport& report) {
  const auto [new_low, new_high] = std::ranges::minmax_element(rows.y);
  const double low = std::min(*new_low, statistics.y_low), high = std::max(*new_high, statistics.y_high);
  if (!std::isfinite(high - low)) return "the values are too far apart";
  move_units(state, statistics, rows.ds.back(), low, high);
  add_rows(state, x, rows, statistics);
  if (low == high) {
    report.constant_series = true;
    report.note = "constant series: not optimised, the model repeats the constant";
    return "";
  }
  if (state.rows <= static_cast<std::int64_t>(statistics.columns())) return "there are no more rows than columns";
  Search search(state, prior_scales(parts), statistics);
  if (std::string reason = search.run(report); !reason.empty()) return reason;
  const Parameters& found = search.parameters();
  if (state.options.growth != Growth::kFlat) state.k = found.k;
  state.m = found.m;
  state.beta = found.beta;
  state.delta = found.delta;
  state.sigma_obs = found.sigma_obs;
  state.log_posterior = report.log_posterior;
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
    SufficientStatistics statistics = *state.statistics;
    std::string reason = take_in(parts, *rows, make_features(parts, rows->ds, *inputs), state, statistics, out);
    if (!reason.empty()) return Refreshed{std::nullopt, std::move(reason)};
    // The line, and with it the residual, stays.
    if (!has_changepoints(state)) fold_into_slope(state.options.growth, state.k, state.m, state.delta[0]);
    state.statistics = std::make_shared<const SufficientStatistics>(std::move(statistics));
  }
  Result<FittedModel> made = FittedModel::from_state(std::move(state), model.layout());
  if (!made) return std::move(made).error();
  return Refreshed{*std::move(made), ""};
}

}  // namespace chiliad::forecast
