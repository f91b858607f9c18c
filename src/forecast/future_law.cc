#include "forecast/future_law.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace chiliad::forecast {
namespace {

std::size_t first_future(std::span<const double> t) {
  return static_cast<std::size_t>(std::upper_bound(t.begin(), t.end(), 1.0) - t.begin());
}

// The mean distance of the future rows; 0 when there are none.
double mean_step(const FittedState& state, std::span<const double> t) {
  const std::size_t first = first_future(t);
  const std::size_t future = t.size() - first;
  if (future > 1) return (t.back() - t[first]) / static_cast<double>(future - 1);
  return future == 1 && state.rows > 1 ? 1 / static_cast<double>(state.rows - 1) : 0;
}

double change_probability(const FittedState& state, double step) {
  return std::min(1.0, static_cast<double>(state.changepoints_t.size()) * step);
}

double change_scale(const FittedState& state) {
  double sum = 0;
  for (const double delta : state.delta) sum += std::fabs(delta);
  return sum / static_cast<double>(state.changepoints_t.size()) + 1e-8;
}

// The number of the first point of the grid 0, step, 2 step, ... after c. Unset where the step vanishes beside c: there
// is no grid to speak of.
std::optional<double> point_after(double c, double step) {
  if (!(step > 1e-12 * std::max(1.0, std::fabs(c)))) return std::nullopt;
  double point = std::max(0.0, std::floor(c / step));
  while (point > 0 && (point - 1) * step > c) --point;
  while (point * step <= c) ++point;
  return point;
}

}  // namespace

std::vector<std::int64_t> future_steps(std::span<const double> t) {
  std::vector<std::int64_t> steps(t.size(), 0);
  const std::size_t first = first_future(t);
  for (std::size_t i = first; i < t.size(); ++i) steps[i] = static_cast<std::int64_t>(i - first) + 1;
  return steps;
}

TrendLaw trend_law(const FittedState& state, std::span<const double> t) {
  if (state.options.growth == Growth::kFlat) return TrendLaw{};
  const double step = mean_step(state, t);
  if (step == 0) return TrendLaw{};
  return TrendLaw{change_probability(state, step), step * change_scale(state)};
}

LogisticLaw logistic_law(const FittedState& state, std::span<const double> t) {
  const double step = mean_step(state, t);
  LogisticLaw law{change_probability(state, step), change_scale(state), state.k, -state.k * state.m};
  for (std::size_t j = 0; j < state.delta.size(); ++j) {
    const double c = state.changepoints_t[j];
    const std::optional<double> point = point_after(c, step);
    if (point && j + 1 < state.delta.size() && point_after(state.changepoints_t[j + 1], step) == point) continue;
    law.slope += state.delta[j];
    law.offset -= state.delta[j] * (point ? *point * step : c);
  }
  return law;
}

}  // namespace chiliad::forecast
