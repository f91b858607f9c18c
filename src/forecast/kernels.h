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

// out[r] += sum over j of x(r, j) coefficient[j]; coefficient has x.stride elements, zero in the padding.
void add_product(const FeatureMatrix& x, std::span<const double> coefficient, std::span<double> out);

// sum of a[i] b[i]; sum of a[i].
double dot(std::span<const double> a, std::span<const double> b);
double total(std::span<const double> a);

}  // namespace chiliad::forecast
