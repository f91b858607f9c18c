#include "forecast/trend.h"

#include <gtest/gtest.h>

#include <vector>

namespace chiliad::forecast {
namespace {

using std::chrono::hours;

TEST(TrendStart, GoesThroughTheFirstRowAndTheFirstOfTheLast) {
  const Instant first = *parse_instant("2022-01-01");
  // A double at the end: Prophet takes the first of the two.
  const std::vector<Instant> ds = {first, first + hours(24), first + hours(48), first + hours(48)};
  const std::vector<double> t = {0, 0.5, 1, 1};
  const std::vector<double> y = {2, 9, 3, 7};
  const TrendStart line = trend_start(Growth::kLinear, ds, t, y);
  EXPECT_EQ(line.k, 1);
  EXPECT_EQ(line.m, 2);
  const TrendStart flat = trend_start(Growth::kFlat, ds, t, y);
  EXPECT_EQ(flat.k, 0);
  EXPECT_EQ(flat.m, 5.25);
}

TEST(EvaluateTrend, BendsALineAtTheChangepointsAndKeepsAFlatOneFlat) {
  const std::vector<double> t = {0, 0.25, 0.5, 1, 2};
  const std::vector<double> delta = {2, -1}, changepoints = {0.25, 0.5};
  const TrendParameters at{1, 10, delta, changepoints};
  std::vector<double> out(5);
  evaluate_trend(Growth::kLinear, at, t, out);
  EXPECT_EQ(out, (std::vector<double>{10, 10.25, 11, 12, 14}));
  evaluate_trend(Growth::kFlat, at, t, out);
  EXPECT_EQ(out, std::vector<double>(5, 10.0));
}

}  // namespace
}  // namespace chiliad::forecast
