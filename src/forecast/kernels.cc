// Method: GCC's vector extension with four doubles a vector; AVX2 and FMA where the machine has them. The Gram matrix
// is summed in tiles of 4 x 8 over chunks of rows that stay in the first-level cache.

#include "forecast/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "forecast/multiversion.h"

namespace chiliad::forecast {
namespace {

using Vector = double __attribute__((vector_size(32)));
using Bits = std::uint64_t __attribute__((vector_size(32)));

// Vectors where doubles stand: packed, for clang takes aligned(8) on Vector itself for 32.
struct __attribute__((packed, may_alias)) Unaligned {
  Vector value;
};

constexpr std::size_t kRowChunk = 64;

#define LOAD(p) (reinterpret_cast<const Unaligned*>(p)->value)
#define STORE(p) (reinterpret_cast<Unaligned*>(p)->value)

// out(i..i+3, j..j+7) += sum over the rows of x(., i..)' x(., j..); `wide` false: only j..j+3.
CHILIAD_MULTIVERSION void gram_tile(const double* rows, std::size_t count, std::size_t stride, std::size_t i,
                                    std::size_t j, bool wide, double* out) {
  Vector a0{}, a1{}, a2{}, a3{}, b0{}, b1{}, b2{}, b3{};
  if (wide) {
    for (std::size_t r = 0; r < count; ++r, rows += stride) {
      const Vector y0 = LOAD(rows + j);
      const Vector y1 = LOAD(rows + j + 4);
      const double x0 = rows[i], x1 = rows[i + 1], x2 = rows[i + 2], x3 = rows[i + 3];
      a0 += x0 * y0;
      b0 += x0 * y1;
      a1 += x1 * y0;
      b1 += x1 * y1;
      a2 += x2 * y0;
      b2 += x2 * y1;
      a3 += x3 * y0;
      b3 += x3 * y1;
    }
  } else {
    for (std::size_t r = 0; r < count; ++r, rows += stride) {
      const Vector y0 = LOAD(rows + j);
      a0 += rows[i] * y0;
      a1 += rows[i + 1] * y0;
      a2 += rows[i + 2] * y0;
      a3 += rows[i + 3] * y0;
    }
  }
  double* target = out + i * stride + j;
  STORE(target) += a0;
  STORE(target + stride) += a1;
  STORE(target + 2 * stride) += a2;
  STORE(target + 3 * stride) += a3;
  if (!wide) return;
  STORE(target + 4) += b0;
  STORE(target + stride + 4) += b1;
  STORE(target + 2 * stride + 4) += b2;
  STORE(target + 3 * stride + 4) += b3;
}

// out(i..i+3, j..) = from(i..i+3, j..) - the product of a(., i..i+3)' with b(., j..), over all columns of b.
CHILIAD_MULTIVERSION void subtract_tiles(const double* a, std::size_t a_stride, const double* b, std::size_t b_stride,
                                         std::size_t count, const double* from, double* out) {
  for (std::size_t j = 0; j < b_stride; j += kLane) {
    Vector s0 = LOAD(from + j), s1 = LOAD(from + b_stride + j), s2 = LOAD(from + 2 * b_stride + j),
           s3 = LOAD(from + 3 * b_stride + j);
    const double* x = a;
    const double* y = b + j;
    for (std::size_t r = 0; r < count; ++r, x += a_stride, y += b_stride) {
      const Vector value = LOAD(y);
      s0 -= x[0] * value;
      s1 -= x[1] * value;
      s2 -= x[2] * value;
      s3 -= x[3] * value;
    }
    STORE(out + j) = s0;
    STORE(out + b_stride + j) = s1;
    STORE(out + 2 * b_stride + j) = s2;
    STORE(out + 3 * b_stride + j) = s3;
  }
}

CHILIAD_MULTIVERSION void column_sums(const double* row, std::size_t count, std::size_t stride, const double* weight,
                                      const double* t, double* out, double* with_t) {
  std::size_t j = 0;
  // Two vectors at a time: each sum alone waits for the addition before.
  for (; j + 2 * kLane <= stride; j += 2 * kLane) {
    Vector a{}, b{}, a_moment{}, b_moment{};
    const double* x = row + j;
    for (std::size_t r = 0; r < count; ++r, x += stride) {
      const Vector first = weight[r] * LOAD(x), second = weight[r] * LOAD(x + kLane);
      a += first;
      b += second;
      a_moment += t[r] * first;
      b_moment += t[r] * second;
    }
    STORE(out + j) = a;
    STORE(out + j + kLane) = b;
    STORE(with_t + j) = a_moment;
    STORE(with_t + j + kLane) = b_moment;
  }
  for (; j < stride; j += kLane) {
    Vector sum{}, moment{};
    const double* x = row + j;
    for (std::size_t r = 0; r < count; ++r, x += stride) {
      const Vector value = weight[r] * LOAD(x);
      sum += value;
      moment += t[r] * value;
    }
    STORE(out + j) = sum;
    STORE(with_t + j) = moment;
  }
}

// out := from - the rows of x times their weights.
CHILIAD_MULTIVERSION void subtract_weighted(const double* from, const double* x, std::size_t rows, std::size_t stride,
                                            const double* weight, double* out) {
  for (std::size_t j = 0; j < stride; ++j) out[j] = from[j];
  // Four of the rows that count at a time, so that `out` is read and written less often.
  const double* row[4];
  double factor[4];
  std::size_t waiting = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    if (weight[r] == 0) continue;
    row[waiting] = x + r * stride;
    factor[waiting++] = weight[r];
    if (waiting < 4) continue;
    waiting = 0;
    const double *a = row[0], *b = row[1], *c = row[2], *d = row[3];
    for (std::size_t j = 0; j < stride; ++j)
      out[j] = (((out[j] - factor[0] * a[j]) - factor[1] * b[j]) - factor[2] * c[j]) - factor[3] * d[j];
  }
  for (std::size_t w = 0; w < waiting; ++w) {
    for (std::size_t j = 0; j < stride; ++j) out[j] -= factor[w] * row[w][j];
  }
}

CHILIAD_MULTIVERSION void column_dots(const double* row, std::size_t count, std::size_t stride, const double* weight,
                                      double* out) {
  std::size_t j = 0;
  for (; j + 2 * kLane <= stride; j += 2 * kLane) {
    Vector a{}, b{};
    const double* x = row + j;
    for (std::size_t r = 0; r < count; ++r, x += stride) {
      a += weight[r] * LOAD(x);
      b += weight[r] * LOAD(x + kLane);
    }
    STORE(out + j) = a;
    STORE(out + j + kLane) = b;
  }
  for (; j < stride; j += kLane) {
    Vector a{};
    const double* x = row + j;
    for (std::size_t r = 0; r < count; ++r, x += stride) a += weight[r] * LOAD(x);
    STORE(out + j) = a;
  }
}

[[gnu::always_inline]] inline void row_product(const double* row, std::size_t stride, const double* coefficient,
                                               Vector& sum) {
  Vector a{}, b{};
  std::size_t j = 0;
  for (; j + 2 * kLane <= stride; j += 2 * kLane) {
    a += LOAD(row + j) * LOAD(coefficient + j);
    b += LOAD(row + j + kLane) * LOAD(coefficient + j + kLane);
  }
  if (j < stride) a += LOAD(row + j) * LOAD(coefficient + j);
  sum = a + b;
}

CHILIAD_MULTIVERSION void row_products(const double* row, std::size_t count, std::size_t stride,
                                       const double* coefficient, double* out) {
  std::size_t r = 0;
  // Four rows' elements are added in the order of one row's.
  for (; r + kLane <= count; r += kLane, row += kLane * stride) {
    Vector a, b, c, d;
    row_product(row, stride, coefficient, a);
    row_product(row + stride, stride, coefficient, b);
    row_product(row + 2 * stride, stride, coefficient, c);
    row_product(row + 3 * stride, stride, coefficient, d);
    const Vector ab = __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);
    const Vector cd = __builtin_shufflevector(c, d, 0, 4, 2, 6) + __builtin_shufflevector(c, d, 1, 5, 3, 7);
    STORE(out + r) += __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  }
  for (; r < count; ++r, row += stride) {
    Vector a;
    row_product(row, stride, coefficient, a);
    out[r] += (a[0] + a[1]) + (a[2] + a[3]);
  }
}

