// Quantiles by solving P(X > x) = tau for x, the tail computed by contour.h.
//
// Everything is done in units of one step, where the law depends on p, j and s = sigma / (unit |factor|) alone, and on
// one side, as it is symmetric: quantile(1 - tau) = x, quantile(tau) = -x. A row starts from where the rows before it
// lead to (in units of the spread, extended on a line), and one evaluation of the tail with three derivatives mostly
// suffices: a step of fourth order on log P(X > x) - log tau, kept inside a bracket.

#include "forecast/interval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/check.h"
#include "forecast/contour.h"

namespace chiliad::forecast {
namespace {

double normal_tail(double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }

// z with P(Normal(0, 1) > z) = tau, for tau in (0, 1/2].
double normal_quantile(double tau) {
  if (tau >= 0.5) return 0;
  const double w = std::sqrt(-2 * std::log(tau));
  // The tail is about exp(-z^2/2) / (1.6 z + ...): good to some percent, and Halley's method triples the digits.
  double z = w - (2.3 + 0.27 * w) / (1 + w * (0.99 + 0.045 * w));
  for (int i = 0; i < 4; ++i) {
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    const double newton = (normal_tail(z) - tau) / density;
    z += newton / (1 + z * newton / 2);
  }
  return z;
}

// One probability asked for, and the solutions of the rows before, as multiples of the row's spread.
struct Target {
  double tau = 0;     // In (0, 1/2].
  double normal = 0;  // The standard normal's quantile.
  double upper = 0;   // The present row's.
  double last = 0, before_last = 0;
  std::int64_t last_step = 0, before_last_step = 0;

