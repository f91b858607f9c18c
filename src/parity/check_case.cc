#include "parity/check_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "forecast/calendar_state.h"
#include "forecast/design.h"
#include "forecast/future.h"
#include "forecast/objective.h"
#include "forecast/trend.h"
#include "parity/check_intervals.h"

namespace chiliad::parity {
namespace {

using forecast::Calendar;
using forecast::FitReport;
using forecast::FittedModel;
using forecast::FittedState;
using forecast::Forecast;
using forecast::Parameters;
using forecast::PreparedRows;

constexpr double kDeterministic = 1e-10;
constexpr double kLogPosterior = 1e-6;  // Of |lp|.
constexpr double kOneOptimum = 1e-6;    // Nats between the optima from two starts.
constexpr double kYhat = 1e-5;          // Of y_scale.
constexpr double kStandardErrors = 5;

// Keeps the worst of all deterministic differences.
class Differences {
 public:
  explicit Differences(CaseReport& report) : report_(report) {}

  // |ours - theirs| / size. A number that is not finite on one side only is infinitely far.
  void compare(std::string_view name, double ours, double theirs, double size) {
    double difference = std::fabs(ours - theirs) / size;
    if (std::isnan(difference)) difference = std::isnan(ours) && std::isnan(theirs) ? 0 : HUGE_VAL;
    if (difference > report_.worst_difference || report_.worst_column.empty()) {
      report_.worst_difference = std::max(difference, report_.worst_difference);
      report_.worst_column = name;
    }
  }

  // Element by element; `size`, or the largest of theirs when 0.
  void compare(std::string_view name, std::span<const double> ours, std::span<const double> theirs, double size = 0) {
    if (ours.size() != theirs.size()) {
      report_.fail(fmt::format("{}: {} values instead of {}", name, ours.size(), theirs.size()));
      return;
    }
    if (size == 0) {
      for (const double value : theirs) size = std::max(size, std::fabs(value));
      if (size == 0) size = 1;
    }
    for (std::size_t i = 0; i < ours.size(); ++i) compare(name, ours[i], theirs[i], size);
  }

  template <class T>
  void equal(std::string_view name, const T& ours, const T& theirs) {
    if (!(ours == theirs)) report_.fail(fmt::format("{} differs", name));
  }

 private:
  CaseReport& report_;
};

double size_of(double value) { return std::max(1.0, std::fabs(value)); }

Parameters parameters(const StoredParameters& stored, std::size_t stride) {
  Parameters out{stored.k, stored.m, stored.delta, stored.beta, stored.sigma_obs};
  out.beta.resize(std::max(stride, out.beta.size()), 0.0);
  return out;
}

void compare_seasonalities(const std::vector<forecast::Seasonality>& ours,
                           const std::vector<forecast::Seasonality>& theirs, Differences& differences) {
  differences.equal("number of seasonalities", ours.size(), theirs.size());
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    differences.equal("seasonality name", ours[i].name, theirs[i].name);
    differences.equal("seasonality period", ours[i].period_days, theirs[i].period_days);
    differences.equal("seasonality order", ours[i].fourier_order, theirs[i].fourier_order);
    differences.equal("seasonality prior", ours[i].prior_scale, theirs[i].prior_scale);
    differences.equal("seasonality mode", ours[i].mode, theirs[i].mode);
    differences.equal("seasonality condition", ours[i].condition_name, theirs[i].condition_name);
  }
}

void compare_regressors(const std::vector<forecast::Regressor>& ours, const std::vector<forecast::Regressor>& theirs,
                        Differences& differences) {
  differences.equal("number of regressors", ours.size(), theirs.size());
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    differences.equal("regressor name", ours[i].name, theirs[i].name);
    differences.equal("regressor prior", ours[i].prior_scale, theirs[i].prior_scale);
    differences.equal("regressor standardize", ours[i].standardize, theirs[i].standardize);
    differences.equal("regressor mode", ours[i].mode, theirs[i].mode);
    differences.compare("regressor mu", ours[i].mu, theirs[i].mu, std::max(std::fabs(theirs[i].mu), theirs[i].std));
    differences.compare("regressor std", ours[i].std, theirs[i].std, theirs[i].std);
  }
}

