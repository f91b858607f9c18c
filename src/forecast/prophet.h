// Prophet: one customer's time series in, a fitted model out, a forecast from it.
//
//     y(t) = trend(t) * (1 + X(t) beta_m) + X(t) beta_a + noise,   noise ~ Normal(0, sigma_obs)
//
// trend is piecewise linear with S places where its slope may change by delta, logistic below a cap with S places where
// its rate may change, or flat; X(t) has the Fourier columns of
// the seasonalities, the holidays and the regressors (features.h); beta_m and beta_a are beta with the columns of the
// other mode zeroed. Everything is fitted on y_scaled = (y - y_min) / y_scale and t in [0, 1] over the history, exactly
// as Prophet does.
//
//     options, rows --prophet_fit.h--> FittedModel --predict()--> Forecast
//                                          ^  |
//                          stored_form.h   |  v   Prophet's own JSON
//
// This folder does no input or output, reads no clock, starts no thread. Rows, options and models are values.
//
// Source: S. J. Taylor and B. Letham, "Forecasting at scale", The American Statistician 72 (2018); where paper and
// program differ, Prophet 1.5.0, whose option names, defaults, column names and stored form are kept.
// What differs from it: doc/prophet.md, "Differences".
//
// Thread safety: values, immutable after construction; different calls never need care.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::forecast {

// ---------------------------------------------------------------------------------------------------
// What to fit
// ---------------------------------------------------------------------------------------------------

enum class Growth : std::uint8_t { kLinear, kLogistic, kFlat };

// How a component joins the trend: y = trend + c, or y = trend * (1 + c).
enum class Mode : std::uint8_t { kAdditive, kMultiplicative };

// How y is scaled before the fit: by max|y|, or to [0, 1].
enum class Scaling : std::uint8_t { kAbsMax, kMinMax };

// Prophet's `yearly_seasonality` and its sisters: 'auto', False, True or a number of Fourier terms.
struct SeasonalityChoice {
  enum class Kind : std::uint8_t { kAuto, kOff, kOn, kOrder };
  Kind kind = Kind::kAuto;
  int fourier_order = 0;  // With kOrder. 0 or less is kOff.
};

// A smooth periodic effect: 2 * fourier_order columns of X, sin and cos of 2 pi n t / period_days for
// n = 1 .. fourier_order, t in days since 1970-01-01.
struct Seasonality {
  std::string name;         // Unique among all components; becomes a forecast column.
  double period_days = 0;   // > 0. Year 365.25, week 7, day 1.
  int fourier_order = 0;    // >= 1.
  double prior_scale = 10;  // > 0. Standard deviation of beta's prior, on the scaled y.
  Mode mode = Mode::kAdditive;
  // Not empty: the column of the rows that says where the seasonality acts; elsewhere it is 0.
  std::string condition_name = "";
};

// Whether a regressor's values are brought to mean 0 and standard deviation 1 before the fit. kAuto: unless all of them
// are 0 or 1. Values that are all equal never are.
enum class Standardize : std::uint8_t { kAuto, kYes, kNo };

// A column of the rows as one column of X: (value - mu) / std.
struct Regressor {
  std::string name;         // The column's. Unique among all components; becomes a forecast column.
  double prior_scale = 10;  // > 0.
  Standardize standardize = Standardize::kAuto;
  Mode mode = Mode::kAdditive;
  double mu = 0;   // Set by the fit,
  double std = 1;  // from the rows with a value of y.
  // Arguments, as JSON, of the model that forecasts the regressor (regressor_predictor); empty: none. Prophet's stored
  // form names them and leaves that model out: they are kept for whoever reads the form next.
  std::string predictor_spec = {};
};

// Prophet's table `holidays`: a named effect on days, a column of X for each day from lower_window before to
// upper_window after. Immutable and shared: the models of a fleet mostly have the same one.
struct HolidayTable {
  struct Row {
    std::uint32_t name = 0;                                         // In names.
    std::int32_t day = 0;                                           // Days since 1970-01-01.
    std::int32_t lower_window = 0;                                  // <= 0.
    std::int32_t upper_window = 0;                                  // >= 0.
    double prior_scale = std::numeric_limits<double>::quiet_NaN();  // > 0; NaN: holidays_prior_scale.
  };
  std::vector<std::string> names;  // Each once, in the order of the rows.
  std::vector<Row> rows;
  bool has_windows = false;       // Whether the table has the columns lower_window and upper_window,
  bool has_prior_scales = false;  // and prior_scale.
};

