// Four doubles at a time: exp, sin and cos for the sums of contour.cc.
//
// The vectors are the compilers' own (GCC and clang `vector_size`): with AVX2 a Lane is one register, on baseline
// x86-64 or elsewhere the compiler splits it, and the same source serves both. Every function is forced inline, so it
// is compiled with the instructions of the function it stands in. Arguments go by reference because the calling
// convention of a 32-byte vector depends on those instructions.
//
// Accuracy: exp within 4e-14 relative for x in [-700, 700] (below, it is exp(-700), 1e-304: a zero for sums);
// sin and cos within 2e-14 absolute for |x| < 1e5.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>

namespace chiliad::forecast::lane {

#define CHILIAD_LANE_INLINE [[gnu::always_inline]] inline

constexpr int kWidth = 4;
using Lane = double __attribute__((vector_size(32)));
using Bits = std::int64_t __attribute__((vector_size(32)));

CHILIAD_LANE_INLINE void load(const double* from, Lane& to) { __builtin_memcpy(&to, from, sizeof to); }
CHILIAD_LANE_INLINE void store(const Lane& from, double* to) { __builtin_memcpy(to, &from, sizeof from); }

// In a fixed order, so that a sum has the same bits each time.
CHILIAD_LANE_INLINE double total(const Lane& x) { return (x[0] + x[2]) + (x[1] + x[3]); }

// 1.5 * 2^52: adding it rounds a double to an integer, which then stands in the low bits of the sum.
constexpr double kRound = 6755399441055744.0;

CHILIAD_LANE_INLINE void exp(const Lane& argument, Lane& result) {
  constexpr double kLog2E = 1.4426950408889634074;
  constexpr double kLn2High = 6.93147180369123816490e-01;  // 32 bits: its multiples by whole numbers are exact.
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const Bits low = argument < -700.0;
  const Lane x = (Lane)((low & (Bits)(Lane{-700, -700, -700, -700})) | (~low & (Bits)argument));
  const Lane shifted = x * kLog2E + kRound;
  const Lane whole = shifted - kRound;
  const Lane r = (x - whole * kLn2High) - whole * kLn2Low;  // |r| <= 0.347
  // Taylor to r^11: the first term left out is below 7e-15.
  Lane p = r * (1.0 / 39916800) + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  result = (Lane)((Bits)p + ((Bits)shifted << 52));  // Times 2^whole.
}

// Sine and cosine of r + quarter * pi / 2, |r| <= pi / 4; of quarter only the last two bits count.
CHILIAD_LANE_INLINE void sincos_of_rest(const Lane& r, const Bits& quarter, Lane& sine, Lane& cosine) {
  const Lane r2 = r * r;
  // Taylor: the first terms left out are 2e-14 (sine, r^15) and 8e-16 (cosine, r^16).
  Lane s = r2 * (1.0 / 6227020800) - 1.0 / 39916800;
  s = s * r2 + 1.0 / 362880;
  s = s * r2 - 1.0 / 5040;
  s = s * r2 + 1.0 / 120;
  s = s * r2 - 1.0 / 6;
  s = r + r * r2 * s;
  Lane c = r2 * (-1.0 / 87178291200) + 1.0 / 479001600;
  c = c * r2 - 1.0 / 3628800;
  c = c * r2 + 1.0 / 40320;
  c = c * r2 - 1.0 / 720;
  c = c * r2 + 1.0 / 24;
  c = c * r2 - 0.5;
  c = 1.0 + r2 * c;
  // The quarter turn: odd ones swap sine and cosine, bits 0 and 1 give the signs.
  const Bits odd = -(quarter & 1);
  const Bits sine_sign = (quarter & 2) << 62;
  const Bits cosine_sign = ((quarter + 1) & 2) << 62;
  sine = (Lane)(((odd & (Bits)c) | (~odd & (Bits)s)) ^ sine_sign);
  cosine = (Lane)(((odd & (Bits)s) | (~odd & (Bits)c)) ^ cosine_sign);
}

CHILIAD_LANE_INLINE void sincos(const Lane& x, Lane& sine, Lane& cosine) {
  constexpr double kTwoOverPi = 6.36619772367581382433e-01;
  constexpr double kHalfPiHigh = 1.57079632673412561417e+00;  // 33 bits.
  constexpr double kHalfPiLow = 6.07710050650619224932e-11;
  const Lane shifted = x * kTwoOverPi + kRound;
  const Lane whole = shifted - kRound;
  sincos_of_rest((x - whole * kHalfPiHigh) - whole * kHalfPiLow, (Bits)shifted, sine, cosine);
}

}  // namespace chiliad::forecast::lane
