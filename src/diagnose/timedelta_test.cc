#include "diagnose/timedelta.h"

#include <gtest/gtest.h>

namespace chiliad::diagnose {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;

TEST(Timedelta, ReadsWhatPandasReads) {
  EXPECT_EQ(*parse_timedelta("365 days"), hours(365 * 24));
  EXPECT_EQ(*parse_timedelta("3 hours"), hours(3));
  EXPECT_EQ(*parse_timedelta("10 seconds"), std::chrono::seconds(10));
  EXPECT_EQ(*parse_timedelta("365.25 days"), hours(8766));
  EXPECT_EQ(*parse_timedelta("2h30min"), minutes(150));
  EXPECT_EQ(*parse_timedelta("1 days 06:30:00"), hours(30) + minutes(30));
  EXPECT_EQ(*parse_timedelta("1 W"), hours(168));
  EXPECT_EQ(*parse_timedelta("1ns"), nanoseconds(1));
}

TEST(Timedelta, IsWrittenAsPandasWritesIt) {
  EXPECT_EQ(format_timedelta(hours(120)), "5 days");
  EXPECT_EQ(format_timedelta(hours(36)), "1 days 12:00:00");
  EXPECT_EQ(format_timedelta(std::chrono::milliseconds(500)), "0 days 00:00:00.500000000");
  EXPECT_EQ(*parse_timedelta(format_timedelta(nanoseconds(123456789012345))), nanoseconds(123456789012345));
}

TEST(Timedelta, RefusesWhatIsNoLengthOfTime) {
  for (const char* text : {"", " ", "days", "5", "5 months", "1 Y", "-3 days", "P1D", "0 days", "1:", "1:99:00",
                           "1.2.3 days", "200000 days", "1e9 W", "5 days x"}) {
    const Result<nanoseconds> length = parse_timedelta(text);
    ASSERT_FALSE(length) << text;
    EXPECT_EQ(length.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace chiliad::diagnose