[[gnu::always_inline]] inline double dot_of(const double* a, const double* b, std::size_t count) {
  Vector s0{}, s1{};
  std::size_t i = 0;
  for (; i + 2 * kLane <= count; i += 2 * kLane) {
    s0 += LOAD(a + i) * LOAD(b + i);
    s1 += LOAD(a + i + kLane) * LOAD(b + i + kLane);
  }
  double tail = 0;
  for (; i < count; ++i) tail += a[i] * b[i];
  s0 += s1;
  return ((s0[0] + s0[1]) + (s0[2] + s0[3])) + tail;
}

CHILIAD_MULTIVERSION double vector_dot(const double* a, const double* b, std::size_t count) {
  return dot_of(a, b, count);
}

// to += factor * from
[[gnu::always_inline]] inline void add_multiple(double factor, const double* from, std::size_t count, double* to) {
  std::size_t i = 0;
  for (; i + kLane <= count; i += kLane) STORE(to + i) += factor * LOAD(from + i);
  for (; i < count; ++i) to[i] += factor * from[i];
}

// In the four loops below vectors begin at columns that are multiples of kLane, so that one is loaded as it was stored:
// the processor hands over what it has not written yet only whole.

// Row by row from the top: each row that is done is taken off those below it. The diagonal as it was waits in the row
// after the last.
CHILIAD_MULTIVERSION bool factorize_rows(double* a, std::size_t n, std::size_t stride, double least) {
  double* diagonal = a + n * stride;
  for (std::size_t k = 0; k < n; ++k) diagonal[k] = a[k * stride + k];
  for (std::size_t k = 0; k < n; ++k) {
    double* row = a + k * stride;
    const double pivot = row[k];
    if (!(pivot > least * diagonal[k])) return false;
    const double inverse = 1 / std::sqrt(pivot);
    for (std::size_t j = k / kLane * kLane; j < stride; j += kLane) STORE(row + j) *= inverse;
    row[k] = inverse;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = row[i];
      double* below = a + i * stride;
      for (std::size_t j = i / kLane * kLane; j < stride; j += kLane) STORE(below + j) -= factor * LOAD(row + j);
    }
  }
  return true;
}

