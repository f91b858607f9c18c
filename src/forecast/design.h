// From options and dates to the numbers a model is made of: scales, scaled time, changepoints, seasonalities, columns
// of X.
//
// Everything here is deterministic and agrees with Prophet to rounding (1e-10 and better; forecast/design_test.cc and
// the parity run hold it to that).
//
// Source: Prophet 1.5.0, forecaster.py: validate_inputs, initialize_scales, set_changepoints, set_auto_seasonalities,
// fourier_series.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/interval.h"
#include "forecast/kernels.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// Errors: kInvalid in Prophet's words, for what is wrong whatever the data.
Result<Done> check_options(const ProphetOptions& options);

// The seasonalities in the order of their columns: the user's first, then yearly, weekly, daily as far as they are on.
std::vector<Seasonality> resolve_seasonalities(const ProphetOptions& options, std::span<const Instant> ds);

struct Changepoints {
  std::vector<Instant> moments;     // In Prophet's order: given ones as given.
  std::vector<std::uint32_t> rows;  // Their rows in ds; empty for given ones.
  std::vector<double> t;            // Ascending; {0} when there are none.
  int n_changepoints = 0;           // Prophet's attribute after the fit: reduced when there are few rows.
};

// Errors: kInvalid: "Changepoints must fall within training data."
Result<Changepoints> place_changepoints(const ProphetOptions& options, std::span<const Instant> ds);

// Whether the difference of two moments can be held: within 290 years.
bool near_enough(Instant a, Instant b);

struct TimeScale {
  Instant start;
  std::int64_t length_ns = 1;  // > 0
  double operator()(Instant ds) const {
    return static_cast<double>((ds - start).count()) / static_cast<double>(length_ns);
  }
};

struct ValueScale {
  double y_min = 0;  // As Prophet stores it: min y with kMinMax, else 0.
  double y_scale = 1;
  double offset = 0;  // What is subtracted before the division: Prophet's floor column.
};
ValueScale value_scale(std::span<const double> y, Scaling scaling);

// Columns of X: 2 * fourier_order for each seasonality, sin before cos; one column of zeros when there is none.
std::size_t feature_count(std::span<const Seasonality> seasonalities);
FeatureMatrix make_features(std::span<const Seasonality> seasonalities, std::span<const Instant> ds);

// Standard deviation of each column's prior.
std::vector<double> prior_scales(std::span<const Seasonality> seasonalities);

// Which law Prophet's simulation draws the future of a frame from. `t`: all scaled times of the frame, ascending; the
// law depends on the whole frame, and a single future row takes the history's mean step.
TrendLaw trend_law(const FittedState& state, std::span<const double> t);

// "yhat_q0.05": the column of an extra quantile.
std::string quantile_column_name(double q);

// Prophet's forecast columns after ds: trend, interval columns if asked for, components in pandas' order, yhat.
std::vector<std::string> forecast_columns(std::span<const Seasonality> seasonalities, bool with_intervals);

// Names of the components in the order of their columns: seasonalities and the two group columns, alphabetical, absent
// groups last.
std::vector<std::string> component_names(std::span<const Seasonality> seasonalities);

}  // namespace chiliad::forecast
