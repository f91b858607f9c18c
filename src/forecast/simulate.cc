#include "forecast/simulate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/check.h"
#include "forecast/philox.h"

namespace chiliad::forecast {
namespace {

// What a counter's last word says the draw is for.
enum class Draw : std::uint32_t { kChange = 0, kNoise = 1 };

PhiloxWords draw(std::uint64_t seed, std::size_t sample, std::uint64_t place, Draw purpose) {
  return philox({static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(place),
                 static_cast<std::uint32_t>(place >> 32), static_cast<std::uint32_t>(purpose)},
                seed);
}

// All paths at one step: the departure from the fitted trend and the slope's, in units of one step.
class Paths {
 public:
  Paths(double change_probability, std::size_t samples, std::uint64_t seed)
      : p_(change_probability), seed_(seed), level_(samples, 0.0), slope_(samples, 0.0) {}

  // To step `step`, one after the other: the counter makes skipping safe, but every change between is needed.
  void advance(std::int64_t step) {
    for (; step_ < step; ++step_) one_step();
  }

  const std::vector<double>& level() const { return level_; }

 private:
  void one_step() {
    const auto place = static_cast<std::uint64_t>(step_ + 1);
    for (std::size_t i = 0; i < level_.size(); ++i) {
      const PhiloxWords words = draw(seed_, i, place, Draw::kChange);
      double change = 0;
      if (philox_uniform(words[0], words[1]) < p_) {
        const double u = philox_uniform(words[2], words[3]) - 0.5;
        change = u < 0 ? std::log1p(2 * u) : -std::log1p(-2 * u);
      }
      level_[i] += slope_[i] + change / 2;
      slope_[i] += change;
    }
  }

  const double p_;
  const std::uint64_t seed_;
  std::int64_t step_ = 0;
  std::vector<double> level_;
  std::vector<double> slope_;
};

// values[i] += Normal(0, sigma) of sample i at row `row`: two samples from a pair of uniforms (Box and Muller).
void add_noise(std::vector<double>& values, double sigma, std::uint64_t seed, std::size_t row) {
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const PhiloxWords words = draw(seed, i, row, Draw::kNoise);
    const double radius = sigma * std::sqrt(-2 * std::log(philox_uniform(words[0], words[1])));
    const double angle = 2 * std::numbers::pi * philox_uniform(words[2], words[3]);
    values[i] += radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] += radius * std::sin(angle);
  }
}

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

void simulate_quantiles(const TrendLaw& law, std::span<const std::int64_t> steps, std::span<const double> trend_factor,
                        double sigma, std::int64_t samples, std::uint64_t seed, std::span<const double> probabilities,
                        std::span<double> trend_out, std::span<double> yhat_out) {
  const std::size_t width = probabilities.size();
  CHILIAD_CHECK(samples >= 1 && samples < (std::int64_t{1} << 32) && sigma >= 0);
  CHILIAD_CHECK(trend_factor.empty() || trend_factor.size() == steps.size());
  CHILIAD_CHECK(trend_out.empty() || trend_out.size() == steps.size() * width);
  CHILIAD_CHECK(yhat_out.empty() || yhat_out.size() == steps.size() * width);
  Paths paths(law.change_probability, static_cast<std::size_t>(samples), seed);
  std::vector<double> values(static_cast<std::size_t>(samples));
  const auto scaled_levels = [&](double unit) {
    std::transform(paths.level().begin(), paths.level().end(), values.begin(), [&](double x) { return x * unit; });
  };
  for (std::size_t r = 0; r < steps.size(); ++r) {
    // The history's rows come first, before any change: all levels are 0 there.
    paths.advance(steps[r]);
    if (!trend_out.empty()) {
      scaled_levels(law.unit);
      percentiles(values, probabilities, trend_out.subspan(r * width, width));
    }
    if (!yhat_out.empty()) {
      scaled_levels(law.unit * (trend_factor.empty() ? 1.0 : trend_factor[r]));
      if (sigma > 0) add_noise(values, sigma, seed, r);
      percentiles(values, probabilities, yhat_out.subspan(r * width, width));
    }
  }
}

}  // namespace chiliad::forecast
