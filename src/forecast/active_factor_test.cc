#include "forecast/active_factor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace chiliad::forecast {
namespace {

constexpr std::size_t kSize = 7;
const std::vector<ActiveFactor::PivotRule> kRules(kSize, {1e-12, 0.0});

FeatureMatrix positive_definite() {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  FeatureMatrix root(kSize, kSize), matrix(kSize, kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < kSize; ++j) root.row(i)[j] = normal(random) + (i == j ? 3 : 0);
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < kSize; ++j) {
      for (std::size_t k = 0; k < kSize; ++k) matrix.row(i)[j] += root.row(k)[i] * root.row(k)[j];
    }
  }
  return matrix;
}

// The largest |matrix(active, active) x - right side| of the solution for 1, 2, 3...
double worst_of_solution(const ActiveFactor& factor, const FeatureMatrix& matrix,
                         const std::vector<std::size_t>& active) {
  std::vector<double> x(active.size());
  for (std::size_t a = 0; a < x.size(); ++a) x[a] = static_cast<double>(a + 1);
  factor.solve(x);
  double worst = 0;
  for (std::size_t a = 0; a < x.size(); ++a) {
    double sum = -static_cast<double>(a + 1);
    for (std::size_t b = 0; b < x.size(); ++b) sum += matrix.row(active[a])[active[b]] * x[b];
    worst = std::max(worst, std::fabs(sum));
  }
  return worst;
}

TEST(ActiveFactor, SolvesForTheActiveRowsInTheirOrder) {
  const FeatureMatrix matrix = positive_definite();
  const std::vector<std::size_t> active = {5, 1, 6, 0, 3};
  ActiveFactor factor(kRules);
  ASSERT_TRUE(factor.extend(matrix, active));
  EXPECT_EQ(factor.size(), 5u);
  EXPECT_LT(worst_of_solution(factor, matrix, active), 1e-12);
}

TEST(ActiveFactor, GrowsByWhatIsAppendedAndIsMadeAgainAfterACut) {
  const FeatureMatrix matrix = positive_definite();
  std::vector<std::size_t> active = {4, 2, 0};
  ActiveFactor factor(kRules);
  ASSERT_TRUE(factor.extend(matrix, active));
  std::vector<double> row(kSize);
  const double pivot = factor.pivot_beside(matrix, active, 6, row);
  factor.append(row, pivot);
  active.push_back(6);
  EXPECT_LT(worst_of_solution(factor, matrix, active), 1e-12);
  active.erase(active.begin() + 1);
  factor.cut(1);
  ASSERT_TRUE(factor.extend(matrix, active));
  EXPECT_LT(worst_of_solution(factor, matrix, active), 1e-12);
}

TEST(ActiveFactor, LeavesNoPivotToARowThatDependsOnTheOthers) {
  FeatureMatrix matrix = positive_definite();
  for (std::size_t j = 0; j < kSize; ++j) matrix.row(6)[j] = 2 * matrix.row(1)[j];
  for (std::size_t j = 0; j < kSize; ++j) matrix.row(j)[6] = 2 * matrix.row(j)[1];
  const std::vector<std::size_t> active = {1, 3};
  ActiveFactor factor(kRules);
  ASSERT_TRUE(factor.extend(matrix, active));
  std::vector<double> row(kSize);
  EXPECT_NEAR(factor.pivot_beside(matrix, active, 6, row), 0, 1e-12);
  factor.solve_upper(row);  // The combination that it is.
  EXPECT_NEAR(row[0], 2, 1e-12);
  EXPECT_NEAR(row[1], 0, 1e-12);
}

TEST(ActiveFactor, RefusesAMatrixThatIsNotPositiveDefinite) {
  FeatureMatrix matrix = positive_definite();
  matrix.row(2)[2] = -1;
  ActiveFactor whole(kRules), grown(kRules);
  EXPECT_FALSE(whole.extend(matrix, std::vector<std::size_t>{0, 2}));
  ASSERT_TRUE(grown.extend(matrix, std::vector<std::size_t>{0}));
  EXPECT_FALSE(grown.extend(matrix, std::vector<std::size_t>{0, 2}));
}

}  // namespace
}  // namespace chiliad::forecast
