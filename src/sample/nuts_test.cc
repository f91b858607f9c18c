#include "sample/nuts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sample/convergence.h"

namespace chiliad::sample {
namespace {

// Independent normals of these means and standard deviations.
LogDensity normals(std::vector<double> mean, std::vector<double> sd) {
  return [mean, sd](std::span<const double> at, std::span<double> gradient) {
    double density = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double z = (at[i] - mean[i]) / sd[i];
      density -= 0.5 * z * z;
      gradient[i] = -z / sd[i];
    }
    return density;
  };
}

// Two normals of standard deviation 1 with this correlation.
LogDensity correlated(double r) {
  return [r](std::span<const double> at, std::span<double> gradient) {
    const double scale = 1 / (1 - r * r);
    gradient[0] = -(at[0] - r * at[1]) * scale;
    gradient[1] = -(at[1] - r * at[0]) * scale;
    return 0.5 * (at[0] * gradient[0] + at[1] * gradient[1]);
  };
}

std::vector<std::vector<double>> coordinate(const std::vector<Chain>& chains, std::size_t i, std::size_t dimension) {
  std::vector<std::vector<double>> values;
  for (const Chain& chain : chains) {
    values.emplace_back();
    for (std::size_t at = i; at < chain.draws.size(); at += dimension) values.back().push_back(chain.draws[at]);
  }
  return values;
}

struct Moments {
  double mean = 0, variance = 0;
};
Moments moments(const std::vector<std::vector<double>>& chains) {
  double n = 0, sum = 0, squares = 0;
  for (const auto& chain : chains) {
    for (const double value : chain) n += 1, sum += value, squares += value * value;
  }
  return {sum / n, squares / n - sum / n * (sum / n)};
}

TEST(Nuts, HasTheMomentsOfNormalsOfVeryDifferentScales) {
  const std::vector<double> mean = {5, -300, 0.01}, sd = {1, 100, 0.001};
  const std::vector<Chain> chains = *sample(normals(mean, sd), std::vector<double>{0, 0, 0}, {});
  for (std::size_t i = 0; i < 3; ++i) {
    const auto values = coordinate(chains, i, 3);
    const double ess = effective_sample_size(values);
    EXPECT_GT(ess, 1000);
    EXPECT_LT(split_rhat(values), 1.01);
    // Four Monte-Carlo errors; the variance has relative error sqrt(2 / ess), squares mixing slower than values.
    EXPECT_NEAR(moments(values).mean, mean[i], 4 * sd[i] / std::sqrt(ess)) << i;
    EXPECT_NEAR(moments(values).variance / (sd[i] * sd[i]), 1, 6 * std::sqrt(2 / ess)) << i;
  }
  for (const Chain& chain : chains) EXPECT_EQ(chain.divergent, 0);
}

TEST(Nuts, FindsACorrelation) {
  const std::vector<Chain> chains = *sample(correlated(0.95), std::vector<double>{3, -3}, {});
  double product = 0, n = 0;
  for (const Chain& chain : chains) {
    for (std::size_t i = 0; i < chain.draws.size(); i += 2) product += chain.draws[i] * chain.draws[i + 1], ++n;
  }
  EXPECT_NEAR(product / n, 0.95, 0.12);
  EXPECT_NEAR(moments(coordinate(chains, 0, 2)).variance, 1, 0.15);
}

// The share of an exponential law beyond its mean, from the coordinate ln x: a density that is not symmetric.
TEST(Nuts, DrawsASkewedLaw) {
  const LogDensity exponential = [](std::span<const double> at, std::span<double> gradient) {
    gradient[0] = 1 - std::exp(at[0]);
    return at[0] - std::exp(at[0]);
  };
  const std::vector<Chain> chains = *sample(exponential, std::vector<double>{0}, {});
  double beyond = 0, n = 0;
  for (const Chain& chain : chains) {
    for (const double value : chain.draws) beyond += value > 0, ++n;
  }
  EXPECT_NEAR(beyond / n, std::exp(-1.0), 4 * 0.48 / std::sqrt(effective_sample_size(coordinate(chains, 0, 1))));
}

TEST(Nuts, AcceptsAsItIsToldTo) {
  NutsOptions strict;
  strict.acceptance = 0.95;
  const std::vector<double> start(10, 0.0), mean(10, 0.0), sd(10, 1.0);
  const std::vector<Chain> loose = *sample(normals(mean, sd), start, {});
  const std::vector<Chain> tight = *sample(normals(mean, sd), start, strict);
  EXPECT_LT(tight[0].step_size, 0.8 * loose[0].step_size);
}

TEST(Nuts, SameSeedSameBitsForAnyNumberOfThreads) {
  NutsOptions options;
  options.draws = options.warmup = 200;
  const LogDensity density = normals({1, 2}, {3, 4});
  const std::vector<double> start = {0, 0};
  const std::vector<Chain> one = *sample(density, start, options);
  options.threads = 8;
  const std::vector<Chain> eight = *sample(density, start, options);
  options.seed = 1;
  const std::vector<Chain> other = *sample(density, start, options);
  ASSERT_EQ(one.size(), eight.size());
  for (std::size_t c = 0; c < one.size(); ++c) {
    EXPECT_EQ(one[c].draws, eight[c].draws);
    EXPECT_EQ(one[c].variance, eight[c].variance);
    EXPECT_NE(one[c].draws, other[c].draws);
  }
  EXPECT_NE(one[0].draws, one[1].draws);
}

TEST(Nuts, CountsWhatDiverges) {
  // A wall: the energy error of a step into it is unbounded.
  const LogDensity walled = [](std::span<const double> at, std::span<double> gradient) {
    gradient[0] = -at[0];
    return at[0] > 0.5 ? -HUGE_VAL : -0.5 * at[0] * at[0];
  };
  const std::vector<Chain> chains = *sample(walled, std::vector<double>{0}, {.draws = 500});
  EXPECT_GT(chains[0].divergent, 0);
  for (const double value : chains[0].draws) EXPECT_LE(value, 0.5);
}

TEST(Nuts, TreesStayWithinTheirDepth) {
  NutsOptions options;
  options.max_tree_depth = 2;
  options.draws = 100;
  const std::vector<Chain> chains = *sample(correlated(0.999), std::vector<double>{0, 0}, options);
  for (const Chain& chain : chains) {
    for (const int depth : chain.tree_depth) EXPECT_LE(depth, 2);
  }
}

TEST(Nuts, ShortWarmUpsWork) {
  for (const int warmup : {0, 1, 19, 20, 30, 149, 150}) {
    NutsOptions options;
    options.warmup = warmup;
    options.draws = 20;
    EXPECT_TRUE(sample(normals({0}, {1}), std::vector<double>{1}, options)) << warmup;
  }
}

TEST(Nuts, StopsWhenItIsTold) {
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  const LogDensity density = [&](std::span<const double> at, std::span<double> gradient) {
    if (++calls == 1000) stop = true;
    gradient[0] = -at[0];
    return -0.5 * at[0] * at[0];
  };
  const auto stopped = sample(density, std::vector<double>{0.1}, {.draws = 1'000'000, .threads = 4, .stop = &stop});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kDeadline);
  EXPECT_LT(calls, 1'000'000);
}

TEST(Nuts, SaysWhatCannotBeSampled) {
  const LogDensity density = normals({0}, {1});
  const std::vector<double> start = {0};
  EXPECT_FALSE(sample(density, start, {.chains = 0}));
  EXPECT_FALSE(sample(density, start, {.draws = 0}));
  EXPECT_FALSE(sample(density, start, {.acceptance = 1}));
  EXPECT_FALSE(sample(density, start, {.max_tree_depth = 0}));
  EXPECT_FALSE(sample(density, std::vector<double>{NAN}, {}));
  EXPECT_FALSE(sample(density, std::vector<double>(), {}));
}

}  // namespace
}  // namespace chiliad::sample
