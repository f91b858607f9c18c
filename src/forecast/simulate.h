// Prophet's simulation of a future: for those who want it instead of the computed law (interval.h), and for logistic
// growth, whose law is known by its draws alone.
//
// `samples` paths are drawn. At each future row a path's slope (the rate, with logistic growth) changes with some
// probability by a Laplace step, half of it in that row; a path's changes are shared by all its rows, so bounds run
// smoothly along a frame as Prophet's do. Every row has its own normal noise. Bounds are percentiles of the samples
// with NumPy's linear interpolation.
//
// The same law as Prophet's, not the same numbers: those depend on NumPy's generator and the frame's shape. Ours come
// from a counter-based generator (philox.h): the change of path i at step j from (key, i, j), its noise there from the
// same. They do not depend on threads, nor on the rows after, nor on whether the history's rows are in the frame.
//
// Source: Prophet 1.5.0, forecaster.py: sample_model_vectorized, sample_predictive_trend_vectorized,
// predict_uncertainty; numpy.percentile, method 'linear'.
//
// Thread safety: pure functions; a TrendPaths belongs to one thread at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "forecast/future_law.h"
#include "forecast/interval.h"

namespace chiliad::forecast {

// What a simulation draws.
struct Sampling {
  std::size_t samples = 1000;  // In [1, 2^32).
  std::uint64_t key = 0;
};

// The key of one model's draws: other models with the same seed draw other numbers.
std::uint64_t sampling_key(const FittedState& state, std::uint64_t seed);

// The paths of a frame's trend: how far each departs from the fitted one, in units of y_scale.
class TrendPaths {
 public:
  virtual ~TrendPaths() = default;

  // All samples' departures at a row of the frame. Requires: rows ascend from call to call; as many as samples.
  virtual void at(std::size_t row, std::span<double> out) = 0;
};

// `steps`: of each row, as future_steps() gives them; rows may be left out. Borrowed.
std::unique_ptr<TrendPaths> linear_paths(const TrendLaw& law, std::span<const std::int64_t> steps,
                                         const Sampling& sampling);

// A frame of logistic growth. Borrowed.
struct LogisticFrame {
  std::span<const std::int64_t> steps;  // Of each row: future_steps(t).
  std::span<const double> t;            // Scaled times, ascending,
  std::span<const double> cap;          // and scaled capacities.
};
std::unique_ptr<TrendPaths> logistic_paths(const LogisticLaw& law, const LogisticFrame& frame,
                                           const Sampling& sampling);

// Each sample's noise at row `row`, whose step is `step`: values[i] += Normal(0, sigma).
void add_noise(std::span<double> values, double sigma, const Sampling& sampling, std::int64_t step, std::size_t row);

// What becomes of a path in each row: yhat departs by trend * factor + Normal(0, sigma).
struct Observation {
  std::span<const std::int64_t> steps;  // Of each row of the frame.
  std::span<const double> factor;       // Likewise; empty: 1.
  double sigma = 0;                     // >= 0
};

// For each row r: the percentile at each of `probabilities` (in [0, 1]) of the trend's departure into trend_out and of
// yhat's into yhat_out, at [r * probabilities.size() + c]. Either output may be empty: not wanted.
// Cost: about 40 ns a sample and row, linear paths also for rows left out between steps; some 40 bytes a sample.
void simulate_quantiles(TrendPaths& paths, const Observation& observation, const Sampling& sampling,
                        std::span<const double> probabilities, std::span<double> trend_out, std::span<double> yhat_out);

// numpy.percentile(values, 100 * probability, method='linear') for each of `probabilities` (in [0, 1]). Reorders
// `values`, of which there is at least one.
void percentiles(std::span<double> values, std::span<const double> probabilities, std::span<double> out);

}  // namespace chiliad::forecast
