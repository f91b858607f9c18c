// Calibration of conformal intervals: scores of a model's cross-validated forecasts, by horizon (forecast/conformal.h).
//
// Thread safety: a pure function; it uses as many threads as the options say.

#pragma once

#include "base/result.h"
#include "diagnose/cross_validation.h"
#include "forecast/conformal.h"
#include "forecast/prophet.h"

namespace chiliad::diagnose {

// Cross-validates as `options` say, with the model's own scaling and interval width, and gathers the scores into groups
// of neighbouring horizons with at least kScoresOfAGroup each, up to kGroups of them; one group when there are fewer
// scores. A horizon counts from the last row that was fitted. Errors: as cross_validation(); kInvalid: the model has no
// intervals of its own (uncertainty_samples is 0).
inline constexpr std::size_t kScoresOfAGroup = 50;
inline constexpr std::size_t kGroups = 16;
Result<forecast::Conformal> calibrate(const forecast::FittedModel& model, CrossValidationOptions options);

}  // namespace chiliad::diagnose
