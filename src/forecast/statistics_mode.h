// From a point to the mode of Prophet's posterior where the rows are known by their sufficient statistics alone.
//
//     model's parameters, statistics of old and new rows --find_mode()--> parameters and statistics at the mode
//
// Promise: a mode, as far as rounding lets the statistics decide it; where it does not, the reason instead. It is the
// one that a fit of the rows themselves ends at (posterior_mode.h) but for rare cases of several modes, for which there
// is a rule of thumb only (is_highest() in the .cc): doc/prophet.md.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <vector>

#include "forecast/objective.h"
#include "forecast/sufficient_statistics.h"

namespace chiliad::forecast {

// A point and the statistics of the rows' residual there.
struct StatisticsPoint {
  std::vector<double> theta;  // P, in the order of the columns (sufficient_statistics.h).
  double sigma = 1;
  SufficientStatistics statistics;
};

// Moves a point to the mode: theta, sigma and what the statistics have of the residual. priors.rows is to be theirs.
// Fills the report's figures. Empty, or why there is no mode; the point is of no use then.
std::string find_mode(const Priors& priors, StatisticsPoint& point, FitReport& report);

}  // namespace chiliad::forecast
