#include "forecast/holiday_columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace chiliad::forecast {
namespace {

std::int32_t day(std::string_view text) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(*parse_instant(text)).time_since_epoch().count());
}

constexpr double kDefault = std::numeric_limits<double>::quiet_NaN();

// "playoff" on two days with a window, "New Year" on one.
ProphetOptions own_holidays() {
  auto table = std::make_shared<HolidayTable>();
  table->names = {"playoff", "New Year"};
  table->rows = {
      {0, day("2022-01-10"), -1, 2, kDefault}, {1, day("2022-01-01"), 0, 0, 3}, {0, day("2022-01-12"), 0, 1, kDefault}};
  ProphetOptions options;
  options.holidays = table;
  return options;
}

std::vector<Instant> hours_of(std::string_view first, int days) {
  std::vector<Instant> ds;
  for (int i = 0; i < 24 * days; i += 8) ds.push_back(*parse_instant(first) + std::chrono::hours(i));
  return ds;
}

std::string refusal(const ProphetOptions& options, const std::vector<std::string>& names) {
  const Result<HolidayColumns> columns = HolidayColumns::make(options, names);
  return columns ? "" : columns.error().message;
}

TEST(HolidayColumns, StandByNameThenAsTheirTextsSort) {
  const ProphetOptions options = own_holidays();
  const std::vector<Instant> ds = hours_of("2021-12-31", 15);
  const Result<std::vector<std::string>> names = holidays_seen(options, ds);
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector<std::string>{"playoff", "New Year"}));
  const Result<HolidayColumns> columns = HolidayColumns::make(options, *names);
  ASSERT_TRUE(columns) << columns.error().message;
  ASSERT_EQ(columns->size(), 5u);  // New Year +0; playoff +0, +1, +2, -1.
  EXPECT_EQ(columns->runs()[0].name, "New Year");
  EXPECT_EQ(columns->runs()[0].prior_scale, 3);
  EXPECT_EQ(columns->runs()[1].first, 1u);
  EXPECT_EQ(columns->runs()[1].count, 4u);
  EXPECT_EQ(columns->runs()[1].prior_scale, 10);

  FeatureMatrix x(ds.size(), 7);
  columns->fill(ds, 2, x);
  const auto row_of = [&](std::string_view date) {
    std::vector<double> row;
    for (std::size_t r = 0; r < ds.size(); ++r) {
      if (std::chrono::floor<std::chrono::days>(ds[r]) != *parse_instant(date)) continue;
      const std::vector<double> found(x.row(r), x.row(r) + 7);
      EXPECT_TRUE(row.empty() || row == found) << date << ": the hours of a day differ";
      row = found;
    }
    return row;
  };
  using Row = std::vector<double>;
  EXPECT_EQ(row_of("2021-12-31"), (Row{0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(row_of("2022-01-01"), (Row{0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(row_of("2022-01-09"), (Row{0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(row_of("2022-01-10"), (Row{0, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(row_of("2022-01-12"), (Row{0, 0, 0, 1, 0, 1, 0}));  // Two rows' windows.
  EXPECT_EQ(row_of("2022-01-13"), (Row{0, 0, 0, 0, 1, 0, 0}));
}

TEST(HolidayColumns, OfACountryAreThoseOfTheYearsThatTheFitSaw) {
  ProphetOptions options;
  options.country_holidays = "US";
  const std::vector<Instant> until_2020 = {*parse_instant("2019-06-01"), *parse_instant("2020-06-01")};
  const Result<std::vector<std::string>> names = holidays_seen(options, until_2020);
  ASSERT_TRUE(names);
  EXPECT_EQ(std::ranges::count(*names, "Juneteenth National Independence Day"), 0);
  const HolidayColumns columns = *HolidayColumns::make(options, *names);
  EXPECT_EQ(columns.size(), names->size());
  const std::vector<Instant> later = {*parse_instant("2021-06-19"), *parse_instant("2021-07-04T12:00")};
  FeatureMatrix x(2, columns.size());
  columns.fill(later, 0, x);
  double sum[2] = {0, 0};
  for (std::size_t j = 0; j < columns.size(); ++j) {
    sum[0] += x.row(0)[j];
    sum[1] += x.row(1)[j];
  }
  EXPECT_EQ(sum[0], 0);
  EXPECT_EQ(sum[1], 1);
}

TEST(HolidayColumns, OwnRowsAndTheCountrysShareAName) {
  ProphetOptions options = own_holidays();
  auto table = std::make_shared<HolidayTable>(*options.holidays);
  table->names[1] = "New Year's Day";
  table->rows[1] = {1, day("2022-01-01"), -1, 0, kDefault};
  options.holidays = table;
  options.country_holidays = "US";
  const std::vector<Instant> ds = {*parse_instant("2021-12-31"), *parse_instant("2022-01-01"),
                                   *parse_instant("2023-01-01")};
  const std::vector<std::string> names = *holidays_seen(options, ds);
  EXPECT_EQ(std::ranges::count(names, "New Year's Day"), 1);
  const Result<HolidayColumns> columns = HolidayColumns::make(options, names);
  ASSERT_TRUE(columns) << columns.error().message;
  const auto run = std::ranges::find(columns->runs(), "New Year's Day", &HolidayColumns::Run::name);
  ASSERT_EQ(run->count, 2u);  // +0, -1
  FeatureMatrix x(3, columns->size());
  columns->fill(ds, 0, x);
  EXPECT_EQ(x.row(0)[run->first + 1], 1);
  EXPECT_EQ(x.row(1)[run->first], 1);
  EXPECT_EQ(x.row(2)[run->first], 1);  // The country's day, of which the table knows nothing.
  // A prior scale of its own contradicts the country's.
  table->rows[1].prior_scale = 3;
  EXPECT_EQ(refusal(options, names), "Holiday \"New Year's Day\" does not have consistent prior scale specification.");
}

TEST(HolidayColumns, MistakesAreToldInProphetsWords) {
  ProphetOptions options = own_holidays();
  auto table = std::make_shared<HolidayTable>(*options.holidays);
  options.holidays = table;
  table->rows[2].prior_scale = 4;
  EXPECT_EQ(refusal(options, table->names), "Holiday 'playoff' does not have consistent prior scale specification.");
  table->rows[0].prior_scale = table->rows[2].prior_scale = 0;
  EXPECT_EQ(refusal(options, table->names), "Prior scale must be > 0");
  table->rows[0] = table->rows[2] = {0, 0, -9000, 9000, kDefault};
  EXPECT_EQ(refusal(options, table->names), "more than 10000 holiday columns");
  options.country_holidays = "XYZ";
  EXPECT_EQ(holidays_seen(options, hours_of("2022-01-01", 1)).error().message,
            "Holidays in XYZ are not currently supported!");
  options.country_holidays = "US";
  EXPECT_EQ(holidays_seen(options, hours_of("1850-01-01", 1)).error().message,
            "country holidays are known for the years 1900 to 2100, not for 1850");
}

TEST(HolidayColumns, NamesWithoutDaysHaveAColumnAllTheSame) {
  ProphetOptions options;
  options.country_holidays = "US";
  const HolidayColumns columns =
      *HolidayColumns::make(options, std::vector<std::string>{"Christmas Day", "Renamed Day"});
  ASSERT_EQ(columns.size(), 2u);
  const std::vector<Instant> ds = {*parse_instant("2022-12-25")};
  FeatureMatrix x(1, 2);
  columns.fill(ds, 0, x);
  EXPECT_EQ(x.row(0)[0], 1);
  EXPECT_EQ(x.row(0)[1], 0);
}

}  // namespace
}  // namespace chiliad::forecast
