// The trend of a model and where its fit begins.
//
//     linear    (k + sum of delta_j over c_j <= t) t + m - sum of delta_j c_j = k t + m + sum of delta_j (t - c_j)+
//     flat      m
//
// in y_scaled over scaled time. The starting point is Prophet's own: it decides which mode a fit reaches.
//
// Source: Prophet 1.5.0, forecaster.py: piecewise_linear, flat_trend, linear_growth_init, flat_growth_init.
//
// Thread safety: pure functions.

#pragma once

#include <span>

#include "base/time.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct TrendStart {
  double k = 0;
  double m = 0;
};

// linear: the line through the first and the last row. flat: the mean. `ds`, `t` and `y_scaled` ascend together.
TrendStart trend_start(Growth growth, std::span<const Instant> ds, std::span<const double> t,
                       std::span<const double> y_scaled);

// The parameters that a trend is made of.
struct TrendParameters {
  double k = 0;
  double m = 0;
  std::span<const double> delta;           // S
  std::span<const double> changepoints_t;  // S, ascending.
};

// The trend at ascending t, in y_scaled. out has the size of t.
void evaluate_trend(Growth growth, const TrendParameters& parameters, std::span<const double> t, std::span<double> out);

}  // namespace chiliad::forecast
