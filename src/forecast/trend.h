// The trend of a model and where its fit begins.
//
//     line(t)   = k t + m + sum of delta_j (t - c_j)+
//     linear      line(t)
//     logistic    cap(t) / (1 + exp(-(k (t - m) + sum of delta_j (t - c_j)+)))
//     flat        m
//
// in y_scaled over scaled time. Prophet writes the exponent of logistic growth with offsets gamma_j that keep it
// continuous where the rate changes: that is a line with hinges again, without the division by the rate, which may pass
// zero. The starting point is Prophet's own: it decides which mode a fit reaches.
//
// Source: Prophet 1.5.0, forecaster.py: piecewise_linear, piecewise_logistic, flat_trend, linear_growth_init,
// logistic_growth_init, flat_growth_init; prophet.stan.
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

// linear: the line through the first and the last row. logistic: the curve through both, kept within 1 % to 99 % of the
// cap. flat: the mean. `ds`, `t` and `y_scaled` ascend together; `cap_scaled`: logistic growth only.
TrendStart trend_start(Growth growth, std::span<const Instant> ds, std::span<const double> t,
                       std::span<const double> y_scaled, std::span<const double> cap_scaled);

// The parameters that a trend is made of.
struct TrendParameters {
  double k = 0;
  double m = 0;
  std::span<const double> delta;           // S
  std::span<const double> changepoints_t;  // S, ascending.
};

// The trend at ascending t, in y_scaled. `cap_scaled` and out have the size of t; the former is empty but for logistic
// growth.
void evaluate_trend(Growth growth, const TrendParameters& parameters, std::span<const double> t,
                    std::span<const double> cap_scaled, std::span<double> out);

// k (t - m) + sum of delta_j (t - c_j)+: the exponent of logistic growth.
void logistic_exponent(const TrendParameters& parameters, std::span<const double> t, std::span<double> out);

// The stand-in for no changepoints is a change that is active from t = 0 on: part of the slope. That of logistic growth
// turns about m, which goes along so that the trend stays as it was.
void fold_into_slope(Growth growth, double& k, double& m, double& delta);

// 1 / (1 + exp(-x)) for each x.
void sigmoid(std::span<const double> x, std::span<double> out);

// cap / (1 + exp(-x)) for each exponent x, and its first two derivatives in x. The exponents may lie in one of the
// three.
void logistic_curve(std::span<const double> exponent, std::span<const double> cap, std::span<double> trend,
                    std::span<double> slope, std::span<double> bend);

}  // namespace chiliad::forecast