CHILIAD_MULTIVERSION void solve_rows(const double* factor, std::size_t n, std::size_t stride, double* x) {
  for (std::size_t k = 0; k < n; ++k) {
    const double* row = factor + k * stride;
    const double value = x[k] *= row[k];
    std::size_t j = k + 1;
    for (; j % kLane != 0; ++j) x[j] -= value * row[j];
    for (; j < stride; j += kLane) STORE(x + j) -= value * LOAD(row + j);
  }
  for (std::size_t k = n; k-- > 0;) {
    const double* row = factor + k * stride;
    double value = x[k];
    std::size_t j = k + 1;
    for (; j % kLane != 0; ++j) value -= row[j] * x[j];
    Vector sum{};
    for (; j < stride; j += kLane) sum += LOAD(row + j) * LOAD(x + j);
    x[k] = (value - ((sum[0] + sum[1]) + (sum[2] + sum[3]))) * row[k];
  }
}

CHILIAD_MULTIVERSION void solve_rows_twice(const double* factor, std::size_t n, std::size_t stride, double* x,
                                           double* y) {
  for (std::size_t k = 0; k < n; ++k) {
    const double* row = factor + k * stride;
    const double first = x[k] *= row[k], second = y[k] *= row[k];
    std::size_t j = k + 1;
    for (; j % kLane != 0; ++j) {
      x[j] -= first * row[j];
      y[j] -= second * row[j];
    }
    for (; j < stride; j += kLane) {
      STORE(x + j) -= first * LOAD(row + j);
      STORE(y + j) -= second * LOAD(row + j);
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    const double* row = factor + k * stride;
    double first = x[k], second = y[k];
    std::size_t j = k + 1;
    for (; j % kLane != 0; ++j) {
      first -= row[j] * x[j];
      second -= row[j] * y[j];
    }
    Vector a{}, b{};
    for (; j < stride; j += kLane) {
      a += LOAD(row + j) * LOAD(x + j);
      b += LOAD(row + j) * LOAD(y + j);
    }
    x[k] = (first - ((a[0] + a[1]) + (a[2] + a[3]))) * row[k];
    y[k] = (second - ((b[0] + b[1]) + (b[2] + b[3]))) * row[k];
  }
}

CHILIAD_MULTIVERSION void packed_rows_product(const double* row, std::size_t n, const double* x, double* out) {
  for (std::size_t i = 0; i < n; row += ++i) {
    out[i] = dot_of(row, x, i + 1);
    if (x[i] != 0) add_multiple(x[i], row, i, out);
  }
}

CHILIAD_MULTIVERSION double vector_total(const double* a, std::size_t count) {
  Vector s0{}, s1{};
  std::size_t i = 0;
  for (; i + 2 * kLane <= count; i += 2 * kLane) {
    s0 += LOAD(a + i);
    s1 += LOAD(a + i + kLane);
  }
  double tail = 0;
  for (; i < count; ++i) tail += a[i];
  s0 += s1;
  return ((s0[0] + s0[1]) + (s0[2] + s0[3])) + tail;
}

// The difference of a number with itself is 0, of whose bits none is set, but for infinity and NaN.
CHILIAD_MULTIVERSION bool all_finite(const double* values, std::size_t count) {
  Bits a{}, b{}, c{}, d{};
  std::size_t i = 0;
  for (; i + 4 * kLane <= count; i += 4 * kLane) {
    const double* at = values + i;
    a |= reinterpret_cast<Bits>(LOAD(at) - LOAD(at));
    b |= reinterpret_cast<Bits>(LOAD(at + kLane) - LOAD(at + kLane));
    c |= reinterpret_cast<Bits>(LOAD(at + 2 * kLane) - LOAD(at + 2 * kLane));
    d |= reinterpret_cast<Bits>(LOAD(at + 3 * kLane) - LOAD(at + 3 * kLane));
  }
  a |= b | c | d;
  std::uint64_t bits = a[0] | a[1] | a[2] | a[3];
  for (; i < count; ++i) bits |= std::bit_cast<std::uint64_t>(values[i] - values[i]);
  return bits == 0;
}

}  // namespace

