// The rows of a frame made ready for a forecast: in ascending order, with the columns that the model reads found,
// checked and in the same order, and their scaled times.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "forecast/design.h"
#include "forecast/features.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct SortedFrame {
  std::vector<Instant> ds;         // Ascending (stable).
  std::vector<OwnedColumn> moved;  // Needed columns in the new order; empty when the frame was sorted.
  FeatureInputs inputs;            // Borrowed from the frame or `moved`.
  ScaledCap cap;                   // Likewise.
};

// Requires: at least one row. Errors: kInvalid: as find_inputs() and scale_cap(); rows more than 290 years from the
// history.
Result<SortedFrame> sort_frame(const Frame& frame, const FittedState& state, const FeatureParts& parts);

// The rows of a frame, ascending, in scaled time.
struct Times {
  std::vector<double> t;
  std::vector<std::int64_t> steps;  // future_steps(t)
};
Times scaled_times(const FittedState& state, std::span<const Instant> ds);

}  // namespace chiliad::forecast