// Prophet's constructor arguments under their own names, with its defaults, and what add_seasonality(),
// add_regressor() and add_country_holidays() add.
struct ProphetOptions {
  Growth growth = Growth::kLinear;
  // Moments at which the slope may change. Unset: n_changepoints of them, spread over the first changepoint_range of
  // the rows; fewer when the series has fewer rows. Empty: none.
  std::optional<std::vector<Instant>> changepoints;
  int n_changepoints = 25;         // Negative: none, as in Prophet.
  double changepoint_range = 0.8;  // In [0, 1].
  SeasonalityChoice yearly_seasonality;
  SeasonalityChoice weekly_seasonality;
  SeasonalityChoice daily_seasonality;
  std::vector<Seasonality> seasonalities;  // add_seasonality(), in the order of the calls.
  std::vector<Regressor> regressors;       // add_regressor(), likewise.
  Mode seasonality_mode = Mode::kAdditive;
  double seasonality_prior_scale = 10;           // > 0.
  double holidays_prior_scale = 10;              // > 0.
  std::optional<Mode> holidays_mode;             // Unset: seasonality_mode.
  std::shared_ptr<const HolidayTable> holidays;  // Null: none.
  std::string country_holidays;                  // add_country_holidays(): "US", see country_holidays.h. Empty: none.
  double changepoint_prior_scale = 0.05;         // > 0: tau, the scale of the Laplace prior on delta.
  Scaling scaling = Scaling::kAbsMax;
  double interval_width = 0.80;    // In (0, 1).
  int uncertainty_samples = 1000;  // 0 turns the intervals off; else how many futures --simulate draws.
  // Above 0 the posterior is sampled instead of its mode found (sample/sampled_fit.h; fit() takes no notice of it):
  // half of them are warm-up, each of four chains.
  int mcmc_samples = 0;
};

// A column of a table beside ds and y: a regressor's values, a condition (1 where it holds, else 0), "cap" or "floor".
// NaN marks a missing value. Borrowed for the length of a call.
struct Column {
  std::string_view name;
  std::span<const double> values;  // One a row.
};

// The same, owned.
struct OwnedColumn {
  std::string name;
  std::vector<double> values;
};
std::vector<Column> borrow(std::span<const OwnedColumn> columns);

// The rows of one customer. Borrowed for the length of a call.
struct History {
  std::span<const Instant> ds;           // n moments in any order; doubles allowed.
  std::span<const double> y;             // n values; NaN marks a missing one. Infinity is an error.
  std::span<const Column> columns = {};  // needed_columns() among them; a value may be missing where y is.
};

// The rows that a forecast is for. Borrowed for the length of a call.
struct Frame {
  std::span<const Instant> ds;           // n >= 1 moments, past or future, in any order.
  std::span<const Column> columns = {};  // needed_columns() among them, without missing values.
};

// ---------------------------------------------------------------------------------------------------
// What was fitted
// ---------------------------------------------------------------------------------------------------

// The rows that a model keeps when asked to: what Prophet stores as `history`, `history_dates` and `changepoints`.
struct KeptHistory {
  std::vector<Instant> ds;  // T rows with a value, ascending (stable).
  std::vector<double> y;    // T values, in the unit of y.
  // T values each: conditions, regressors as they stand in X, cap and floor in the unit of y.
  std::vector<OwnedColumn> columns;
  std::vector<Instant> history_dates;           // Every distinct ds given, missing values included, ascending.
  std::vector<Instant> changepoints;            // Prophet's attribute, in its order (given ones unsorted).
  std::vector<std::uint32_t> changepoint_rows;  // Their rows in ds; empty for given changepoints.
};

struct Conformal;
struct SufficientStatistics;

// How rows came into a model.
enum class UpdateWay : std::uint8_t {
  kCold,        // Fitted from its rows, without an earlier model.
  kStatistics,  // From the new rows and the statistics of the old ones: what refresh.h says is held.
  kHistory,     // From all rows again, begun at the earlier model: a plain fit.
};

// "cold", "statistics", "history".
std::string_view update_way_name(UpdateWay way);

// The rows that came last, so that the same ones are not added twice.
struct LastUpdate {
  std::uint64_t rows_hash = 0;  // The caller's mark of them.
  UpdateWay way = UpdateWay::kCold;
  friend bool operator==(const LastUpdate&, const LastUpdate&) = default;
};

