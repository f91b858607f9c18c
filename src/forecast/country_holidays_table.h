// The form of the generated table of country holidays (country_holidays_table.cc): rules that give each holiday's days
// in the years kFirstHolidayYear to kLastHolidayYear.
//
//   kind       its day in a year                                                         value
//   kFixed     the same day of the same month                                            32 * month + day
//   kWestern   so many days after the western Easter Sunday                              the days, may be negative
//   kOrthodox  the same of the orthodox Easter Sunday                                    likewise
//   kTyped     by the weekday of 1 January (Monday is 0), 7 more in a leap year          which of kTypedHolidays
//   kListed    none of these: the days are listed                                        which of kHolidayLists
//
// Thread safety: constants.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chiliad::forecast {

struct HolidayRule {
  enum class Kind : std::uint8_t { kFixed, kWestern, kOrthodox, kTyped, kListed };
  std::uint16_t name;  // In kHolidayNames.
  Kind kind;
  std::int16_t value;
  std::uint16_t first_year;
  std::uint16_t last_year;  // Inclusive.
};

// Days of the year from 1, by the year's type; 0: none.
using TypedHoliday = std::uint16_t[14];

// The first day since 1970-01-01, then the steps from day to day, each two signs: digits to the base 90 from '#' (0)
// on, with '!' for '\' and ' ' for '?'. The largest step is one to no holiday.
struct HolidayList {
  std::int32_t first_day;
  std::string_view steps;
};

struct HolidayCountry {
  std::string_view name;  // As the package holidays calls its class: "UnitedStates".
  std::uint32_t first_rule;
  std::uint32_t rule_count;
};

// "UnitedStates", "US", "USA": all names of the countries, ascending.
struct HolidayCountryName {
  std::string_view name;
  std::uint16_t country;
};

extern const std::string_view kHolidaysVersion;
extern const int kFirstHolidayYear;
extern const int kLastHolidayYear;
extern const std::string_view kHolidayNames[];
extern const TypedHoliday kTypedHolidays[];
extern const HolidayList kHolidayLists[];
extern const HolidayRule kHolidayRules[];
extern const HolidayCountry kHolidayCountries[];
extern const HolidayCountryName kHolidayCountryNames[];
extern const std::size_t kHolidayCountryNameCount;

}  // namespace chiliad::forecast
