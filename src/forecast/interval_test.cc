#include "forecast/interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "forecast/predictive_law_reference.h"

namespace chiliad::forecast {
namespace {

double quantile(const TrendLaw& law, std::int64_t steps, double sigma, double q) {
  double out = 0;
  future_quantiles(law, {&steps, 1}, {}, sigma, {&q, 1}, {&out, 1});
  return out;
}

double normal_tail(double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }

std::vector<std::int64_t> steps_to(std::int64_t n) {
  std::vector<std::int64_t> steps;
  for (std::int64_t j = 1; j <= n; ++j) steps.push_back(j);
  return steps;
}

// The error of an upper quantile x > 0 as a part of the interval's width 2x, from a reference tail at x.
double width_error(std::int64_t steps, double p, double s, double x, double tau) {
  const auto tail = [&](long double at) { return reference::tail_by_other_contour(steps, p, s, at); };
  const long double apart = 1e-3L * x;
  const long double density = (tail(x - apart) - tail(x + apart)) / (2 * apart);
  return std::abs(static_cast<double>((tail(x) - tau) / density / (2 * x)));
}

TEST(Interval, ReferencesAgreeWithEachOther) {
  for (const std::int64_t steps : {1, 2, 5, 12, 30}) {
    for (const double p : {1e-4, 0.01, 0.07, 0.3, 1.0}) {
      if (static_cast<double>(steps) * p > 6) continue;  // The coefficients cancel.
      const double spread = reference::spread(steps, p);
      for (const double s : {0.0, 0.1 * spread, 3 * spread}) {
        for (const double x : {0.01, 0.3, 1.0, 4.0}) {
          const double at = x * std::hypot(spread, s);
          const auto exact = reference::tail_by_fractions(steps, p, s, at);
          ASSERT_LT(exact.error, 1e-10L);
          EXPECT_NEAR(static_cast<double>(reference::tail_by_other_contour(steps, p, s, at) / exact.value), 1, 1e-9)
              << steps << " " << p << " " << s << " " << x;
        }
      }
    }
  }
}

TEST(Interval, OneStepIsAnAtomAndALaplaceLaw) {
  // D_1 = unit B L / 2: P(D_1 > x) = p/2 exp(-2 x / unit).
  const TrendLaw law{0.3, 0.02};
  EXPECT_EQ(quantile(law, 1, 0, 0.84), 0);
  EXPECT_EQ(quantile(law, 1, 0, 0.16), 0);
  EXPECT_NEAR(quantile(law, 1, 0, 0.99), 0.01 * std::log(0.15 / 0.01), 1e-8);
  EXPECT_NEAR(quantile(law, 1, 0, 0.01), -0.01 * std::log(0.15 / 0.01), 1e-8);
}

TEST(Interval, CertainChangeHasNoAtom) {
  const TrendLaw law{1, 1};
  EXPECT_NEAR(quantile(law, 1, 0, 0.51), 0.5 * std::log(0.5 / 0.49), 1e-8);
  EXPECT_EQ(quantile(law, 1, 0, 0.5), 0);
}

TEST(Interval, WithoutChangeThereIsOnlyNoise) {
  const double expected = 1.2815515655446004 * 0.05;
  EXPECT_NEAR(quantile({0, 1}, 7, 0.05, 0.9), expected, 1e-15);        // No change is possible.
  EXPECT_NEAR(quantile({0.07, 0}, 7, 0.05, 0.9), expected, 1e-15);     // Changes have no size.
  EXPECT_NEAR(quantile({0.07, 1}, 0, 0.05, 0.9), expected, 1e-15);     // A row of the history.
  EXPECT_NEAR(quantile({0.07, 1e-8}, 7, 0.05, 0.9), expected, 1e-12);  // Changes too small to matter.
  EXPECT_EQ(quantile({0.07, 1}, 0, 0, 0.9), 0);
  EXPECT_EQ(quantile({0, 1}, 7, 0, 0.9), 0);
}

TEST(Interval, NormalQuantilesAreExact) {
  for (const double q : {0.0005, 0.01, 0.2, 0.4, 0.4999, 0.6, 0.975, 0.9995, 1 - 1e-12}) {
    const double z = quantile({0, 0}, 0, 1, q);
    EXPECT_NEAR(normal_tail(z) / (1 - q), 1, 1e-12) << q;
  }
}

TEST(Interval, QuantilesMeetTheReferenceInEveryRegime) {
  for (const std::int64_t steps : {1, 2, 7, 30, 90, 365, 1000}) {
    for (const double p : {1e-5, 1e-3, 0.0086, 0.07, 0.5, 1.0}) {
      for (const double ratio : {0.0, 1e-6, 0.02, 1.0, 50.0}) {
        const double s = ratio * reference::spread(steps, p);
        for (const double tau : {0.0007, 0.1, 0.25, 0.49}) {
          const double x = quantile({p, 1}, steps, s, 1 - tau);
          if (x == 0) {
            EXPECT_EQ(s, 0);
            EXPECT_GE(tau, (1 - std::pow(1 - p, static_cast<double>(steps))) / 2);
          } else if (steps <= 90 || tau == 0.1) {
            EXPECT_LT(width_error(steps, p, s, x, tau), 5e-6) << steps << " " << p << " " << ratio << " " << tau;
          }
        }
      }
    }
  }
}

TEST(Interval, HorizonAsLongAsALongHistoryMeetsTheReference) {
  for (const std::int64_t steps : {3000, 20000}) {
    const double p = 25.0 / static_cast<double>(steps);
    for (const double ratio : {0.0, 0.02, 1.0}) {
      const double s = ratio * reference::spread(steps, p);
      const double x = quantile({p, 1}, steps, s, 0.9);
      const auto tail = reference::tail_by_other_contour(steps, p, s, x);
      EXPECT_NEAR(static_cast<double>(tail), 0.1, 1e-7) << steps << " " << ratio;
    }
  }
}

TEST(Interval, RowsOfAFrameEqualRowsAskedAlone) {
  const auto steps = steps_to(400);
  for (const double p : {0.004, 0.07, 0.9}) {
    for (const double sigma : {0.0, 1e-6, 0.03, 2.0}) {
      const TrendLaw law{p, 0.001};
      const std::vector<double> probabilities = {0.1, 0.9, 0.6};
      std::vector<double> out(steps.size() * 3);
      future_quantiles(law, steps, {}, sigma, probabilities, out);
      for (std::size_t r = 0; r < steps.size(); r += 7) {
        const double alone = quantile(law, steps[r], sigma, 0.9);
        EXPECT_NEAR(out[3 * r + 1], alone, 1e-5 * alone + 1e-10) << p << " " << sigma << " " << steps[r];
        EXPECT_EQ(out[3 * r], -out[3 * r + 1]);
        EXPECT_LE(out[3 * r + 2], out[3 * r + 1]);
      }
    }
  }
}

TEST(Interval, FactorScalesTheTrendAlone) {
  const std::vector<std::int64_t> steps = {0, 5, 5, 6, 9, 12};
  const std::vector<double> factor = {2, 1.5, -1.5, 0, 1e-7, 0.3};
  const double q = 0.9;
  std::vector<double> out(steps.size());
  future_quantiles({0.2, 0.01}, steps, factor, 0.02, {&q, 1}, out);
  EXPECT_NEAR(out[0], 0.02 * 1.2815515655446004, 1e-14);
  EXPECT_NEAR(out[1], quantile({0.2, 0.015}, 5, 0.02, q), 1e-8);
  EXPECT_NEAR(out[2], out[1], 1e-8);
  EXPECT_NEAR(out[3], 0.02 * 1.2815515655446004, 1e-14);
  EXPECT_NEAR(out[4], quantile({0.2, 1e-9}, 9, 0.02, q), 1e-9);
  EXPECT_NEAR(out[5], quantile({0.2, 0.003}, 12, 0.02, q), 1e-8);
}

TEST(Interval, FactorsThatJumpFromRowToRowKeepTheAccuracy) {
  const auto steps = steps_to(600);
  std::vector<double> factor;
  for (const std::int64_t j : steps) factor.push_back(1 + std::cos(static_cast<double>(j) * 0.26) * 1.02);
  factor[40] = 1e-9;
  factor[41] = -1e4;
  for (const double sigma : {0.0, 0.001, 0.1}) {
    const double q = 0.95;
    std::vector<double> out(steps.size());
    future_quantiles({0.04, 1e-4}, steps, factor, sigma, {&q, 1}, out);
    for (std::size_t r = 0; r < steps.size(); ++r) {
      const double alone = quantile({0.04, 1e-4 * std::abs(factor[r])}, steps[r], sigma, q);
      EXPECT_NEAR(out[r], alone, 1e-5 * alone + 1e-12) << sigma << " " << r;
    }
  }
}

TEST(Interval, ScalesWithItsUnits) {
  // Also where the unit is as small as Prophet's 1e-8 for a model without slope changes makes it.
  for (const double scale : {1e-12, 1e-8, 1e3}) {
    for (const double sigma : {0.0, 0.5}) {
      const double x = quantile({0.07, 1}, 20, sigma, 0.95);
      EXPECT_NEAR(quantile({0.07, scale}, 20, sigma * scale, 0.95) / scale, x, 1e-12 * x);
    }
  }
}

TEST(Interval, RandomLawsAreFiniteSymmetricMonotoneAndHitTheirProbability) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int i = 0; i < 3000; ++i) {
    const double p = i % 50 == 0 ? 1 : std::pow(10, -5 * uniform(random));
    const auto steps = static_cast<std::int64_t>(std::pow(10, 3 * uniform(random)));
    const double unit = std::pow(10, -10 + 10 * uniform(random));
    const double spread = unit * reference::spread(steps, p);
    const double sigma = i % 4 == 0 ? 0 : spread * std::pow(10, -8 + 12 * uniform(random));
    double probabilities[3];
    for (double& q : probabilities) q = 0.0005 + 0.999 * uniform(random);
    std::sort(std::begin(probabilities), std::end(probabilities));
    double out[3];
    const TrendLaw law{p, unit};
    future_quantiles(law, {&steps, 1}, {}, sigma, probabilities, out);
    EXPECT_LE(out[0], out[1]);
    EXPECT_LE(out[1], out[2]);
    for (int c = 0; c < 3; ++c) {
      ASSERT_TRUE(std::isfinite(out[c]));
      const double below = future_cdf(law, steps, sigma, out[c]);
      if (out[c] == 0 && sigma == 0) {
        EXPECT_GE(below, probabilities[c]);
        EXPECT_LE(1 - below, probabilities[c] + 1e-12);  // F just below 0 is 1 - F(0).
      } else {
        EXPECT_NEAR(below, probabilities[c], 1e-7) << p << " " << steps << " " << unit << " " << sigma;
      }
      EXPECT_NEAR(future_cdf(law, steps, sigma, -out[c]) + below, 1 + (out[c] == 0 && sigma == 0 ? 2 * below - 1 : 0),
                  1e-12);
    }
  }
}

