// What a chain learns in its warm-up: a step size by dual averaging, a diagonal metric in windows that double.
//
//     | fast 75 | 25 | 50 | 100 | ... slow windows ... | fast 50 |      of 1000 steps; less than 150 are cut alike
//
// The metric is estimated in each slow window anew, shrunk towards 1e-3; the step size is learnt all along and begins
// again after each window.
//
// Source: Y. Nesterov, "Primal-dual subgradient methods", Math. Program. 120 (2009); Hoffman and Gelman (nuts.h),
// section 3.2; Stan reference manual, "Automatic parameter tuning".
//
// Thread safety: one thread at a time an object.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace chiliad::sample {

class StepSizeAdaptation {
 public:
  explicit StepSizeAdaptation(double acceptance) : wanted_(acceptance) {}

  void restart(double step_size);
  // The step size to go on with after a step of this acceptance.
  double learn(double acceptance);
  // The one to keep.
  double settled() const;

 private:
  double wanted_;
  double pull_ = 0;  // Steps are drawn to this logarithm.
  double count_ = 0, error_ = 0, log_mean_ = 0, last_ = 1;
};

class MetricAdaptation {
 public:
  MetricAdaptation(std::size_t dimension, int warmup);

  // After each step of the warm-up. True at the end of a window: `variance` is the new estimate.
  bool learn(std::span<const double> at, std::span<double> variance);

 private:
  void begin_window();

  int first_, last_;  // Slow windows lie in [first_, last_).
  int step_ = 0, window_, window_end_;
  double count_ = 0;
  std::vector<double> mean_, squares_;
};

}  // namespace chiliad::sample