// Draws of a model's parameters from their posterior, in the model's units: N of them, of S changes and K features.
struct ParameterDraws {
  std::vector<double> lp;               // N: Stan's lp__; empty where it was not stored.
  std::vector<double> k, m, sigma_obs;  // N each, N >= 1.
  std::vector<double> delta;            // N x S
  std::vector<double> beta;             // N x K

  std::size_t size() const { return k.size(); }
};

// The parts of a fitted model as plain values: what the fit finds and the stored form holds.
struct FittedState {
  ProphetOptions options;                  // As given, but n_changepoints as really used, regressors with mu and std.
  std::vector<Seasonality> seasonalities;  // All of them, in the order of their columns in X.
  Instant start;                           // t = 0: the first row with a value.
  // The holidays that the fit saw, each once: own ones as in their table, then the country's in the years of the rows.
  // Others have no effect on a forecast.
  std::vector<std::string> train_holiday_names;
  double t_scale_s = 1;         // Seconds from t = 0 to t = 1, the last row with a value.
  double y_min = 0;             // y = y_scaled * y_scale + y_min for kMinMax; unused for kAbsMax and
  bool logistic_floor = false;  // where the rows have a floor of their own (logistic growth).
  double y_scale = 1;
  std::vector<double> changepoints_t;   // S >= 1, ascending, scaled time. {0} when there are none.
  double k = 0;                         // Slope before the first change.
  double m = 0;                         // Offset: the trend at t = 0.
  std::vector<double> delta;            // S changes of slope.
  std::vector<double> beta;             // K >= 1; one zero for the 'zeros' column of a model without features.
  double sigma_obs = 0;                 // Standard deviation of the noise of y_scaled.
  std::optional<double> log_posterior;  // Prophet's lp__; unset for a constant series, which is not optimised.

  std::int64_t rows = 0;                       // T, the rows with a value.
  std::int64_t history_date_count = 0;         // len(history_dates).
  std::vector<Instant> last_dates;             // The last min(5, history_date_count) of history_dates, ascending.
  std::shared_ptr<const KeptHistory> history;  // Null when the model was stored or loaded without.
  std::shared_ptr<const Conformal> conformal;  // Null: not calibrated. conformal.h.
  // Null: none were kept. What a refresh from new rows alone needs of the old ones (sufficient_statistics.h).
  std::shared_ptr<const SufficientStatistics> statistics;
  std::optional<LastUpdate> last_update;  // Set by whoever keeps models up to date; no forecast depends on it.
  // Not null: the model was sampled. k, m, delta, beta and sigma_obs are the draws' means then.
  std::shared_ptr<const ParameterDraws> draws;
};

// Makes a model of its draws: they become state.draws, their means its parameters. The log-posterior is unset: it is
// that of a mode. Requires: draws.size() >= 1, the sizes as above.
void set_draws(FittedState& state, ParameterDraws draws);

// How the intervals of a forecast are made.
enum class Uncertainty : std::uint8_t {
  // Quantiles of the predictive law, computed: doc/intervals.md. That of logistic growth is known by its draws alone:
  // of 1,000 futures, with `seed`.
  kExact,
  kSimulated,  // Prophet's simulation: options.uncertainty_samples futures, which `seed` decides.
               // A sampled model's bounds are simulated with either (posterior_predict.h).
  kNone,       // No interval columns, as uncertainty_samples = 0 does.
};

struct PredictOptions {
  Uncertainty uncertainty = Uncertainty::kExact;  // kNone anyway when uncertainty_samples is 0.
  std::optional<double> interval_width;           // Instead of the model's own. In (0, 1).
  std::optional<int> uncertainty_samples;         // kSimulated: instead of the model's own.
  std::uint64_t seed = 0;                         // Of what is drawn; other models draw other numbers with it.
  // Further quantiles of yhat, each in (0, 1): columns "yhat_q0.05" and so on, after yhat.
  std::vector<double> quantiles;
  // yhat_lower and yhat_upper of the future's rows from the model's calibration (conformal.h) instead of its law. Needs
  // one; trend, history and quantiles keep their own bounds. Nothing where bounds are turned off.
  bool conformal = false;
};

