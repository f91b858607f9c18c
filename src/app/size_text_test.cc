#include "app/size_text.h"

#include <gtest/gtest.h>

namespace chiliad::app {
namespace {

TEST(ParseSize, ReadsUnitsAsPowersOf1024) {
  EXPECT_EQ(*parse_size("0"), 0U);
  EXPECT_EQ(*parse_size("65536"), 65536U);
  EXPECT_EQ(*parse_size("7B"), 7U);
  EXPECT_EQ(*parse_size("1K"), 1024U);
  EXPECT_EQ(*parse_size("256M"), 256U << 20);
  EXPECT_EQ(*parse_size("256m"), 256U << 20);
  EXPECT_EQ(*parse_size("1GB"), std::uint64_t{1} << 30);
  EXPECT_EQ(*parse_size("1GiB"), std::uint64_t{1} << 30);
  EXPECT_EQ(*parse_size("1.5G"), std::uint64_t{3} << 29);
  EXPECT_EQ(*parse_size("2T"), std::uint64_t{2} << 40);
  EXPECT_EQ(*parse_size("9223372036854775807"), (std::uint64_t{1} << 63) - 1);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text : {"", "G", "-1", "+1", "1X", "1 G", "1.5", "1.2.3G", ".5G", "0x10", "1Gx", "99999999999T",
                           "18446744073709551616", "1e3", "inf"}) {
    const Result<std::uint64_t> size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().code, ErrorCode::kInvalid);
    EXPECT_NE(size.error().message.find(std::string("'").append(text).append("'")), std::string::npos);
  }
}

TEST(FormatSize, KeepsTheDigitsThatMatter) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1024), "1 KB");
  EXPECT_EQ(format_size(12'010'317), "11.5 MB");
  EXPECT_EQ(format_size(std::uint64_t{3} << 30), "3 GB");
  EXPECT_EQ(format_size((std::uint64_t{1} << 30) - 1), "1 GB");
  EXPECT_EQ(format_size(UINT64_MAX), "16777216 TB");
}

TEST(FormatCount, GroupsByThree) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(365'000), "365,000");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace chiliad::app
