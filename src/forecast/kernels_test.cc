#include "forecast/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
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

TEST(Kernels, SubtractRowsByTheirWeights) {
  const FeatureMatrix x = random_matrix(11, 13);
  std::vector<double> from(x.stride, 0.25), weight(11), out(x.stride);
  for (std::size_t r = 0; r < 11; ++r) weight[r] = r % 3 == 1 ? 0 : std::sin(static_cast<double>(r));
  subtract_rows(from, x, weight, out);
  for (std::size_t j = 0; j < 13; ++j) {
    double expected = from[j];
    for (std::size_t r = 0; r < 11; ++r) expected -= weight[r] * x.row(r)[j];
    EXPECT_NEAR(out[j], expected, 1e-14);
  }
}

TEST(Kernels, GiveARowTheSameBitsAloneAndAmongOthers) {
  for (const std::size_t columns : {1u, 6u, 8u, 11u, 26u}) {
    const FeatureMatrix x = random_matrix(23, columns);
    std::vector<double> coefficient(x.stride, 0.0), together(23, 0.5);
    for (std::size_t j = 0; j < columns; ++j) coefficient[j] = std::cos(static_cast<double>(j));
    add_product(x, coefficient, together);
    for (std::size_t r = 0; r < 23; ++r) {
      FeatureMatrix one(1, columns);
      std::copy_n(x.row(r), x.stride, one.row(0));
      std::vector<double> alone(1, 0.5);
      add_product(one, coefficient, alone);
      EXPECT_EQ(alone[0], together[r]);
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

TEST(Factor, SolvesAPositiveDefiniteSystem) {
  for (const std::size_t n : {1u, 3u, 4u, 5u, 16u, 37u}) {
    const FeatureMatrix x = random_matrix(n + 5, n);
    std::vector<double> a(x.stride * x.stride);
    gram(x, a);
    std::vector<double> factor = a, solution(padded(n), 0.0);
    factor.resize((n + 1) * x.stride);
    for (std::size_t i = 0; i < n; ++i) solution[i] = static_cast<double>(i) - 2.5;
    ASSERT_TRUE(factorize(factor, n, 1e-14));
    solve_factored(factor, n, solution);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += a[i * x.stride + j] * solution[j];
      EXPECT_NEAR(sum, static_cast<double>(i) - 2.5, 1e-8) << n;
    }
    for (std::size_t i = n; i < padded(n); ++i) EXPECT_EQ(solution[i], 0);
  }
}

TEST(Factor, RefusesColumnsThatDependOnOneAnother) {
  // Rows of four: (1, 2), (2, 4).
  std::vector<double> a = {1, 2, 0, 0, 2, 4, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(factorize(a, 2, 1e-13));
  std::vector<double> indefinite = {1, 3, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(factorize(indefinite, 2, 1e-13));
}

TEST(PackedProduct, IsThatOfTheSymmetricMatrix) {
  for (const std::size_t n : {1u, 4u, 6u, 33u}) {
    std::vector<double> lower(n * (n + 1) / 2), x(n), out(n);
    for (std::size_t i = 0; i < lower.size(); ++i) lower[i] = std::sin(static_cast<double>(i));
    for (std::size_t i = 0; i < n; ++i) x[i] = i % 3 == 0 ? 0 : std::cos(static_cast<double>(i));
    packed_product(lower, x, out);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j)
        sum += lower[std::max(i, j) * (std::max(i, j) + 1) / 2 + std::min(i, j)] * x[j];
      EXPECT_NEAR(out[i], sum, 1e-13);
    }
  }
}

}  // namespace
}  // namespace chiliad::forecast
