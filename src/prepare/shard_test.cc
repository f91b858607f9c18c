#include "prepare/shard.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace chiliad::prepare {
namespace {

TEST(Shard, KeysSortedByBytesAreDealtRoundRobin) {
  const std::vector<std::string> keys = {"b", "a10", "\xC3\xBC", "a9", "B"};
  EXPECT_EQ(shard_of(keys, {0, 2}), (std::vector<std::string>{"B", "a9", "\xC3\xBC"}));
  EXPECT_EQ(shard_of(keys, {1, 2}), (std::vector<std::string>{"a10", "b"}));
}

TEST(Shard, SharesTogetherAreTheWholeAndDifferByOneAtMost) {
  std::vector<std::string> keys;
  for (int i = 0; i < 101; ++i) keys.push_back(std::to_string(i));
  for (std::size_t count : {1U, 2U, 7U, 101U, 200U}) {
    std::vector<std::string> all;
    for (std::size_t index = 0; index < count; ++index) {
      const std::vector<std::string> share = shard_of(keys, {index, count});
      EXPECT_GE(share.size(), keys.size() / count);
      EXPECT_LE(share.size(), keys.size() / count + 1);
      all.insert(all.end(), share.begin(), share.end());
    }
    std::vector<std::string> expected = keys;
    std::sort(all.begin(), all.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(all, expected);
  }
}

TEST(ParseShard, ReadsFromOneToCount) {
  EXPECT_EQ(*parse_shard("1/4"), (Shard{0, 4}));
  EXPECT_EQ(*parse_shard("4/4"), (Shard{3, 4}));
  for (const char* text : {"", "1", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4", " 1/4"}) {
    EXPECT_FALSE(parse_shard(text)) << text;
  }
}

}  // namespace
}  // namespace chiliad::prepare
