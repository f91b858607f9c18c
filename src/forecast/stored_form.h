// Prophet's own stored form: the JSON text that prophet.serialize.model_to_json writes and model_from_json reads.
//
// Source: Prophet 1.5.0, python/prophet/serialize.py. By key: doc/stored_form.md.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// The text that model_from_json accepts. A model without KeptHistory is written with an empty history table, its last
// dates as history_dates, and what is lost by that under the extra key "chiliad", which Prophet ignores. The same model
// gives the same bytes.
std::string model_to_json(const FittedModel& model);

// Whether a model keeps its sufficient statistics, which only a refresh needs: thousands of numbers.
enum class KeepStatistics : std::uint8_t { kYes, kNo };

// Reads what model_to_json of Prophet 0.6 to 1.5.0 or the function above wrote. A model that went through both predicts
// the same bits. With KeepHistory::kNo the rows are counted and dropped. Never trusts its input: sizes are limited,
// every number is checked. Errors: kCorrupt, with the JSON key to blame; kInvalid for a model that needs what is not
// supported (the message names it).
Result<FittedModel> model_from_json(std::string_view json, KeepHistory keep = KeepHistory::kYes,
                                    KeepStatistics statistics = KeepStatistics::kNo);

}  // namespace chiliad::forecast
