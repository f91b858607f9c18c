#include "forecast/posterior_predict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "forecast/future_law.h"
#include "forecast/kernels.h"
#include "forecast/simulate.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

// One draw of the parameters with its simulated futures.
struct Future {
  TrendParameters trend;
  std::span<const double> beta;
  double sigma = 0;
  Sampling sampling;
  std::unique_ptr<TrendPaths> paths;  // Null: the trend is certain.
};

std::vector<Future> make_futures(const FittedState& state, const PosteriorFrame& frame, std::size_t per_draw,
                                 std::uint64_t seed) {
  const ParameterDraws& draws = *state.draws;
  const std::size_t changes = state.delta.size(), features = state.beta.size();
  FittedState one = state;
  one.draws = nullptr;
  one.history = nullptr;
  std::vector<Future> futures;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    Future& future = futures.emplace_back();
    const std::span<const double> delta = std::span(draws.delta).subspan(i * changes, changes);
    future.beta = std::span(draws.beta).subspan(i * features, features);
    future.trend = {draws.k[i], draws.m[i], delta, state.changepoints_t};
    future.sigma = draws.sigma_obs[i];
    one.k = draws.k[i];
    one.m = draws.m[i];
    one.delta.assign(delta.begin(), delta.end());
    one.beta.assign(future.beta.begin(), future.beta.end());
    one.sigma_obs = future.sigma;
    // Chains that stand still repeat a draw: its number keeps their futures apart.
    future.sampling = {per_draw, sampling_key(one, seed) + i};
    if (state.options.growth == Growth::kLinear)
      future.paths = linear_paths(trend_law(one, frame.t), frame.steps, future.sampling);
    if (state.options.growth == Growth::kLogistic)
      future.paths = logistic_paths(logistic_law(one, frame.t), {frame.steps, frame.t, frame.cap}, future.sampling);
  }
  return futures;
}

// X beta by component: parts from their columns, groups from their parts.
void component_values(std::span<const Component> components, std::span<const double> row, std::span<const double> beta,
                      std::span<double> out) {
  std::ranges::fill(out, 0.0);
  for (std::size_t c = 0; c < components.size(); ++c) {
    const Component& part = components[c];
    if (!part.is_part()) continue;
    out[c] = dot(row.subspan(part.first, part.count), beta.subspan(part.first, part.count));
    for (std::size_t g = c + 1; g < components.size(); ++g) {
      if (!components[g].is_part() && takes_in(components[g], part)) out[g] += out[c];
    }
  }
}

// NaN, which predict() refuses, where a value is not finite: numbers that have no order cannot be sorted.
void finite_percentiles(std::span<double> values, std::span<const double> probabilities, std::span<double> out) {
  if (std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
    percentiles(values, probabilities, out);
  } else {
    std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
  }
}

}  // namespace

std::size_t posterior_futures(const FittedState& state, int samples) {
  const std::size_t draws = state.draws->size(), wanted = static_cast<std::size_t>(std::max(samples, 1));
  return draws * ((wanted + draws - 1) / draws);
}

PosteriorBounds posterior_bounds(const FittedState& state, std::span<const Component> components,
                                 const PosteriorFrame& frame, int samples, std::uint64_t seed,
                                 std::span<const double> probabilities) {
  const std::size_t draws = state.draws->size(), all = posterior_futures(state, samples), per_draw = all / draws;
  std::vector<Future> futures = make_futures(state, frame, per_draw, seed);
  PosteriorBounds bounds;
  bounds.per_row = 2 + probabilities.size() + 2 * components.size();
  bounds.values.resize(frame.t.size() * bounds.per_row);
  std::vector<double> trend(all), yhat(all), departure(per_draw), of_draw(components.size());
  std::vector<std::vector<double>> by_component(components.size(), std::vector<double>(draws));
  for (std::size_t r = 0; r < frame.t.size(); ++r) {
    const std::span<const double> row(frame.x.row(r), frame.x.columns);
    for (std::size_t i = 0; i < draws; ++i) {
      Future& future = futures[i];
      component_values(components, row, future.beta, of_draw);
      double additive = 0, multiplicative = 0;
      for (std::size_t c = 0; c < components.size(); ++c) {
        const bool adds = components[c].mode == Mode::kAdditive;
        by_component[c][i] = of_draw[c] * (adds ? state.y_scale : 1);
        if (components[c].kind == Component::Kind::kTerms) (adds ? additive : multiplicative) = of_draw[c];
      }
      double fitted = 0;
      evaluate_trend(state.options.growth, future.trend, frame.t.subspan(r, 1),
                     frame.cap.empty() ? frame.cap : frame.cap.subspan(r, 1), {&fitted, 1});
      std::ranges::fill(departure, 0.0);
      if (future.paths) future.paths->at(r, departure);
      const std::span<double> trends = std::span(trend).subspan(i * per_draw, per_draw);
      const std::span<double> values = std::span(yhat).subspan(i * per_draw, per_draw);
      std::ranges::fill(values, 0.0);
      add_noise(values, future.sigma, future.sampling, frame.steps[r], r);
      for (std::size_t s = 0; s < per_draw; ++s) {
        trends[s] = (fitted + departure[s]) * state.y_scale + frame.floor[r];
        values[s] = trends[s] * (1 + multiplicative) + (additive + values[s]) * state.y_scale;
      }
    }
    std::span<double> out = std::span(bounds.values).subspan(r * bounds.per_row, bounds.per_row);
    finite_percentiles(trend, probabilities.first(2), out.first(2));
    finite_percentiles(yhat, probabilities, out.subspan(2, probabilities.size()));
    for (std::size_t c = 0; c < components.size(); ++c)
      finite_percentiles(by_component[c], probabilities.first(2), out.subspan(2 + probabilities.size() + 2 * c, 2));
  }
  return bounds;
}

}  // namespace chiliad::forecast
