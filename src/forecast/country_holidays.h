// The public holidays of a country, as Prophet's add_country_holidays() takes them from the Python package `holidays`.
//
// The days are those that the package of version holidays_version() gives with expand=False and language="en_US", in
// the years first_holiday_year() to last_holiday_year(); the table is made by tool/make_country_holidays.py.
//
// Source: Prophet 1.5.0, make_holidays.py.
//
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace chiliad::forecast {

std::string_view holidays_version();
int first_holiday_year();
int last_holiday_year();

// A holiday on a day.
struct CountryHoliday {
  std::int32_t day;    // Since 1970-01-01.
  std::uint16_t name;  // For country_holiday_name().
};

std::string_view country_holiday_name(std::uint16_t name);

class CountryHolidays {
 public:
  // By any name that the package has ("US", "USA", "UnitedStates", "NYSE") and Prophet's "TU" for Turkey; nullopt for
  // any other.
  static std::optional<CountryHolidays> find(std::string_view country);

  // Appends the year's holidays, in no particular order; a day may have several. Cost: below 1 us.
  // Requires: first_holiday_year() <= year <= last_holiday_year().
  void append(int year, std::vector<CountryHoliday>& out) const;

  // The names of all its holidays, each once.
  std::vector<std::uint16_t> names() const;
  // Those from the year `first` to the year `last`.
  std::vector<std::uint16_t> names(int first, int last) const;

  // All countries, by the name of their class in the package, ascending: "Afghanistan", ...
  static std::vector<std::string_view> all();

 private:
  explicit CountryHolidays(std::uint16_t country) : country_(country) {}

  std::uint16_t country_;
};

}  // namespace chiliad::forecast
