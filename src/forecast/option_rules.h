// What options a model may have, whatever the data: ranges, and names that no two parts may share.
//
// Prophet checks names in the order of the calls that add parts. Here the options are one value, and the order is
// fixed: holidays, the country's holidays, seasonalities, regressors.
//
// Source: Prophet 1.5.0, forecaster.py: validate_inputs, validate_column_name, add_seasonality, add_regressor,
// add_country_holidays; make_holidays.py: get_holiday_names.
//
// Thread safety: a pure function.

#pragma once

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// Errors: kInvalid, in Prophet's words where it has some.
Result<Done> check_options(const ProphetOptions& options);

}  // namespace chiliad::forecast
