#include "forecast/statistics_mode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace chiliad::forecast {
namespace {

// Rows with columns (t, 1, wave, hinges at 0.2 .. 0.8) and a bend: their statistics at a line of zeros.
StatisticsPoint zero_point(std::size_t rows, double noise, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  constexpr std::size_t kColumns = 3 + 7;
  StatisticsPoint point{std::vector<double>(kColumns, 0.0), 1, {}};
  point.statistics.gram.assign(kColumns * (kColumns + 1) / 2, 0.0);
  point.statistics.gradient.assign(kColumns, 0.0);
  std::vector<double> z(kColumns);
  for (std::size_t i = 0; i < rows; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(rows - 1);
    z[0] = t, z[1] = 1, z[2] = std::sin(40 * t);
    for (std::size_t j = 0; j < 7; ++j) z[3 + j] = std::max(0.0, t - 0.2 - 0.1 * static_cast<double>(j));
    const double y = 0.3 + 0.2 * t + 0.1 * z[2] + 0.4 * std::max(0.0, t - 0.52) + noise * normal(random);
    add_row(point.statistics, z, y);
  }
  return point;
}

constexpr double kScales[] = {10};

Priors priors_of(std::size_t rows) { return {kScales, 0.05, static_cast<double>(rows)}; }

// From far away by the search, from a mode nearby by Newton's steps: the same place.
TEST(StatisticsMode, IsTheSameFromNearAndFar) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    for (const double noise : {0.003, 0.03, 0.2}) {
      StatisticsPoint far = zero_point(300, noise, seed);
      FitReport report;
      ASSERT_EQ(find_mode(priors_of(300), far, report), "");
      StatisticsPoint near = far;
      const std::vector<double> z = {1, 1, std::sin(40.0), 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2};
      // A row that is one standard deviation off, near the mode and from the start.
      add_row(near.statistics, z, noise);
      StatisticsPoint origin = zero_point(300, noise, seed);
      double y = noise;
      for (std::size_t i = 0; i < z.size(); ++i) y += z[i] * near.theta[i];
      add_row(origin.statistics, z, y);
      ASSERT_EQ(find_mode(priors_of(301), near, report), "");
      EXPECT_LE(report.iterations, 6);
      ASSERT_EQ(find_mode(priors_of(301), origin, report), "");
      for (std::size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(near.theta[i], origin.theta[i], 1e-9) << noise;
      EXPECT_NEAR(near.sigma, origin.sigma, 1e-10);
      EXPECT_NEAR(near.statistics.sum_of_squares, origin.statistics.sum_of_squares, 1e-10);
    }
  }
}

// Products that no columns have: a reason, or a point, but numbers that are numbers.
TEST(StatisticsMode, GivesUpOnProductsThatAreNone) {
  StatisticsPoint point = zero_point(300, 0.03, 1);
  for (std::size_t i = 0; i < point.theta.size(); ++i) point.statistics.at(i, i) *= -1;
  FitReport report;
  EXPECT_NE(find_mode(priors_of(300), point, report), "");
}

}  // namespace
}  // namespace chiliad::forecast
