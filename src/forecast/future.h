// The dates a forecast is asked for: Prophet's make_future_dataframe with pandas' frequency names.
//
// Source: Prophet.make_future_dataframe; pandas date_range, offset aliases of pandas 2.3 (and the older spellings H, T,
// M, Q, A/Y). The names, one by one: doc/future_dates.md.
//
// Thread safety: pure functions; Frequency is a value.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::forecast {

// A pandas frequency: "D", "15min", "h", "B", "W-WED", "MS", "ME", "QS-FEB", "YE", "2W", "1h30min", ...
class Frequency {
 public:
  // Every day: Prophet's default.
  static Frequency daily();

  // Errors: kInvalid: names the text and the frequencies there are; zero or negative multiples.
  static Result<Frequency> parse(std::string_view text);

  // Guesses from at least 3 ascending moments as pandas.infer_freq does (Prophet hands it the last 5 of history_dates);
  // kInvalid "Unable to infer `freq`" otherwise.
  static Result<Frequency> infer(std::span<const Instant> dates);

  // As pandas spells it: "D", "2W-SUN", "QE-DEC".
  std::string name() const;

  // pandas' date_range(start=last, periods=periods + 1, freq), those after `last`, the first `periods` of them.
  // Errors: kInvalid: periods negative or above 1,000,000, or a date outside the range of Instant.
  Result<std::vector<Instant>> after(Instant last, std::int64_t periods) const;

  enum class Unit : std::uint8_t;

 private:
  Frequency(Unit unit, std::int64_t multiple, int anchor) : unit_(unit), multiple_(multiple), anchor_(anchor) {}

  static Result<Frequency> parse_calendar(std::string_view text, std::int64_t multiple, std::string_view unit);
  std::int64_t first_period(std::int64_t day) const;
  std::int64_t day_of(std::int64_t period) const;

  Unit unit_;
  std::int64_t multiple_;
  int anchor_;  // Weekday (0 = Monday) of weeks, month (1 to 12) of quarters and years, day of half months.
};

}  // namespace chiliad::forecast
