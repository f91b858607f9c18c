// The sufficient statistics of a model as its stored form has them (key chiliad.statistics: doc/stored_form.md).
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

inline constexpr std::int64_t kStatisticsVersion = 1;

// The fields as they were read. Views are borrowed.
struct StoredStatistics {
  std::int64_t version = 0, columns = 0;
  double lowest = 0, highest = 0, sum_of_squares = -1;
  std::string_view gradient, gram;  // base64 of little-endian doubles.
};

// Errors: kCorrupt: sizes that are not those of the columns, text that is no base64, what check_positive() refuses.
// Whether they are the model's own is FittedModel::from_state()'s to check.
Result<std::shared_ptr<const SufficientStatistics>> make_statistics(const StoredStatistics& stored);

// False: no such name.
bool read_update_way(std::string_view text, UpdateWay& way);
// 16 lower-case hex digits.
bool read_hash(std::string_view text, std::uint64_t& hash);

}  // namespace chiliad::forecast