// A table of n rows in ascending ds with Prophet's columns in Prophet's order:
// trend, yhat_lower, yhat_upper, trend_lower, trend_upper, each component with _lower and _upper, yhat.
// (Prophet's first column, ds, is the member ds.) All numbers finite.
class Forecast {
 public:
  Forecast(std::vector<Instant> ds, std::shared_ptr<const std::vector<std::string>> names);

  std::size_t rows() const { return ds_.size(); }
  const std::vector<Instant>& ds() const { return ds_; }
  const std::vector<std::string>& names() const { return *names_; }
  std::span<double> column(std::size_t i) { return {values_.data() + i * rows(), rows()}; }
  std::span<const double> column(std::size_t i) const { return {values_.data() + i * rows(), rows()}; }
  // Empty when there is no such column.
  std::span<const double> column(std::string_view name) const;

 private:
  std::vector<Instant> ds_;
  std::shared_ptr<const std::vector<std::string>> names_;
  std::vector<double> values_;  // Column after column.
};

// Offsets of the interval bounds from the trend and from yhat for one frame of dates: the part of a forecast that
// depends on the model's parameters and on the frame alone and costs most. A server may keep it for a (model, frame)
// and hand it to the next predict().
struct IntervalOffsets {
  // In units of y_scale, for each row of the sorted frame: lower and upper of the trend, lower and upper of yhat, then
  // one for each of PredictOptions::quantiles.
  std::vector<double> values;
};

struct FeatureParts;

class FittedModel {
 public:
  struct Layout;  // Components and names of the forecast's columns, the holidays' days: layout.h.

  // Checks that the parts fit together (sizes, finite numbers, positive scales). `layout`: that of a model with the
  // same parts; null: made here. Errors: kCorrupt, naming the member at fault; kInvalid: holidays of a country that is
  // not known.
  static Result<FittedModel> from_state(FittedState state, std::shared_ptr<const Layout> layout = nullptr);

  const FittedState& state() const { return state_; }

  // What its columns of X are made of (features.h). Valid as long as the model.
  FeatureParts parts() const;

  // The components of its forecasts, in the order of their columns: "additive_terms", "weekly", ...
  std::vector<std::string> component_names() const;

  // The forecast for the rows of a frame; rows come back in ascending ds (stable). `offsets`: null, or an
  // IntervalOffsets of the same model, frame and options: used when filled, filled when empty (conformal ones are left
  // alone). Errors: kInvalid: no
  // rows, an option outside its range, a column that is missing or has a missing value ("Regressor 'x' missing from
  // dataframe"). Source: Prophet.predict, Prophet.sample_predictive_trend_vectorized.
  Result<Forecast> predict(const Frame& frame, const PredictOptions& options = {},
                           IntervalOffsets* offsets = nullptr) const;
  // For models that need no columns.
  Result<Forecast> predict(std::span<const Instant> ds, const PredictOptions& options = {},
                           IntervalOffsets* offsets = nullptr) const {
    return predict(Frame{ds}, options, offsets);
  }

  // The same model with another calibration, or null for none. Errors: as check_conformal().
  Result<FittedModel> with_conformal(std::shared_ptr<const Conformal> conformal) const;
  // The same model, marked.
  FittedModel with_last_update(const LastUpdate& update) const;

  // Of its components; may be shared with other models of the same parts.
  const std::shared_ptr<const Layout>& layout() const { return layout_; }

  // How many values predict() draws for so many rows, some 40 ns each: rows times samples, or 0.
  std::int64_t draws(const PredictOptions& options, std::int64_t rows) const;

  // Bytes this model keeps in memory, allocator's overhead included: at least the true figure.
  std::uint64_t memory_bytes() const;

 private:
  FittedModel(FittedState state, std::shared_ptr<const Layout> layout);
  Result<Forecast> predict_conformal(const Frame& frame, const PredictOptions& options) const;

  FittedState state_;
  std::shared_ptr<const Layout> layout_;
};

// The columns that the model reads besides ds and y, each once: conditions, then regressors, then, for logistic growth,
// cap and floor (which a history need not have; a forecast needs it where the history had it).
std::vector<std::string> needed_columns(const ProphetOptions& options);
std::vector<std::string> needed_columns(const FittedState& state);

// ---------------------------------------------------------------------------------------------------
// The fit
// ---------------------------------------------------------------------------------------------------

// Parameters that a fit begins with instead of at Prophet's own starting point. Those that are unset, or not as many as
// the model has, are Prophet's own.
struct WarmStart {
  std::optional<double> k, m, sigma_obs;
  std::vector<double> delta;
  std::vector<double> beta;
};

