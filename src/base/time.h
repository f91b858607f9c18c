// Calendar time of the data, steady time for waiting, and the text forms of the former.
//
// An Instant has no time zone, like the ds column of Prophet: it is what a clock on the customer's wall
// showed. Range and resolution are those of pandas' datetime64[ns] (1677-09-21 to 2262-04-11).
//
// Thread safety: pure functions.

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad {

using Instant = std::chrono::sys_time<std::chrono::nanoseconds>;

// When a caller stops waiting. Handed down unchanged, so that one request has one deadline.
using Deadline = std::chrono::steady_clock::time_point;

// Reads "2022-01-31", "2022-01-31 23:59", "2022-01-31T23:59:59.123456789" and the forms between; one to
// nine digits of a second's fraction; surrounding blanks are not accepted.
// Errors: kInvalid: not such a date, a day that the month lacks, outside the range of Instant, or one with
// a time zone ("Z", "+01:00"), which Prophet refuses too; the message quotes the text and says which.
// Cost: about 10 ns for a date, no allocation when it succeeds.
Result<Instant> parse_instant(std::string_view text);

// The shortest of "2022-01-31" (midnight) and "2022-01-31T23:59:59[.fraction]" without trailing zeros.
std::string format_instant(Instant instant);

// "2022-01-31T23:59:59.123": always with time, the fraction cut (not rounded) to `digits` (0 to 9).
std::string format_instant_fixed(Instant instant, int digits);

// Nanoseconds, milliseconds since 1970-01-01T00:00; the latter rounded towards minus infinity.
inline std::int64_t nanos_since_epoch(Instant instant) { return instant.time_since_epoch().count(); }
inline std::int64_t millis_since_epoch(Instant instant) {
  return std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count();
}

// Days since 1970-01-01 with their fraction: the t of Prophet's Fourier terms.
inline double days_since_epoch(Instant instant) { return static_cast<double>(nanos_since_epoch(instant)) / 86400e9; }

}  // namespace chiliad