void compare_features(const Calendar::State& calendar, const ReferenceCase& reference, Differences& differences) {
  const std::size_t width = calendar.x.columns;
  differences.equal("number of columns of X", width, reference.sigmas.size());
  if (width != reference.sigmas.size()) return;
  for (std::size_t i = 0; i < reference.x_rows.size(); ++i) {
    differences.compare("X", {calendar.x.row(reference.x_rows[i]), width}, reference.x[i], 1);
  }
  std::vector<double> sum(width), squares(width);
  for (std::size_t row = 0; row < calendar.rows(); ++row) {
    for (std::size_t j = 0; j < width; ++j) {
      sum[j] += calendar.x.row(row)[j];
      squares[j] += calendar.x.row(row)[j] * calendar.x.row(row)[j];
    }
  }
  const auto rows = static_cast<double>(calendar.rows());
  differences.compare("sums of X", sum, reference.x_colsum, rows);
  differences.compare("sums of X^2", squares, reference.x_colsumsq, rows);
  const std::span<const double> multiplicative(calendar.is_multiplicative.data(), width);
  differences.compare("s_m", multiplicative, reference.s_m, 1);
  const bool only_zeros = forecast::make_components(calendar.parts()).list[0].count == 0;
  if (!only_zeros) {
    std::vector<double> additive;
    for (const double one : multiplicative) additive.push_back(1 - one);
    differences.compare("s_a", additive, reference.s_a, 1);
  }
  differences.compare("sigmas", {calendar.prior.data(), width}, reference.sigmas);
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

// Everything before the fit.
void compare_design(const ReferenceCase& reference, const Calendar::State& calendar, const PreparedRows& rows,
                    const forecast::ScaledSeries& series, Differences& differences) {
  differences.equal("start", calendar.time_scale.start, reference.start);
  differences.compare("t_scale", static_cast<double>(calendar.time_scale.length_ns) / 1e9, reference.t_scale_s,
                      reference.t_scale_s);
  differences.compare("y_scale", series.y_scale, reference.y_scale, reference.y_scale);
  differences.compare("y_min", series.y_min, reference.y_min, std::max(std::fabs(reference.y_min), reference.y_scale));
  differences.equal("logistic_floor", series.logistic_floor, reference.logistic_floor);
  differences.equal("n_changepoints", calendar.changepoints.n_changepoints, reference.n_changepoints);
  differences.equal("changepoints", calendar.changepoints.moments, reference.changepoints);
  differences.compare("changepoints_t", calendar.changepoints.t, reference.changepoints_t, 1);
  differences.equal("last_history_date", rows.history_dates.back(), reference.last_history_date);
  differences.equal("n_history_dates", static_cast<std::int64_t>(rows.history_dates.size()),
                    reference.history_date_count);
  compare_seasonalities(calendar.seasonalities, reference.seasonalities, differences);
  compare_regressors(calendar.options.regressors, reference.regressors, differences);
  // Of a country's holidays the order is that of Python's sets of years, which nothing depends on.
  differences.equal("holidays seen", sorted(calendar.train_holiday_names), sorted(reference.train_holiday_names));
  differences.compare("t", calendar.t, reference.t, 1);
  differences.compare("y_scaled", series.y, reference.y_scaled);
  differences.compare("cap_scaled", series.cap, reference.cap);
  compare_features(calendar, reference, differences);

  const forecast::TrendStart start =
      forecast::trend_start(calendar.options.growth, calendar.ds, calendar.t, series.y, series.cap);
  differences.compare("init k", start.k, reference.init_k, size_of(reference.init_k));
  differences.compare("init m", start.m, reference.init_m, size_of(reference.init_m));
}

// The formula, at parameters that somebody else found.
void compare_log_posterior(const ReferenceCase& reference, const Calendar::State& calendar,
                           const forecast::SeriesValues& values, Differences& differences) {
  const auto compare = [&](std::string_view name, const StoredParameters& at, double theirs) {
    if (at.delta.size() != calendar.changepoints.t.size() || at.beta.size() != calendar.x.columns) {
      differences.equal("sizes of delta and beta", false, true);
      return;
    }
    const double ours = forecast::log_posterior(calendar, parameters(at, calendar.x.stride), values);
    differences.compare(name, ours, theirs, size_of(theirs));
  };
  StoredParameters init;
  init.k = reference.init_k;
  init.m = reference.init_m;
  init.delta.assign(calendar.changepoints.t.size(), 0.0);
  init.beta.assign(calendar.x.columns, 0.0);
  init.sigma_obs = 1;
  compare("lp at init", init, reference.init_log_posterior);
  if (reference.prophet.log_posterior) {
    compare("lp at Prophet's stop", reference.prophet.parameters, *reference.prophet.log_posterior);
  }
  if (reference.optimum && !reference.optimum->degenerate) {
    compare("lp at the optimum", reference.optimum->parameters, *reference.optimum->log_posterior);
  }
}

// The model with Prophet's own parameters.
Result<FittedModel> stored_model(const ReferenceCase& reference, const Calendar::State& calendar) {
  FittedState state;
  state.options = calendar.options;
  state.seasonalities = reference.seasonalities;
  state.options.regressors = reference.regressors;
  state.train_holiday_names = reference.train_holiday_names;
  state.start = reference.start;
  state.t_scale_s = reference.t_scale_s;
  state.y_min = reference.y_min;
  state.y_scale = reference.y_scale;
  state.logistic_floor = reference.logistic_floor;
  state.changepoints_t = reference.changepoints_t;
  state.k = reference.final_parameters.k;
  state.m = reference.final_parameters.m;
  state.delta = reference.final_parameters.delta;
  state.beta = reference.final_parameters.beta;
  state.sigma_obs = reference.final_parameters.sigma_obs;
  state.rows = static_cast<std::int64_t>(reference.t.size());
  state.history_date_count = reference.history_date_count;
  state.last_dates = {reference.last_history_date};
  return FittedModel::from_state(std::move(state));
}

// Whether a column holds shares of the trend instead of values.
bool is_share(const ReferenceCase& reference, std::string_view column) {
  const auto multiplicative = [&](const auto& parts) {
    return std::ranges::any_of(
        parts, [&](const auto& part) { return part.name == column && part.mode == forecast::Mode::kMultiplicative; });
  };
  const bool holiday = column == "holidays" ||
                       std::ranges::find(reference.train_holiday_names, column) != reference.train_holiday_names.end();
  const forecast::ProphetOptions& options = reference.options;
  return column == "multiplicative_terms" || column == "extra_regressors_multiplicative" ||
         (holiday && options.holidays_mode.value_or(options.seasonality_mode) == forecast::Mode::kMultiplicative) ||
         multiplicative(reference.seasonalities) || multiplicative(reference.regressors);
}

void compare_forecast(const ReferenceCase& reference, const Forecast& forecast, Differences& differences) {
  std::vector<std::string> columns = {"ds"};
  columns.insert(columns.end(), forecast.names().begin(), forecast.names().end());
  differences.equal("order of the forecast's columns", columns, reference.columns);
  for (const auto& [name, values] : reference.forecast) {
    const std::span<const double> ours = forecast.column(name);
    if (ours.empty()) continue;  // Said by the order.
    double largest = 0;
    for (const double value : values) largest = std::max(largest, std::fabs(value));
    // Components near zero are differences of numbers of the size of y_scale, or of shares.
    const bool share = is_share(reference, name);
    differences.compare(name, ours, values, std::max(largest, share ? 1.0 : reference.y_scale));
  }
}

void compare_stored_forecast(const ReferenceCase& reference, const Calendar::State& calendar, Differences& differences,
                             CaseReport& report) {
  const Result<FittedModel> model = stored_model(reference, calendar);
  if (!model) return report.fail("stored parameters: " + model.error().message);
  forecast::PredictOptions plain;
  plain.uncertainty = forecast::Uncertainty::kNone;
  const std::vector<forecast::Column> columns = forecast::borrow(reference.frame_columns);
  const forecast::Frame frame{reference.frame, columns};
  const Result<Forecast> forecast = model->predict(frame, plain);
  if (!forecast) return report.fail("forecast: " + forecast.error().message);
  compare_forecast(reference, *forecast, differences);
  if (!reference.intervals) return;
  report.worst_interval = worst_interval(reference, *model, *forecast, report.reasons);
  const Result<Forecast> full = model->predict(frame);
  if (!full) return report.fail("forecast: " + full.error().message);
  std::vector<std::string> names = {"ds"};
  names.insert(names.end(), full->names().begin(), full->names().end());
  differences.equal("order of the columns with intervals", names, reference.intervals->columns);
  if (!(*report.worst_interval <= kStandardErrors)) {
    report.fail(fmt::format("an interval bound is {:.1f} standard errors off", *report.worst_interval));
  }
}

double largest_distance(std::span<const double> a, std::span<const double> b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double distance = std::fabs(a[i] - b[i]);
    largest = std::isnan(distance) ? HUGE_VAL : std::max(largest, distance);
  }
  return largest;
}

