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

// One draw of the parameters with its simulated futures.
struct PosteriorFutures::Future {
  TrendParameters trend;
  std::span<const double> beta;
  double sigma = 0;
  Sampling sampling;
  std::unique_ptr<TrendPaths> paths;  // Null: the trend is certain.
};

PosteriorFutures::PosteriorFutures(const FittedState& state, std::span<const Component> components,
                                   const PosteriorFrame& frame, int samples, std::uint64_t seed)
    : state_(state),
      components_(components),
      frame_(frame),
      per_draw_(posterior_futures(state, samples) / state.draws->size()),
      futures_(make_futures(seed)),
      trend_(per_draw_ * futures_.size()),
      yhat_(trend_.size()),
      departure_(per_draw_),
      of_draw_(components.size()),
      by_component_(components.size(), std::vector<double>(futures_.size())) {}

PosteriorFutures::~PosteriorFutures() = default;

std::vector<PosteriorFutures::Future> PosteriorFutures::make_futures(std::uint64_t seed) const {
  const ParameterDraws& draws = *state_.draws;
  const std::size_t changes = state_.delta.size(), features = state_.beta.size();
  FittedState one = state_;
  one.draws = nullptr;
  one.history = nullptr;
  std::vector<Future> futures;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    Future& future = futures.emplace_back();
    const std::span<const double> delta = std::span(draws.delta).subspan(i * changes, changes);
    future.beta = std::span(draws.beta).subspan(i * features, features);
    future.trend = {draws.k[i], draws.m[i], delta, state_.changepoints_t};
    future.sigma = draws.sigma_obs[i];
    one.k = draws.k[i];
    one.m = draws.m[i];
    one.delta.assign(delta.begin(), delta.end());
    one.beta.assign(future.beta.begin(), future.beta.end());
    one.sigma_obs = future.sigma;
    // Chains that stand still repeat a draw: its number keeps their futures apart.
    future.sampling = {per_draw_, sampling_key(one, seed) + i};
    if (state_.options.growth == Growth::kLinear)
      future.paths = linear_paths(trend_law(one, frame_.t), frame_.steps, future.sampling);
    if (state_.options.growth == Growth::kLogistic)
      future.paths = logistic_paths(logistic_law(one, frame_.t), {frame_.steps, frame_.t, frame_.cap}, future.sampling);
  }
  return futures;
}

void PosteriorFutures::at(std::size_t r) {
  const std::span<const double> row(frame_.x.row(r), frame_.x.columns);
  for (std::size_t i = 0; i < futures_.size(); ++i) {
    Future& future = futures_[i];
    component_values(components_, row, future.beta, of_draw_);
    double additive = 0, multiplicative = 0;
    for (std::size_t c = 0; c < components_.size(); ++c) {
      const bool adds = components_[c].mode == Mode::kAdditive;
      by_component_[c][i] = of_draw_[c] * (adds ? state_.y_scale : 1);
      if (components_[c].kind == Component::Kind::kTerms) (adds ? additive : multiplicative) = of_draw_[c];
    }
    double fitted = 0;
    evaluate_trend(state_.options.growth, future.trend, frame_.t.subspan(r, 1),
                   frame_.cap.empty() ? frame_.cap : frame_.cap.subspan(r, 1), {&fitted, 1});
    std::ranges::fill(departure_, 0.0);
    if (future.paths) future.paths->at(r, departure_);
    const std::span<double> trends = std::span(trend_).subspan(i * per_draw_, per_draw_);
    const std::span<double> values = std::span(yhat_).subspan(i * per_draw_, per_draw_);
    std::ranges::fill(values, 0.0);
    add_noise(values, future.sigma, future.sampling, frame_.steps[r], r);
    for (std::size_t s = 0; s < per_draw_; ++s) {
      trends[s] = (fitted + departure_[s]) * state_.y_scale + frame_.floor[r];
      values[s] = trends[s] * (1 + multiplicative) + (additive + values[s]) * state_.y_scale;
    }
  }
}

PosteriorBounds posterior_bounds(const FittedState& state, std::span<const Component> components,
                                 const PosteriorFrame& frame, int samples, std::uint64_t seed,
                                 std::span<const double> probabilities) {
  PosteriorFutures futures(state, components, frame, samples, seed);
  PosteriorBounds bounds;
  bounds.per_row = 2 + probabilities.size() + 2 * components.size();
  bounds.values.resize(frame.t.size() * bounds.per_row);
  for (std::size_t r = 0; r < frame.t.size(); ++r) {
    futures.at(r);
    std::span<double> out = std::span(bounds.values).subspan(r * bounds.per_row, bounds.per_row);
    finite_percentiles(futures.trend(), probabilities.first(2), out.first(2));
    finite_percentiles(futures.yhat(), probabilities, out.subspan(2, probabilities.size()));
    for (std::size_t c = 0; c < components.size(); ++c)
      finite_percentiles(futures.by_component()[c], probabilities.first(2),
                         out.subspan(2 + probabilities.size() + 2 * c, 2));
  }
  return bounds;
}

}  // namespace chiliad::forecast
