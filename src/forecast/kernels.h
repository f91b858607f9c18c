// The few dense loops that a fit spends its time in, over row-major matrices.
//
// A FeatureMatrix holds T rows of K features, each row padded with zeros to a multiple of four doubles, so that a loop
// over the features of a row is a loop over whole vectors. Every sum runs over the rows in ascending order with the
// same association, whatever the caller: a series fitted alone and one fitted among thousands get the same bits.
//
// Thread safety: pure functions.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace chiliad::forecast {

bool all_finite(std::span<const double> values);

constexpr std::size_t kLane = 4;  // Doubles in a vector.

constexpr std::size_t padded(std::size_t columns) { return (columns + kLane - 1) / kLane * kLane; }

struct FeatureMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;      // padded(columns)
  std::vector<double> values;  // rows * stride; the padding is zero.

  FeatureMatrix() = default;
  FeatureMatrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), stride(padded(column_count)), values(row_count * stride, 0.0) {}

  double* row(std::size_t i) { return values.data() + i * stride; }
  const double* row(std::size_t i) const { return values.data() + i * stride; }
};

// out[i * x.stride + j] = sum over rows r of x(r, i) x(r, j), for all i, j below x.columns (both triangles).
// out has x.stride * x.stride elements.
void gram(const FeatureMatrix& x, std::span<double> out);

// out(i, j) = from(i, j) - sum over rows r of a(r, i) b(r, j). `from` and `out` have a.stride rows, those of the
// padding included, and as many columns as b.
void subtract_product(const FeatureMatrix& from, const FeatureMatrix& a, const FeatureMatrix& b, FeatureMatrix& out);

// out[j] = sum over rows first <= r < last of weight[r] x(r, j); out has x.stride elements.
// with_t: likewise with weight[r] t[r].
void weighted_column_sums(const FeatureMatrix& x, std::size_t first, std::size_t last, std::span<const double> weight,
                          std::span<const double> t, std::span<double> out, std::span<double> with_t);

// out[j] = sum over all rows of weight[r] x(r, j); out has x.stride elements.
void transposed_product(const FeatureMatrix& x, std::span<const double> weight, std::span<double> out);

// out[j] = from[j] - sum over all rows of weight[r] x(r, j); from and out have x.stride elements. Rows without weight
// are passed over.
void subtract_rows(std::span<const double> from, const FeatureMatrix& x, std::span<const double> weight,
                   std::span<double> out);

// out[r] += sum over j of x(r, j) coefficient[j]; coefficient has x.stride elements, zero in the padding.
void add_product(const FeatureMatrix& x, std::span<const double> coefficient, std::span<double> out);

// A = U'U for a symmetric positive definite A of n x n: rows of padded(n), the padding zero, and room for one row more.
// The upper triangle is read and becomes U but for its diagonal, which becomes 1 / U(i, i); the rest is overwritten.
// False where a pivot is not above `least` times A's own diagonal there.
bool factorize(std::span<double> a, std::size_t n, double least);
// x := A^-1 x from the factor; x has n elements, then zeros up to padded(n), and keeps them.
void solve_factored(std::span<const double> factor, std::size_t n, std::span<double> x);
// Two of them in little more than the time of one, which is spent waiting for the element before.
void solve_factored(std::span<const double> factor, std::size_t n, std::span<double> x, std::span<double> y);

// out := A x for a symmetric A of n x n whose lower triangle is kept row after row without gaps.
void packed_product(std::span<const double> a, std::span<const double> x, std::span<double> out);

// sum of a[i] b[i]; sum of a[i].
double dot(std::span<const double> a, std::span<const double> b);
double total(std::span<const double> a);

}  // namespace chiliad::forecast
