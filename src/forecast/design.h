// From options and dates to the numbers a model is made of: scales, scaled time, changepoints, seasonalities.
//
// Everything here is deterministic and agrees with Prophet to rounding (1e-10 and better; forecast/design_test.cc and
// the parity run hold it to that).
//
// Source: Prophet 1.5.0, forecaster.py: initialize_scales, set_changepoints, set_auto_seasonalities.
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
#include "forecast/prophet.h"

namespace chiliad::forecast {

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

// Which law Prophet's simulation draws the future of a frame from. `t`: all scaled times of the frame, ascending; the
// law depends on the whole frame, and a single future row takes the history's mean step.
TrendLaw trend_law(const FittedState& state, std::span<const double> t);

// "yhat_q0.05": the column of an extra quantile.
std::string quantile_column_name(double q);

}  // namespace chiliad::forecast