TEST(Interval, DistributionFunctionMeetsPartialFractions) {
  for (const std::int64_t steps : {1, 3, 7, 20}) {
    for (const double p : {0.001, 0.07, 0.2}) {
      const double spread = reference::spread(steps, p);
      for (const double s : {0.0, 0.02 * spread, spread, 10 * spread}) {
        for (const double x : {0.001, 0.1, 1.0, 3.0}) {
          const double at = x * std::hypot(spread, s);
          const double exact = static_cast<double>(reference::tail_by_fractions(steps, p, s, at).value);
          EXPECT_NEAR(future_cdf({p, 1}, steps, s, -at), exact, 2e-9) << steps << " " << p << " " << s << " " << x;
          EXPECT_NEAR(future_cdf({p, 2}, steps, 2 * s, 2 * at), 1 - exact, 2e-9);
        }
      }
    }
  }
}

TEST(Interval, AtomAtNoChangeBelongsToItsPoint) {
  const TrendLaw law{0.07, 0.01};
  const double half = (1 - std::pow(0.93, 7)) / 2;
  EXPECT_NEAR(future_cdf(law, 7, 0, 0), 1 - half, 1e-15);
  EXPECT_NEAR(future_cdf(law, 7, 0, -1e-300), half, 1e-9);
  EXPECT_EQ(quantile(law, 7, 0, half + 1e-9), 0);
  EXPECT_LT(quantile(law, 7, 0, half - 1e-6), 0);
  EXPECT_EQ(quantile(law, 7, 0, 1 - half - 1e-9), 0);
  EXPECT_GT(quantile(law, 7, 0, 1 - half + 1e-6), 0);
}

