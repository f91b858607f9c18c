#include "forecast/predictive_samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "forecast/simulate.h"

namespace chiliad::forecast {
namespace {

std::vector<Instant> days(const char* first, int count) {
  std::vector<Instant> ds;
  for (int i = 0; i < count; ++i) ds.push_back(*parse_instant(first) + std::chrono::days(i));
  return ds;
}

// 100 days from 2022-01-01 with one change and a week of amplitude 0.1.
FittedModel hand_made(Growth growth, Mode mode) {
  FittedState state;
  state.options.growth = growth;
  state.seasonalities = {{"weekly", 7, 1, 10, mode}};
  state.start = *parse_instant("2022-01-01");
  state.t_scale_s = 100 * 86400.0;
  state.y_scale = 10;
  state.changepoints_t = {0.3, 0.5};
  state.k = growth == Growth::kFlat ? 0 : 1;
  state.m = 0.6;
  state.delta = growth == Growth::kFlat ? std::vector<double>{0, 0} : std::vector<double>{0.5, -0.4};
  state.beta = {0.1, 0};
  state.sigma_obs = 0.05;
  state.rows = state.history_date_count = 101;
  state.last_dates = {*parse_instant("2022-04-11")};
  return *FittedModel::from_state(std::move(state));
}

struct Asked {
  explicit Asked(std::vector<Instant> rows) : ds(std::move(rows)), cap(ds.size(), 14.0) {}
  Frame frame() {
    columns = {{"cap", cap}};
    return {ds, columns};
  }
  std::vector<Instant> ds;
  std::vector<double> cap;
  std::vector<Column> columns;
};

class OfEachModel : public testing::TestWithParam<std::pair<Growth, Mode>> {
 protected:
  FittedModel model_ = hand_made(GetParam().first, GetParam().second);
  // The last three days of the history, and a month.
  Asked asked_{days("2022-04-09", 33)};
};

INSTANTIATE_TEST_SUITE_P(PredictiveSamples, OfEachModel,
                         testing::Values(std::pair(Growth::kLinear, Mode::kAdditive),
                                         std::pair(Growth::kLinear, Mode::kMultiplicative),
                                         std::pair(Growth::kFlat, Mode::kAdditive),
                                         std::pair(Growth::kLogistic, Mode::kMultiplicative)));

TEST_P(OfEachModel, TheirPercentilesAreTheSimulatedBounds) {
  constexpr int kSamples = 501;
  const Result<PredictiveSamples> drawn = predictive_samples(model_, asked_.frame(), kSamples, 7);
  ASSERT_TRUE(drawn) << drawn.error().message;
  ASSERT_EQ(drawn->samples, static_cast<std::size_t>(kSamples));
  PredictOptions options;
  options.uncertainty = Uncertainty::kSimulated;
  options.uncertainty_samples = kSamples;
  options.seed = 7;
  const Forecast forecast = *model_.predict(asked_.frame(), options);
  EXPECT_EQ(drawn->ds, forecast.ds());
  const std::vector<double> probabilities = {0.1, 0.9};
  std::vector<double> bounds(2);
  for (std::size_t r = 0; r < drawn->rows(); ++r) {
    for (const auto& [values, name] : {std::pair(&drawn->trend, "trend"), std::pair(&drawn->yhat, "yhat")}) {
      std::vector<double> row(values->begin() + static_cast<std::ptrdiff_t>(r * kSamples),
                              values->begin() + static_cast<std::ptrdiff_t>((r + 1) * kSamples));
      percentiles(row, probabilities, bounds);
      EXPECT_NEAR(bounds[0], forecast.column(std::string(name) + "_lower")[r], 1e-11) << name << " of row " << r;
      EXPECT_NEAR(bounds[1], forecast.column(std::string(name) + "_upper")[r], 1e-11) << name << " of row " << r;
    }
  }
}

TEST_P(OfEachModel, OneSeedOneSetOfFuturesInAnyOrderOfTheRows) {
  const PredictiveSamples one = *predictive_samples(model_, asked_.frame(), 20, 3);
  EXPECT_EQ(predictive_samples(model_, asked_.frame(), 20, 3)->yhat, one.yhat);
  EXPECT_NE(predictive_samples(model_, asked_.frame(), 20, 4)->yhat, one.yhat);
  Asked reversed(asked_.ds);
  std::ranges::reverse(reversed.ds);
  const PredictiveSamples other = *predictive_samples(model_, reversed.frame(), 20, 3);
  EXPECT_EQ(other.ds, one.ds);
  EXPECT_EQ(other.yhat, one.yhat);
  // More futures are further ones.
  const PredictiveSamples more = *predictive_samples(model_, asked_.frame(), 40, 3);
  for (std::size_t r = 0; GetParam().first == Growth::kLinear && r < one.rows(); ++r) {
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(more.yhat[r * 40 + i], one.yhat[r * 20 + i]);
  }
}

TEST(PredictiveSamples, AFutureIsOnePathThroughAllRows) {
  const FittedModel model = hand_made(Growth::kLinear, Mode::kAdditive);
  Asked asked(days("2022-04-12", 30));
  constexpr std::size_t kSamples = 4000;
  const PredictiveSamples drawn = *predictive_samples(model, asked.frame(), kSamples);
  const auto trend = [&](std::size_t r, std::size_t i) { return drawn.trend[r * kSamples + i]; };
  // Two changes in 100 rows of the history: about one row in 50 bends the path; elsewhere it is a line.
  std::size_t bends = 0;
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t r = 1; r + 1 < 30; ++r)
      bends += std::fabs(trend(r + 1, i) - 2 * trend(r, i) + trend(r - 1, i)) > 1e-9;
  }
  // A change shows in its row and in the one after.
  const double share = static_cast<double>(bends) / (28.0 * kSamples);
  EXPECT_NEAR(share, 2 * 0.02, 0.004);
  // The sum over the rows varies more than independent rows would: that is what joint draws are for.
  double sum_variance = 0, of_rows = 0;
  std::vector<double> sums(kSamples);
  for (std::size_t r = 0; r < 30; ++r) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < kSamples; ++i) {
      sums[i] += trend(r, i);
      mean += trend(r, i) / kSamples;
    }
    for (std::size_t i = 0; i < kSamples; ++i) square += (trend(r, i) - mean) * (trend(r, i) - mean) / kSamples;
    of_rows += square;
  }
  const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / kSamples;
  for (const double sum : sums) sum_variance += (sum - mean) * (sum - mean) / kSamples;
  EXPECT_GT(sum_variance, 10 * of_rows);
}

