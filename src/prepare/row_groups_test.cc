#include "prepare/row_groups.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>

namespace chiliad::prepare {
namespace {

std::map<std::string, std::string> gathered(const RowGroups& groups) {
  std::map<std::string, std::string> all;
  std::string buffer;
  for (const RowGroups::Group& group : groups.groups()) {
    std::string& rows = all[std::string(group.id)];
    EXPECT_TRUE(RowGroups::for_each_piece(group, buffer, [&](std::string_view piece) -> Result<Done> {
      rows += piece;
      return Done{};
    }));
    EXPECT_EQ(rows.size(), group.bytes);
  }
  return all;
}

TEST(RowGroups, KeepEachCustomersRowsInOrderAlsoAfterClear) {
  std::mt19937_64 random(1);
  RowGroups groups(42);
  for (int filling = 0; filling < 3; ++filling) {
    std::map<std::string, std::string> expected;
    for (int i = 0; i < 50'000; ++i) {
      const std::string id = std::to_string(random() % (random() % 100 == 0 ? 5000 : 3));
      const std::string row(random() % 100 == 0 ? random() % 200'000 : random() % 40, static_cast<char>('a' + i % 26));
      std::memcpy(groups.extend(id, row.size()), row.data(), row.size());
      expected[id] += row;
      if (expected.size() > 400) break;
    }
    EXPECT_EQ(gathered(groups), expected);
    groups.clear();
    EXPECT_TRUE(groups.groups().empty());
  }
}

TEST(RowGroups, MemoryIsWithinTwiceTheRowsForManyAndForLargeGroups) {
  RowGroups many(1);
  for (int i = 0; i < 200'000; ++i) std::memset(many.extend(std::to_string(i), 100), 'x', 100);
  EXPECT_LT(many.memory(), 2 * 200'000ULL * (100 + 56));
  RowGroups one(1);
  for (int i = 0; i < 200'000; ++i) std::memset(one.extend("8", 100), 'x', 100);
  EXPECT_LT(one.memory(), 1.1 * 200'000 * 100 + (2 << 20));
}

}  // namespace
}  // namespace chiliad::prepare
