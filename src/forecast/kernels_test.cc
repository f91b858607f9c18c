#include "forecast/kernels.h"

#include <gtest/gtest.h>

#include <random>

namespace chiliad::forecast {
namespace {

FeatureMatrix random_matrix(std::size_t rows, std::size_t columns) {
  std::mt19937_64 random(rows * 100 + columns);
  std::normal_distribution<double> normal;
  FeatureMatrix x(rows, columns);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) x.row(r)[j] = normal(random);
  }
  return x;
}

TEST(Gram, IsTheProductWithTheTranspose) {
  for (const std::size_t columns : {1u, 4u, 5u, 26u, 33u}) {
    for (const std::size_t rows : {1u, 63u, 64u, 200u}) {
      const FeatureMatrix x = random_matrix(rows, columns);
      std::vector<double> out(x.stride * x.stride);
      gram(x, out);
      for (std::size_t i = 0; i < columns; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          double sum = 0;
          for (std::size_t r = 0; r < rows; ++r) sum += x.row(r)[i] * x.row(r)[j];
          EXPECT_NEAR(out[i * x.stride + j], sum, 1e-11);
        }
      }
    }
  }
}

TEST(Kernels, SubtractTheProductOfTwoMatrices) {
  const FeatureMatrix a = random_matrix(9, 6), b = random_matrix(9, 13), from = random_matrix(8, 13);
  FeatureMatrix out(8, 13);
  subtract_product(from, a, b, out);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 13; ++j) {
      double expected = from.row(i)[j];
      for (std::size_t r = 0; r < 9; ++r) expected -= a.row(r)[i] * b.row(r)[j];
      EXPECT_NEAR(out.row(i)[j], expected, 1e-13);
    }
  }
}

TEST(Kernels, SumOverRowsAndColumnsAsTheirFormulasSay) {
  const FeatureMatrix x = random_matrix(77, 26);
  std::vector<double> weight(77), t(77), sums(x.stride), moments(x.stride), products(x.stride);
  std::vector<double> coefficient(x.stride, 0.0), rows(77, 1.0);
  for (std::size_t r = 0; r < 77; ++r) {
    weight[r] = std::sin(static_cast<double>(r));
    t[r] = static_cast<double>(r) / 76;
  }
  for (std::size_t j = 0; j < 26; ++j) coefficient[j] = std::cos(static_cast<double>(j));
  weighted_column_sums(x, 10, 50, weight, t, sums, moments);
  transposed_product(x, weight, products);
  add_product(x, coefficient, rows);
  for (std::size_t j = 0; j < 26; ++j) {
    double sum = 0, moment = 0, product = 0;
    for (std::size_t r = 0; r < 77; ++r) {
      product += weight[r] * x.row(r)[j];
      if (r < 10 || r >= 50) continue;
      sum += weight[r] * x.row(r)[j];
      moment += t[r] * weight[r] * x.row(r)[j];
    }
    EXPECT_NEAR(sums[j], sum, 1e-12);
    EXPECT_NEAR(moments[j], moment, 1e-12);
    EXPECT_NEAR(products[j], product, 1e-12);
  }
  for (std::size_t r = 0; r < 77; ++r) {
    double sum = 1;
    for (std::size_t j = 0; j < 26; ++j) sum += x.row(r)[j] * coefficient[j];
    EXPECT_NEAR(rows[r], sum, 1e-12);
  }
  EXPECT_NEAR(
      dot(weight, t),
      [&] {
        double s = 0;
        for (std::size_t r = 0; r < 77; ++r) s += weight[r] * t[r];
        return s;
      }(),
      1e-12);
  EXPECT_NEAR(total(t), 38.5, 1e-12);
}

}  // namespace
}  // namespace chiliad::forecast
