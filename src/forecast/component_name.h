// Which names the parts of a model may have: each becomes three columns of a forecast, so those of other columns are
// taken, and no two parts may share one.
//
// Source: Prophet 1.5.0, forecaster.py, validate_column_name.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::forecast {

// "yearly", "weekly" or "daily": an added seasonality of that name takes the place of the built-in one.
bool is_built_in_seasonality(std::string_view name);

// For a regressor, a holiday or a condition. Errors: kInvalid, in Prophet's words where it has some: empty, with
// "_delim_" in it, or the name of another column ("trend", "weekly", "yhat_lower", ...).
Result<Done> check_component_name(std::string_view name);

// For a seasonality: the same, but the built-in names are allowed.
Result<Done> check_seasonality_name(std::string_view name);

// A name as Python's repr() shows it in Prophet's messages: 'temp', "New Year's Day". Control bytes stay.
std::string quoted_name(std::string_view name);

}  // namespace chiliad::forecast
