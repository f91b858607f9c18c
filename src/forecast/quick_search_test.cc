#include "forecast/quick_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "forecast/problem_under_test.h"

namespace chiliad::forecast {
namespace {

void expect_same(const SearchResult& found, const SearchResult& expected, double accuracy) {
  ASSERT_EQ(found.ok, expected.ok);
  if (!found.ok) return;
  EXPECT_NEAR(found.v, expected.v, accuracy * expected.v);
  for (std::size_t i = 0; i < found.x.size(); ++i) EXPECT_NEAR(found.x[i], expected.x[i], accuracy);
  for (std::size_t j = 0; j < found.delta.size(); ++j) {
    EXPECT_NEAR(found.delta[j], expected.delta[j], accuracy);
    EXPECT_EQ(found.delta[j] == 0, expected.delta[j] == 0);
  }
}

TEST(QuickSearch, FindsWhatTheCarefulSearchFinds) {
  std::mt19937_64 random(17);
  std::normal_distribution<double> normal;
  int found_quickly = 0, all = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    for (const double tau : {0.001, 0.05, 5.0}) {
      for (const double damping : {0.0, 0.5, 12.5}) {
        const Problem problem(80, 2 + seed % 7, 1 + seed % 12, tau, seed);
        // Where others than those that should be are zero, and signs are wrong.
        std::vector<double> u(problem.q), d(problem.s);
        for (double& one : u) one = seed % 3 == 0 ? 0 : 0.3 * normal(random);
        for (std::size_t j = 0; j < d.size(); ++j) d[j] = (seed + j) % 3 == 0 ? 0.1 * normal(random) : 0;
        ProblemSearch search(problem, u, d);
        search.start.damping = damping;
        const std::optional<SearchResult> found = search.run(problem.quick());
        ++all;
        if (!found) continue;
        ++found_quickly;
        expect_same(*found, search.run(problem.quadratic()), 1e-8);
      }
    }
  }
  EXPECT_GT(found_quickly, 0.95 * all);
}

TEST(QuickSearch, ServesOneProblemAfterAnother) {
  const Problem first(80, 5, 8, 0.05, 3), second(90, 5, 8, 0.5, 4);
  QuickSearch search = first.quick();
  ProblemSearch one(first), other(second);
  one.start.u = one.u, one.start.g_s = one.g_s;
  other.start.u = other.u, other.start.g_s = other.g_s;
  ASSERT_TRUE(search.run(one.start));
  search.set(second.products(0, 5, 0, 5), second.products(5, 8, 0, 5), second.products(5, 8, 5, 8));
  const std::optional<SearchResult> found = search.run(other.start);
  ASSERT_TRUE(found);
  expect_same(*found, *other.run(second.quick()), 0);
}

TEST(QuickSearch, IsTheSameMatrixMadeTridiagonal) {
  const Problem problem(80, 6, 9, 0.05, 5), other(80, 6, 9, 0.05, 6);
  ProblemSearch search(problem), second(other);
  QuickSearch quick = problem.quick();
  expect_same(search.run(quick.tridiagonal()), search.run(problem.quadratic()), 1e-12);
  quick.set(other.products(0, 6, 0, 6), other.products(6, 9, 0, 6), other.products(6, 9, 6, 9));
  expect_same(second.run(quick.tridiagonal()), second.run(other.quadratic()), 1e-12);
}

TEST(QuickSearch, EndsAfterAsManyLevelsOfNoiseAsItIsGiven) {
  const Problem problem(80, 4, 6, 0.5, 9);
  ProblemSearch search(problem);
  const double v = search.run(problem.quick())->v;
  double before = search.start.v;
  for (int levels = 1; levels <= 3; ++levels) {
    search.start.most_levels = levels;
    const std::optional<SearchResult> found = search.run(problem.quick());
    ASSERT_TRUE(found && found->ok);
    EXPECT_LE(found->v, before);
    EXPECT_GE(found->v, 0.999 * v);
    before = found->v;
  }
  search.start.most_levels = 1;
  EXPECT_EQ(search.run(problem.quick())->v, search.start.v);
  EXPECT_EQ(search.run(problem.quadratic()).v, search.start.v);
}

TEST(QuickSearch, AModeWithLessNoiseThanIsCredibleIsNone) {
  const Problem problem(60, 4, 6, 0.5, 9);
  ProblemSearch search(problem);
  const double v = search.run(problem.quick())->v;
  search.start.v_credible = 0.9 * v;
  EXPECT_TRUE(search.run(problem.quick())->ok);
  search.start.v_credible = 1.1 * v;
  EXPECT_FALSE(search.run(problem.quick())->ok);
}

TEST(QuickSearch, LeavesTheFloorAndColumnsThatMayInterpolateToTheCarefulSearch) {
  const Problem problem(60, 4, 6, 0.5, 9);
  ProblemSearch search(problem);
  const double v = search.run(problem.quick())->v;
  search.start.v_floor = 1.1 * v;
  EXPECT_FALSE(search.run(problem.quick()));
  search.start.v_floor = 0;
  search.start.cautious = true;
  EXPECT_FALSE(search.run(problem.quick()));
}

TEST(QuickSearch, SaysThatAnIndefiniteProblemIsNotConvex) {
  IndefiniteSearch none;
  QuickSearch search(2, 1);
  search.set(none.smooth, none.cross, none.changes);
  const std::optional<SearchResult> found = search.run(none.start);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->ok);
  // Where that can only be rounding, it is for the careful search.
  none.start.convex = true;
  EXPECT_FALSE(search.run(none.start));
}

}  // namespace
}  // namespace chiliad::forecast
