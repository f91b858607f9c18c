// Figures worked out by hand; those of real Prophet are the cross-validation cases of parity/.

#include "diagnose/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace chiliad::diagnose {
namespace {

using Hours = std::vector<std::int64_t>;

const forecast::OwnedColumn* find(const PerformanceMetrics& figures, std::string_view name) {
  const auto at = std::ranges::find(figures.metrics, name, &forecast::OwnedColumn::name);
  return at == figures.metrics.end() ? nullptr : &*at;
}

// A row a day after one cut-off.
struct Table {
  std::vector<Instant> ds, cutoff;
  std::vector<double> y, yhat, lower, upper;

  MetricsInput input() const { return {ds, cutoff, y, yhat, lower, upper}; }
};

Table table(std::vector<double> y, std::vector<double> yhat) {
  Table out;
  const Instant start = std::chrono::sys_days(std::chrono::days(19000));
  for (std::size_t i = 0; i < y.size(); ++i) {
    out.cutoff.push_back(start);
    out.ds.push_back(start + std::chrono::days(1 + static_cast<int>(i)));
  }
  out.y = std::move(y);
  out.yhat = std::move(yhat);
  return out;
}

TEST(RollingMean, WeighsWhatIsTooMuchOfTheEarliestHorizon) {
  const Hours h = {1, 1, 2, 2, 3};
  const std::vector<double> x = {2, 4, 6, 8, 10};
  const Rolled rolled = rolling_mean_by_h(x, h, 3);
  EXPECT_EQ(rolled.horizon, (Hours{2, 3}));
  // The window at 2 has both rows of 2 and half of the sum of 1; that at 3 has 10 and both of 2.
  EXPECT_DOUBLE_EQ(rolled.values[0], (14 + 3) / 3.0);
  EXPECT_DOUBLE_EQ(rolled.values[1], 24 / 3.0);
}

TEST(RollingMean, AWindowOfOneIsTheMeanOfEachHorizon) {
  const Rolled rolled = rolling_mean_by_h(std::vector<double>{1, 3, 5}, Hours{1, 1, 2}, 1);
  EXPECT_EQ(rolled.horizon, (Hours{1, 2}));
  EXPECT_EQ(rolled.values, (std::vector<double>{2, 5}));
}

TEST(RollingMedian, TakesTheNearestRowsOfEarlierHorizons) {
  const Hours h = {1, 1, 2, 3};
  const std::vector<double> x = {100, 1, 5, 7};
  const Rolled rolled = rolling_median_by_h(x, h, 3);
  EXPECT_EQ(rolled.horizon, (Hours{2, 3}));
  EXPECT_EQ(rolled.values, (std::vector<double>{5, 5}));
  EXPECT_EQ(rolling_median_by_h(x, h, 1).values, (std::vector<double>{50.5, 5, 7}));
}

TEST(RollingMedian, OfSomethingMissingIsMissing) {
  const Rolled rolled = rolling_median_by_h(std::vector<double>{NAN, 2, 3}, Hours{1, 2, 3}, 2);
  EXPECT_TRUE(std::isnan(rolled.values[0]));
  EXPECT_EQ(rolled.values[1], 2.5);
}

TEST(PerformanceMetrics, AllMetricsOfOneWindow) {
  Table rows = table({1, 2, 4}, {2, 2, 2});
  rows.lower = {0, 0, 0};
  rows.upper = {3, 3, 3};
  const PerformanceMetrics figures = *performance_metrics(rows.input(), {{}, 1.0, false});
  ASSERT_EQ(figures.horizon, (Hours{std::chrono::nanoseconds(std::chrono::days(3)).count()}));
  ASSERT_EQ(figures.metrics.size(), 7U);
  EXPECT_DOUBLE_EQ(find(figures, "mse")->values[0], 5 / 3.0);
  EXPECT_DOUBLE_EQ(find(figures, "rmse")->values[0], std::sqrt(5 / 3.0));
  EXPECT_DOUBLE_EQ(find(figures, "mae")->values[0], 1);
  EXPECT_DOUBLE_EQ(find(figures, "mape")->values[0], 0.5);
  EXPECT_DOUBLE_EQ(find(figures, "mdape")->values[0], 0.5);
  EXPECT_DOUBLE_EQ(find(figures, "smape")->values[0], (2 / 3.0 + 0 + 2 / 3.0) / 3);
  EXPECT_DOUBLE_EQ(find(figures, "coverage")->values[0], 2 / 3.0);
}

TEST(PerformanceMetrics, MapeIsLeftOutNearZeroAndCoverageWithoutBounds) {
  const Table rows = table({0, 0}, {0, 1});
  const PerformanceMetrics figures = *performance_metrics(rows.input(), {{}, 1.0, false});
  EXPECT_TRUE(figures.mape_skipped);
  EXPECT_EQ(find(figures, "mape"), nullptr);
  EXPECT_EQ(find(figures, "coverage"), nullptr);
  EXPECT_DOUBLE_EQ(find(figures, "smape")->values[0], 1);  // 0 where both are 0, else 2.
  EXPECT_TRUE(performance_metrics(rows.input(), {{"mape"}, 0.1, false})->metrics.empty());
}

TEST(PerformanceMetrics, ANegativeWindowGivesAFigureARow) {
  const Table rows = table({1, 2, 4}, {2, 2, 2});
  EXPECT_EQ(find(*performance_metrics(rows.input(), {{"mse"}, -1, false}), "mse")->values,
            (std::vector<double>{1, 0, 4}));
  // int(-0.1 * 3) is 0: a window of one row.
  EXPECT_EQ(performance_metrics(rows.input(), {{"mse"}, -0.1, false})->horizon.size(), 3U);
}

TEST(PerformanceMetrics, MonthlyCountsCalendarMonths) {
  Table rows = table({1, 1}, {1, 3});
  rows.cutoff = {*parse_instant("2021-12-31"), *parse_instant("2021-12-31")};
  rows.ds = {*parse_instant("2022-01-01"), *parse_instant("2023-01-31")};
  EXPECT_EQ(performance_metrics(rows.input(), {{"mae"}, 0, true})->horizon, (Hours{1, 13}));
}

TEST(PerformanceMetrics, ErrorsSpeakAsProphetDoes) {
  const Table rows = table({1}, {1});
  EXPECT_EQ(performance_metrics(rows.input(), {{"mse", "mse"}, 0, false}).error().message,
            "Input metrics must be a list of unique values");
  EXPECT_EQ(performance_metrics(rows.input(), {{"foo"}, 0, false}).error().message,
            "Valid values for metrics are: ['mse', 'rmse', 'mae', 'mape', 'mdape', 'smape', 'coverage']");
  EXPECT_FALSE(performance_metrics(rows.input(), {{}, NAN, false}));
}

TEST(PerformanceMetrics, AnEmptyTableHasNoFigures) {
  EXPECT_TRUE(performance_metrics(MetricsInput{})->horizon.empty());
}

TEST(HorizonOrder, IsASortedPermutationWhateverTheKeys) {
  std::uint64_t state = 1;
  for (const std::size_t n : {0U, 1U, 2U, 15U, 16U, 17U, 100U, 5000U}) {
    for (const std::int64_t kinds : {1, 3, 1000000}) {
      Hours keys(n);
      for (std::int64_t& key : keys) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        key = static_cast<std::int64_t>(state >> 33) % kinds;
      }
      std::vector<std::uint32_t> order = horizon_order(keys);
      for (std::size_t i = 1; i < n; ++i) ASSERT_LE(keys[order[i - 1]], keys[order[i]]);
      std::ranges::sort(order);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(order[i], i);
    }
  }
}

// Keys that drive a median of three to its depth limit end sorted all the same.
TEST(HorizonOrder, SurvivesKeysMadeAgainstIt) {
  const std::int64_t n = 4096;
  Hours keys(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) keys[static_cast<std::size_t>(i)] = i % 2 == 0 ? i / 2 : n - i / 2;
  const std::vector<std::uint32_t> order = horizon_order(keys);
  for (std::size_t i = 1; i < order.size(); ++i) ASSERT_LE(keys[order[i - 1]], keys[order[i]]);
}

}  // namespace
}  // namespace chiliad::diagnose
