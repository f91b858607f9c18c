// What a Calendar holds. For the fit (fit.cc) and for checks against Prophet (the parity run); others use
// forecast/prophet.h.
//
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "forecast/design.h"
#include "forecast/features.h"
#include "forecast/kernels.h"
#include "forecast/layout.h"
#include "forecast/mode_search.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct Calendar::State {
  std::vector<Instant> ds;                 // T, ascending.
  ProphetOptions options;                  // n_changepoints as used, regressors with mu and std.
  std::vector<Seasonality> seasonalities;  // In the order of their columns.
  std::vector<OwnedColumn> columns;        // needed_columns(), as given.
  std::vector<std::string> train_holiday_names;
  std::shared_ptr<const FittedModel::Layout> layout;  // Of all models that are fitted with it.
  Changepoints changepoints;
  TimeScale time_scale;

  std::vector<double> t;                  // T, scaled time.
  std::vector<std::size_t> knots;         // First row with t >= changepoint, ascending. None when growth is flat.
  FeatureMatrix x;                        // T x K.
  std::vector<double> prior;              // K standard deviations, then zeros up to x.stride.
  std::vector<double> is_multiplicative;  // K ones and zeros, then zeros up to x.stride.
  bool any_multiplicative = false;

  // The curvature when nothing is multiplicative: then it is the same for every y.
  std::unique_ptr<const PenalizedQuadratic> curvature;

  std::size_t rows() const { return t.size(); }
  std::size_t changes() const { return knots.size(); }
  bool has_slope() const { return options.growth != Growth::kFlat; }
  std::size_t smooth() const { return 2 + x.columns; }
  FeatureParts parts() const { return layout->parts(seasonalities, options); }
};

// Curvature of half the residual's sum of squares in (slope, offset, features; slope changes), smooth columns in units
// of their prior's standard deviation, at a point where the trend is multiplied by `share` (1 + X beta_m). `weighted`
// is X with its multiplicative columns times the trend (X itself when there are none). `residual` empty: Gauss-Newton;
// else the second-order term that couples trend and multiplicative features is included.
PenalizedQuadratic curvature_at(const Calendar::State& calendar, const FeatureMatrix& weighted,
                                std::span<const double> share, std::span<const double> residual);

}  // namespace chiliad::forecast
