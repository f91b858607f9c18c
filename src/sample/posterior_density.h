// The log-density of posterior.h and its gradient.
//
// Thread safety: immutable after construction.

#pragma once

#include <span>
#include <vector>

#include "forecast/calendar_state.h"
#include "forecast/objective.h"

namespace chiliad::sample {

class PosteriorDensity {
 public:
  // `values` are borrowed, as is the calendar.
  PosteriorDensity(const forecast::Calendar::State& calendar, const forecast::SeriesValues& values);

  // 3 + S + K: k, m, delta, ln sigma_obs, beta.
  std::size_t dimension() const { return 3 + changes_ + features_; }
  std::vector<double> point(const forecast::Parameters& parameters) const;
  forecast::Parameters at(std::span<const double> point) const;

  double operator()(std::span<const double> point, std::span<double> gradient) const;

 private:
  // The residual's sum of squares and half its negative gradient.
  struct Misfit {
    double sum_of_squares = 0;
    forecast::Gradient gradient;
  };
  Misfit from_rows(const forecast::Parameters& parameters) const;
  Misfit from_products(const forecast::Parameters& parameters) const;
  void take_products();

  const forecast::Calendar::State& calendar_;
  forecast::SeriesValues values_;
  std::size_t changes_, features_;

  // Of a linear model: what was found at the centre, and the products of its columns (k, m, delta, beta).
  forecast::Parameters centre_;
  Misfit at_centre_;
  std::size_t stride_ = 0;
  std::vector<double> products_;
};

}  // namespace chiliad::sample
