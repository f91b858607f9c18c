#include "train/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::train {
namespace {

using std::chrono::hours;

std::vector<Instant> moments(std::string_view start, std::chrono::nanoseconds step, std::size_t count) {
  std::vector<Instant> ds;
  for (std::size_t i = 0; i < count; ++i) ds.push_back(*parse_instant(start) + static_cast<int>(i) * step);
  return ds;
}

TEST(Accuracy, FiguresFollowTheirDefinitions) {
  const std::vector<double> y{100, 200, 50, 10};
  const std::vector<double> forecast{110, 180, 50, 30};
  const std::vector<double> lower{90, 185, 49, 0}, upper{120, 190, 51, 9};
  const Accuracy result = accuracy(y, forecast, lower, upper, 5.0);
  EXPECT_EQ(result.rows, 4u);
  EXPECT_DOUBLE_EQ(*result.smape, (200 * 10.0 / 210 + 200 * 20.0 / 380 + 0 + 200 * 20.0 / 40) / 4);
  EXPECT_DOUBLE_EQ(*result.mape, (10 + 10 + 0 + 200) / 4.0);
  EXPECT_DOUBLE_EQ(*result.mae, 12.5);
  EXPECT_DOUBLE_EQ(*result.rmse, std::sqrt((100 + 400 + 0 + 400) / 4.0));
  EXPECT_DOUBLE_EQ(*result.mase, 2.5);
  EXPECT_DOUBLE_EQ(*result.coverage, 0.5);
}

TEST(Accuracy, RowsWithoutAValueAreLeftOut) {
  const std::vector<double> y{NAN, 4}, forecast{7, 5};
  const Accuracy result = accuracy(y, forecast, {}, {}, std::nullopt);
  EXPECT_EQ(result.rows, 1u);
  EXPECT_DOUBLE_EQ(*result.mae, 1);
  EXPECT_FALSE(result.coverage);
  EXPECT_FALSE(result.mase);
}

TEST(Accuracy, AZeroHasNoRelativeErrorButADefinedSmape) {
  const std::vector<double> y{0, 0}, forecast{0, 1};
  const Accuracy result = accuracy(y, forecast, {}, {}, std::nullopt);
  EXPECT_FALSE(result.mape);
  EXPECT_DOUBLE_EQ(*result.smape, 100);
}

TEST(Accuracy, NothingToCompareGivesNoFigures) {
  const Accuracy result = accuracy({}, {}, {}, {}, 1.0);
  EXPECT_EQ(result.rows, 0u);
  EXPECT_FALSE(result.smape || result.mape || result.mae || result.rmse || result.mase || result.coverage);
}

TEST(Accuracy, SeasonFollowsFromTheSpacing) {
  EXPECT_EQ(infer_season(moments("2020-01-01", std::chrono::minutes(15), 20)).rows, 96u);
  EXPECT_EQ(infer_season(moments("2020-01-01", hours(1), 20)).rows, 24u);
  EXPECT_EQ(infer_season(moments("2020-01-01", std::chrono::days(1), 20)).rows, 7u);
  EXPECT_EQ(infer_season(moments("2020-01-01", std::chrono::days(7), 20)).rows, 52u);
  EXPECT_EQ(infer_season(moments("2020-01-01", std::chrono::days(30), 20)).rows, 12u);
  EXPECT_EQ(infer_season(moments("2020-01-01", std::chrono::days(91), 20)).rows, 4u);
  EXPECT_EQ(infer_season(moments("2000-01-01", std::chrono::days(365), 20)).rows, 1u);
  EXPECT_EQ(infer_season(moments("2000-01-01", std::chrono::days(365), 1)).rows, 1u);
}

TEST(Accuracy, NaiveForecastRepeatsTheLastWeekHoweverFarAhead) {
  const std::vector<Instant> ds = moments("2020-01-01", std::chrono::days(1), 14);
  const std::vector<double> y{0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7};
  const std::vector<double> naive =
      seasonal_naive(ds, y, infer_season(ds), moments("2020-01-15", std::chrono::days(1), 9));
  EXPECT_EQ(naive, (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 1, 2}));
}

TEST(Accuracy, MissingRowsDoNotShiftTheWeekdays) {
  std::vector<Instant> ds = moments("2020-01-01", std::chrono::days(1), 14);
  std::vector<double> y{1, 2, 3, 4, 5, 6, 7, 10, 20, 30, 40, 50, 60, 70};
  ds.erase(ds.begin() + 8);  // The second day of the second week.
  y.erase(y.begin() + 8);
  const std::vector<double> naive =
      seasonal_naive(ds, y, infer_season(ds), moments("2020-01-15", std::chrono::days(1), 3));
  EXPECT_EQ(naive, (std::vector<double>{10, 2, 30}));
}

TEST(Accuracy, AMomentNeverSeenTakesTheLastValueBefore) {
  const std::vector<Instant> ds = moments("2020-01-01", std::chrono::days(1), 3);
  const std::vector<double> y{1, 2, 3};
  const std::vector<Instant> target{*parse_instant("2020-01-10T12:00")};
  EXPECT_EQ(seasonal_naive(ds, y, infer_season(ds), target), (std::vector<double>{3}));
}

TEST(Accuracy, MonthsAreCountedInRows) {
  std::vector<Instant> ds;
  std::vector<double> y;
  for (int month = 0; month < 24; ++month) {
    const auto date = std::chrono::year(2020) / 1 / 1 + std::chrono::months(month);
    ds.push_back(Instant(std::chrono::sys_days(date)));
    y.push_back(month);
  }
  const std::vector<Instant> targets{*parse_instant("2022-01-01"), *parse_instant("2022-02-01")};
  EXPECT_EQ(seasonal_naive(ds, y, infer_season(ds), targets), (std::vector<double>{12, 13}));
  EXPECT_DOUBLE_EQ(*seasonal_naive_scale(ds, y, infer_season(ds)), 12);
}

TEST(Accuracy, ScaleIsTheMeanStepOverOneSeason) {
  const std::vector<Instant> ds = moments("2020-01-01", std::chrono::days(1), 9);
  const std::vector<double> y{1, 2, 3, 4, 5, 6, 7, 4, 12};
  EXPECT_DOUBLE_EQ(*seasonal_naive_scale(ds, y, infer_season(ds)), (3 + 10) / 2.0);
  const std::vector<double> flat(9, 5.0);
  EXPECT_FALSE(seasonal_naive_scale(ds, flat, infer_season(ds)));
  EXPECT_FALSE(seasonal_naive_scale(std::span(ds).first(5), std::span(y).first(5), infer_season(ds)));
}

}  // namespace
}  // namespace chiliad::train
