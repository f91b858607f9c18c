#include "sample/adaptation.h"

#include <algorithm>
#include <cmath>

namespace chiliad::sample {

void StepSizeAdaptation::restart(double step_size) {
  pull_ = std::log(10 * step_size);
  count_ = error_ = log_mean_ = 0;
  last_ = step_size;
}

double StepSizeAdaptation::learn(double acceptance) {
  constexpr double kShrinkage = 0.05, kForgetting = 0.75, kDelay = 10;
  ++count_;
  const double weight = 1 / (count_ + kDelay);
  error_ += weight * (wanted_ - std::min(1.0, acceptance) - error_);
  const double log_step = pull_ - error_ * std::sqrt(count_) / kShrinkage;
  log_mean_ += std::pow(count_, -kForgetting) * (log_step - log_mean_);
  last_ = std::exp(log_step);
  return last_;
}

double StepSizeAdaptation::settled() const { return count_ > 0 ? std::exp(log_mean_) : last_; }

MetricAdaptation::MetricAdaptation(std::size_t dimension, int warmup) : mean_(dimension), squares_(dimension) {
  constexpr int kFirst = 75, kWindow = 25, kLast = 50, kLeast = 20;
  first_ = kFirst, window_ = kWindow;
  int last = kLast;
  if (warmup < kLeast) {
    first_ = warmup, window_ = last = 0;  // Too short for any.
  } else if (warmup < kFirst + kWindow + kLast) {
    first_ = warmup * 15 / 100;
    last = warmup / 10;
    window_ = warmup - first_ - last;
  }
  last_ = warmup - last;
  window_end_ = first_ + window_;
}

// The next window; one that would leave less than twice itself takes the rest.
void MetricAdaptation::begin_window() {
  count_ = 0;
  std::ranges::fill(mean_, 0.0);
  std::ranges::fill(squares_, 0.0);
  if (window_end_ >= last_) return;
  window_ *= 2;
  window_end_ = window_end_ + window_ + 2 * window_ > last_ ? last_ : window_end_ + window_;
}

bool MetricAdaptation::learn(std::span<const double> at, std::span<double> variance) {
  const int step = step_++;
  if (step < first_ || step >= last_) return false;
  ++count_;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    const double off = at[i] - mean_[i];
    mean_[i] += off / count_;
    squares_[i] += off * (at[i] - mean_[i]);
  }
  if (step_ != window_end_ || count_ < 2) return false;
  constexpr double kWeight = 5, kTowards = 1e-3;
  for (std::size_t i = 0; i < mean_.size(); ++i)
    variance[i] = (squares_[i] / (count_ - 1) * count_ + kTowards * kWeight) / (count_ + kWeight);
  begin_window();
  return true;
}

}  // namespace chiliad::sample
