#include "forecast/country_holidays.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/time.h"

namespace chiliad::forecast {
namespace {

// {date: names} of a year.
std::map<std::string, std::set<std::string>> holidays(std::string_view country, int year) {
  std::vector<CountryHoliday> days;
  CountryHolidays::find(country)->append(year, days);
  std::map<std::string, std::set<std::string>> named;
  for (const CountryHoliday& holiday : days) {
    const std::string name(country_holiday_name(holiday.name));
    EXPECT_TRUE(named[format_instant(Instant(std::chrono::days(holiday.day)))].insert(name).second) << name;
  }
  return named;
}

// What holidays 0.109 says: UnitedStates(years=2021, expand=False, language="en_US").
TEST(CountryHolidays, OfTheUnitedStatesIn2021) {
  using Names = std::set<std::string>;
  EXPECT_EQ(holidays("US", 2021), (std::map<std::string, Names>{
                                      {"2021-01-01", {"New Year's Day"}},
                                      {"2021-01-18", {"Martin Luther King Jr. Day"}},
                                      {"2021-02-15", {"Washington's Birthday"}},
                                      {"2021-05-31", {"Memorial Day"}},
                                      {"2021-06-18", {"Juneteenth National Independence Day (observed)"}},
                                      {"2021-06-19", {"Juneteenth National Independence Day"}},
                                      {"2021-07-04", {"Independence Day"}},
                                      {"2021-07-05", {"Independence Day (observed)"}},
                                      {"2021-09-06", {"Labor Day"}},
                                      {"2021-10-11", {"Columbus Day"}},
                                      {"2021-11-11", {"Veterans Day"}},
                                      {"2021-11-25", {"Thanksgiving Day"}},
                                      {"2021-12-24", {"Christmas Day (observed)"}},
                                      {"2021-12-25", {"Christmas Day"}},
                                      {"2021-12-31", {"New Year's Day (observed)"}},
                                  }));
}

TEST(CountryHolidays, FollowTheMoonAndBothEasters) {
  EXPECT_TRUE(holidays("DE", 2024)["2024-04-01"].contains("Easter Monday"));
  EXPECT_TRUE(holidays("GR", 2024)["2024-05-06"].contains("Easter Monday"));
  EXPECT_TRUE(holidays("TR", 2024)["2024-04-10"].contains("Eid al-Fitr"));
}

TEST(CountryHolidays, AreFoundByEveryNameOfTheCountry) {
  for (const char* name : {"US", "USA", "UnitedStates"}) EXPECT_EQ(holidays(name, 1999), holidays("US", 1999)) << name;
  EXPECT_EQ(holidays("TU", 2020), holidays("TR", 2020));  // Prophet's own.
  EXPECT_TRUE(CountryHolidays::find("NYSE"));
  for (const char* name : {"", "XYZ", "us", "United", "UnitedStatesX"})
    EXPECT_FALSE(CountryHolidays::find(name)) << name;
}

TEST(CountryHolidays, OfEveryCountryHaveNamesAndLieInTheirYear) {
  const std::vector<std::string_view> countries = CountryHolidays::all();
  EXPECT_GT(countries.size(), 250u);
  int without = 0;  // Islands that nobody lives on.
  for (const std::string_view name : countries) {
    const CountryHolidays country = *CountryHolidays::find(name);
    without += country.names().empty() ? 1 : 0;
    for (const int year : {first_holiday_year(), 2000, 2024, last_holiday_year()}) {
      std::vector<CountryHoliday> days;
      country.append(year, days);
      for (const CountryHoliday& holiday : days) {
        const std::chrono::sys_days day{std::chrono::days(holiday.day)};
        EXPECT_EQ(static_cast<int>(std::chrono::year_month_day(day).year()), year) << name;
      }
    }
  }
  EXPECT_LE(without, 3);
}

TEST(CountryHolidays, HaveThoseNamesThatTheirYearsBring) {
  const CountryHolidays us = *CountryHolidays::find("US");
  const auto has = [&](int first, int last, std::string_view wanted) {
    for (const std::uint16_t name : us.names(first, last)) {
      if (country_holiday_name(name) == wanted) return true;
    }
    return false;
  };
  EXPECT_FALSE(has(1990, 2020, "Juneteenth National Independence Day"));
  EXPECT_TRUE(has(1990, 2021, "Juneteenth National Independence Day"));
}

}  // namespace
}  // namespace chiliad::forecast
