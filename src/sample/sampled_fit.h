// A fit by sampling: what Prophet's fit does for mcmc_samples > 0.
//
// Thread safety: pure functions.

#pragma once

#include "forecast/prophet.h"

namespace chiliad::sample {

// The model of forecast::fit() with draws of its posterior, prophet_nuts_options(mcmc_samples) of them, and their means
// for parameters; in one thread, with seed 0. A constant series is not sampled, as in Prophet. The report is that of
// the mode, log_posterior included; its note says how far the chains agree where R-hat is above 1.01 or a trajectory
// diverged. Errors: as forecast::fit(); kInvalid: fewer than 8 samples. Requires: calendar.is_of(rows);
// calendar.options().mcmc_samples > 0.
Result<forecast::FittedModel> fit_by_sampling(const forecast::Calendar& calendar, const forecast::PreparedRows& rows,
                                              const forecast::FitOptions& options = {},
                                              forecast::FitReport* report = nullptr);

}  // namespace chiliad::sample
