// A table of holidays as people have it: a CSV with Prophet's columns.
//
//     holiday,ds,lower_window,upper_window,prior_scale
//     playoff,2010-01-24,0,1,
//     superbowl,2010-02-07,-1,1,5
//
// holiday and ds are needed, the two windows come together or not at all, further columns are not looked at. A window
// or prior scale that is missing takes its default.
//
// Source: Prophet 1.5.0, forecaster.py: validate_inputs. Thread safety: a pure function.

#pragma once

#include <string_view>

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::train {

// `text` is the whole file, plain or gzip; `name` begins the messages. Errors: kInvalid, in Prophet's words where it
// has some, with the line; kCorrupt: damaged gzip; kTooLarge.
Result<forecast::HolidayTable> read_holiday_file(std::string_view text, std::string_view name);

}  // namespace chiliad::train
