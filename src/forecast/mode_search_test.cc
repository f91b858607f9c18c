#include "forecast/mode_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "forecast/problem_under_test.h"

namespace chiliad::forecast {
namespace {

SearchResult solve(const Problem& problem, const PenalizedQuadratic& quadratic, double v_credible = 0,
                   double accuracy = 1e-12) {
  ProblemSearch search(problem);
  search.start.v_credible = v_credible;
  search.start.accuracy = accuracy;
  return search.run(quadratic);
}

TEST(PenalizedQuadratic, RotatesThereAndBack) {
  const Problem problem(80, 9, 4, 0.05, 3);
  const PenalizedQuadratic quadratic = problem.quadratic();
  std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<double> before = x;
  quadratic.rotate(x);
  quadratic.unrotate(x);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], before[i], 1e-13);
}

TEST(SearchMode, NoPointNearbyIsBetter) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    for (const double tau : {0.001, 0.05, 5.0}) {
      const Problem problem(60, 2 + seed % 7, 1 + seed % 12, tau, seed);
      const PenalizedQuadratic quadratic = problem.quadratic();
      const SearchResult found = solve(problem, quadratic);
      ASSERT_TRUE(found.ok);
      const std::vector<double>& x = found.x;
      const double best = problem.objective(x, found.delta, found.v);
      for (int trial = 0; trial < 300; ++trial) {
        const double size = std::pow(10.0, -trial % 7);
        std::vector<double> x2 = x, d2 = found.delta;
        for (double& one : x2) one += size * normal(random);
        for (double& one : d2) one += trial % 3 == 0 ? 0 : size * normal(random);
        EXPECT_GE(problem.objective(x2, d2, found.v * std::exp(size * normal(random))), best - 1e-9);
      }
    }
  }
}

TEST(SearchMode, FindsTheNoiseInFewSteps) {
  int steps = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const Problem problem(100, 2 + seed % 7, 1 + seed % 12, 0.05, seed);
    const PenalizedQuadratic quadratic = problem.quadratic();
    const SearchResult exact = solve(problem, quadratic), rough = solve(problem, quadratic, 0, 1e-3);
    ASSERT_TRUE(exact.ok && rough.ok);
    EXPECT_NEAR(rough.v, exact.v, 1e-3 / 0.3 * exact.v);  // The map's slope is 0.3 from the diagonal's or more.
    EXPECT_LE(rough.steps, exact.steps);
    steps += exact.steps;
  }
  EXPECT_LE(steps, 300);
}

TEST(SearchMode, ManyChangesAsFewOnes) {
  // Those after the first few are so small that the penalty holds them at zero.
  Problem many(120, 5, 60, 0.5, 4);
  Problem few(120, 5, 12, 0.5, 4);
  for (std::size_t r = 0; r < many.rows; ++r) {
    for (std::size_t j = 0; j < 5; ++j) many.at(r, j) = few.at(r, j);
    for (std::size_t j = 0; j < 60; ++j) many.at(r, 5 + j) = j < 12 ? few.at(r, 5 + j) : 1e-6 * few.at(r, 5 + j % 12);
    many.y[r] = few.y[r];
  }
  const PenalizedQuadratic many_quadratic = many.quadratic(), few_quadratic = few.quadratic();
  const SearchResult found = solve(many, many_quadratic), expected = solve(few, few_quadratic);
  ASSERT_TRUE(found.ok && expected.ok);
  EXPECT_NEAR(found.v, expected.v, 1e-9 * expected.v);
  for (std::size_t j = 0; j < 60; ++j) EXPECT_NEAR(found.delta[j], j < 12 ? expected.delta[j] : 0, 1e-7);
}

TEST(SearchMode, AModeWithLessNoiseThanIsCredibleIsNone) {
  const Problem problem(60, 4, 6, 0.5, 9);
  const PenalizedQuadratic quadratic = problem.quadratic();
  const double v = solve(problem, quadratic).v;
  EXPECT_TRUE(solve(problem, quadratic, 0.9 * v).ok);
  EXPECT_FALSE(solve(problem, quadratic, 1.1 * v).ok);
}

TEST(SearchMode, AStrongPenaltyKeepsEveryChangeAtExactlyZero) {
  const Problem problem(60, 3, 10, 1e-5, 5);
  const SearchResult found = solve(problem, problem.quadratic());
  for (double delta : found.delta) EXPECT_EQ(delta, 0);
}

TEST(SearchMode, ColumnsThatAreEqualDoNotBreakIt) {
  Problem problem(60, 3, 4, 5, 5);
  for (std::size_t r = 0; r < problem.rows; ++r) problem.at(r, 4) = problem.at(r, 3);
  const PenalizedQuadratic quadratic = problem.quadratic();
  const SearchResult found = solve(problem, quadratic);
  ASSERT_TRUE(found.ok);
  Problem single = problem;
  for (std::size_t r = 0; r < problem.rows; ++r) single.at(r, 4) = 0;
  const PenalizedQuadratic other = single.quadratic();
  const SearchResult reference = solve(single, other);
  EXPECT_NEAR(problem.objective(found.x, found.delta, found.v),
              single.objective(reference.x, reference.delta, reference.v), 1e-7);
}

TEST(SearchMode, SaysThatAnIndefiniteProblemIsNotConvex) {
  const IndefiniteSearch none;
  const PenalizedQuadratic quadratic(2, 1, none.smooth, none.cross, none.changes);
  EXPECT_FALSE(search_mode(quadratic, none.start).ok);
}

TEST(BestNoiseVariance, IsWhereTheDerivativeVanishes) {
  for (const double r : {1e-12, 1e-3, 5.0, 1e6}) {
    const double v = best_noise_variance(r, 50);
    EXPECT_NEAR((4 * v * v + 50 * v) / r, 1, 1e-14);
  }
}

}  // namespace
}  // namespace chiliad::forecast
