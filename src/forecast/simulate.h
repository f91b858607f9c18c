// Prophet's simulation of a future, for those who want it instead of the computed law: interval.h.
//
// `samples` paths are drawn. At each future row a path's slope changes with probability p by a Laplace step, half of it
// in that row; a path's changes are shared by all its rows, so bounds run smoothly along a frame as Prophet's do. Every
// row has its own normal noise. Bounds are percentiles of the samples with NumPy's linear interpolation.
//
// The same law as Prophet's, not the same numbers: those depend on NumPy's generator and the frame's shape. Ours come
// from a counter-based generator (philox.h): the change of path i at step j from (seed, i, j), the noise of path i at
// row r from (seed, i, r). They do not depend on threads, nor on the rows after.
//
// Source: Prophet 1.5.0, forecaster.py: sample_model_vectorized, sample_predictive_trend_vectorized,
// predict_uncertainty; numpy.percentile, method 'linear'.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>

#include "forecast/interval.h"

namespace chiliad::forecast {

// For each row r, at each of `probabilities` (in [0, 1]): the percentile of D_{steps[r]} into trend_out, and that of
// D_{steps[r]} * trend_factor[r] + Normal(0, sigma) into yhat_out, at [r * probabilities.size() + c]. steps[r] = 0 is a
// row of the history; an empty trend_factor means 1. Either output may be empty: not wanted.
// Requires: sizes agree; steps ascending; sigma >= 0; 1 <= samples < 2^32.
// Cost: about 40 ns a sample and row, rows left out between steps included; memory for some 40 bytes a sample.
void simulate_quantiles(const TrendLaw& law, std::span<const std::int64_t> steps, std::span<const double> trend_factor,
                        double sigma, std::int64_t samples, std::uint64_t seed, std::span<const double> probabilities,
                        std::span<double> trend_out, std::span<double> yhat_out);

// numpy.percentile(values, 100 * probability, method='linear') for each of `probabilities` (in [0, 1]). Reorders
// `values`, of which there is at least one.
void percentiles(std::span<double> values, std::span<const double> probabilities, std::span<double> out);

}  // namespace chiliad::forecast
