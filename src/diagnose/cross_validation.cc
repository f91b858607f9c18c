#include "diagnose/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/check.h"
#include "sample/sampled_fit.h"

namespace chiliad::diagnose {
namespace {

using forecast::FittedModel;
using forecast::FittedState;
using forecast::Growth;
using forecast::KeptHistory;
using forecast::OwnedColumn;
using forecast::ProphetOptions;
using forecast::Scaling;
using std::chrono::nanoseconds;

constexpr std::size_t kMostCutoffs = 1'000'000;

// The first row after `moment`.
std::size_t row_after(std::span<const Instant> ds, Instant moment) {
  return static_cast<std::size_t>(std::upper_bound(ds.begin(), ds.end(), moment) - ds.begin());
}

// moment + by, or the end of what an Instant holds.
Instant shifted(Instant moment, nanoseconds by) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(nanos_since_epoch(moment), by.count(), &sum))
    return by.count() < 0 ? Instant::min() : Instant::max();
  return Instant(nanoseconds(sum));
}

// What all cut-offs share: Prophet's prophet_copy but for the changepoints, and the history's columns as it hands them
// on.
struct Plan {
  const KeptHistory& history;
  ProphetOptions options;
  std::vector<OwnedColumn> columns;
  std::vector<std::string> output;  // Columns of the forecast to keep.
  forecast::PredictOptions predict;
  nanoseconds horizon;
};

// As the model itself was fitted: by its mode, or by draws of its posterior.
Result<FittedModel> fit_rows(const forecast::History& history, const ProphetOptions& options,
                             forecast::FitReport* report) {
  if (options.mcmc_samples == 0) return forecast::fit(history, options, forecast::KeepHistory::kNo, report);
  Result<forecast::PreparedRows> rows = forecast::prepare_rows(history);
  if (!rows) return std::move(rows).error();
  const std::vector<forecast::Column> columns = forecast::borrow(rows->columns);
  Result<forecast::Calendar> calendar = forecast::Calendar::make(rows->ds, options, columns);
  if (!calendar) return std::move(calendar).error();
  return sample::fit_by_sampling(*calendar, *rows, forecast::KeepHistory::kNo, report);
}

ProphetOptions copied_options(const FittedState& state, bool keep_scaling) {
  ProphetOptions options = state.options;
  options.seasonalities = state.seasonalities;
  options.yearly_seasonality = options.weekly_seasonality =
      options.daily_seasonality = {forecast::SeasonalityChoice::Kind::kOff, 0};
  if (!keep_scaling) options.scaling = Scaling::kAbsMax;
  return options;
}

std::vector<OwnedColumn> copied_columns(const FittedState& state, bool keep_scaling) {
  std::vector<OwnedColumn> columns = state.history->columns;
  const bool forgets = state.options.scaling == Scaling::kMinMax && !keep_scaling;
  // Prophet's history has a floor of its own making, y_min, which the copy takes for one that was given.
  if (state.options.growth == Growth::kLogistic && forgets && !state.logistic_floor) {
    std::erase_if(columns, [](const OwnedColumn& column) { return column.name == "floor"; });
    columns.push_back({"floor", std::vector<double>(state.history->ds.size(), state.y_min)});
  }
  return columns;
}

std::vector<std::string> output_columns(const FittedModel& model, const CrossValidationOptions& options) {
  std::vector<std::string> names = {"yhat"};
  const bool bounds =
      model.state().options.uncertainty_samples != 0 && options.predict.uncertainty != forecast::Uncertainty::kNone;
  if (bounds) names.insert(names.end(), {"yhat_lower", "yhat_upper"});
  const auto add = [&](const std::string& name) {
    if (name != "ds" && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const std::string& name : options.extra_output_columns) add(name);
  return names;
}

// What one cut-off gives.
struct Part {
  forecast::Forecast forecast;
  std::size_t first = 0;  // Row of the history that is its first one.
  bool converged = true;
};

std::vector<OwnedColumn> rows_of(std::span<const OwnedColumn> columns, std::size_t first, std::size_t last) {
  std::vector<OwnedColumn> out;
  for (const OwnedColumn& column : columns) {
    const auto begin = column.values.begin();
    out.push_back(
        {column.name, {begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last)}});
  }
  return out;
}

