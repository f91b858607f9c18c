#include "train/holiday_file.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::train {
namespace {

std::string refusal_of_table(std::string_view text) {
  const Result<forecast::HolidayTable> table = read_holiday_file(text, "h.csv");
  return table ? "accepted" : table.error().message;
}

std::int32_t day(std::string_view text) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(*parse_instant(text)).time_since_epoch().count());
}

TEST(HolidayFile, HasARowADay) {
  const Result<forecast::HolidayTable> table = read_holiday_file(
      "ds,note,holiday,prior_scale,lower_window,upper_window\n2010-01-24,x,playoff,,0,1\n"
      "2010-02-07 18:30,,\"super, bowl\",5,-1.0,2\n2011-01-08,,playoff,NA,,1\n",
      "h.csv");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->names, (std::vector<std::string>{"playoff", "super, bowl"}));
  ASSERT_EQ(table->rows.size(), 3u);
  EXPECT_EQ(table->rows[0].day, day("2010-01-24"));
  EXPECT_EQ(table->rows[0].upper_window, 1);
  EXPECT_TRUE(std::isnan(table->rows[0].prior_scale));
  EXPECT_EQ(table->rows[1].name, 1u);
  EXPECT_EQ(table->rows[1].day, day("2010-02-07"));
  EXPECT_EQ(table->rows[1].lower_window, -1);
  EXPECT_EQ(table->rows[1].prior_scale, 5);
  EXPECT_EQ(table->rows[2].upper_window, 0);  // Without its other half.
  EXPECT_TRUE(table->has_windows);
  EXPECT_TRUE(table->has_prior_scales);
}

TEST(HolidayFile, NeedsNoMoreThanNamesAndDates) {
  const Result<forecast::HolidayTable> table = read_holiday_file("holiday,ds\nday,2022-01-06\n", "h.csv");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_FALSE(table->has_windows);
  EXPECT_FALSE(table->has_prior_scales);
  EXPECT_EQ(table->rows[0].lower_window, 0);
}

TEST(HolidayFile, MistakesAreToldInProphetsWords) {
  EXPECT_EQ(refusal_of_table("ds,name\n"), "h.csv: holidays must be a DataFrame with \"ds\" and \"holiday\" columns.");
  EXPECT_EQ(refusal_of_table(""), "h.csv: holidays must be a DataFrame with \"ds\" and \"holiday\" columns.");
  EXPECT_EQ(refusal_of_table("holiday,ds\nday,\n"), "h.csv:2: Found a NaN in holidays dataframe.");
  EXPECT_EQ(refusal_of_table("holiday,ds\n,2022-01-06\n"), "h.csv:2: Found a NaN in holidays dataframe.");
  EXPECT_EQ(refusal_of_table("holiday,ds,lower_window\nday,2022-01-06,0\n"),
            "h.csv: Holidays must have both lower_window and upper_window, or neither");
  EXPECT_EQ(refusal_of_table("holiday,ds,prior_scale\nday,2022-01-06,much\n"),
            "h.csv:2: prior_scale: expected a number, found 'much'");
  EXPECT_TRUE(refusal_of_table("holiday,ds\nday,soon\n").starts_with("h.csv:2: ds: "))
      << refusal_of_table("holiday,ds\nday,soon\n");
}

}  // namespace
}  // namespace chiliad::train
