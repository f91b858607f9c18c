// Dates as Prophet's stored form spells them: pandas' to_json(date_format='iso') and what read_json takes back.
//
// Written: "2022-01-01T00:00:00.000", the fraction cut to milliseconds. Read: that, with or without fraction, time or a
// final "Z" (files of Prophet before 1.0), and whole numbers since 1970 whose unit is the first of seconds,
// milliseconds, microseconds and nanoseconds that stays inside the range of Instant, as pandas guesses.
//
// Source: pandas 2.3, pandas/_libs/src/vendored/ujson, pandas/io/json/_json.py (_try_convert_to_date).
//
// Thread safety: DateText belongs to one thread at a time; the functions are pure.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::forecast {

// Formats moments one after another; neighbours mostly share the day or the time of day, and only what changed since
// the call before is written again (about 10 ns a date instead of 300 with snprintf).
class DateText {
 public:
  static constexpr std::size_t kLength = 23;

  // The text of `moment`, valid until the next call.
  std::string_view of(Instant moment);

 private:
  void write_day(std::int64_t day);
  void write_time(std::int64_t millis);

  std::array<char, kLength> text_{};
  std::int64_t day_ = INT64_MIN;
  std::int64_t millis_ = INT64_MIN;
};

// Errors: kCorrupt, quoting the text.
Result<Instant> parse_stored_date(std::string_view text);

// A number since 1970. Errors: kCorrupt: outside the years 1678 to 2261 in every unit.
Result<Instant> stored_date_from_number(std::int64_t number);

}  // namespace chiliad::forecast