TEST(PredictiveSamples, EachRowFollowsTheComputedLaw) {
  const FittedModel model = hand_made(Growth::kLinear, Mode::kMultiplicative);
  Asked asked(days("2022-04-12", 20));
  constexpr std::size_t kSamples = 20'000;
  const PredictiveSamples drawn = *predictive_samples(model, asked.frame(), kSamples, 1);
  const Forecast exact = *model.predict(asked.frame());
  for (std::size_t r = 0; r < drawn.rows(); ++r) {
    const auto row = std::span(drawn.yhat).subspan(r * kSamples, kSamples);
    const double below = exact.column("yhat_lower")[r], above = exact.column("yhat_upper")[r];
    const auto share = [&](auto holds) { return static_cast<double>(std::ranges::count_if(row, holds)) / kSamples; };
    // Five standard errors of a share of 0.1.
    EXPECT_NEAR(share([&](double value) { return value < below; }), 0.1, 5 * std::sqrt(0.09 / kSamples));
    EXPECT_NEAR(share([&](double value) { return value > above; }), 0.1, 5 * std::sqrt(0.09 / kSamples));
  }
}

TEST(PredictiveSamples, RowsOfTheHistoryHaveACertainTrendAndNoise) {
  const FittedModel model = hand_made(Growth::kLinear, Mode::kAdditive);
  Asked asked(days("2022-03-01", 5));
  const PredictiveSamples drawn = *predictive_samples(model, asked.frame(), 50);
  const Forecast forecast = *model.predict(asked.frame());
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(drawn.trend[r * 50 + i], forecast.column("trend")[r]);
    EXPECT_NE(drawn.yhat[r * 50], drawn.yhat[r * 50 + 1]);
  }
}

TEST(PredictiveSamples, WhatCannotBeDrawnIsSaid) {
  const FittedModel model = hand_made(Growth::kLinear, Mode::kAdditive);
  Asked asked(days("2022-04-12", 3));
  EXPECT_EQ(predictive_samples(model, Frame{}, 10).error().message, "Dataframe has no rows.");
  EXPECT_EQ(predictive_samples(model, asked.frame(), 0).error().message, "samples: expected at least 1");
  EXPECT_EQ(predictive_samples(model, asked.frame(), 20'000'000).error().message,
            "samples: at most 50000000 values (rows times futures), this is 3 times 20000000");
  EXPECT_EQ(predictive_samples(hand_made(Growth::kLogistic, Mode::kAdditive), Frame{asked.ds}, 10).error().message,
            "Capacities must be supplied for logistic growth in column \"cap\"");
}

}  // namespace
}  // namespace chiliad::forecast
