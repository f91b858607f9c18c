#include "process/user_namespace.h"

#include <gtest/gtest.h>

#include <string>

namespace chiliad::process {
namespace {

std::string ranges_of(std::string_view text) {
  std::string out;
  for (const Subordinates& range : parse_subordinates(text, "anna", 1000))
    out.append(std::to_string(range.first)).append("+").append(std::to_string(range.count)).append(" ");
  return out;
}

TEST(UserNamespace, SubordinatesAreThoseOfTheNameOrTheNumberInTheFilesOrder) {
  EXPECT_EQ(ranges_of("bob:100000:65536\nanna:300000:65536\n1000:200000:10\nann:1:1\nannas:1:1\n10000:1:1\nanna:5:6"),
            "300000+65536 200000+10 5+6 ");
  EXPECT_EQ(ranges_of(""), "");
}

TEST(UserNamespace, LinesThatAreNoRangesAreLeftOut) {
  EXPECT_EQ(
      ranges_of("\n#anna:1:2\nanna\nanna:1\nanna::2\nanna:1:\nanna:1:2:3\nanna:x:2\nanna:-1:2\nanna:1:0\n anna:1:2\n"),
      "");
  EXPECT_EQ(parse_subordinates(":1:2\n", "", 1000).size(), 0U);
}

TEST(UserNamespace, NoRangeLeavesTheNumbersThatUsersCanHave) {
  EXPECT_EQ(ranges_of("anna:4294967295:1\nanna:4294967000:400\nanna:99999999999:1\nanna:1:4294967294\nanna:7:1\n"),
            "1+4294967294 ");
}

TEST(UserNamespace, OfRangesThatOverlapTheFirstIsTaken) {
  EXPECT_EQ(ranges_of("anna:100000:65536\n1000:100000:65536\nanna:165535:2\nanna:99999:1\nanna:165536:4\n"),
            "100000+65536 99999+1 165536+4 ");
}

TEST(UserNamespace, NoMoreRangesThanTheKernelTakes) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "anna:" + std::to_string(100000 + 10 * i) + ":5\n";
  EXPECT_EQ(parse_subordinates(text, "anna", 1000).size(), 339U);
}

}  // namespace
}  // namespace chiliad::process