// The optimality conditions at the fitted parameters, from the rows; and the log-posterior there.
void check_optimum(const ReferenceCase& reference, const Calendar::State& calendar,
                   const forecast::SeriesValues& values, const FittedModel& model, const FitReport& fitted,
                   CaseReport& report) {
  const FittedState& state = model.state();
  double residual = fitted.optimality_residual, log_posterior = fitted.log_posterior;
  if (!calendar.changepoints.moments.empty()) {  // Without changepoints Prophet folds the dummy's delta into k.
    const Parameters at = parameters({state.k, state.m, state.delta, state.beta, state.sigma_obs}, calendar.x.stride);
    const forecast::Rows rows = forecast::evaluate_rows(calendar, at, values);
    residual = forecast::optimality_residual(calendar, at, rows, forecast::residual_gradient(calendar, rows));
    log_posterior = forecast::log_posterior(calendar, at, rows.sum_of_squares);
  }
  if (!fitted.constant_series) report.optimality_residual = residual;
  if (reference.prophet.log_posterior) report.log_posterior_gain = log_posterior - *reference.prophet.log_posterior;
  if (!report.well_defined) return;
  // What is left of the conditions in floating point: sums over T rows of numbers / sigma^2.
  const double variance = state.sigma_obs * state.sigma_obs;
  const double rounding = 64 * 2.2e-16 * std::sqrt(static_cast<double>(calendar.rows())) / variance;
  if (report.optimality_residual && !(residual <= std::max(1e-9, rounding))) {
    report.fail(fmt::format("optimality residual {:.1e}", residual));
  }
  if (report.log_posterior_gain &&
      !(*report.log_posterior_gain >= -kLogPosterior * std::fabs(*reference.prophet.log_posterior))) {
    report.fail(fmt::format("log-posterior {:.3g} below Prophet's", -*report.log_posterior_gain));
  }
}

