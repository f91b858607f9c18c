#include "forecast/simulate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/check.h"
#include "forecast/philox.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

// What a counter's last word says the draw is for. Rows of the history have no step; they count by their place.
enum class Draw : std::uint32_t { kChange = 0, kNoise = 1, kPastNoise = 2 };

PhiloxWords draw(std::uint64_t key, std::size_t sample, std::uint64_t place, Draw purpose) {
  return philox({static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(place),
                 static_cast<std::uint32_t>(place >> 32), static_cast<std::uint32_t>(purpose)},
                key);
}

// A path's change at a step: Laplace(0, 1) with probability p, else 0.
double draw_change(const Sampling& sampling, std::size_t sample, std::int64_t step, double p) {
  const PhiloxWords words = draw(sampling.key, sample, static_cast<std::uint64_t>(step), Draw::kChange);
  if (!(philox_uniform(words[0], words[1]) < p)) return 0;
  const double u = philox_uniform(words[2], words[3]) - 0.5;
  return u < 0 ? std::log1p(2 * u) : -std::log1p(-2 * u);
}

// In units of one step: every path's level and slope.
class LinearPaths final : public TrendPaths {
 public:
  LinearPaths(const TrendLaw& law, std::span<const std::int64_t> steps, const Sampling& sampling)
      : law_(law), steps_(steps), sampling_(sampling), level_(sampling.samples, 0.0), slope_(sampling.samples, 0.0) {}

  void at(std::size_t row, std::span<double> out) override {
    // The counter makes skipping safe, but every change between is needed.
    while (step_ < steps_[row]) advance();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = level_[i] * law_.unit;
  }

 private:
  void advance() {
    ++step_;
    for (std::size_t i = 0; i < level_.size(); ++i) {
      const double change = draw_change(sampling_, i, step_, law_.change_probability);
      level_[i] += slope_[i] + change / 2;
      slope_[i] += change;
    }
  }

  const TrendLaw law_;
  const std::span<const std::int64_t> steps_;
  const Sampling sampling_;
  std::int64_t step_ = 0;
  std::vector<double> level_, slope_;
};

// The exponent of a path is the line of the law plus a level that its changes of rate made.
class LogisticPaths final : public TrendPaths {
 public:
  LogisticPaths(const LogisticLaw& law, const LogisticFrame& frame, const Sampling& sampling)
      : law_(law),
        frame_(frame),
        sampling_(sampling),
        level_(sampling.samples, 0.0),
        rate_(sampling.samples, 0.0),
        last_(sampling.samples, 0.0) {}

  void at(std::size_t row, std::span<double> out) override {
    for (; next_ <= row; ++next_) {
      if (frame_.steps[next_] > 0) advance(next_);
    }
    if (frame_.steps[row] == 0) {
      std::fill(out.begin(), out.end(), 0.0);
      return;
    }
    const double line = law_.slope * frame_.t[row] + law_.offset;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = line + level_[i];
    sigmoid(out, out);
    for (double& value : out) value *= frame_.cap[row];
    const double mean = std::accumulate(out.begin(), out.end(), 0.0) / static_cast<double>(out.size());
    for (double& value : out) value -= mean;
  }

 private:
  void advance(std::size_t row) {
    const std::int64_t step = frame_.steps[row];
    const double apart = step == 1 ? 0 : frame_.t[row] - frame_.t[row - 1];
    for (std::size_t i = 0; i < level_.size(); ++i) {
      const double change = law_.change_scale * draw_change(sampling_, i, step, law_.change_probability);
      level_[i] += rate_[i] * apart;
      rate_[i] += (last_[i] + change) / 2;
      last_[i] = change;
    }
  }

  const LogisticLaw law_;
  const LogisticFrame frame_;
  const Sampling sampling_;
  std::size_t next_ = 0;                     // The first row that was not advanced to.
  std::vector<double> level_, rate_, last_;  // last_: the change at the step before.
};

}  // namespace

