// Where an axis has its marks and what stands beside them: round numbers and calendar dates.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace chiliad::app {

struct Tick {
  double at = 0;  // In the axis' unit; of a date axis nanoseconds since 1970.
  std::string label;
};

struct Axis {
  double low = 0;
  double high = 1;
  std::vector<Tick> ticks;  // Within [low, high], ascending.
};

// An axis over [low, high], widened to its outermost marks: about `count` of them at 1, 2 or 5 times a power of ten.
// An interval without width is widened. Requires: finite, low <= high, count >= 2.
Axis number_axis(double low, double high, int count);

// An axis over [low, high] as it is, with at most `count` marks at beginnings of years, quarters, months, weeks
// (Mondays), days, hours or minutes. Requires: low <= high, count >= 2.
Axis date_axis(Instant low, Instant high, int count);

}  // namespace chiliad::app
