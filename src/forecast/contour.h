// The tail of a future value's law, by summing its transform along a hyperbola in the complex plane.
//
// In units of one step the law of interval.h is X = sum B_i L_i d_i + Normal(0, s) with d_i = i - 1/2, i = 1 .. j, and
//
//     P(X > x) = 1/(2 pi i) * integral of  e^{-t x} M(t) / t  dt,    M(t) = e^{s^2 t^2 / 2} * product of
//                                                                           (1 - p) + p / (1 - t^2 d_i^2)
//
// from -i inf to +i inf, passing 0 on its right and the poles at t = 1/d_i on their left. M is analytic elsewhere, so
// the line may be bent: along t = a cosh(v + i angle) the integrand falls off like exp(-exp(v)), and the plain
// trapezoid sum over v converges geometrically, with 15 to 50 terms for ten digits however long the horizon and however
// small the noise. Two angles serve everything:
//
//     upright (90 degrees)   x below 3.5 s, where the normal noise rules, or below 3.5 spreads of a law made of so many
//                            changes that it is near to normal itself: real arithmetic, sums of sines
//     slanted (55 degrees)   elsewhere, with and without noise: both e^{-t x} and the noise fall off along it
//
// The product over i is shared: the row j + 1 has one factor more, so a frame of rows costs rows x terms.
// doc/intervals.md derives this and measures the error.
//
// Source: J. A. C. Weideman, L. N. Trefethen, "Parabolic and hyperbolic contours for computing the Bromwich integral",
// Math. Comp. 76 (2007); L. N. Trefethen, J. A. C. Weideman, "The exponentially convergent trapezoidal rule", SIAM
// Review 56 (2014), for the correction by the residue of a near pole.
//
// Thread safety: one thread at a time an object.

#pragma once

#include <array>
#include <cstdint>

namespace chiliad::forecast {

// P(X > x) and its derivatives in x.
struct Tail {
  double value = 0;
  double first = 0;  // Minus the density.
  double second = 0;
  double third = 0;
};

// The law at one row after the other.
class TailSums {
 public:
  // `last_step`: the largest j that row() will be given; only for speed.
  TailSums(double change_probability, std::int64_t last_step);

  // Moves to the law of row j >= 1 with noise s >= 0 in units of one step. Ascending j is cheap; going back starts the
  // products anew.
  void row(std::int64_t j, double s);

  double spread() const { return spread_; }  // Standard deviation of X.
  // P(X = 0), the probability of no change: 0 when there is noise.
  double atom() const { return s_ > 0 ? 0.0 : no_change_; }
  // (1 - P(no change)) / 2, without cancellation: the mass of changes that end above 0, P(X > 0) where there is no
  // noise.
  double half_changed() const { return half_changed_; }

  // Requires: x > 0. Correct to about 1e-8 of max(value, 1e-4).
  // Cost: some 60 ns where the row's sums are set up already.
  Tail tail(double x);

 private:
  static constexpr int kMaxNodes = 256;

  // The sums along one contour. Arrays are by node.
  struct Contour {
    double scale = 0;      // a; 0: not started.
    std::int64_t row = 0;  // The products hold the factors 1 .. row for the first `ready` nodes.
    int ready = 0;
    int wanted = 0;    // The most nodes that this row used.
    int weighted = 0;  // Nodes whose weight for this row is set.
    int noised = 0;    // Nodes whose noise factor for noise_s is set.
    double noise_s = -1;
    alignas(32) std::array<double, kMaxNodes> product_re, product_im;
    alignas(32) std::array<double, kMaxNodes> noise_re, noise_im;
    alignas(32) std::array<double, kMaxNodes> weight_re, weight_im;
  };

  Tail tail_at_atom(double x) const;
  double ideal_scale(std::int64_t j) const;
  int nodes_needed(const Contour& contour, bool slanted, double b, double c) const;
  void catch_up(Contour& contour, bool slanted);
  void extend(Contour& contour, bool slanted, int needed);
  int settle(Contour& contour, bool slanted, double x);

  const double p_;
  const double log_unchanged_;  // log(1 - p), -inf for p = 1.
  const std::int64_t last_step_;
  std::int64_t j_ = 0;
  double s_ = 0;
  double spread_ = 0;
  double no_change_ = 1;
  double half_changed_ = 0;
  double scale_ = 0;  // ideal_scale of this row.
  Contour upright_;
  Contour slanted_;
};

}  // namespace chiliad::forecast
