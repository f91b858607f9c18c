// Which law Prophet's vectorised simulation draws the future of a frame from.
//
// The law depends on the whole frame: a change of rate comes with the same probability in each future row (t > 1),
// S times the mean distance of these rows; of a single one, the history's mean distance.
//
// Linear growth: interval.h, where the law is computed. Logistic growth has no such short form; its paths are simulated
// (simulate.h):
//
//     D_j = cap_j / (1 + exp(-(slope t_j + offset + sum over i <= j of (B_i L_i + B_(i-1) L_(i-1)) / 2 (t_j - t_i))))
//
// less its mean over the samples, with B_i ~ Bernoulli(change_probability) and L_i ~ Laplace(0, change_scale). Prophet
// puts the history's changes of rate on a grid as wide as the future's mean step, each on the first point after it (and
// of several on one point keeps the last), so `slope` and `offset` are not quite those of the fitted trend.
//
// Source: Prophet 1.5.0, forecaster.py: _sample_uncertainty, _make_trend_shift_matrix, _make_historical_mat_time,
// _logistic_uncertainty.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forecast/interval.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// The number of each row among the future ones, from 1; 0 for a row of the history. `t`: all scaled times of the frame,
// ascending.
std::vector<std::int64_t> future_steps(std::span<const double> t);

// Of linear growth; flat growth and a frame without future rows have none.
TrendLaw trend_law(const FittedState& state, std::span<const double> t);

struct LogisticLaw {
  double change_probability = 0;  // In [0, 1].
  double change_scale = 0;        // > 0.
  double slope = 0;
  double offset = 0;
};
LogisticLaw logistic_law(const FittedState& state, std::span<const double> t);

}  // namespace chiliad::forecast
