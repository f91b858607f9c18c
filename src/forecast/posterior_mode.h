// From a starting point to a mode of Prophet's posterior.
//
//     rows, Calendar --starts.h--> starting points --find_mode()--> modes --fit.cc keeps the best--> FittedModel
//
// Promises: as doc/prophet.md, "What a fit promises": the optimality residual, zeros, the same bits for the same start.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>

#include "base/result.h"
#include "forecast/calendar_state.h"
#include "forecast/objective.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

constexpr double kSigmaFloor = 1e-9;  // In units of y_scale; Prophet's sigma_obs for a constant series.

// The mode reached from `start`, whose beta has x.stride elements. Fills the report but for constant_series and starts.
// A mode that was not quite reached is the report's to say (converged). Errors: kNotConverged: no point above the
// start.
Result<Parameters> find_mode(const Calendar::State& calendar, const SeriesValues& values, Parameters start,
                             FitReport& report);

// A mode that is known. Borrowed.
struct Rival {
  const Parameters& mode;
  double log_posterior = 0;
};

// How a climb stands to its rival: it comes to the same mode, or to another one that is no better.
enum class Standing : std::uint8_t { kOpen, kSame, kBelow };

// As find_mode(), and no further than to where `standing` is clear: then what is returned is no mode, and the report is
// not filled.
Result<Parameters> find_mode(const Calendar::State& calendar, const SeriesValues& values, Parameters start,
                             const Rival& rival, Standing& standing, FitReport& report);

}  // namespace chiliad::forecast
