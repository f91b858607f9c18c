// The best of the modes that are reached from a few starting points (posterior_mode.h, starts.h): what a fit keeps.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>

#include "base/result.h"
#include "forecast/calendar_state.h"
#include "forecast/objective.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// Whether further starts are tried where the model may have several modes, or the given one alone.
enum class Starts : std::uint8_t { kOne, kSeveral };

// From `start` (beta has x.stride elements), from there again where the climb did not end, and from further starts.
// Fills the report but for constant_series and warm_started. Errors: of the first start, as find_mode().
Result<Parameters> find_best_mode(const Calendar::State& calendar, const SeriesValues& values, Parameters start,
                                  Starts starts, FitReport& report);

}  // namespace chiliad::forecast
