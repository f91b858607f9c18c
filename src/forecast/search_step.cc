#include "forecast/search_step.h"

#include <algorithm>

namespace chiliad::forecast {
namespace {

// Where a search starts, in units of the priors, with what its spans lie in.
struct Turned {
  std::vector<double> u, g;
  SearchStart start;

  Turned(const Priors& priors, const Coordinates& at, double sigma, const Coordinates& gradient, double sum_of_squares,
         const SearchWay& way);
  Turned(const Turned&) = delete;
  Turned& operator=(const Turned&) = delete;
};

Turned::Turned(const Priors& priors, const Coordinates& at, double sigma, const Coordinates& gradient,
               double sum_of_squares, const SearchWay& way)
    : u(2 + priors.features.size()), g(2 + priors.features.size()) {
  u[0] = at.k / kLinePrior;
  u[1] = at.m / kLinePrior;
  g[0] = gradient.k * kLinePrior;
  g[1] = gradient.m * kLinePrior;
  for (std::size_t j = 0; j < priors.features.size(); ++j) {
    u[2 + j] = at.beta[j] / priors.features[j];
    g[2 + j] = gradient.beta[j] * priors.features[j];
  }
  start.u = u;
  start.d = at.delta;
  start.g_s = g;
  start.g_d = gradient.delta;
  start.rr = sum_of_squares;
  start.rows = priors.rows;
  start.tau = priors.changepoint_prior_scale;
  start.v = std::min(way.highest_v, sigma * sigma);
  start.v_floor = way.lowest_sigma * way.lowest_sigma;
  start.v_credible = way.credible_sigma * way.credible_sigma;
  start.damping = way.damping;
  start.convex = way.convex;
  start.accuracy = way.accuracy;
  start.most_levels = way.most_levels;
  start.cautious = way.cautious;
}

SearchResult search_rotated(const PenalizedQuadratic& curvature, Turned& turned) {
  curvature.rotate(turned.u);
  curvature.rotate(turned.g);
  SearchResult found = search_mode(curvature, turned.start);
  if (found.ok) curvature.unrotate(found.x);
  return found;
}

}  // namespace

SearchResult search_from(const PenalizedQuadratic& curvature, const Priors& priors, const Coordinates& at, double sigma,
                         const Coordinates& gradient, double sum_of_squares, const SearchWay& way) {
  Turned turned(priors, at, sigma, gradient, sum_of_squares, way);
  return search_rotated(curvature, turned);
}

SearchResult search_from(QuickSearch& curvature, const Priors& priors, const Coordinates& at, double sigma,
                         const Coordinates& gradient, double sum_of_squares, const SearchWay& way) {
  Turned turned(priors, at, sigma, gradient, sum_of_squares, way);
  if (std::optional<SearchResult> found = curvature.run(turned.start)) return *std::move(found);
  return search_rotated(curvature.tridiagonal(), turned);
}

std::vector<double> smooth_step(const Priors& priors, const SearchResult& found) {
  std::vector<double> step = found.x;
  step[0] *= kLinePrior;
  step[1] *= kLinePrior;
  for (std::size_t j = 0; j < priors.features.size(); ++j) step[2 + j] *= priors.features[j];
  return step;
}

}  // namespace chiliad::forecast