// Those of a fitted model, as Prophet's utilities.warm_start_params() gives them.
WarmStart warm_start_params(const FittedModel& model);

// Whether a fit of such a model ends at the same mode wherever it begins (starts.h).
bool has_one_mode(const FittedModel& model);

// What the optimiser did, for reports. Not part of the model.
struct FitReport {
  int iterations = 0;              // Outer steps; 0 for a constant series.
  double log_posterior = 0;        // Up to Stan's constants: the formula at the head of objective.h.
  double optimality_residual = 0;  // Largest violation of the optimality conditions, see fit.cc.
  bool converged = true;           // False: the best point found, not the optimum; see note.
  bool constant_series = false;    // Not optimised: the model repeats the constant.
  bool sigma_at_floor = false;     // The columns can interpolate the rows; sigma_obs was kept above the floor.
  bool warm_started = false;       // FitOptions::warm_start was used.
  int starts = 1;                  // Starting points tried.
  double gain_over_first = 0;      // What the best of them brought in log_posterior.
  std::string note;                // What a person should know of this fit; empty when nothing.
};

// Whether the model keeps its rows (KeptHistory). The parameters do not depend on it.
enum class KeepHistory : std::uint8_t { kYes, kNo };

struct FitOptions {
  // NOLINTNEXTLINE(google-explicit-constructor): most callers choose this alone.
  FitOptions(KeepHistory keep_history = KeepHistory::kYes) : keep(keep_history) {}

  KeepHistory keep;
  // Whether the model keeps its sufficient statistics, if it has some (sufficient_statistics.h).
  bool keep_statistics = false;
  std::optional<WarmStart> warm_start;
};

// The part of a fit that does not depend on y: scaled time, changepoints, columns of X, Gram matrix. Customers who are
// measured on the same days, with the same regressors if any, share one; a fit through a shared Calendar gives the same
// bits as one alone. Immutable; may be used by many threads at a time.
class Calendar {
 public:
  // `ds`: the moments of the rows with a value, ascending, at least two of them different. `columns`: of these rows,
  // needed_columns() among them. Errors: kInvalid, with the option or the row to blame, in Prophet's words where
  // Prophet has some. Cost: O(T (S + K)^2) time, O(T (S + K)) memory.
  static Result<Calendar> make(std::span<const Instant> ds, const ProphetOptions& options,
                               std::span<const Column> columns = {});

  std::span<const Instant> ds() const;
  const ProphetOptions& options() const;
  // Whether it was made of just these, as far as `columns` are needed.
  bool is_of(std::span<const Instant> ds, std::span<const Column> columns) const;
  std::uint64_t memory_bytes() const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Calendar(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// Rows made ready for a Calendar: sorted, missing values dropped.
struct PreparedRows {
  std::vector<Instant> ds;             // T moments of the rows with a value, ascending (stable).
  std::vector<double> y;               // T values, finite.
  std::vector<OwnedColumn> columns;    // T values each, of all columns given.
  std::vector<Instant> history_dates;  // Distinct moments of all rows, ascending.
};

// Errors: kInvalid, in Prophet's words: fewer than two rows with a value, infinity in y, sizes that differ.
Result<PreparedRows> prepare_rows(const History& history);
// The same for rows that join others: there may be any number of them.
Result<PreparedRows> prepare_new_rows(const History& rows);

// Finds the maximum of the posterior reached from Prophet's own starting point or from the warm start; where there may
// be several, the best of those reached from a few starts (doc/prophet.md, "Several starts"). Deltas that are zero
// there are exactly zero. A constant series is not optimised, as in Prophet. Errors: kInvalid; kNotConverged: no point
// above the start was found. Requires: calendar.is_of(rows.ds, borrow(rows.columns)).
Result<FittedModel> fit(const Calendar& calendar, const PreparedRows& rows, const FitOptions& options = {},
                        FitReport* report = nullptr);

// prepare_rows, Calendar::make and fit in one.
Result<FittedModel> fit(const History& history, const ProphetOptions& options = {}, const FitOptions& fit_options = {},
                        FitReport* report = nullptr);

// Prophet's option names as text, for command lines, hyperparameters and messages. "linear", "multiplicative",
// "minmax".
std::string_view growth_name(Growth growth);
std::string_view mode_name(Mode mode);
std::string_view scaling_name(Scaling scaling);

}  // namespace chiliad::forecast