// A regressor with one value before the cut-off is not standardised there, and keeps the whole history's mu and std.
void repeat_standardization(const Plan& plan, std::size_t fitted, std::vector<OwnedColumn>& columns) {
  for (const forecast::Regressor& regressor : plan.options.regressors) {
    if (regressor.mu == 0 && regressor.std == 1) continue;
    const auto column = std::ranges::find(columns, regressor.name, &OwnedColumn::name);
    if (column == columns.end()) continue;
    const std::span<const double> before = std::span(column->values).first(fitted);
    if (std::ranges::any_of(before, [&](double value) { return value != before.front(); })) continue;
    for (double& value : column->values) value = (value - regressor.mu) / regressor.std;
  }
}

Result<Part> forecast_at(const Plan& plan, Instant cutoff) {
  const std::span<const Instant> ds = plan.history.ds;
  const std::size_t fitted = row_after(ds, cutoff);
  const std::size_t last = row_after(ds, shifted(cutoff, plan.horizon));
  if (fitted < 2) return invalid("Less than two datapoints before cutoff. Increase initial window.");
  if (last == fitted) return invalid("Dataframe has no rows.");
  ProphetOptions options = plan.options;
  if (options.changepoints)
    std::erase_if(*options.changepoints, [&](Instant moment) { return moment >= ds[fitted - 1]; });
  std::vector<OwnedColumn> columns = rows_of(plan.columns, 0, last);
  repeat_standardization(plan, fitted, columns);
  const std::vector<OwnedColumn> before = rows_of(columns, 0, fitted), after = rows_of(columns, fitted, last);
  const std::vector<forecast::Column> known = forecast::borrow(before), future = forecast::borrow(after);
  forecast::FitReport report;
  Result<FittedModel> model =
      fit_rows({ds.first(fitted), std::span(plan.history.y).first(fitted), known}, options, &report);
  if (!model) return std::move(model).error();
  Result<forecast::Forecast> forecast =
      model->predict(forecast::Frame{ds.subspan(fitted, last - fitted), future}, plan.predict);
  if (!forecast) return std::move(forecast).error();
  for (const std::string& name : plan.output) {
    if (forecast->column(name).empty()) return invalid(fmt::format("\"['{}'] not in index\"", name));
  }
  return Part{*std::move(forecast), fitted, report.converged};
}

Result<Part> stopped() { return Error{ErrorCode::kUnavailable, "stopped"}; }

// A part a cut-off, made by as many threads as asked for. After the first failure later cut-offs are not begun.
std::vector<Result<Part>> forecast_all(const Plan& plan, std::span<const Instant> cutoffs,
                                       const CrossValidationOptions& options) {
  std::vector<Result<Part>> parts;
  parts.reserve(cutoffs.size());
  for (std::size_t i = 0; i < cutoffs.size(); ++i) parts.push_back(stopped());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    // Tickets are handed out in order, so all cut-offs before a failed one are done: the first failure is the same for
    // any number of threads.
    while (!failed.load(std::memory_order_relaxed)) {
      if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) return;
      const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= cutoffs.size()) return;
      parts[i] = forecast_at(plan, cutoffs[i]);
      if (!parts[i]) failed = true;
    }
  };
  std::vector<std::thread> others;
  const auto threads = std::min<std::size_t>(static_cast<std::size_t>(options.threads), cutoffs.size());
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  return parts;
}

CrossValidation joined(const Plan& plan, std::span<const Instant> cutoffs, std::vector<Result<Part>> parts) {
  CrossValidation frame;
  frame.cutoffs.assign(cutoffs.begin(), cutoffs.end());
  for (const std::string& name : plan.output) frame.columns.push_back({name, {}});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = *parts[i];
    const std::size_t rows = part.forecast.rows();
    frame.ds.insert(frame.ds.end(), part.forecast.ds().begin(), part.forecast.ds().end());
    frame.cutoff.insert(frame.cutoff.end(), rows, cutoffs[i]);
    const auto y = plan.history.y.begin() + static_cast<std::ptrdiff_t>(part.first);
    frame.y.insert(frame.y.end(), y, y + static_cast<std::ptrdiff_t>(rows));
    for (OwnedColumn& column : frame.columns) {
      const std::span<const double> values = part.forecast.column(column.name);
      column.values.insert(column.values.end(), values.begin(), values.end());
    }
    if (!part.converged)
      frame.warnings.push_back("cutoff " + format_instant(cutoffs[i]) + ": the fit did not converge");
  }
  return frame;
}

