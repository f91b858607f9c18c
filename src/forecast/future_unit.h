// The units that a Frequency steps by. Internal to future*.cc.

#pragma once

#include <array>
#include <string_view>

#include "forecast/future.h"

namespace chiliad::forecast {

// In each group of four: start, end, first business day, last business day.
enum class Frequency::Unit : std::uint8_t {
  kNanosecond,
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kBusinessDay,
  kWeek,
  kHalfStart,  // The 1st and the anchor day of each month.
  kHalfEnd,    // The anchor day and the last day of each month.
  kMonthStart,
  kMonthEnd,
  kBMonthStart,
  kBMonthEnd,
  kQuarterStart,
  kQuarterEnd,
  kBQuarterStart,
  kBQuarterEnd,
  kYearStart,
  kYearEnd,
  kBYearStart,
  kBYearEnd,
};

// As pandas anchors years and weeks.
inline constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                             "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
inline constexpr std::array<std::string_view, 7> kWeekdays = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};

}  // namespace chiliad::forecast