bool all_finite(std::span<const double> values) { return all_finite(values.data(), values.size()); }

void gram(const FeatureMatrix& x, std::span<double> out) {
  CHILIAD_CHECK(out.size() == x.stride * x.stride);
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t first = 0; first < x.rows; first += kRowChunk) {
    const std::size_t count = std::min(kRowChunk, x.rows - first);
    for (std::size_t i = 0; i < x.stride; i += kLane) {
      for (std::size_t j = i; j < x.stride; j += 2 * kLane) {
        gram_tile(x.row(first), count, x.stride, i, j, j + kLane < x.stride, out.data());
      }
    }
  }
  for (std::size_t i = 0; i < x.stride; ++i) {
    for (std::size_t j = 0; j < i; ++j) out[i * x.stride + j] = out[j * x.stride + i];
  }
}

void subtract_product(const FeatureMatrix& from, const FeatureMatrix& a, const FeatureMatrix& b, FeatureMatrix& out) {
  CHILIAD_CHECK(a.rows == b.rows && from.stride == b.stride && out.stride == b.stride);
  CHILIAD_CHECK(from.rows >= a.stride && out.rows >= a.stride);
  for (std::size_t i = 0; i < a.stride; i += kLane) {
    subtract_tiles(a.values.data() + i, a.stride, b.values.data(), b.stride, a.rows, from.row(i), out.row(i));
  }
}

void weighted_column_sums(const FeatureMatrix& x, std::size_t first, std::size_t last, std::span<const double> weight,
                          std::span<const double> t, std::span<double> out, std::span<double> with_t) {
  CHILIAD_CHECK(last <= x.rows && out.size() >= x.stride && with_t.size() >= x.stride);
  column_sums(x.values.data() + first * x.stride, last - first, x.stride, weight.data() + first, t.data() + first,
              out.data(), with_t.data());
}

void transposed_product(const FeatureMatrix& x, std::span<const double> weight, std::span<double> out) {
  CHILIAD_CHECK(weight.size() == x.rows && out.size() >= x.stride);
  column_dots(x.values.data(), x.rows, x.stride, weight.data(), out.data());
}

void subtract_rows(std::span<const double> from, const FeatureMatrix& x, std::span<const double> weight,
                   std::span<double> out) {
  CHILIAD_CHECK(from.size() == x.stride && weight.size() >= x.rows && out.size() == x.stride);
  subtract_weighted(from.data(), x.values.data(), x.rows, x.stride, weight.data(), out.data());
}

void add_product(const FeatureMatrix& x, std::span<const double> coefficient, std::span<double> out) {
  CHILIAD_CHECK(coefficient.size() >= x.stride && out.size() == x.rows);
  row_products(x.values.data(), x.rows, x.stride, coefficient.data(), out.data());
}

bool factorize(std::span<double> a, std::size_t n, double least) {
  CHILIAD_CHECK(a.size() >= (n + 1) * padded(n));
  return factorize_rows(a.data(), n, padded(n), least);
}

void solve_factored(std::span<const double> factor, std::size_t n, std::span<double> x) {
  CHILIAD_CHECK(factor.size() >= n * padded(n) && x.size() >= padded(n));
  solve_rows(factor.data(), n, padded(n), x.data());
}

void solve_factored(std::span<const double> factor, std::size_t n, std::span<double> x, std::span<double> y) {
  CHILIAD_CHECK(factor.size() >= n * padded(n) && x.size() >= padded(n) && y.size() >= padded(n));
  solve_rows_twice(factor.data(), n, padded(n), x.data(), y.data());
}

void packed_product(std::span<const double> a, std::span<const double> x, std::span<double> out) {
  CHILIAD_CHECK(a.size() == x.size() * (x.size() + 1) / 2 && out.size() == x.size());
  packed_rows_product(a.data(), x.size(), x.data(), out.data());
}

double dot(std::span<const double> a, std::span<const double> b) {
  CHILIAD_CHECK(a.size() == b.size());
  return vector_dot(a.data(), b.data(), a.size());
}

double total(std::span<const double> a) { return vector_total(a.data(), a.size()); }

}  // namespace chiliad::forecast
