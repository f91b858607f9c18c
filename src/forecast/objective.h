// Prophet's log-posterior and its optimality conditions, from the rows themselves.
//
//   lp = -k^2/50 - m^2/50 - sum |delta| / tau - 2 sigma^2 - sum beta_j^2 / (2 s_j^2) - T ln sigma - R / (2 sigma^2)
//   R  = sum of (y - trend (1 + X beta_m) - X beta_a)^2
//
// sigma on its own scale (no Jacobian), Stan's constants dropped: the number that Stan prints as lp__.
//
// Source: Prophet 1.5.0, prophet.stan; Stan's optimize with jacobian = false.
//
// Thread safety: pure functions.

#pragma once

#include <span>
#include <vector>

#include "forecast/calendar_state.h"

namespace chiliad::forecast {

struct Parameters {
  double k = 0;
  double m = 0;
  std::vector<double> delta;  // S, as many as changepoints.t
  std::vector<double> beta;   // K (any further elements are zero)
  double sigma_obs = 1;
};

// Parameters, or a gradient in them, wherever they lie. Borrowed.
struct Coordinates {
  double k = 0, m = 0;
  std::span<const double> delta;  // Those left out are zero.
  std::span<const double> beta;   // K
};
inline Coordinates coordinates(const Parameters& at, std::size_t features) {
  return {at.k, at.m, at.delta, std::span(at.beta).first(features)};
}

// What is fitted, in the model's units (ScaledSeries). Borrowed.
struct SeriesValues {
  std::span<const double> y;    // T
  std::span<const double> cap;  // T; empty but for logistic growth.
};

// The model at some parameters, row by row.
struct Rows {
  std::vector<double> trend;     // T
  std::vector<double> slope;     // d trend / d line (trend.h); empty: 1, where the trend is the line.
  std::vector<double> bend;      // The second derivative; empty: 0.
  std::vector<double> share;     // 1 + X beta_m
  std::vector<double> residual;  // y_scaled - trend * share - X beta_a
  double k = 0, m = 0;           // The parameters that the line was made with.
  double sum_of_squares = 0;     // R
};
Rows evaluate_rows(const Calendar::State& calendar, const Parameters& parameters, const SeriesValues& values);
// The same into rows of whatever parameters, whose memory is used again.
void evaluate_rows(const Calendar::State& calendar, const Parameters& parameters, const SeriesValues& values,
                   Rows& rows);

inline constexpr double kLinePrior = 5;  // Standard deviation of the prior of k and m.

// What the density takes of a model beside the residual.
struct Priors {
  std::span<const double> features;  // K standard deviations.
  double changepoint_prior_scale = 0.05;
  double rows = 0;  // T
};

Priors priors_of(const Calendar::State& calendar);

double log_posterior(const Priors& priors, const Coordinates& at, double sigma, double sum_of_squares);
double log_posterior(const Calendar::State& calendar, const Parameters& parameters, double sum_of_squares);
double log_posterior(const Calendar::State& calendar, const Parameters& parameters, const SeriesValues& values);

// Columns times the residual: half the gradient of -R. In natural units (not scaled by the priors).
struct Gradient {
  double k = 0;
  double m = 0;
  std::vector<double> delta;
  std::vector<double> beta;  // x.stride elements, zero in the padding.
};
inline Coordinates coordinates(const Gradient& at, std::size_t features) {
  return {at.k, at.m, at.delta, std::span(at.beta).first(features)};
}
Gradient residual_gradient(const Calendar::State& calendar, const Rows& rows);

// What a violation of the conditions of a maximum may be at what counts as one.
inline constexpr double kOptimal = 1e-9;

// The largest violation of the conditions of a maximum: |dlp| in k, m, beta, sigma and the deltas that are not zero;
// what |dR/ddelta| / (2 sigma^2) exceeds 1 / tau by where delta is zero. 0 at an exact mode.
double optimality_residual(const Calendar::State& calendar, const Parameters& parameters, const Rows& rows,
                           const Gradient& gradient);
double optimality_residual(const Priors& priors, const Coordinates& at, double sigma, double sum_of_squares,
                           const Coordinates& gradient);

}  // namespace chiliad::forecast
