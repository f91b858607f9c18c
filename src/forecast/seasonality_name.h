// Which names a seasonality may have: one becomes three columns of a forecast, so those of other columns are taken.
//
// Source: Prophet 1.5.0, forecaster.py, validate_column_name.
//
// Thread safety: pure functions.

#pragma once

#include <string_view>

#include "base/result.h"

namespace chiliad::forecast {

// "yearly", "weekly" or "daily": an added seasonality of that name takes the place of the built-in one.
bool is_built_in_seasonality(std::string_view name);

// Errors: kInvalid, in Prophet's words where it has some: empty, with "_delim_" in it, or the name of another column
// ("trend", "yhat_lower", ...).
Result<Done> check_seasonality_name(std::string_view name);

}  // namespace chiliad::forecast
