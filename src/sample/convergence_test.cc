#include "sample/convergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sample/random_stream.h"

namespace chiliad::sample {
namespace {

using Chains = std::vector<std::vector<double>>;

// First-order autoregressive chains: their effective sample size is n (1 - a) / (1 + a).
Chains autoregressive(double a, std::size_t n, double step_between = 0) {
  Chains chains;
  for (std::uint32_t c = 0; c < 4; ++c) {
    RandomStream random(7, c);
    double value = random.normal();
    std::vector<double>& chain = chains.emplace_back();
    for (std::size_t i = 0; i < n; ++i) {
      value = a * value + std::sqrt(1 - a * a) * random.normal();
      chain.push_back(value + step_between * c);
    }
  }
  return chains;
}

TEST(SplitRhat, IsNearOneWhereChainsAgreeAndFarWhereNot) {
  EXPECT_NEAR(split_rhat(autoregressive(0, 1000)), 1, 0.01);
  EXPECT_GT(split_rhat(autoregressive(0, 1000, 1)), 1.2);
}

TEST(SplitRhat, SeesADriftWithinEachChain) {
  Chains chains = autoregressive(0, 1000);
  for (std::vector<double>& chain : chains) {
    for (std::size_t i = 500; i < 1000; ++i) chain[i] += 1;
  }
  EXPECT_GT(split_rhat(chains), 1.1);
}

TEST(SplitRhat, HasItsValueByHand) {
  // Halves {1,2} {3,4} {1,2} {3,4}: within 0.5, variance of the means 4/3.
  EXPECT_NEAR(split_rhat(Chains{{1, 2, 3, 4}, {1, 2, 3, 4}}), std::sqrt((0.25 + 4.0 / 3) / 0.5), 1e-12);
}

TEST(SplitRhat, OfChainsThatStandStillIsInfinite) {
  EXPECT_EQ(split_rhat(Chains{{1, 1, 1, 1}}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(split_rhat(Chains{{1, 1, 1, 1}, {2, 2, 2, 2}}), std::numeric_limits<double>::infinity());
}

TEST(EffectiveSampleSize, IsThatOfAnAutoregression) {
  for (const double a : {0.0, 0.5, 0.9, -0.4}) {
    const double expected = 4 * 5000 * (1 - a) / (1 + a);
    EXPECT_NEAR(effective_sample_size(autoregressive(a, 5000)) / expected, 1, 0.15) << a;
  }
  EXPECT_EQ(effective_sample_size(Chains{{1, 1, 1, 1}}), 0);
}

TEST(EffectiveSampleSize, IsSmallWhereChainsDisagree) {
  EXPECT_LT(effective_sample_size(autoregressive(0, 1000, 3)), 20);
}

}  // namespace
}  // namespace chiliad::sample
