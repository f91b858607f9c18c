// The search of mode_search.h in a few bold steps, for a curvature that serves one search or two.
//
// Method: at the head of quick_search.cc.
//
// Thread safety: one thread at a time.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "forecast/kernels.h"
#include "forecast/mode_search.h"

namespace chiliad::forecast {

class QuickSearch {
 public:
  QuickSearch(std::size_t smooth_count, std::size_t change_count);

  // The curvature, as the arguments of PenalizedQuadratic.
  void set(std::span<const double> smooth, std::span<const double> cross, std::span<const double> changes);
  // The same for search_mode(); made when it is first asked for.
  const PenalizedQuadratic& tridiagonal();

  // What search_mode() finds from the same start, u, g_s and x not rotated. Nothing where a few steps do not find it,
  // where its noise is not above v_floor and where start.cautious.
  std::optional<SearchResult> run(const SearchStart& start);

 private:
  void begin(const SearchStart& start);
  bool solve(double v);
  bool drop_wrong_signs();
  bool enter_violated(double v);
  double residual_rate();
  SearchResult result(double v, int steps) const;

  std::size_t q_, s_;
  std::optional<PenalizedQuadratic> tridiagonal_;
  FeatureMatrix gram_;  // Of slope changes and smooth columns, in this order, like all that follows.
  const SearchStart* start_ = nullptr;
  std::vector<double> g_;          // The columns times the residual at the start.
  std::vector<double> fixed_;      // g_ less the share of the changes that have become zero.
  std::vector<double> p_;          // The step,
  std::vector<double> gradient_;   // and what it leaves of g_.
  std::vector<double> sign_;       // Of a change; 0: it is zero.
  std::vector<std::size_t> free_;  // The columns that are solved for.
  std::vector<double> factor_, solution_, excess_;
};

}  // namespace chiliad::forecast
