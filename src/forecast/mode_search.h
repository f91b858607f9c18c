// The core of every fit: the joint mode over coefficients and noise of a least-squares problem with ridge and L1
// priors.
//
//   minimise over x, z, v:   R / (2 v) + T/2 ln v + 2 v + |u + x|^2 / 2 + |d + z|_1 / tau
//                            R = rr - 2 g_s.x - 2 g_d.z + quadratic form of the Gram matrix in (x, z)
//
// x are steps of the smooth coefficients (slope, offset, features; each in units of its prior's standard deviation, so
// that the ridge is the identity), z steps of the S slope changes, v = sigma^2. u, d is where the steps start (the
// "centre"); rr, g_s, g_d belong to the residual there. A linear model needs one search and one more to remove
// rounding; a multiplicative one repeats linearise-and-search.
//
// Method: at the head of mode_search.cc.
//
// Thread safety: PenalizedQuadratic is immutable after build(); search_mode() is a pure function.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecast/kernels.h"

namespace chiliad::forecast {

// The Gram matrix of smooth and slope-change columns, the smooth block made tridiagonal by an orthogonal Q, so that
// (smooth block + v I) can be solved in O(q) for any v. Depends on the columns alone, not on y.
class PenalizedQuadratic {
 public:
  // smooth: q x q, cross: S x q (row j: change j against the smooth columns), changes: S x S; all row-major. Only the
  // lower triangle of `smooth` is read.
  PenalizedQuadratic(std::size_t smooth_count, std::size_t change_count, std::vector<double> smooth,
                     const std::vector<double>& cross, const std::vector<double>& changes);

  std::size_t smooth_count() const { return q_; }
  std::size_t change_count() const { return s_; }

  void rotate(std::span<double> x) const;    // x := Q' x
  void unrotate(std::span<double> x) const;  // x := Q x

  std::span<const double> diagonal() const { return diagonal_; }
  std::span<const double> off_diagonal() const { return off_diagonal_; }  // q - 1
  const FeatureMatrix& cross_columns() const { return cross_columns_; }   // q x S: Q' times `cross` turned.
  const FeatureMatrix& changes() const { return changes_; }  // S x S, and rows of zeros to make a multiple of kLane.
  std::size_t memory_bytes() const;

 private:
  std::size_t q_;
  std::size_t s_;
  std::vector<double> reflectors_;  // Lower triangle: Householder vectors below the subdiagonal.
  std::vector<double> scales_;      // Their 2 / |v|^2, 0 where no reflection was needed.
  std::vector<double> diagonal_;
  std::vector<double> off_diagonal_;
  FeatureMatrix cross_columns_;
  FeatureMatrix changes_;
};

// Zero changes may violate their condition by this share of the gradient's rounding before they enter.
inline constexpr double kGradientRounding = 4e-15;

struct SearchStart {
  std::span<const double> u;    // q, rotated.
  std::span<const double> d;    // S.
  std::span<const double> g_s;  // q, rotated: smooth columns times the residual.
  std::span<const double> g_d;  // S.
  double rr = 0;                // Residual's sum of squares.
  double rows = 0;              // T.
  double tau = 0;
  double v = 1;             // Where the search for v starts: above the mode wanted if there may be several.
  double v_floor = 0;       // v is not taken below it.
  double v_credible = 0;    // A mode below it is taken for an error of the model: ok is false then.
  double damping = 0;       // Shortens the step: as if the priors, centred on the start, were this much stronger.
  double accuracy = 1e-12;  // Of ln v, at which the search ends.
  int most_levels = 400;    // Of v, after which it ends too.
  bool convex = true;       // The curvature is a Gram matrix: what looks indefinite is rounding.
  bool cautious = false;    // The columns may interpolate the rows: never step past a mode, at any price.
};

struct SearchResult {
  std::vector<double> x;      // q, rotated.
  std::vector<double> delta;  // S: d + z; what is zero is exactly zero.
  double v = 1;
  int steps = 0;          // Values of v tried.
  bool at_floor = false;  // The mode in v lies at or below v_floor.
  bool ok = false;        // False: not convex here (only with second-order terms), or the mode is below v_credible.
};

SearchResult search_mode(const PenalizedQuadratic& quadratic, const SearchStart& start);

// argmin over v of R / (2 v) + T/2 ln v + 2 v.
double best_noise_variance(double residual_sum_of_squares, double rows);

}  // namespace chiliad::forecast
