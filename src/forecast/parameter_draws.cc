#include <memory>
#include <span>
#include <utility>

#include "forecast/prophet.h"

namespace chiliad::forecast {
namespace {

// The mean over the draws of each of a parameter's values.
std::vector<double> mean_draw(std::span<const double> values, std::size_t draws) {
  const std::size_t width = values.size() / draws;
  std::vector<double> mean(width);
  for (std::size_t i = 0; i < draws * width; ++i) mean[i % width] += values[i] / static_cast<double>(draws);
  return mean;
}

}  // namespace

void set_draws(FittedState& state, ParameterDraws draws) {
  const std::size_t n = draws.size();
  state.k = mean_draw(draws.k, n)[0];
  state.m = mean_draw(draws.m, n)[0];
  state.sigma_obs = mean_draw(draws.sigma_obs, n)[0];
  state.delta = mean_draw(draws.delta, n);
  state.beta = mean_draw(draws.beta, n);
  state.log_posterior.reset();
  state.draws = std::make_shared<const ParameterDraws>(std::move(draws));
}

}  // namespace chiliad::forecast
