#include "sample/posterior_density.h"

#include <algorithm>
#include <cmath>

#include "forecast/kernels.h"
#include "forecast/posterior_mode.h"
#include "forecast/starts.h"

namespace chiliad::sample {

using forecast::Gradient;
using forecast::Parameters;

PosteriorDensity::PosteriorDensity(const forecast::Calendar::State& calendar, const forecast::SeriesValues& values)
    : calendar_(calendar), values_(values), changes_(calendar.changepoints.t.size()), features_(calendar.x.columns) {
  if (calendar.is_linear()) take_products();
}

std::vector<double> PosteriorDensity::point(const Parameters& parameters) const {
  std::vector<double> point = {parameters.k, parameters.m};
  point.insert(point.end(), parameters.delta.begin(), parameters.delta.end());
  point.push_back(std::log(parameters.sigma_obs));
  const auto beta = std::span(parameters.beta).first(features_);
  point.insert(point.end(), beta.begin(), beta.end());
  return point;
}

Parameters PosteriorDensity::at(std::span<const double> point) const {
  Parameters parameters;
  parameters.k = point[0];
  parameters.m = point[1];
  const std::span<const double> delta = point.subspan(2, changes_), beta = point.last(features_);
  parameters.delta.assign(delta.begin(), delta.end());
  parameters.sigma_obs = std::exp(point[2 + changes_]);
  parameters.beta.assign(calendar_.x.stride, 0.0);
  std::ranges::copy(beta, parameters.beta.begin());
  return parameters;
}

// The columns side by side, those that a flat trend has no use for zero.
void PosteriorDensity::take_products() {
  centre_ = forecast::prophet_start(calendar_, values_);
  forecast::FitReport report;
  if (Result<Parameters> mode = forecast::find_mode(calendar_, values_, centre_, report)) centre_ = *std::move(mode);
  at_centre_ = from_rows(centre_);
  forecast::FeatureMatrix columns(calendar_.rows(), 2 + changes_ + features_);
  for (std::size_t i = 0; i < columns.rows; ++i) {
    double* row = columns.row(i);
    row[1] = 1;
    if (calendar_.has_slope()) {
      row[0] = calendar_.t[i];
      for (std::size_t j = 0; j < changes_; ++j)
        row[2 + j] = std::max(0.0, calendar_.t[i] - calendar_.changepoints.t[j]);
    }
    std::copy_n(calendar_.x.row(i), features_, row + 2 + changes_);
  }
  stride_ = columns.stride;
  products_.resize(stride_ * stride_);
  forecast::gram(columns, products_);
}

PosteriorDensity::Misfit PosteriorDensity::from_rows(const Parameters& parameters) const {
  const forecast::Rows rows = forecast::evaluate_rows(calendar_, parameters, values_);
  return {rows.sum_of_squares, forecast::residual_gradient(calendar_, rows)};
}

// At centre + d: R = R0 - 2 g0 d + d' G d, and half its negative gradient g0 - G d.
PosteriorDensity::Misfit PosteriorDensity::from_products(const Parameters& parameters) const {
  const std::size_t n = 2 + changes_ + features_;
  std::vector<double> d(stride_), g(stride_);
  d[0] = parameters.k - centre_.k;
  d[1] = parameters.m - centre_.m;
  for (std::size_t j = 0; j < changes_; ++j) d[2 + j] = parameters.delta[j] - centre_.delta[j];
  for (std::size_t j = 0; j < features_; ++j) d[2 + changes_ + j] = parameters.beta[j] - centre_.beta[j];
  Misfit misfit = at_centre_;
  Gradient& gradient = misfit.gradient;
  double linear = gradient.k * d[0] + gradient.m * d[1], square = 0;
  for (std::size_t i = 0; i < n; ++i) {
    g[i] = forecast::dot(std::span(products_).subspan(i * stride_, stride_), d);
    square += d[i] * g[i];
  }
  for (std::size_t j = 0; j < changes_; ++j) linear += gradient.delta[j] * d[2 + j];
  for (std::size_t j = 0; j < features_; ++j) linear += gradient.beta[j] * d[2 + changes_ + j];
  misfit.sum_of_squares += square - 2 * linear;
  gradient.k -= g[0];
  gradient.m -= g[1];
  for (std::size_t j = 0; j < changes_; ++j) gradient.delta[j] -= g[2 + j];
  for (std::size_t j = 0; j < features_; ++j) gradient.beta[j] -= g[2 + changes_ + j];
  return misfit;
}

double PosteriorDensity::operator()(std::span<const double> point, std::span<double> gradient) const {
  constexpr double kLineVariance = 25;  // Prior of k and m: Normal(0, 5).
  const Parameters parameters = at(point);
  const Misfit misfit = products_.empty() ? from_rows(parameters) : from_products(parameters);
  const double variance = parameters.sigma_obs * parameters.sigma_obs;
  const double rate = 1 / calendar_.options.changepoint_prior_scale;
  gradient[0] = misfit.gradient.k / variance - parameters.k / kLineVariance;
  gradient[1] = misfit.gradient.m / variance - parameters.m / kLineVariance;
  for (std::size_t j = 0; j < changes_; ++j) {
    const double delta = parameters.delta[j];
    const double prior = delta == 0 ? 0 : std::copysign(rate, delta);
    gradient[2 + j] = misfit.gradient.delta[j] / variance - prior;
  }
  const auto rows = static_cast<double>(calendar_.rows());
  gradient[2 + changes_] = misfit.sum_of_squares / variance - rows - 4 * variance + 1;
  for (std::size_t j = 0; j < features_; ++j) {
    const double prior = calendar_.prior[j];
    gradient[3 + changes_ + j] = misfit.gradient.beta[j] / variance - parameters.beta[j] / (prior * prior);
  }
  return forecast::log_posterior(calendar_, parameters, misfit.sum_of_squares) + point[2 + changes_];
}

}  // namespace chiliad::sample