void check_fit(const ReferenceCase& reference, const Calendar& calendar, const PreparedRows& rows,
               const forecast::SeriesValues& values, CaseReport& report) {
  FitReport fitted;
  const Result<FittedModel> model = forecast::fit(calendar, rows, forecast::KeepHistory::kNo, &fitted);
  if (!model) return report.fail("fit: " + model.error().message);
  if (!fitted.note.empty()) report.reasons.push_back(fitted.note);
  check_optimum(reference, calendar.state(), values, *model, fitted, report);
  const std::vector<forecast::Column> columns = forecast::borrow(reference.frame_columns);
  const Result<Forecast> forecast = model->predict(forecast::Frame{reference.frame, columns});
  if (!forecast) return report.fail("forecast: " + forecast.error().message);
  for (std::size_t i = 0; i < forecast->names().size(); ++i) {
    for (const double value : forecast->column(i)) {
      if (!std::isfinite(value)) return report.fail(forecast->names()[i] + " is not finite");
    }
  }
  const std::span<const double> yhat = forecast->column("yhat");
  const auto prophet = reference.forecast.find("yhat");
  if (prophet != reference.forecast.end()) {
    report.yhat_to_prophet = largest_distance(yhat, prophet->second) / reference.y_scale;
  }
  if (reference.optimum) {
    report.yhat_to_optimum = largest_distance(yhat, reference.optimum->yhat) / reference.y_scale;
    if (report.well_defined && !(*report.yhat_to_optimum <= kYhat)) {
      report.fail(fmt::format("yhat {:.1e} y_scale from the true optimum", *report.yhat_to_optimum));
    }
  } else if (report.yhat_to_prophet && !(*report.yhat_to_prophet <= kDeterministic)) {
    report.fail(fmt::format("constant series: yhat {:.1e} y_scale from Prophet's", *report.yhat_to_prophet));
  }
}

