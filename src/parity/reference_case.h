// A reference case: what real Prophet made of one series, number by number, as JSON of the format "prophet-fixture-1".
// Which keys there are and who makes them: doc/parity.md.
//
// Thread safety: values; pure functions.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "diagnose/cross_validation.h"
#include "diagnose/metrics.h"
#include "forecast/prophet.h"

namespace chiliad::parity {

// Parameters at which Prophet, or a solver, stopped; scaled units.
struct StoredParameters {
  double k = 0;
  double m = 0;
  std::vector<double> delta;
  std::vector<double> beta;
  double sigma_obs = 0;
};

// A stop of an optimiser.
struct StoredOptimum {
  StoredParameters parameters;
  std::optional<double> log_posterior;  // By the formula of forecast/objective.h. Unset for a constant series.
};

struct StoredTrueOptimum : StoredOptimum {
  bool degenerate = false;  // The density is unbounded or the noise vanishes: no optimum to agree on.
  double from_init = 0;     // Log-posterior reached from Prophet's start, and from where Stan stopped:
  double from_stan = 0;     // two optima when they differ.
  std::vector<double> yhat, trend;
};

// Bounds of Prophet's simulation, over several seeds.
struct StoredIntervals {
  double width = 0.8;
  int samples = 1000;
  int seeds = 10;
  std::vector<std::string> columns;                 // With interval columns, in order.
  std::vector<std::size_t> rows;                    // Of the forecast.
  std::map<std::string, std::vector<double>> mean;  // yhat_lower, ..., by place in `rows`.
  std::map<std::string, std::vector<double>> sd;
};

struct ReferenceCase {
  std::string id;
  std::vector<std::string> unsupported;  // Features that are not there yet; the rest is then empty.

  forecast::ProphetOptions options;
  std::vector<Instant> ds;                             // As handed to fit().
  std::vector<double> y;                               // NaN where missing.
  std::vector<forecast::OwnedColumn> history_columns;  // What else was handed to it; true is 1, NaN missing.

  // scales
  Instant start;
  double t_scale_s = 0, y_scale = 0, y_min = 0;
  bool logistic_floor = false;
  int n_changepoints = 0;
  std::vector<Instant> changepoints;
  std::vector<double> changepoints_t;
  Instant last_history_date;
  std::int64_t history_date_count = 0;
  std::vector<forecast::Seasonality> seasonalities;
  std::vector<forecast::Regressor> regressors;
  std::vector<std::string> train_holiday_names;

  // stan_data
  std::vector<double> y_scaled, t, sigmas, s_a, s_m, x_colsum, x_colsumsq;
  std::vector<double> cap;  // Scaled; empty but for logistic growth.
  std::vector<std::size_t> x_rows;
  std::vector<std::vector<double>> x;  // Of x_rows.

  double init_k = 0, init_m = 0, init_log_posterior = 0;
  StoredOptimum prophet;                             // Where Prophet's default stops.
  std::optional<StoredTrueOptimum> optimum;          // Absent for a constant series.
  StoredParameters final_parameters;                 // model.params.
  std::vector<Instant> frame;                        // Dates asked for,
  std::vector<forecast::OwnedColumn> frame_columns;  // and what goes with them.
  std::vector<std::string> columns;                  // Of the forecast, ds first.
  std::map<std::string, std::vector<double>> forecast;
  std::optional<StoredIntervals> intervals;
};

// The "format" of a file, empty if it has none or is no object. Errors: kCorrupt: not JSON.
Result<std::string> file_format(std::string_view json);

// Errors: kCorrupt: not of the format, or numbers that do not fit together.
Result<ReferenceCase> read_reference_case(std::string_view json);

// What performance_metrics made of a cross-validation with one window.
struct StoredMetrics {
  std::string name;  // "0.1", "0_monthly".
  double rolling_window = 0;
  bool monthly = false;
  std::vector<double> horizon;  // Seconds, or months.
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> values;
};

// A cross-validation by Prophet: the format "prophet-cv-fixture-1".
struct CrossValidationCase {
  std::string id;
  std::vector<std::string> unsupported;  // As of a ReferenceCase.
  forecast::ProphetOptions options;
  std::vector<Instant> ds;
  std::vector<double> y;
  std::vector<forecast::OwnedColumn> history_columns;
  diagnose::CrossValidationOptions call;
  bool true_optimum = false;           // Prophet ran with its optimiser replaced by one that reaches it.
  diagnose::CrossValidation frame;     // What came out,
  std::vector<StoredMetrics> metrics;  // and the figures of it.
};

// Errors: kCorrupt.
Result<CrossValidationCase> read_cross_validation_case(std::string_view json);

// One line of make_future_dataframe.json.
struct DatesCase {
  std::string history;  // "daily", "monthly", "hourly", ...: what the history was like, for a guessed frequency.
  Instant last;
  std::optional<std::string> freq;  // Unset: guessed.
  std::int64_t periods = 0;
  std::vector<Instant> result;
};

// Errors: kCorrupt.
Result<std::vector<DatesCase>> read_dates_cases(std::string_view json);

}  // namespace chiliad::parity
