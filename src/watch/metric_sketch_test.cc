#include "watch/metric_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace chiliad::watch {
namespace {

TEST(MinuteStatistics, PercentilesAreOffByOnePercentAtMost) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(6, 1.5);
  std::vector<double> values(20'000);
  MinuteStatistics all;
  for (double& value : values) {
    value = latency(random);
    all.add(value, 1);
  }
  std::ranges::sort(values);
  for (const double percent : {0.1, 10.0, 50.0, 90.0, 99.0, 99.9}) {
    const double exact = values[static_cast<std::size_t>(std::ceil(percent / 100 * 20'000)) - 1];
    EXPECT_NEAR(*all.percentile(percent), exact, 0.0101 * exact) << percent;
  }
  EXPECT_EQ(all.percentile(100), all.max());
  EXPECT_EQ(all.min(), values.front());
}

TEST(MinuteStatistics, KnowsNegativeValuesAndZero) {
  MinuteStatistics all;
  for (const double value : {-10.0, -1.0, 0.0, 0.0, 5.0}) all.add(value, 1);
  EXPECT_DOUBLE_EQ(*all.percentile(0), -10);
  EXPECT_NEAR(*all.percentile(40), -1, 0.0101);
  EXPECT_EQ(*all.percentile(60), 0);
  EXPECT_DOUBLE_EQ(*all.percentile(100), 5);
  EXPECT_EQ(all.sum(), -6);
}

TEST(MinuteStatistics, PartsAddUpToTheWhole) {
  MinuteStatistics whole;
  MinuteStatistics first;
  MinuteStatistics second;
  for (int i = 1; i <= 1'000; ++i) {
    whole.add(i, 1);
    (i % 3 == 0 ? first : second).add(i, 1);
  }
  MinuteStatistics sum = first;
  sum.add(second);
  EXPECT_EQ(sum.cells(), whole.cells());
  EXPECT_EQ(sum.count(), 1'000);
  EXPECT_EQ(sum.sum(), whole.sum());
}

TEST(MinuteStatistics, OfASetOnlyNoPercentileIsKnownUnlessItIsOneValue) {
  MinuteStatistics one;
  one.add(StatisticSet{3, 12, 4, 4});
  EXPECT_DOUBLE_EQ(*one.percentile(50), 4);
  one.add(StatisticSet{2, 3, 1, 2});
  EXPECT_FALSE(one.percentile(50));
  EXPECT_EQ(one.count(), 5);
  EXPECT_EQ(one.min(), 1);
}

TEST(MinuteStatistics, AHostileMinuteIsBounded) {
  MinuteStatistics many;
  for (int i = -300; i < 300; ++i) {
    for (int j = 1; j < 10; ++j) many.add(std::pow(10.0, i) * j, 1);
  }
  EXPECT_LE(many.cells().size(), 1 + 12 * MinuteStatistics::kMaxCells);
  EXPECT_NEAR(*many.percentile(99.9), 6e299, 3e299);
}

TEST(MinuteStatistics, AreReadAsTheyWereWrittenAndNothingElseIs) {
  MinuteStatistics all;
  for (int i = 1; i < 50; ++i) all.add(i * 1.7, 2);
  const StatisticSet known{all.count(), all.sum(), all.min(), all.max()};
  const Result<MinuteStatistics> read = MinuteStatistics::read(known, all.cells());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->cells(), all.cells());
  EXPECT_EQ(read->percentile(50), all.percentile(50));
  EXPECT_FALSE(MinuteStatistics::read(known, ""));
  EXPECT_FALSE(MinuteStatistics::read(known, all.cells().substr(0, 20)));
  EXPECT_FALSE(MinuteStatistics::read(known, std::string(25, '\1')));
  EXPECT_FALSE(MinuteStatistics::read({0, 0, 0, 0}, all.cells()));
  EXPECT_FALSE(MinuteStatistics::read({1, NAN, 0, 0}, all.cells()));
}

}  // namespace
}  // namespace chiliad::watch
