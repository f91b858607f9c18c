// Interval bounds that Prophet simulated against the law that chiliad computes.
//
// A stored bound is the mean, over some seeds, of a percentile of some samples. A percentile of n draws lies at a
// probability that scatters by sqrt(q (1 - q) / n) about q, so the mean over s seeds must lie within a few times
// sqrt(q (1 - q) / (n s)) under the computed distribution function. At the atom of the trend's law the function jumps,
// and q may lie anywhere in the jump. Where the atom ends near q, some seeds fall in it and others beside: there the
// mean is compared with the computed quantile on the x axis, by the seeds' own scatter.
//
// The law of logistic growth is known by its draws alone: there the mean of a bound over the stored seeds is compared
// with that over more seeds of our own simulation, by the scatter of the latter.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <vector>

#include "forecast/prophet.h"
#include "parity/reference_case.h"

namespace chiliad::parity {

// The largest distance of a stored bound, in standard errors. `model` holds the stored parameters and `forecast` what
// it predicts for the stored frame. A remark names the bound when the distance is beyond 5.
// Requires: reference.intervals.
double worst_interval(const ReferenceCase& reference, const forecast::FittedModel& model,
                      const forecast::Forecast& forecast, std::vector<std::string>& remarks);

}  // namespace chiliad::parity