  void keep(std::int64_t step, double ratio) {
    before_last = last;
    before_last_step = last_step;
    last = ratio;
    last_step = step;
  }
};

// Where to start. Without rows before, or when their quantiles were the noise's and this one is a change's: the larger
// of the noise's quantile and that of a Laplace law with the rest's variance.
double first_guess(const TailSums& sums, const Target& target, std::int64_t j, double s) {
  const bool same_kind = target.last * sums.spread() > 8 * s || target.tau > sums.half_changed();
  if (target.last > 0 && same_kind) {
    double ratio = target.last;
    if (target.before_last > 0 && target.last_step > target.before_last_step) {
      const double slope =
          (target.last - target.before_last) / static_cast<double>(target.last_step - target.before_last_step);
      ratio += slope * static_cast<double>(j - target.last_step);
    }
    return std::clamp(ratio, 0.7 * target.last, 1.4 * target.last) * sums.spread();
  }
  double guess = s * target.normal;
  if (target.tau < sums.half_changed()) {
    const double changed_variance = std::max(0.0, sums.spread() * sums.spread() - s * s) / (2 * sums.half_changed());
    guess = std::max(guess, std::sqrt(changed_variance / 2) * std::log(sums.half_changed() / target.tau));
  }
  return guess > 0 ? guess : 1e-6 * sums.spread();
}

// x > 0 with P(X > x) = tau. Requires: P(X > 0) > tau.
double solve(TailSums& sums, double tau, double x, double s) {
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  const double smallest = s > 0 ? std::min(1e-13 * sums.spread(), 1e-6 * s) : 1e-13 * sums.spread();
  for (int i = 0; i < 80 && x > smallest && high - low > 1e-12 * low; ++i) {
    const Tail tail = sums.tail(x);
    if (!(tail.value > 1e-3 * tau) || !(tail.first < 0)) {  // Too far out, or on a plateau: no step on the logarithm.
      (tail.value > tau ? low : high) = x;
      x = std::isinf(high) ? 8 * x : low + (high - low) / 4;
      continue;
    }
    const double log_ratio = std::log(tail.value / tau);
    (log_ratio > 0 ? low : high) = x;
    // y = log P(X > x) - log tau and its derivatives, then the inverse series.
    const double y1 = tail.first / tail.value;
    const double y2 = tail.second / tail.value - y1 * y1;
    const double y3 = tail.third / tail.value - y1 * (3 * y2 + y1 * y1);
    const double newton = -log_ratio / y1;
    const double c2 = y2 / (2 * y1);
    const double c3 = y3 / (6 * y1);
    const double bend = std::abs(c2 * newton) + std::sqrt(std::abs(c3)) * std::abs(newton);
    double step = newton;
    if (bend < 0.3) step -= newton * newton * (c2 - (2 * c2 * c2 - c3) * newton);
    const double next = x + step;
    const bool converged = std::abs(step) < 0.5 * x && std::abs(newton) * bend * bend * bend < 1e-8 * x;
    if (converged) return next;
    if (next <= low) {
      x = low + (x - low) / 8;
    } else if (next >= high) {
      x += (high - x) / 2;
    } else {
      x = std::min(next, 8 * x);
    }
  }
  return x;
}

struct Row {
  std::int64_t steps = 0;
  double unit = 0;   // Of one step, the row's factor included.
  double sigma = 0;  // In the caller's units.
};

// Whether the trend's part shows beside the noise at all: variances add, so where its scale is 1e-9 of the noise the
// law is normal.
bool trend_counts(const TrendLaw& law, const Row& row) {
  if (row.steps <= 0 || law.change_probability <= 0 || !(row.unit > 0)) return false;
  return row.unit * static_cast<double>(row.steps) > 1e-9 * row.sigma;
}

// The upper quantile, >= 0, of the row that `sums` stands at.
double upper_quantile(const Row& row, TailSums& sums, Target& target) {
  if (target.tau >= 0.5 || (sums.atom() > 0 && target.tau >= sums.half_changed())) return 0;
  const double s = row.sigma / row.unit;
  const double x = solve(sums, target.tau, first_guess(sums, target, row.steps, s), s);
  target.keep(row.steps, x / sums.spread());
  return x * row.unit;
}

// The distinct tails, as an interval has two sides but one tail, and for each probability its index among them.
std::vector<Target> distinct_targets(std::span<const double> probabilities, std::vector<std::size_t>& index) {
  std::vector<Target> targets;
  targets.reserve(probabilities.size());
  for (const double q : probabilities) {
    CHILIAD_CHECK(q > 0 && q < 1);
    const double tau = std::min(q, 1 - q);
    std::size_t i = 0;
    while (i < targets.size() && std::abs(targets[i].tau - tau) > 1e-15) ++i;
    if (i == targets.size()) targets.push_back({.tau = tau, .normal = normal_quantile(tau)});
    index.push_back(i);
  }
  return targets;
}

}  // namespace

void future_quantiles(const TrendLaw& law, std::span<const std::int64_t> steps, std::span<const double> trend_factor,
                      double sigma, std::span<const double> probabilities, std::span<double> out) {
  const std::size_t width = probabilities.size();
  CHILIAD_CHECK(out.size() == steps.size() * width);
  CHILIAD_CHECK(trend_factor.empty() || trend_factor.size() == steps.size());
  CHILIAD_CHECK(sigma >= 0 && law.change_probability >= 0 && law.change_probability <= 1 && law.unit >= 0);
  if (out.empty()) return;
  std::vector<std::size_t> index;
  index.reserve(width);
  std::vector<Target> targets = distinct_targets(probabilities, index);
  TailSums sums(law.change_probability, steps.back());
  for (std::size_t r = 0; r < steps.size(); ++r) {
    const Row row{steps[r], law.unit * (trend_factor.empty() ? 1.0 : std::abs(trend_factor[r])), sigma};
    const bool counts = trend_counts(law, row);
    if (counts) sums.row(row.steps, sigma / row.unit);
    for (Target& target : targets) {
      target.upper = counts ? upper_quantile(row, sums, target) : sigma * target.normal;
    }
    for (std::size_t c = 0; c < width; ++c) {
      const double x = targets[index[c]].upper;
      out[r * width + c] = probabilities[c] < 0.5 ? -x : x;
    }
  }
}

double future_cdf(const TrendLaw& law, std::int64_t steps, double sigma, double x) {
  const Row row{steps, law.unit, sigma};
  const double distance = std::abs(x);
  double tail;  // P(X > |x|)
  if (!trend_counts(law, row)) {
    if (sigma == 0) return x < 0 ? 0 : 1;
    tail = normal_tail(distance / sigma);
  } else {
    TailSums sums(law.change_probability, steps);
    sums.row(steps, sigma / law.unit);
    // With an atom at 0, F(0) includes it; without, both sides hold 1/2.
    tail = distance > 0 ? sums.tail(distance / law.unit).value : (sigma > 0 ? 0.5 : sums.half_changed());
  }
  return x < 0 ? tail : 1 - tail;
}

}  // namespace chiliad::forecast
