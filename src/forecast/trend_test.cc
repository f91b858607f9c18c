#include "forecast/trend.h"

#include <gtest/gtest.h>

#include <cmath>
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
  const TrendStart line = trend_start(Growth::kLinear, ds, t, y, {});
  EXPECT_EQ(line.k, 1);
  EXPECT_EQ(line.m, 2);
  const TrendStart flat = trend_start(Growth::kFlat, ds, t, y, {});
  EXPECT_EQ(flat.k, 0);
  EXPECT_EQ(flat.m, 5.25);
}

TEST(EvaluateTrend, BendsALineAtTheChangepointsAndKeepsAFlatOneFlat) {
  const std::vector<double> t = {0, 0.25, 0.5, 1, 2};
  const std::vector<double> delta = {2, -1}, changepoints = {0.25, 0.5};
  const TrendParameters at{1, 10, delta, changepoints};
  std::vector<double> out(5);
  evaluate_trend(Growth::kLinear, at, t, {}, out);
  EXPECT_EQ(out, (std::vector<double>{10, 10.25, 11, 12, 14}));
  evaluate_trend(Growth::kFlat, at, t, {}, out);
  EXPECT_EQ(out, std::vector<double>(5, 10.0));
}

TEST(TrendStart, OfLogisticGrowthIsTheCurveThroughBothEnds) {
  const Instant first = *parse_instant("2022-01-01");
  const std::vector<Instant> ds = {first, first + hours(24), first + hours(48)};
  const std::vector<double> t = {0, 0.5, 1}, cap = {1, 1, 2};
  const std::vector<double> y = {0.2, 0.1, 1};
  const TrendStart start = trend_start(Growth::kLogistic, ds, t, y, cap);
  std::vector<double> out(3);
  evaluate_trend(Growth::kLogistic, {start.k, start.m, {}, {}}, t, cap, out);
  EXPECT_NEAR(out[0], 0.2, 1e-14);
  EXPECT_NEAR(out[2], 1, 1e-14);
  // Values beyond 1 % to 99 % of the capacity count as these; equal shares are set apart as Prophet does.
  const std::vector<double> beyond = {-5, 0, 7};
  const TrendStart steep = trend_start(Growth::kLogistic, ds, t, beyond, cap);
  EXPECT_NEAR(steep.k, 2 * std::log(99), 1e-12);
  EXPECT_NEAR(steep.m, 0.5, 1e-14);
  const std::vector<double> level = {0.5, 0, 1};
  EXPECT_NEAR(trend_start(Growth::kLogistic, ds, t, level, cap).k, std::log(1.1), 1e-14);
}

TEST(EvaluateTrend, OfLogisticGrowthEqualsProphetsFormula) {
  std::vector<double> t, cap;
  for (int i = 0; i < 11; ++i) {
    t.push_back(0.15 * i);
    cap.push_back(1 + 0.1 * i);
  }
  const std::vector<double> delta = {2, -7, 0.5}, changepoints = {0.2, 0.5, 0.8};
  const double k = 3, m = 0.4;
  std::vector<double> out(t.size());
  evaluate_trend(Growth::kLogistic, {k, m, delta, changepoints}, t, cap, out);
  // gamma_j = (c_j - m - the gammas before) (1 - k_before / k_after)
  double rate = k, offset = m;
  std::vector<double> rates = {rate}, offsets = {offset};
  for (std::size_t j = 0; j < delta.size(); ++j) {
    offset += (changepoints[j] - offset) * (1 - rate / (rate + delta[j]));
    rate += delta[j];
    rates.push_back(rate);
    offsets.push_back(offset);
  }
  for (std::size_t i = 0; i < t.size(); ++i) {
    std::size_t segment = 0;
    while (segment < 3 && t[i] >= changepoints[segment]) ++segment;
    EXPECT_NEAR(out[i], cap[i] / (1 + std::exp(-rates[segment] * (t[i] - offsets[segment]))), 1e-13);
  }
}

TEST(EvaluateTrend, OfLogisticGrowthStaysFiniteFarOut) {
  const std::vector<double> t = {-1e6, 0, 1e6}, cap = {2, 2, 2};
  std::vector<double> out(3);
  evaluate_trend(Growth::kLogistic, {50, 0, {}, {}}, t, cap, out);
  EXPECT_LT(out[0], 1e-300);
  EXPECT_GE(out[0], 0);
  EXPECT_EQ(out[1], 1);
  EXPECT_EQ(out[2], 2);
}

TEST(LogisticCurve, IsTheCapTimesTheSigmoidWithItsDerivatives) {
  std::vector<double> x, cap;
  for (int i = 0; i < 43; ++i) {
    x.push_back(0.5 * (i - 21));
    cap.push_back(2 + 0.1 * i);
  }
  std::vector<double> share(x.size()), trend(x), slope(x.size()), bend(x.size());
  sigmoid(x, share);
  logistic_curve(trend, cap, trend, slope, bend);  // In place.
  constexpr double kStep = 1e-4;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto curve = [&](double at) { return cap[i] / (1 + std::exp(-at)); };
    EXPECT_EQ(trend[i], cap[i] * share[i]);
    EXPECT_NEAR(trend[i], curve(x[i]), 1e-13);
    EXPECT_NEAR(slope[i], (curve(x[i] + kStep) - curve(x[i] - kStep)) / (2 * kStep), 1e-8);
    EXPECT_NEAR(bend[i], (curve(x[i] + kStep) - 2 * curve(x[i]) + curve(x[i] - kStep)) / (kStep * kStep), 1e-6);
  }
}

}  // namespace
}  // namespace chiliad::forecast
