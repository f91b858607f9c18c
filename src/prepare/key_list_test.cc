#include "prepare/key_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace chiliad::prepare {
namespace {

std::vector<std::string> all_of(const KeyList& list) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < list.size(); ++i) keys.emplace_back(list[i]);
  return keys;
}

TEST(KeyList, DealsOutAsShardOfDoes) {
  std::mt19937 random(7);
  std::vector<std::string> keys{"", "a.csv", "a-b.csv", "\xC3\xBC.csv", std::string("nul\0byte", 8), "a.csv"};
  for (int i = 0; i < 500; ++i) keys.push_back(std::to_string(random() % 10'000) + ".csv");
  for (const Shard shard : {Shard{0, 1}, Shard{0, 3}, Shard{1, 3}, Shard{2, 3}, Shard{900, 1000}}) {
    KeyList list;
    for (const std::string& key : keys) list.add(key);
    ASSERT_EQ(list.size(), keys.size());
    list.keep(shard);
    EXPECT_EQ(all_of(list), shard_of(keys, shard)) << shard.index << " of " << shard.count;
  }
}

TEST(KeyList, ContainsWhatKeepLeft) {
  KeyList list;
  for (const char* key : {"b.csv", "a.csv", "a-b.csv", "a.csv.gz"}) list.add(key);
  list.keep({0, 2});  // Of a-b.csv, a.csv, a.csv.gz, b.csv.
  EXPECT_TRUE(list.contains("a-b.csv"));
  EXPECT_TRUE(list.contains("a.csv.gz"));
  for (const char* key : {"a.csv", "b.csv", "", "a.csv.g", "c"}) EXPECT_FALSE(list.contains(key)) << key;
  EXPECT_FALSE(KeyList().contains("a.csv"));
}

}  // namespace
}  // namespace chiliad::prepare
