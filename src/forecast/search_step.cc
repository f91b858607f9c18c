#include "forecast/search_step.h"

#include <algorithm>

namespace chiliad::forecast {

SearchResult search_from(const PenalizedQuadratic& curvature, const Priors& priors, const Coordinates& at, double sigma,
                         const Coordinates& gradient, double sum_of_squares, const SearchWay& way) {
  const std::size_t q = curvature.smooth_count();
  std::vector<double> u(q), g(q);
  u[0] = at.k / kLinePrior;
  u[1] = at.m / kLinePrior;
  g[0] = gradient.k * kLinePrior;
  g[1] = gradient.m * kLinePrior;
  for (std::size_t j = 0; j < priors.features.size(); ++j) {
    u[2 + j] = at.beta[j] / priors.features[j];
    g[2 + j] = gradient.beta[j] * priors.features[j];
  }
  curvature.rotate(u);
  curvature.rotate(g);
  SearchStart start;
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
  start.cautious = way.cautious;
  return search_mode(curvature, start);
}

std::vector<double> smooth_step(const PenalizedQuadratic& curvature, const Priors& priors, const SearchResult& found) {
  std::vector<double> step = found.x;
  curvature.unrotate(step);
  step[0] *= kLinePrior;
  step[1] *= kLinePrior;
  for (std::size_t j = 0; j < priors.features.size(); ++j) step[2 + j] *= priors.features[j];
  return step;
}

}  // namespace chiliad::forecast
