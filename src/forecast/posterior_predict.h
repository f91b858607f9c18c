// Bounds of a forecast from the draws of a sampled posterior, as Prophet makes them: each draw simulates its own future
// with its own parameters and noise, and bounds are percentiles over all of them. Those of a component are percentiles
// over the draws of beta alone.
//
// Logistic growth: Prophet centres the simulated changes of rate over the futures of one draw; where that is one, as it
// is with more draws than futures wanted, nothing of them is left and the bounds come from the draws and the noise.
//
// Source: Prophet 1.5.0, forecaster.py: sample_posterior_predictive, predict_seasonal_components.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forecast/features.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// The rows of a frame, ascending. Borrowed.
struct PosteriorFrame {
  const FeatureMatrix& x;
  std::span<const double> t;
  std::span<const std::int64_t> steps;  // future_steps(t)
  std::span<const double> cap;          // Scaled; logistic growth only.
  std::span<const double> floor;        // What the trend stands on, one a row.
};

// How many futures `samples` wanted ones are in all: the same number for each draw, at least one. Requires: draws.
std::size_t posterior_futures(const FittedState& state, int samples);

// All futures of a sampled model at one row after another. Future i of draw d stands at [d * per_draw() + i].
class PosteriorFutures {
 public:
  // Everything is borrowed. Requires: state.draws.
  PosteriorFutures(const FittedState& state, std::span<const Component> components, const PosteriorFrame& frame,
                   int samples, std::uint64_t seed);
  ~PosteriorFutures();

  // Requires: rows ascend from call to call.
  void at(std::size_t row);

  std::size_t per_draw() const { return per_draw_; }
  // At the row of the last call, in the unit of y: one value a future.
  std::span<double> trend() { return trend_; }
  std::span<double> yhat() { return yhat_; }
  // One value a draw of each component.
  std::vector<std::vector<double>>& by_component() { return by_component_; }

 private:
  struct Future;
  std::vector<Future> make_futures(std::uint64_t seed) const;

  const FittedState& state_;
  const std::span<const Component> components_;
  const PosteriorFrame& frame_;
  const std::size_t per_draw_;
  std::vector<Future> futures_;  // One a draw.
  std::vector<double> trend_, yhat_, departure_, of_draw_;
  std::vector<std::vector<double>> by_component_;
};

struct PosteriorBounds {
  // In the unit of y. By row: the trend at each of `probabilities`.first(2), yhat at each of `probabilities`, then each
  // component's at the first two.
  std::vector<double> values;
  std::size_t per_row = 0;
};

// Requires: state.draws; at least two probabilities. Cost: about 0.3 us a row and future.
PosteriorBounds posterior_bounds(const FittedState& state, std::span<const Component> components,
                                 const PosteriorFrame& frame, int samples, std::uint64_t seed,
                                 std::span<const double> probabilities);

}  // namespace chiliad::forecast