void percentiles(std::span<double> values, std::span<const double> probabilities, std::span<double> out) {
  CHILIAD_CHECK(!values.empty() && out.size() == probabilities.size());
  // Each order statistic is put into its place once, in ascending order, so every search looks only beyond the last.
  std::vector<std::size_t> wanted;
  const auto last = static_cast<double>(values.size() - 1);
  for (const double q : probabilities) {
    const auto below = static_cast<std::size_t>(std::floor(q * last));
    wanted.push_back(below);
    wanted.push_back(std::min(below + 1, values.size() - 1));
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  auto rest = values.begin();
  for (const std::size_t index : wanted) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(rest, place, values.end());
    rest = place + 1;
  }
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    const double at = probabilities[c] * last;
    const auto below = static_cast<std::size_t>(std::floor(at));
    const double part = at - std::floor(at);
    const double low = values[below];
    const double high = values[std::min(below + 1, values.size() - 1)];
    // From the nearer end, as numpy does, so that the result never leaves [low, high].
    out[c] = part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
  }
}

std::uint64_t sampling_key(const FittedState& state, std::uint64_t seed) {
  // FNV-1a over the words of the parameters, then a mix of all bits (the finalizer of SplitMix64).
  std::uint64_t hash = 0xCBF29CE484222325;
  const auto take = [&](double value) {
    hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001B3;
    hash ^= hash >> 32;
  };
  take(state.k);
  take(state.m);
  take(state.sigma_obs);
  for (const double delta : state.delta) take(delta);
  for (const double beta : state.beta) take(beta);
  hash += seed * 0x9E3779B97F4A7C15;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
  return hash ^ (hash >> 31);
}

std::unique_ptr<TrendPaths> linear_paths(const TrendLaw& law, std::span<const std::int64_t> steps,
                                         const Sampling& sampling) {
  return std::make_unique<LinearPaths>(law, steps, sampling);
}

std::unique_ptr<TrendPaths> logistic_paths(const LogisticLaw& law, const LogisticFrame& frame,
                                           const Sampling& sampling) {
  CHILIAD_CHECK(frame.t.size() == frame.steps.size() && frame.cap.size() == frame.steps.size());
  return std::make_unique<LogisticPaths>(law, frame, sampling);
}

// Two samples from a pair of uniforms (Box and Muller).
void add_noise(std::span<double> values, double sigma, const Sampling& sampling, std::int64_t step, std::size_t row) {
  const Draw purpose = step > 0 ? Draw::kNoise : Draw::kPastNoise;
  const std::uint64_t place = step > 0 ? static_cast<std::uint64_t>(step) : row;
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const PhiloxWords words = draw(sampling.key, i, place, purpose);
    const double radius = sigma * std::sqrt(-2 * std::log(philox_uniform(words[0], words[1])));
    const double angle = 2 * std::numbers::pi * philox_uniform(words[2], words[3]);
    values[i] += radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] += radius * std::sin(angle);
  }
}

void simulate_quantiles(TrendPaths& paths, const Observation& observation, const Sampling& sampling,
                        std::span<const double> probabilities, std::span<double> trend_out,
                        std::span<double> yhat_out) {
  const std::size_t width = probabilities.size();
  const std::size_t rows = observation.steps.size();
  CHILIAD_CHECK(sampling.samples >= 1 && observation.sigma >= 0);
  CHILIAD_CHECK(observation.factor.empty() || observation.factor.size() == rows);
  CHILIAD_CHECK(trend_out.empty() || trend_out.size() == rows * width);
  CHILIAD_CHECK(yhat_out.empty() || yhat_out.size() == rows * width);
  std::vector<double> departures(sampling.samples), values;
  for (std::size_t r = 0; r < rows; ++r) {
    paths.at(r, departures);
    if (!yhat_out.empty()) {
      values = departures;
      if (!observation.factor.empty()) {
        for (double& value : values) value *= observation.factor[r];
      }
      if (observation.sigma > 0) add_noise(values, observation.sigma, sampling, observation.steps[r], r);
      percentiles(values, probabilities, yhat_out.subspan(r * width, width));
    }
    if (!trend_out.empty()) percentiles(departures, probabilities, trend_out.subspan(r * width, width));
  }
}

}  // namespace chiliad::forecast
