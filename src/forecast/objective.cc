#include "forecast/objective.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "forecast/multiversion.h"
#include "forecast/trend.h"

namespace chiliad::forecast {
namespace {

constexpr double kLineVariance = 25;  // Prior of k and m: Normal(0, 5).

// rows := y - trend * share - rows
CHILIAD_MULTIVERSION void take_from_values(const double* y, const double* trend, const double* share, std::size_t count,
                                           double* rows) {
  for (std::size_t i = 0; i < count; ++i) rows[i] = y[i] - trend[i] * share[i] - rows[i];
}

}  // namespace

Rows evaluate_rows(const Calendar::State& calendar, const Parameters& parameters, const SeriesValues& values) {
  Rows rows;
  evaluate_rows(calendar, parameters, values, rows);
  return rows;
}

void evaluate_rows(const Calendar::State& calendar, const Parameters& parameters, const SeriesValues& values,
                   Rows& rows) {
  const std::size_t n = calendar.rows();
  CHILIAD_CHECK(values.y.size() == n);
  CHILIAD_CHECK(parameters.beta.size() >= calendar.x.columns);
  rows.trend.resize(n);
  rows.k = parameters.k;
  rows.m = parameters.m;
  const TrendParameters trend{parameters.k, parameters.m, parameters.delta, calendar.changepoints.t};
  if (calendar.options.growth == Growth::kLogistic) {
    rows.slope.resize(n);
    rows.bend.resize(n);
    logistic_exponent(trend, calendar.t, rows.trend);
    logistic_curve(rows.trend, values.cap, rows.trend, rows.slope, rows.bend);
  } else {
    rows.slope.clear();
    rows.bend.clear();
    evaluate_trend(calendar.options.growth, trend, calendar.t, {}, rows.trend);
  }
  rows.share.assign(n, 1.0);
  rows.residual.assign(n, 0.0);
  const auto add_features = [&](double wanted_mode, std::vector<double>& out) {
    std::vector<double> coefficient(calendar.x.stride, 0.0);
    bool any = false;
    for (std::size_t j = 0; j < calendar.x.columns; ++j) {
      if (calendar.is_multiplicative[j] != wanted_mode || parameters.beta[j] == 0) continue;
      coefficient[j] = parameters.beta[j];
      any = true;
    }
    if (any) add_product(calendar.x, coefficient, out);
  };
  if (calendar.any_multiplicative) add_features(1, rows.share);
  add_features(0, rows.residual);
  take_from_values(values.y.data(), rows.trend.data(), rows.share.data(), n, rows.residual.data());
  rows.sum_of_squares = dot(rows.residual, rows.residual);
}

Priors priors_of(const Calendar::State& calendar) {
  return {std::span(calendar.prior).first(calendar.x.columns), calendar.options.changepoint_prior_scale,
          static_cast<double>(calendar.rows())};
}

double log_posterior(const Calendar::State& calendar, const Parameters& parameters, double sum_of_squares) {
  return log_posterior(priors_of(calendar), coordinates(parameters, calendar.x.columns), parameters.sigma_obs,
                       sum_of_squares);
}

double log_posterior(const Priors& priors, const Coordinates& at, double sigma, double sum_of_squares) {
  const double variance = sigma * sigma;
  double lp = -(at.k * at.k + at.m * at.m) / (2 * kLineVariance) - 2 * variance;
  for (double delta : at.delta) lp -= std::fabs(delta) / priors.changepoint_prior_scale;
  for (std::size_t j = 0; j < priors.features.size(); ++j) {
    const double z = at.beta[j] / priors.features[j];
    lp -= 0.5 * z * z;
  }
  return lp - priors.rows * std::log(sigma) - sum_of_squares / (2 * variance);
}

double log_posterior(const Calendar::State& calendar, const Parameters& parameters, const SeriesValues& values) {
  return log_posterior(calendar, parameters, evaluate_rows(calendar, parameters, values).sum_of_squares);
}

Gradient residual_gradient(const Calendar::State& calendar, const Rows& rows) {
  const std::size_t n = calendar.rows();
  const std::size_t s = calendar.changes();
  Gradient gradient;
  std::vector<double> weight(n);
  for (std::size_t i = 0; i < n; ++i) weight[i] = rows.residual[i] * rows.share[i];
  for (std::size_t i = 0; i < rows.slope.size(); ++i) weight[i] *= rows.slope[i];
  double sum = 0;
  double moment = 0;
  gradient.delta.assign(calendar.changepoints.t.size(), 0.0);
  for (std::size_t e = s + 1; e-- > 0;) {
    const std::size_t first = e == 0 ? 0 : calendar.knots[e - 1];
    const std::size_t last = e == s ? n : calendar.knots[e];
    sum += total(std::span(weight).subspan(first, last - first));
    moment += dot(std::span(weight).subspan(first, last - first), std::span(calendar.t).subspan(first, last - first));
    if (e > 0) gradient.delta[e - 1] = moment - calendar.changepoints.t[e - 1] * sum;
  }
  // The line of logistic growth is k (t - m), the others' k t + m; a flat one has no k.
  switch (calendar.options.growth) {
    case Growth::kLinear: gradient.k = moment, gradient.m = sum; break;
    case Growth::kFlat: gradient.m = sum; break;
    case Growth::kLogistic: gradient.k = moment - rows.m * sum, gradient.m = -rows.k * sum; break;
  }
  gradient.beta.assign(calendar.x.stride, 0.0);
  transposed_product(calendar.x, rows.residual, gradient.beta);
  if (calendar.any_multiplicative) {
    for (std::size_t i = 0; i < n; ++i) weight[i] = rows.residual[i] * rows.trend[i];
    std::vector<double> multiplicative(calendar.x.stride);
    transposed_product(calendar.x, weight, multiplicative);
    for (std::size_t j = 0; j < calendar.x.columns; ++j) {
      if (calendar.is_multiplicative[j] != 0) gradient.beta[j] = multiplicative[j];
    }
  }
  return gradient;
}

double optimality_residual(const Calendar::State& calendar, const Parameters& parameters, const Rows& rows,
                           const Gradient& gradient) {
  return optimality_residual(priors_of(calendar), coordinates(parameters, calendar.x.columns), parameters.sigma_obs,
                             rows.sum_of_squares, coordinates(gradient, calendar.x.columns));
}

double optimality_residual(const Priors& priors, const Coordinates& at, double sigma, double sum_of_squares,
                           const Coordinates& gradient) {
  const double variance = sigma * sigma;
  const double rate = 1 / priors.changepoint_prior_scale;
  double worst = std::fabs(gradient.k / variance - at.k / kLineVariance);
  worst = std::max(worst, std::fabs(gradient.m / variance - at.m / kLineVariance));
  for (std::size_t j = 0; j < priors.features.size(); ++j) {
    const double prior = priors.features[j];
    worst = std::max(worst, std::fabs(gradient.beta[j] / variance - at.beta[j] / (prior * prior)));
  }
  for (std::size_t j = 0; j < at.delta.size(); ++j) {
    const double slope = gradient.delta[j] / variance;
    const double delta = at.delta[j];
    worst = std::max(worst, delta == 0 ? std::fabs(slope) - rate : std::fabs(slope - (delta > 0 ? rate : -rate)));
  }
  return std::max(worst, std::fabs(-priors.rows / sigma - 4 * sigma + sum_of_squares / (variance * sigma)));
}

}  // namespace chiliad::forecast
