// The law of a future value under Prophet's vectorised simulation, and its quantiles without simulating.
//
// In a frame with future rows numbered j = 1, 2, ... (those with t > 1, ascending) the simulated trend departs from the
// fitted one by
//
//     D_j = unit * sum over i = 1 .. j of  B_i L_i ((j - i) + 1/2),    B_i ~ Bernoulli(p),  L_i ~ Laplace(0, 1)
//
// independent of each other, where p = min(1, S * mean step) and unit = mean step * (mean|delta| + 1e-8), in scaled
// units. trend bounds are quantiles of D_j, which has an atom of (1-p)^j at 0; yhat bounds those of D_j + Normal(0,
// sigma). Both laws are symmetric about 0. The method is at the head of interval.cc; doc/intervals.md derives it.
//
// Source: Prophet 1.5.0, forecaster.py, sample_predictive_trend_vectorized, _make_trend_shift_matrix.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>

namespace chiliad::forecast {

struct TrendLaw {
  double change_probability = 0;  // p, in [0, 1].
  double unit = 0;                // >= 0.
};

// For each row r: the quantile at each of `probabilities` (in (0, 1)) of D_{steps[r]} * trend_factor[r] + Normal(0,
// sigma). steps[r] = 0 is a row of the history: no trend uncertainty. An empty trend_factor means 1; a negative one is
// allowed. At an atom the quantile is the smallest x with F(x) >= q (0 when q falls inside the atom at 0). out[r *
// probabilities.size() + c]. Correct to max(1e-4 of the interval's width, 1e-9). sigma = 0: the law of the trend alone.
// Requires: sizes agree; steps ascending; sigma >= 0.
void future_quantiles(const TrendLaw& law, std::span<const std::int64_t> steps, std::span<const double> trend_factor,
                      double sigma, std::span<const double> probabilities, std::span<double> out);

// P(D_steps * 1 + Normal(0, sigma) <= x): the distribution function itself, for tests and calibration.
double future_cdf(const TrendLaw& law, std::int64_t steps, double sigma, double x);

}  // namespace chiliad::forecast
