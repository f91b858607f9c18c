// One search of mode_search.h from a point, and where it leads, in natural units: between parameters and gradients as
// objective.h has them and the search's own coordinates, those of smooth columns in units of their prior.
//
// Thread safety: pure functions, but for what they do with a QuickSearch.

#pragma once

#include <limits>
#include <vector>

#include "forecast/mode_search.h"
#include "forecast/objective.h"
#include "forecast/quick_search.h"

namespace chiliad::forecast {

// As the members of SearchStart.
struct SearchWay {
  double damping = 0;
  bool convex = true;
  bool cautious = false;
  double lowest_sigma = 0;
  double credible_sigma = 0;
  double highest_v = std::numeric_limits<double>::infinity();  // Where v starts at most.
  double accuracy = SearchStart{}.accuracy;
  int most_levels = SearchStart{}.most_levels;
};

// `at`: where the search starts, with the noise from which it comes down to the mode's; `gradient` and `sum_of_squares`
// belong to the residual there. Both have as many deltas as the curvature has changes. The result's x is in units of
// the priors.
SearchResult search_from(const PenalizedQuadratic& curvature, const Priors& priors, const Coordinates& at, double sigma,
                         const Coordinates& gradient, double sum_of_squares, const SearchWay& way);
// The same for a curvature that serves one search or two.
SearchResult search_from(QuickSearch& curvature, const Priors& priors, const Coordinates& at, double sigma,
                         const Coordinates& gradient, double sum_of_squares, const SearchWay& way);

// The step of k, m and the features that was found.
std::vector<double> smooth_step(const Priors& priors, const SearchResult& found);

}  // namespace chiliad::forecast
