// Where a fit begins: Prophet's own starting point, a model that was fitted before, and further points from which other
// modes are reached.
//
// A model with multiplicative parts or logistic growth is not convex: modes differ in what the trend explains and what
// the shares do, in which slope changes are zero, in the sign of a rate. Prophet begins at one point and ends at one of
// them.
//
// Source: Prophet 1.5.0, forecaster.py: calculate_initial_params; utilities.py: warm_start_params; models.py:
// sanitize_custom_inits.
//
// Thread safety: pure functions.

#pragma once

#include <vector>

#include "forecast/calendar_state.h"
#include "forecast/objective.h"

namespace chiliad::forecast {

// delta and beta zero, sigma_obs 1, the trend as trend_start() has it.
Parameters prophet_start(const Calendar::State& calendar, const SeriesValues& values);

// The parameters of another model where they fit in number, Prophet's own start elsewhere, as Prophet does it.
Parameters warm_start(const Calendar::State& calendar, const SeriesValues& values, const WarmStart& given);

// Starts from which other modes may be reached, whatever the first one was. None where a model is linear or
// multiplicative in seasonalities alone: over 600 random series of the latter kind with periods within the history the
// first mode was always the best of 30 starts.
std::vector<Parameters> further_starts(const Calendar::State& calendar, const SeriesValues& values,
                                       const Parameters& first);

// The trend of a mode, without its features: a way off a ridge on which steps became tiny.
Parameters trend_alone(const Parameters& mode);

}  // namespace chiliad::forecast
