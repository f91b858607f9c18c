// Joint draws of a forecast: whole futures instead of bounds, for what a bound a row cannot say (the sum over a week,
// the highest day, stock that runs out).
//
//     future i:  trend_i(ds) = fitted trend + changes of rate that are drawn       one path through all rows
//                yhat_i(ds) = trend_i (1 + multiplicative) + additive + noise      noise of its own in each row
//
// The law is that of Prophet's simulation (simulate.h): percentiles of these draws are the bounds of
// Uncertainty::kSimulated with the same number and seed. A sampled model's futures take their parameters from its
// draws, as many futures from each. Rows of the history have a certain trend and noise.
//
// Source: Prophet 1.5.0, forecaster.py: predictive_samples, sample_posterior_predictive.
//
// Thread safety: a pure function. The draws depend on model, seed, frame and number alone.

#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct PredictiveSamples {
  std::vector<Instant> ds;    // Rows in ascending ds (stable).
  std::size_t samples = 0;    // N, futures.
  std::vector<double> trend;  // Row after row, N values each, in the unit of y.
  std::vector<double> yhat;   // Likewise.

  std::size_t rows() const { return ds.size(); }
};

// Values of all futures and rows that one call may draw.
inline constexpr std::int64_t kMostSampledValues = 50'000'000;

// How many futures a call for `samples` gives: as many, but of a sampled model the same number for each of its draws,
// at least one, so that they are at least `samples`. Requires: samples >= 1.
std::size_t futures_of(const FittedModel& model, int samples);

// Errors: as predict(); kInvalid: samples below 1; more than kMostSampledValues; kCorrupt: values that are not finite.
// Cost: some 60 ns and 16 bytes a row and future.
Result<PredictiveSamples> predictive_samples(const FittedModel& model, const Frame& frame, int samples,
                                             std::uint64_t seed = 0);

}  // namespace chiliad::forecast
