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

// Whether a model has changepoints; else changepoints_t is the stand-in {0}.
bool has_changepoints(const FittedState& state);

// Whether the difference of two moments can be held: within 290 years.
bool near_enough(Instant a, Instant b);

struct TimeScale {
  Instant start;
  std::int64_t length_ns = 1;  // > 0
  double operator()(Instant ds) const {
    return static_cast<double>((ds - start).count()) / static_cast<double>(length_ns);
  }
};

// The values of a series in the model's units, and what brings them there.
struct ScaledSeries {
  double y_min = 0;  // As Prophet stores it.
  double y_scale = 1;
  bool logistic_floor = false;  // The floor is a column of the rows.
  std::vector<double> y;        // (y - floor) / y_scale
  std::vector<double> cap;      // (cap - floor) / y_scale; logistic growth only.
};

// `columns`: cap and floor among them where growth is logistic; as long as y. Errors: kInvalid, in Prophet's words: no
// cap, or one that is not above the floor; in ours for values that are not finite.
Result<ScaledSeries> scale_series(const ProphetOptions& options, std::span<const double> y,
                                  std::span<const Column> columns = {});

// The same for the rows of a forecast, all empty where the growth is not logistic. Errors: likewise, and
// "Expected column \"floor\"."
struct ScaledCap {
  std::span<const double> given;  // The column cap, borrowed,
  std::vector<double> floor;      // and each row's floor, in the unit of y.
  std::vector<double> cap;        // (cap - floor) / y_scale
};
Result<ScaledCap> scale_cap(const FittedState& state, std::span<const Column> columns, std::size_t rows);

// "yhat_q0.05": the column of an extra quantile.
std::string quantile_column_name(double q);

}  // namespace chiliad::forecast
