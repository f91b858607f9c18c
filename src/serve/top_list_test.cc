#include "serve/top_list.h"

#include <gtest/gtest.h>

#include <random>

namespace chiliad::serve {
namespace {

TEST(TopList, CountsExactlyWhileThereIsRoom) {
  TopList list(3);
  list.add("a", 2);
  list.add("b");
  list.add("a");
  const auto counted = list.counted();
  ASSERT_EQ(counted.size(), 2u);
  EXPECT_EQ(counted[0].name, "a");
  EXPECT_EQ(counted[0].count, 3u);
  EXPECT_EQ(counted[0].error, 0u);
}

TEST(TopList, FindsTheFrequentAmongAMillionNames) {
  TopList list(64);
  std::mt19937 random(1);
  std::uint64_t heavy = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (random() % 10 == 0) {
      list.add("heavy");
      ++heavy;
    } else {
      list.add(std::to_string(random() % 1'000'000));
    }
  }
  const auto counted = list.counted();
  EXPECT_EQ(counted.size(), 64u);
  EXPECT_EQ(counted[0].name, "heavy");
  EXPECT_GE(counted[0].count, heavy);
  EXPECT_LE(counted[0].count - counted[0].error, heavy);
}

}  // namespace
}  // namespace chiliad::serve