// A guessed frequency needs the end of the history, of which the file names only the kind.
std::vector<Instant> last_five(std::string_view history, Instant last) {
  using std::chrono::hours;
  const bool monthly = history == "monthly", hourly = history == "hourly";
  const Result<forecast::Frequency> step = forecast::Frequency::parse(monthly ? "MS" : hourly ? "h" : "D");
  const Result<std::vector<Instant>> dates = step->after(last - (monthly  ? hours(24 * 31 * 5)
                                                                 : hourly ? hours(5)
                                                                          : hours(24 * 5)),
                                                         12);
  std::vector<Instant> out;
  for (const Instant one : *dates) {
    if (one <= last) out.push_back(one);
  }
  if (out.size() > 5) out.erase(out.begin(), out.end() - 5);
  return out;
}

}  // namespace

CaseReport check_case(const ReferenceCase& reference) {
  CaseReport report;
  report.id = reference.id;
  if (!reference.unsupported.empty()) {
    report.verdict = Verdict::kSkipped;
    report.reasons = reference.unsupported;
    return report;
  }
  if (reference.optimum) {
    const StoredTrueOptimum& optimum = *reference.optimum;
    report.well_defined = !optimum.degenerate && std::fabs(optimum.from_init - optimum.from_stan) <= kOneOptimum;
    if (!report.well_defined) report.reasons.emplace_back("no well-defined optimum: the fit is not gated");
  }
  const std::vector<forecast::Column> columns = forecast::borrow(reference.history_columns);
  const Result<PreparedRows> rows = forecast::prepare_rows({reference.ds, reference.y, columns});
  if (!rows) {
    report.fail("rows: " + rows.error().message);
    return report;
  }
  const Result<Calendar> calendar = Calendar::make(rows->ds, reference.options, forecast::borrow(rows->columns));
  if (!calendar) {
    report.fail("calendar: " + calendar.error().message);
    return report;
  }
  const Result<forecast::ScaledSeries> series =
      forecast::scale_series(reference.options, rows->y, forecast::borrow(rows->columns));
  if (!series) {
    report.fail("scales: " + series.error().message);
    return report;
  }
  const forecast::SeriesValues values{series->y, series->cap};

  Differences differences(report);
  compare_design(reference, calendar->state(), *rows, *series, differences);
  compare_log_posterior(reference, calendar->state(), values, differences);
  compare_stored_forecast(reference, calendar->state(), differences, report);
  if (!(report.worst_difference <= kDeterministic)) {
    report.fail(fmt::format("{} differs by {:.1e}", report.worst_column, report.worst_difference));
  }
  check_fit(reference, *calendar, *rows, values, report);
  return report;
}

CaseReport check_dates(std::string_view id, std::span<const DatesCase> lines) {
  CaseReport report;
  report.id = id;
  for (const DatesCase& line : lines) {
    const Result<forecast::Frequency> frequency = line.freq
                                                      ? forecast::Frequency::parse(*line.freq)
                                                      : forecast::Frequency::infer(last_five(line.history, line.last));
    if (!frequency) {
      report.fail(frequency.error().message);
      continue;
    }
    const Result<std::vector<Instant>> dates = frequency->after(line.last, line.periods);
    if (!dates || *dates != line.result) {
      report.fail(fmt::format("{} after {} differs", frequency->name(), format_instant(line.last)));
    }
  }
  if (report.verdict == Verdict::kPassed) report.reasons.push_back(fmt::format("{} checks", lines.size()));
  return report;
}

}  // namespace chiliad::parity
