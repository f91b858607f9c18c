#include "forecast/mode_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace chiliad::forecast {
namespace {

// A random problem with its columns, so that the objective can be computed from the rows.
struct Problem {
  std::size_t rows, q, s;
  std::vector<double> a;  // rows x (q + s)
  std::vector<double> y;
  double tau;

  Problem(std::size_t row_count, std::size_t smooth, std::size_t changes, double tau_value, unsigned seed)
      : rows(row_count), q(smooth), s(changes), a(row_count * (smooth + changes)), y(row_count), tau(tau_value) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (std::size_t r = 0; r < rows; ++r) {
      const double t = static_cast<double>(r) / static_cast<double>(rows - 1);
      for (std::size_t j = 0; j < q; ++j) at(r, j) = j == 0 ? 1 : j == 1 ? t : normal(random);
      for (std::size_t j = 0; j < s; ++j) {
        at(r, q + j) = std::max(0.0, t - 0.8 * static_cast<double>(j + 1) / static_cast<double>(s + 1));
      }
      y[r] = 1 + 0.5 * t + (t > 0.4 ? 2 * (t - 0.4) : 0) + 0.1 * normal(random);
    }
  }
  double& at(std::size_t r, std::size_t j) { return a[r * (q + s) + j]; }
  double get(std::size_t r, std::size_t j) const { return a[r * (q + s) + j]; }
  double product(std::size_t i, std::size_t j) const {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += get(r, i) * get(r, j);
    return sum;
  }
  PenalizedQuadratic quadratic() const {
    std::vector<double> smooth, cross, changes;
    for (std::size_t i = 0; i < q; ++i) {
      for (std::size_t j = 0; j < q; ++j) smooth.push_back(product(i, j));
    }
    for (std::size_t i = 0; i < s; ++i) {
      for (std::size_t j = 0; j < q; ++j) cross.push_back(product(q + i, j));
    }
    for (std::size_t i = 0; i < s; ++i) {
      for (std::size_t j = 0; j < s; ++j) changes.push_back(product(q + i, q + j));
    }
    return PenalizedQuadratic(q, s, smooth, cross, changes);
  }
  double objective(const std::vector<double>& x, const std::vector<double>& delta, double v) const {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      double residual = y[r];
      for (std::size_t j = 0; j < q; ++j) residual -= get(r, j) * x[j];
      for (std::size_t j = 0; j < s; ++j) residual -= get(r, q + j) * delta[j];
      sum += residual * residual;
    }
    double value = sum / (2 * v) + 0.5 * static_cast<double>(rows) * std::log(v) + 2 * v;
    for (double one : x) value += 0.5 * one * one;
    for (double one : delta) value += std::fabs(one) / tau;
    return value;
  }
};

SearchResult solve(const Problem& problem, const PenalizedQuadratic& quadratic, double v_credible = 0,
                   double accuracy = 1e-12) {
  std::vector<double> zero_u(problem.q, 0.0), zero_d(problem.s, 0.0), g_s(problem.q), g_d(problem.s);
  double rr = 0;
  for (std::size_t r = 0; r < problem.rows; ++r) {
    rr += problem.y[r] * problem.y[r];
    for (std::size_t j = 0; j < problem.q; ++j) g_s[j] += problem.get(r, j) * problem.y[r];
    for (std::size_t j = 0; j < problem.s; ++j) g_d[j] += problem.get(r, problem.q + j) * problem.y[r];
  }
  quadratic.rotate(g_s);
  SearchStart start;
  start.u = zero_u;
  start.d = zero_d;
  start.g_s = g_s;
  start.g_d = g_d;
  start.rr = rr;
  start.rows = static_cast<double>(problem.rows);
  start.tau = problem.tau;
  start.v_credible = v_credible;
  start.accuracy = accuracy;
  return search_mode(quadratic, start);
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
      std::vector<double> x = found.x;
      quadratic.unrotate(x);
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
  std::vector<double> x = found.x;
  quadratic.unrotate(x);
  Problem single = problem;
  for (std::size_t r = 0; r < problem.rows; ++r) single.at(r, 4) = 0;
  const PenalizedQuadratic other = single.quadratic();
  const SearchResult reference = solve(single, other);
  std::vector<double> x2 = reference.x;
  other.unrotate(x2);
  EXPECT_NEAR(problem.objective(x, found.delta, found.v), single.objective(x2, reference.delta, reference.v), 1e-7);
}

TEST(SearchMode, SaysThatAnIndefiniteProblemIsNotConvex) {
  const PenalizedQuadratic quadratic(2, 1, {-5, 0, 0, -5}, {0, 0}, {1});
  const std::vector<double> zero2(2, 0.0), zero1(1, 0.0), g = {1, 1}, one = {1};
  SearchStart start;
  start.u = zero2;
  start.d = zero1;
  start.g_s = g;
  start.g_d = one;
  start.rr = 3;
  start.rows = 10;
  start.tau = 1;
  start.convex = false;
  EXPECT_FALSE(search_mode(quadratic, start).ok);
}

TEST(BestNoiseVariance, IsWhereTheDerivativeVanishes) {
  for (const double r : {1e-12, 1e-3, 5.0, 1e6}) {
    const double v = best_noise_variance(r, 50);
    EXPECT_NEAR((4 * v * v + 50 * v) / r, 1, 1e-14);
  }
}

}  // namespace
}  // namespace chiliad::forecast
