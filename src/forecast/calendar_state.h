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

// Sums of products of columns over the rows: smooth ones are k, m and the features, q in all.
struct GramBlocks {
  std::vector<double> smooth;   // q x q, row-major; its lower triangle counts.
  std::vector<double> cross;    // S x q: row j is slope change j against the smooth columns.
  std::vector<double> changes;  // S x S
};

// The products with smooth columns in units of their prior's standard deviation. `prior`: of the features.
PenalizedQuadratic in_prior_units(GramBlocks products, std::span<const double> prior);

struct Calendar::State {
  std::vector<Instant> ds;                 // T, ascending.
  ProphetOptions options;                  // n_changepoints as used, regressors with mu and std.
  std::vector<Seasonality> seasonalities;  // In the order of their columns.
  std::vector<OwnedColumn> columns;        // needed_columns(), as given.
  std::vector<std::string> train_holiday_names;
  // Of all models that are fitted with it; the second of those whose rows have a floor of their own.
  std::shared_ptr<const FittedModel::Layout> layout, floored_layout;
  Changepoints changepoints;
  TimeScale time_scale;

  std::vector<double> t;                  // T, scaled time.
  std::vector<std::size_t> knots;         // First row with t >= changepoint, ascending. None when growth is flat.
  FeatureMatrix x;                        // T x K.
  std::vector<double> prior;              // K standard deviations, then zeros up to x.stride.
  std::vector<double> is_multiplicative;  // K ones and zeros, then zeros up to x.stride.
  bool any_multiplicative = false;

  // Where the model is linear: its curvature, the same for every y, and the products it is made of, in natural units.
  // Where only its trend is not: the features' products.
  std::unique_ptr<const PenalizedQuadratic> curvature;
  GramBlocks products;
  std::vector<double> feature_gram;

  std::size_t rows() const { return t.size(); }
  std::size_t changes() const { return knots.size(); }
  bool has_slope() const { return options.growth != Growth::kFlat; }
  bool is_linear() const { return !any_multiplicative && options.growth != Growth::kLogistic; }
  std::size_t smooth() const { return 2 + x.columns; }
  FeatureParts parts() const { return layout->parts(seasonalities, options); }
};

// The model made linear at a point: what a row's value f = trend(line) (1 + X beta_m) + X beta_a changes by.
struct Linearised {
  const FeatureMatrix* features;        // X, its multiplicative columns times the trend: d f / d beta.
  std::span<const double> line;         // d f / d line.
  std::span<const double> line_square;  // Its square; with the second-order term less residual * d2 f / d line2.
  // The second-order term between line and multiplicative features, residual * d trend / d line; empty: left out.
  std::span<const double> coupling = {};
  // Logistic growth: its line is k (t - m) + ..., and the second-order term of k with m.
  double k = 0, m = 0;
  double turn = 0;
  bool convex = true;  // Without second-order terms: what looks indefinite is rounding.
};

// Curvature of half the residual's sum of squares in (k, m, features; slope changes), smooth columns in units of their
// prior's standard deviation: Gauss and Newton's, or with the second-order terms Newton's.
GramBlocks curvature_at(const Calendar::State& calendar, const Linearised& at);

// Knots and, as far as they are the same for every y, curvature or features' products: what follows from t,
// changepoints, X, prior and modes. Requires: these are set.
void take_curvature(Calendar::State& state);

}  // namespace chiliad::forecast