TEST(Interval, NoiseFarBelowAChangeSplitsAtTheAtom) {
  // Seven steps with noise of 1e-11 of one: beside the atom P(X > x) is half the changes and the noise's share.
  const double half = (1 - std::pow(0.93, 7)) / 2;
  for (const double s : {1e-14, 1e-11, 0.9e-9, 1.1e-9}) {
    const double q = 1 - half - (1 - 2 * half) * normal_tail(1.5);
    EXPECT_NEAR(quantile({0.07, 1}, 7, s, q) / s, 1.5, 2e-6) << s;
  }
}

TEST(Interval, SameBitsEachTime) {
  const auto steps = steps_to(30);
  const std::vector<double> probabilities = {0.1, 0.9};
  std::vector<double> first(60), second(60);
  future_quantiles({0.07, 0.003}, steps, {}, 0.01, probabilities, first);
  future_quantiles({0.07, 0.003}, steps, {}, 0.01, probabilities, second);
  EXPECT_EQ(first, second);
}

// Prophet's own recipe with the standard library's generator, for 10 million futures: half of a change in its own step,
// sums of sums; the steps without a change are leapt over.
TEST(IntervalLong, TenMillionFuturesFallWhereTheLawSays) {
  struct Regime {
    std::int64_t steps;
    double p, noise;  // Noise as a multiple of the spread.
  };
  constexpr std::int64_t kFutures = 10'000'000;
  const std::vector<double> probabilities = {0.0005, 0.025, 0.1, 0.4, 0.75, 0.9, 0.99, 0.9995};
  for (const Regime& regime :
       {Regime{1, 0.07, 0.5}, Regime{7, 0.07, 0.02}, Regime{7, 0.07, 5.0}, Regime{30, 0.07, 1e-6}, Regime{12, 1.0, 0.3},
        Regime{365, 0.0086, 0.02}, Regime{2905, 25.0 / 2905, 0.2}}) {
    const double sigma = regime.noise * reference::spread(regime.steps, regime.p);
    std::vector<double> noisy(probabilities.size()), bare(probabilities.size());
    future_quantiles({regime.p, 1}, {&regime.steps, 1}, {}, sigma, probabilities, noisy);
    future_quantiles({regime.p, 1}, {&regime.steps, 1}, {}, 0, probabilities, bare);
    std::vector<std::int64_t> noisy_below(probabilities.size()), bare_below(probabilities.size());
    std::vector<std::int64_t> bare_at_most(probabilities.size());
    std::mt19937_64 random(2022);
    std::exponential_distribution<double> size(1);
    std::normal_distribution<double> noise(0, sigma);
    std::geometric_distribution<std::int64_t> gap(std::min(regime.p, 0.999999999));
    for (std::int64_t n = 0; n < kFutures; ++n) {
      double level = 0;
      for (std::int64_t i = 1;; ++i) {
        if (regime.p < 1) i += gap(random);
        if (i > regime.steps) break;
        const double change = size(random) * ((random() >> 63) == 0 ? 1 : -1);
        level += change * (static_cast<double>(regime.steps - i) + 0.5);
      }
      const double with_noise = level + noise(random);
      for (std::size_t c = 0; c < probabilities.size(); ++c) {
        noisy_below[c] += with_noise <= noisy[c];
        bare_below[c] += level < bare[c];
        bare_at_most[c] += level <= bare[c];
      }
    }
    for (std::size_t c = 0; c < probabilities.size(); ++c) {
      const double q = probabilities[c];
      const double scatter = 5 * std::sqrt(q * (1 - q) / kFutures);
      const auto share = [](std::int64_t count) { return static_cast<double>(count) / kFutures; };
      EXPECT_NEAR(share(noisy_below[c]), q, scatter) << regime.steps << " " << regime.p << " " << regime.noise;
      EXPECT_LE(share(bare_below[c]), q + scatter) << regime.steps << " " << regime.p;
      EXPECT_GE(share(bare_at_most[c]), q - scatter) << regime.steps << " " << regime.p;
    }
  }
}

}  // namespace
}  // namespace chiliad::forecast
