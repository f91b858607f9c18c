#include "base/time.h"

#include <gtest/gtest.h>

namespace chiliad {
namespace {

TEST(ParseInstant, ReadsTheFormsPeopleWrite) {
  for (const auto& [text, nanos] : std::initializer_list<std::pair<const char*, std::int64_t>>{
           {"1970-01-01", 0},
           {"1970-01-02", 86'400'000'000'000},
           {"1969-12-31 23:59:59.999999999", -1},
           {"2022-01-31T23:59", 1'643'673'540'000'000'000},
           {"2022-01-31 23:59:58.5", 1'643'673'598'500'000'000},
       }) {
    const Result<Instant> instant = parse_instant(text);
    ASSERT_TRUE(instant) << text << ": " << instant.error().message;
    EXPECT_EQ(nanos_since_epoch(*instant), nanos) << text;
  }
}

TEST(ParseInstant, RefusesWhatIsNoDate) {
  for (const char* text : {"", "2022", "2022-13-01", "2022-02-30", "2022-01-01 ", " 2022-01-01", "2022-01-01 24:00",
                           "2022-01-01T10", "2022-01-01T10:00:60", "2022-01-01T10:00:00.",
                           "2022-01-01T10:00:00.1234567890", "01/02/2022", "1500-01-01", "20220101", "2022-01-01x"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

TEST(ParseInstant, NamesATimeZoneAsTheReason) {
  for (const char* text :
       {"2022-01-01T00:00:00Z", "2022-01-01 00:00+01:00", "2022-01-01 00:00:00.5 -05:00", "2022-01-01Z"}) {
    const Result<Instant> instant = parse_instant(text);
    ASSERT_FALSE(instant) << text;
    EXPECT_NE(instant.error().message.find("time zone"), std::string::npos) << instant.error().message;
  }
}

TEST(FormatInstant, IsReadBackAsTheSameInstant) {
  for (const char* text :
       {"2022-01-31", "1969-12-31T23:59:59.999999999", "2022-10-30T00:00:10", "2022-01-31T10:20:00.5"}) {
    EXPECT_EQ(format_instant(*parse_instant(text)), text);
  }
}

TEST(FormatInstant, CutsTheFractionToTheDigitsAskedFor) {
  EXPECT_EQ(format_instant_fixed(*parse_instant("2022-01-31T10:20:00.98765"), 3), "2022-01-31T10:20:00.987");
}

}  // namespace
}  // namespace chiliad
