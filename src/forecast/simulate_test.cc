#include "forecast/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include "forecast/philox.h"

namespace chiliad::forecast {
namespace {

std::vector<std::int64_t> steps_to(std::int64_t n) {
  std::vector<std::int64_t> steps;
  for (std::int64_t j = 1; j <= n; ++j) steps.push_back(j);
  return steps;
}

struct Bounds {
  std::vector<double> trend, yhat;
  bool operator==(const Bounds&) const = default;
};

Bounds simulate(const TrendLaw& law, const std::vector<std::int64_t>& steps, const std::vector<double>& factor,
                double sigma, std::size_t samples, std::uint64_t seed, const std::vector<double>& probabilities) {
  Bounds bounds{std::vector<double>(steps.size() * probabilities.size()),
                std::vector<double>(steps.size() * probabilities.size())};
  const Sampling sampling{samples, seed};
  const auto paths = linear_paths(law, steps, sampling);
  simulate_quantiles(*paths, {steps, factor, sigma}, sampling, probabilities, bounds.trend, bounds.yhat);
  return bounds;
}

// The distance of F at a percentile of n draws from q, in standard errors; at an atom, of the nearer side.
double standard_errors(double below, double at_most, double q, double samples) {
  const double error = q < below ? below - q : std::max(0.0, q - at_most);
  return error / std::sqrt(q * (1 - q) / samples);
}

TEST(Philox, KnownAnswers) {
  // The generator's published known answers (Random123, kat_vectors).
  EXPECT_EQ(philox({0, 0, 0, 0}, 0), (PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff),
            (PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
            (PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, UniformsStayInside) {
  EXPECT_GT(philox_uniform(0, 0), 0);
  EXPECT_LT(philox_uniform(0xffffffff, 0xffffffff), 1);
}

TEST(Simulate, PercentilesInterpolateAsNumpyDoes) {
  // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [0, 10, 50, 90, 100])
  std::vector<double> values = {3, 1, 4, 1, 5, 9, 2, 6};
  const std::vector<double> probabilities = {0, 0.1, 0.5, 0.9, 1};
  std::vector<double> out(5);
  percentiles(values, probabilities, out);
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[1], 1);
  EXPECT_EQ(out[2], 3.5);
  EXPECT_NEAR(out[3], 6.9, 1e-14);
  EXPECT_EQ(out[4], 9);
  std::vector<double> one = {2.5};
  percentiles(one, probabilities, out);
  EXPECT_EQ(out[0], 2.5);
  EXPECT_EQ(out[4], 2.5);
}

TEST(Simulate, PercentilesEqualThoseOfASortedCopy) {
  std::vector<double> values;
  for (std::uint32_t i = 0; i < 1001; ++i) values.push_back(philox_uniform(philox({i, 0, 0, 0}, 3)[0], 0));
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const std::vector<double> probabilities = {0.9, 0.1, 0.25, 0.5, 0.0, 1.0};  // In any order.
  std::vector<double> out(6);
  percentiles(values, probabilities, out);
  for (std::size_t c = 0; c < 6; ++c) EXPECT_EQ(out[c], sorted[static_cast<std::size_t>(probabilities[c] * 1000)]);
}

TEST(Simulate, PercentilesMeetTheComputedLaw) {
  const auto steps = steps_to(40);
  const std::vector<double> probabilities = {0.1, 0.5, 0.9, 0.99};
  constexpr std::int64_t kSamples = 40000;
  for (const TrendLaw law : {TrendLaw{0.07, 0.01}, TrendLaw{1, 0.01}, TrendLaw{0.003, 1}}) {
    const double sigma = 0.03;
    const auto bounds = simulate(law, steps, {}, sigma, kSamples, 11, probabilities);
    for (std::size_t r = 0; r < steps.size(); r += 3) {
      for (std::size_t c = 0; c < probabilities.size(); ++c) {
        const double q = probabilities[c];
        const double yhat = bounds.yhat[4 * r + c];
        const double f = future_cdf(law, steps[r], sigma, yhat);
        EXPECT_LT(standard_errors(f, f, q, kSamples), 5) << r << " " << q;
        const double trend = bounds.trend[4 * r + c];
        const double at_most = future_cdf(law, steps[r], 0, trend);
        const double below = trend == 0 ? 1 - at_most : at_most;  // The law is symmetric.
        EXPECT_LT(standard_errors(below, at_most, q, kSamples), 5) << r << " " << q;
      }
    }
  }
}

TEST(Simulate, FactorScalesTheTrendOfYhatAlone) {
  const auto plain = simulate({0.5, 0.02}, {0, 1, 2, 9}, {}, 0, 501, 5, {0.2, 0.8});
  const auto scaled = simulate({0.5, 0.02}, {0, 1, 2, 9}, {3, 3, 3, 3}, 0, 501, 5, {0.2, 0.8});
  EXPECT_EQ(plain.trend, scaled.trend);
  for (std::size_t i = 0; i < plain.yhat.size(); ++i) EXPECT_NEAR(scaled.yhat[i], 3 * plain.yhat[i], 1e-15);
  EXPECT_EQ(plain.trend[0], 0);  // The history's row.
  EXPECT_EQ(plain.trend[1], 0);
}

TEST(Simulate, HistoryRowsHaveNoiseOnly) {
  const auto bounds = simulate({0.5, 1}, {0, 0, 0}, {}, 0.1, 20000, 1, {0.1, 0.9});
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_NEAR(bounds.yhat[2 * r + 1], 0.128155, 5 * 0.1 * 0.012);
    EXPECT_EQ(bounds.trend[2 * r], 0);
  }
  EXPECT_NE(bounds.yhat[0], bounds.yhat[2]);  // Every row draws its own.
}

TEST(Simulate, SeedDecidesEverything) {
  const auto steps = steps_to(20);
  const auto first = simulate({0.2, 0.1}, steps, {}, 0.05, 300, 42, {0.1, 0.9});
  EXPECT_EQ(first, simulate({0.2, 0.1}, steps, {}, 0.05, 300, 42, {0.1, 0.9}));
  EXPECT_NE(first, simulate({0.2, 0.1}, steps, {}, 0.05, 300, 43, {0.1, 0.9}));
  Bounds other;
  std::thread([&] { other = simulate({0.2, 0.1}, steps, {}, 0.05, 300, 42, {0.1, 0.9}); }).join();
  EXPECT_EQ(first, other);
}

TEST(Simulate, LaterRowsDoNotChangeEarlierOnes) {
  const auto longer = simulate({0.2, 0.1}, steps_to(20), {}, 0.05, 300, 42, {0.1, 0.9});
  const auto shorter = simulate({0.2, 0.1}, steps_to(5), {}, 0.05, 300, 42, {0.1, 0.9});
  for (std::size_t i = 0; i < shorter.yhat.size(); ++i) EXPECT_EQ(longer.yhat[i], shorter.yhat[i]);
  const auto gap = simulate({0.2, 0.1}, {20}, {}, 0.05, 300, 42, {0.1, 0.9});
  EXPECT_EQ(gap.trend[0], longer.trend[38]);
}

TEST(Simulate, UnwantedOutputsAreLeftOut) {
  const std::vector<std::int64_t> steps = {1, 2};
  const std::vector<double> q = {0.9};
  std::vector<double> yhat(2), trend(2);
  const Sampling sampling{100, 1};
  simulate_quantiles(*linear_paths({0.9, 1}, steps, sampling), {steps, {}, 1}, sampling, q, {}, yhat);
  simulate_quantiles(*linear_paths({0.9, 1}, steps, sampling), {steps, {}, 1}, sampling, q, trend, {});
  const auto both = simulate({0.9, 1}, steps, {}, 1, 100, 1, q);
  EXPECT_EQ(both.yhat, yhat);
  EXPECT_EQ(both.trend, trend);
}

TEST(Simulate, RowsOfTheHistoryBeforeThemDoNotChangeTheFutures) {
  const auto alone = simulate({0.2, 0.1}, {1, 2, 3}, {}, 0.05, 300, 42, {0.1, 0.9});
  const auto behind = simulate({0.2, 0.1}, {0, 0, 1, 2, 3}, {}, 0.05, 300, 42, {0.1, 0.9});
  EXPECT_TRUE(std::equal(alone.yhat.begin(), alone.yhat.end(), behind.yhat.begin() + 4));
}

// A frame of logistic growth with one row of the history.
struct Logistic {
  std::vector<double> t = {0.9, 1.1, 1.2, 1.4, 1.5};
  std::vector<std::int64_t> steps = future_steps(t);
  std::vector<double> cap = {2, 2, 2, 3, 3};
  LogisticLaw law{0.4, 0.8, 1.5, -0.5};

  std::vector<std::vector<double>> draw(std::size_t samples, std::uint64_t key) const {
    const auto paths = logistic_paths(law, {steps, t, cap}, {samples, key});
    std::vector<std::vector<double>> rows;
    for (std::size_t r = 0; r < t.size(); ++r) {
      rows.emplace_back(samples);
      paths->at(r, rows.back());
    }
    return rows;
  }
};

double mean_of(const std::vector<double>& values, const auto& function) {
  double sum = 0;
  for (const double value : values) sum += function(value);
  return sum / static_cast<double>(values.size());
}

TEST(Simulate, LogisticPathsAreCentredAndBelowTheirCap) {
  const Logistic frame;
  const auto rows = frame.draw(4000, 7);
  EXPECT_EQ(rows[0], std::vector<double>(4000, 0.0));
  for (std::size_t r = 1; r < rows.size(); ++r) {
    EXPECT_NEAR(mean_of(rows[r], [](double x) { return x; }), 0, 1e-12);
    const auto [low, high] = std::minmax_element(rows[r].begin(), rows[r].end());
    EXPECT_LE(*high - *low, frame.cap[r]);
    EXPECT_EQ(*low<*high, r> 1);  // A change at the first future row moves nothing there.
  }
}

// Prophet's recipe, written out: each change acts by half from its own row on and by half from the next, and bends the
// exponent at the row's time.
TEST(Simulate, LogisticPathsFollowTheRecipe) {
  const Logistic frame;
  constexpr std::size_t kSamples = 60000;
  const auto rows = frame.draw(kSamples, 3);
  std::vector<std::vector<double>> expected(rows.size(), std::vector<double>(kSamples));
  for (std::uint32_t i = 0; i < kSamples; ++i) {
    double mat[5] = {}, last = 0;
    for (std::uint32_t j = 1; j < 5; ++j) {
      const PhiloxWords words = philox({i, j, 77, 0}, 99);  // Draws of its own.
      const double u = philox_uniform(words[2], words[3]) - 0.5;
      const double laplace = (u < 0 ? 1 : -1) * std::log(1 - 2 * std::fabs(u));
      const double change = philox_uniform(words[0], words[1]) < 0.4 ? 0.8 * laplace : 0;
      mat[j] = (last + change) / 2;
      last = change;
      double exponent = 1.5 * frame.t[j] - 0.5;
      for (std::uint32_t e = 1; e <= j; ++e) exponent += mat[e] * (frame.t[j] - frame.t[e]);
      expected[j][i] = frame.cap[j] / (1 + std::exp(-exponent));
    }
  }
  for (std::size_t r = 2; r < rows.size(); ++r) {
    const double mean = mean_of(expected[r], [](double x) { return x; });
    const auto variance = [](double x) { return x * x; };
    const auto skew = [](double x) { return x * x * x; };
    for (double& value : expected[r]) value -= mean;
    const double sd = std::sqrt(mean_of(expected[r], variance));
    EXPECT_NEAR(std::sqrt(mean_of(rows[r], variance)), sd, 0.03 * sd);
    EXPECT_NEAR(mean_of(rows[r], skew), mean_of(expected[r], skew), 0.3 * sd * sd * sd);
    for (const double at : {-0.5, 0.3}) {
      const auto below = [&](double x) { return x < at * sd ? 1.0 : 0.0; };
      EXPECT_NEAR(mean_of(rows[r], below), mean_of(expected[r], below), 0.012);
    }
  }
}

TEST(SamplingKey, DependsOnTheSeedAndOnEveryParameter) {
  FittedState state;
  state.delta = {0, 0.5};
  state.beta = {1};
  const std::uint64_t key = sampling_key(state, 0);
  EXPECT_EQ(sampling_key(state, 0), key);
  EXPECT_NE(sampling_key(state, 1), key);
  for (double* parameter : {&state.k, &state.m, &state.sigma_obs, &state.delta[1], &state.beta[0]}) {
    *parameter += 0.25;
    EXPECT_NE(sampling_key(state, 0), key);
    *parameter -= 0.25;
  }
}

}  // namespace
}  // namespace chiliad::forecast