Result<Done> check_cutoffs(std::span<const Instant> cutoffs, std::span<const Instant> ds, nanoseconds horizon) {
  if (cutoffs.empty()) return invalid("cutoffs: expected at least one");
  if (std::ranges::min(cutoffs) <= ds.front())
    return invalid("Minimum cutoff value is not strictly greater than min date in history");
  if (std::ranges::max(cutoffs) > shifted(ds.back(), -horizon)) {
    return invalid(
        "Maximum cutoff value is greater than end date minus horizon, no value for cross-validation remaining");
  }
  return Done{};
}

}  // namespace

std::span<const double> CrossValidation::column(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &OwnedColumn::name);
  return found == columns.end() ? std::span<const double>{} : found->values;
}

Result<std::vector<Instant>> generate_cutoffs(std::span<const Instant> ds, nanoseconds horizon, nanoseconds initial,
                                              nanoseconds period) {
  if (horizon.count() <= 0) return invalid("horizon: expected more than 0");
  if (period.count() <= 0) return invalid("period: expected more than 0");
  CHILIAD_CHECK(!ds.empty());
  Instant cutoff = shifted(ds.back(), -horizon);
  if (cutoff < ds.front()) return invalid("Less data than horizon.");
  const Instant earliest = shifted(ds.front(), initial);
  std::vector<Instant> cutoffs;
  while (cutoff >= earliest) {
    if (cutoffs.size() == kMostCutoffs) return invalid("more than 1000000 cut-offs: make period longer");
    cutoffs.push_back(cutoff);
    cutoff = shifted(cutoff, -period);
    const std::size_t next = row_after(ds, cutoff);
    const bool gap = next == ds.size() || ds[next] > shifted(cutoff, horizon);
    // No row in (cutoff, cutoff + horizon]: on from the last row before the gap.
    if (gap && cutoff > ds.front()) cutoff = shifted(ds[next - 1], -horizon);
  }
  if (cutoffs.empty()) {
    return invalid("Less data than horizon after initial window. Make horizon or initial shorter.");
  }
  std::ranges::reverse(cutoffs);
  return cutoffs;
}

Result<CrossValidation> cross_validation(const FittedModel& model, const CrossValidationOptions& options) {
  CHILIAD_CHECK(options.threads >= 1);
  const FittedState& state = model.state();
  if (!state.history || state.history->ds.empty())
    return invalid("cross-validation needs a model that was stored with its history");
  const KeptHistory& history = *state.history;
  if (options.horizon.count() <= 0) return invalid("horizon: expected more than 0");
  for (const forecast::Regressor& regressor : state.options.regressors) {
    if (regressor.predictor_spec.empty()) continue;
    return invalid(fmt::format(
        "regressor '{}' is forecast by a model of its own (regressor_predictor), which each cut-off would have to fit: "
        "cross_validation of the Python package does so",
        regressor.name));
  }

  double longest_days = 0;
  for (const forecast::Seasonality& one : state.seasonalities) longest_days = std::max(longest_days, one.period_days);
  const nanoseconds longest(static_cast<std::int64_t>(std::min(longest_days * 86400e9, 9e18)));
  std::vector<Instant> cutoffs;
  nanoseconds initial{0};
  if (options.cutoffs) {
    cutoffs = *options.cutoffs;
    if (Result<Done> checked = check_cutoffs(cutoffs, history.ds, options.horizon); !checked)
      return std::move(checked).error();
    initial = cutoffs.front() - history.ds.front();
  } else {
    const nanoseconds three = options.horizon > nanoseconds::max() / 3 ? nanoseconds::max() : 3 * options.horizon;
    initial = options.initial.value_or(std::max(three, longest));
    Result<std::vector<Instant>> made =
        generate_cutoffs(history.ds, options.horizon, initial, options.period.value_or(options.horizon / 2));
    if (!made) return std::move(made).error();
    cutoffs = *std::move(made);
  }
  const Plan plan{history,
                  copied_options(state, options.keep_scaling),
                  copied_columns(state, options.keep_scaling),
                  output_columns(model, options),
                  options.predict,
                  options.horizon};
  std::vector<Result<Part>> parts = forecast_all(plan, cutoffs, options);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i]) continue;
    return std::move(parts[i]).error().in("cutoff " + format_instant(cutoffs[i]));
  }
  CrossValidation frame = joined(plan, cutoffs, std::move(parts));
  if (initial < longest) {
    frame.warnings.insert(frame.warnings.begin(),
                          fmt::format("Seasonality has period of {} days which is larger than initial window. Consider "
                                      "increasing initial.",
                                      longest_days));
  }
  return frame;
}

}  // namespace chiliad::diagnose
