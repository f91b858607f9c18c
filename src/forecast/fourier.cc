// Method: four arguments at a time, reduced by multiples of pi / 2 in three parts (Cody and Waite): the first two have
// 27 and 24 bits, so that their products with the multiple are exact up to kFar. What lies beyond goes to the C
// library.

#include "forecast/fourier.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "base/check.h"
#include "forecast/lane_math.h"
#include "forecast/multiversion.h"

namespace chiliad::forecast {
namespace {

constexpr double kFar = 1e8;  // 2^26 quarter turns.

CHILIAD_LANE_INLINE void far_sincos(const lane::Lane& x, lane::Lane& sine, lane::Lane& cosine) {
  constexpr double kTwoOverPi = 6.36619772367581382433e-01;
  constexpr double kHalfPi1 = 0x1.921fb54p+0;
  constexpr double kHalfPi2 = 0x1.10b46p-30;
  constexpr double kHalfPi3 = 0x1.1a62633145c07p-54;
  const lane::Lane shifted = x * kTwoOverPi + lane::kRound;
  const lane::Lane whole = shifted - lane::kRound;
  const lane::Lane r = ((x - whole * kHalfPi1) - whole * kHalfPi2) - whole * kHalfPi3;
  lane::sincos_of_rest(r, (lane::Bits)shifted, sine, cosine);
}

// out[2 j], out[2 j + 1] = sin, cos of factor[j] * turn for j < count. factor has room for a whole last vector.
CHILIAD_MULTIVERSION void fill_row(const double* factor, std::size_t count, double turn, double* out) {
  std::size_t j = 0;
  double last[2 * lane::kWidth];
  for (; j < count; j += lane::kWidth) {
    lane::Lane x, sine, cosine;
    lane::load(factor + j, x);
    x *= turn;
    far_sincos(x, sine, cosine);
    const lane::Lane low = __builtin_shufflevector(sine, cosine, 0, 4, 1, 5);
    const lane::Lane high = __builtin_shufflevector(sine, cosine, 2, 6, 3, 7);
    const bool whole = j + lane::kWidth <= count;
    double* to = whole ? out + 2 * j : last;
    lane::store(low, to);
    lane::store(high, to + lane::kWidth);
    if (whole) continue;
    for (std::size_t i = 0; i < 2 * (count - j); ++i) out[2 * j + i] = last[i];
  }
}

void fill_far_row(std::span<const double> factor, double turn, double* out) {
  for (std::size_t j = 0; j < factor.size(); ++j) {
    out[2 * j] = std::sin(factor[j] * turn);
    out[2 * j + 1] = std::cos(factor[j] * turn);
  }
}

}  // namespace

void fill_fourier(std::span<const Seasonality> seasonalities, std::span<const Instant> ds, FeatureMatrix& x) {
  std::vector<double> factor;
  double largest = 0;
  for (const Seasonality& seasonality : seasonalities) {
    for (int n = 1; n <= seasonality.fourier_order; ++n) factor.push_back(n / seasonality.period_days);
    if (!factor.empty()) largest = std::max(largest, factor.back());
  }
  const std::size_t count = factor.size();
  CHILIAD_CHECK(x.rows == ds.size() && x.columns >= 2 * count);
  factor.resize(padded(count), 0.0);
  for (std::size_t r = 0; r < ds.size(); ++r) {
    // The divisions as pandas makes them, one after the other.
    const double days = static_cast<double>(nanos_since_epoch(ds[r])) / 1e9 / 86400;
    const double turn = 2 * std::numbers::pi * days;
    if (std::fabs(largest * turn) < kFar) {
      fill_row(factor.data(), count, turn, x.row(r));
    } else {
      fill_far_row(std::span(factor).first(count), turn, x.row(r));
    }
  }
}

}  // namespace chiliad::forecast
