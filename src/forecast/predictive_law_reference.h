// Slow, independent evaluations of the law of interval.h, for tests only.
//
// Two ways that share nothing with contour.cc but the law itself:
//   by partial fractions   the law as a signed mixture of Laplace laws of distinct scales, each also known in closed
//                          form after the convolution with the normal; exact until the coefficients cancel
//   by another contour     long double, other angle, step and range, product by product; any horizon
//
// Thread safety: pure functions.

#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <vector>

namespace chiliad::forecast::reference {

using Real = long double;

inline Real normal_tail(Real z) { return erfcl(z / std::numbers::sqrt2_v<Real>) / 2; }

// exp((y^2 - z^2) / 2) P(Normal > y), without overflow.
inline Real scaled_normal_tail(Real y, Real z) {
  if (y < 12) return expl((y - z) * (y + z) / 2) * normal_tail(y);
  Real sum = 1, term = 1;  // The asymptotic series of Mills' ratio; its terms fall until about y^2 of them.
  for (int n = 1; n < 60; ++n) {
    term *= -static_cast<Real>(2 * n - 1) / (y * y);
    sum += term;
  }
  return expl(-z * z / 2) * sum / (y * sqrtl(2 * std::numbers::pi_v<Real>));
}

struct FractionTail {
  Real value = 0;
  Real error = 0;  // A bound: rounding times the sum of the absolute coefficients.
};

// P(X > x) for unit 1, x > 0.
inline FractionTail tail_by_fractions(std::int64_t steps, Real p, Real s, Real x) {
  FractionTail tail;
  for (std::int64_t i = 1; i <= steps; ++i) {
    const Real d = static_cast<Real>(i) - 0.5L;
    Real coefficient = p;
    for (std::int64_t k = 1; k <= steps; ++k) {
      const Real e = static_cast<Real>(k) - 0.5L;
      if (k != i) coefficient *= (d * d - (1 - p) * e * e) / (d * d - e * e);
    }
    Real laplace = expl(-x / d) / 2;
    if (s > 0) {
      const Real r = s / d;
      const Real z = x / s;
      laplace = normal_tail(z) + (scaled_normal_tail(r - z, z) - scaled_normal_tail(r + z, z)) / 2;
    }
    tail.value += coefficient * laplace;
    tail.error += fabsl(coefficient) * 1e-17L;
  }
  if (s > 0) tail.value += powl(1 - p, static_cast<Real>(steps)) * normal_tail(x / s);
  return tail;
}

// P(X > x) for unit 1, x > 0.
inline Real tail_by_other_contour(std::int64_t steps, Real p, Real s, Real x) {
  using Complex = std::complex<Real>;
  constexpr Real kPi = std::numbers::pi_v<Real>;
  constexpr Real kStep = 0.04L;
  constexpr Real kAngle = 68 * kPi / 180;
  Real variance = s * s;
  for (std::int64_t i = 1; i <= steps; ++i) {
    variance += 2 * p * (static_cast<Real>(i) - 0.5L) * (static_cast<Real>(i) - 0.5L);
  }
  const Real scale = std::min(1 / (static_cast<Real>(steps) - 0.5L), 1.1L / sqrtl(variance));
  const Real atom = s > 0 ? 0 : powl(1 - p, static_cast<Real>(steps));
  Real sum = 0;
  for (int k = 0; k < 4000; ++k) {
    const Complex v((static_cast<Real>(k) + 0.5L) * kStep, kAngle);
    const Complex t = scale * std::cosh(v);
    const Complex exponent = -t * x + s * s * t * t / 2.0L;
    if (exponent.real() < -60) break;
    Complex transform = 1;
    for (std::int64_t i = 1; i <= steps; ++i) {
      const Complex td = t * (static_cast<Real>(i) - 0.5L);
      transform *= (1 - p) + p / (1.0L - td * td);
    }
    const Complex term = std::exp(exponent) * (transform - atom) / t * scale * std::sinh(v) / Complex(0, 2 * kPi);
    sum += 2 * kStep * term.real();
    if (k > 100 && std::abs(term) < 1e-24L) break;
  }
  return sum + (1 - atom) / 2 * (1 - tanhl(kPi * (kPi / 2 - kAngle) / kStep));
}

inline double spread(std::int64_t steps, double p) {
  const auto n = static_cast<double>(steps);
  return std::sqrt(2 * p * n * (4 * n * n - 1) / 12);
}

}  // namespace chiliad::forecast::reference
