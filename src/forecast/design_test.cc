#include "forecast/design.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::forecast {
namespace {

using std::chrono::hours;

std::vector<Instant> dates(const char* first, int count, std::chrono::nanoseconds step) {
  std::vector<Instant> out;
  for (int i = 0; i < count; ++i) out.push_back(*parse_instant(first) + i * step);
  return out;
}

std::vector<std::string> names(const std::vector<Seasonality>& seasonalities) {
  std::vector<std::string> out;
  for (const Seasonality& seasonality : seasonalities) out.push_back(seasonality.name);
  return out;
}

TEST(ResolveSeasonalities, TurnsOnWhatTheHistoryIsLongAndDenseEnoughFor) {
  using Names = std::vector<std::string>;
  const ProphetOptions automatic;
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 731, hours(24)))), (Names{"yearly", "weekly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 730, hours(24)))), (Names{"weekly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 15, hours(24)))), (Names{"weekly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 14, hours(24)))), (Names{}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 120, hours(24 * 7)))), (Names{"yearly"}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 48, hours(1)))), (Names{}));
  EXPECT_EQ(names(resolve_seasonalities(automatic, dates("2020-01-01", 49, hours(1)))), (Names{"daily"}));
}

TEST(ResolveSeasonalities, AnOwnOneSwitchesTheAutomaticOneOffAndAnExplicitOneReplacesItInPlace) {
  const std::vector<Instant> ds = dates("2020-01-01", 800, hours(24));
  ProphetOptions options;
  options.seasonalities = {{"weekly", 7, 2, 5}, {"monthly", 30.5, 5}};
  std::vector<Seasonality> found = resolve_seasonalities(options, ds);
  EXPECT_EQ(names(found), (std::vector<std::string>{"weekly", "monthly", "yearly"}));
  EXPECT_EQ(found[0].fourier_order, 2);
  options.weekly_seasonality = {SeasonalityChoice::Kind::kOrder, 4};
  found = resolve_seasonalities(options, ds);
  EXPECT_EQ(names(found), (std::vector<std::string>{"weekly", "monthly", "yearly"}));
  EXPECT_EQ(found[0].fourier_order, 4);
  EXPECT_EQ(found[0].prior_scale, 10);
}

// Expected rows: np.linspace(0, floor(n * range) - 1, n_changepoints + 1).round() without the first.
TEST(PlaceChangepoints, SpreadsThemOverTheRowsAsNumpyRounds) {
  const std::vector<Instant> ds = dates("2022-01-01", 358, hours(24));
  const Result<Changepoints> found = place_changepoints({}, ds);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->rows.size(), 25u);
  EXPECT_EQ((std::vector<std::uint32_t>(found->rows.begin(), found->rows.begin() + 5)),
            (std::vector<std::uint32_t>{11, 23, 34, 46, 57}));
  EXPECT_EQ(found->rows.back(), 285u);
  EXPECT_DOUBLE_EQ(found->t[0], 11.0 / 357.0);
}

TEST(PlaceChangepoints, TakesFewerWhereThereAreFewRows) {
  const std::vector<Instant> ds = dates("2022-01-01", 10, hours(24));
  const Result<Changepoints> found = place_changepoints({}, ds);
  EXPECT_EQ(found->n_changepoints, 7);
  EXPECT_EQ(found->rows, (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6, 7}));
}

TEST(PlaceChangepoints, StandsInAZeroWhereThereAreNone) {
  ProphetOptions options;
  options.n_changepoints = 0;
  const Result<Changepoints> found = place_changepoints(options, dates("2022-01-01", 100, hours(24)));
  EXPECT_TRUE(found->moments.empty());
  EXPECT_EQ(found->t, std::vector<double>{0.0});
}

TEST(PlaceChangepoints, KeepsGivenOnesInTheirOrderAndSortsTheirTimes) {
  const std::vector<Instant> ds = dates("2022-01-01", 101, hours(24));
  ProphetOptions options;
  options.changepoints = {ds[50], ds[10]};
  const Result<Changepoints> found = place_changepoints(options, ds);
  EXPECT_EQ(found->moments, (std::vector<Instant>{ds[50], ds[10]}));
  EXPECT_EQ(found->t, (std::vector<double>{0.1, 0.5}));
}

TEST(ValueScale, IsOneForZerosAndTheSpanForMinMax) {
  const std::vector<double> zeros = {0, 0};
  const std::vector<double> values = {-4, 2, 1};
  EXPECT_EQ(value_scale(zeros, Scaling::kAbsMax).y_scale, 1);
  EXPECT_EQ(value_scale(zeros, Scaling::kMinMax).y_scale, 1);
  EXPECT_EQ(value_scale(values, Scaling::kAbsMax).y_scale, 4);
  EXPECT_EQ(value_scale(values, Scaling::kMinMax).y_scale, 6);
  EXPECT_EQ(value_scale(values, Scaling::kMinMax).offset, -4);
}

}  // namespace
}  // namespace chiliad::forecast
