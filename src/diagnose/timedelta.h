// Lengths of time as text: what pandas.Timedelta reads of "365 days", "12 hours", "1 days 06:30:00", "2h30min".
//
// Source: pandas 2.3, Timedelta. Its units W, D, h, min, s, ms, us, ns with their long names and plurals are read; ISO
// 8601 durations ("P1DT2H"), signs and the ambiguous months and years, which pandas refuses too, are not.
//
// Thread safety: pure functions.

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::diagnose {

// Numbers with units, and at most one hh:mm[:ss[.fraction]], added up; a fraction of a nanosecond is cut. Errors:
// kInvalid, quoting the text: nothing, another unit, no unit, a sum that is not above 0 or is over 290 years.
Result<std::chrono::nanoseconds> parse_timedelta(std::string_view text);

// "5 days", "1 days 12:00:00", "0 days 00:00:00.500000000": as pandas writes a column of them, each by itself.
std::string format_timedelta(std::chrono::nanoseconds length);

}  // namespace chiliad::diagnose
