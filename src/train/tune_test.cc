// Generated fleets whose better prior is known from how they were made, also on rows that tune() never sees.

#include "train/tune.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "base/file.h"
#include "train/evaluate_fleet.h"

namespace chiliad::train {
namespace {

constexpr int kSeries = 8, kDays = 150, kUnseen = 14;
constexpr double kNoise = 4;

// The trend of a day, by the number of the series.
using Trend = double (*)(int series, int day);

double straight(int series, int day) { return 100 + series + 0.05 * day; }

// One bend early on, which a trend has to follow to be right ever after.
double bent(int series, int day) {
  const int bend = 25 + series;
  return day < bend ? 300 + 0.2 * day : 300 + 0.2 * bend - 1.5 * (day - bend);
}

class TuneTest : public testing::Test {
 protected:
  void SetUp() override {
    plan_.validate.prophet.weekly_seasonality = {forecast::SeasonalityChoice::Kind::kOff, 0};
    plan_.validate.columns.header = table::Header::kNo;
    plan_.validate.call.horizon = std::chrono::days(14);
    plan_.validate.call.keep_scaling = true;
    plan_.changepoint_prior_scales = {0.001, 0.05, 5};
    plan_.seasonality_prior_scales = {10};
  }

  // Seen rows in seen(), the kUnseen rows behind them in unseen().
  void write(Trend trend, double noise, double week = 0) {
    for (int series = 0; series < kSeries; ++series) {
      std::mt19937_64 random(static_cast<std::uint64_t>(series));
      std::normal_distribution<double> normal(0, noise);
      std::string seen, unseen;
      for (int i = 0; i < kDays + kUnseen; ++i) {
        const Instant day = std::chrono::sys_days(std::chrono::days(19000 + i));
        const double y = trend(series, i) + week * std::sin(2 * std::numbers::pi * i / 7) + normal(random);
        (i < kDays ? seen : unseen) += fmt::format("{},{}\n", format_instant(day), y);
      }
      put("seen", series, seen);
      put("unseen", series, unseen);
    }
  }

  Result<Tuned> tuned() const {
    const std::atomic<bool> stop{false};
    return tune(*SeriesSource::open(folder().string()), plan_, stop, [] {});
  }

  // Mean smape on the rows that were left out, of models of all seen rows.
  double unseen_error(double changepoint_prior_scale, double seasonality_prior_scale) const {
    const SeriesSource source = *SeriesSource::open(folder().string());
    const SeriesSource test = *SeriesSource::open((folder_.path() / "unseen").string());
    EvaluatePlan plan;
    plan.prophet = plan_.validate.prophet;
    plan.prophet.changepoint_prior_scale = changepoint_prior_scale;
    plan.prophet.seasonality_prior_scale = seasonality_prior_scale;
    plan.columns = plan_.validate.columns;
    plan.test = &test;
    const std::atomic<bool> stop{false};
    double sum = 0;
    int count = 0;
    evaluate_fleet(source, plan, stop, [&](const SeriesReport& report) {
      sum += report.holdout.smape.value_or(1e9);
      ++count;
      return true;
    });
    EXPECT_EQ(count, kSeries);
    return sum / count;
  }

  std::filesystem::path folder() const { return folder_.path() / "seen"; }

  TunePlan plan_;

 private:
  void put(const char* folder, int series, const std::string& text) {
    std::filesystem::create_directories(folder_.path() / folder);
    ASSERT_TRUE(
        write_file_atomically(folder_.path() / folder / fmt::format("s{}.csv", series), text, Durability::kNone));
  }

  TempFolder folder_ = *TempFolder::make();
};

TEST_F(TuneTest, AStraightTrendInNoiseWantsATightPrior) {
  write(straight, kNoise);
  const Result<Tuned> result = tuned();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->series, static_cast<std::uint64_t>(kSeries));
  EXPECT_EQ(result->candidates[result->best].changepoint_prior_scale, 0.001);
  EXPECT_LT(*result->candidates[0].error, 0.95 * *result->candidates[2].error) << "a choice, not a draw";
  EXPECT_LT(unseen_error(0.001, 10), unseen_error(5, 10));
}

TEST_F(TuneTest, ATrendWithASharpBendWantsALoosePrior) {
  write(bent, 0.5);
  const Result<Tuned> result = tuned();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->candidates[result->best].changepoint_prior_scale, 0.001);
  EXPECT_LT(*result->candidates[2].error, 0.7 * *result->candidates[0].error) << "a choice, not a draw";
  EXPECT_LT(unseen_error(5, 10), unseen_error(0.001, 10));
}

TEST_F(TuneTest, AWeekThatIsThereWantsALoosePriorAndOneThatIsNotATightOne) {
  plan_.changepoint_prior_scales = {0.001};
  plan_.seasonality_prior_scales = {0.001, 10};
  plan_.validate.prophet.weekly_seasonality = {forecast::SeasonalityChoice::Kind::kOrder, 3};
  write(straight, kNoise);
  EXPECT_EQ(tuned()->best, 0U);
  EXPECT_LT(unseen_error(0.001, 0.001), unseen_error(0.001, 10));
  write(straight, kNoise, 20);
  EXPECT_EQ(tuned()->best, 1U);
  EXPECT_LT(unseen_error(0.001, 10), unseen_error(0.001, 0.001));
}

TEST_F(TuneTest, EachCandidateIsTheMeanOfItsCrossValidation) {
  write(bent, kNoise);
  plan_.changepoint_prior_scales = {0.5};
  plan_.seasonality_prior_scales = {1, 10};
  plan_.error = &Accuracy::mae;
  const Result<Tuned> result = tuned();
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->candidates.size(), 2U);
  CrossValidatePlan each = plan_.validate;
  each.prophet.changepoint_prior_scale = 0.5;
  each.prophet.seasonality_prior_scale = 10;
  const std::atomic<bool> stop{false};
  double sum = 0;
  cross_validate_fleet(*SeriesSource::open(folder().string()), each, stop, [&](const CrossValidated& one) {
    sum += one.report.holdout.mae.value_or(1e9);
    return true;
  });
  EXPECT_DOUBLE_EQ(*result->candidates[1].error, sum / kSeries);
  EXPECT_EQ(result->best, 0U) << "without a seasonality both are the same, and the first wins";
}

TEST_F(TuneTest, WhatCannotBeComparedIsRefusedByName) {
  write(straight, kNoise);
  plan_.validate.prophet.mcmc_samples = 100;
  EXPECT_TRUE(tuned().error().message.starts_with("mcmc_samples: expected 0"));
  plan_.validate.prophet.mcmc_samples = 0;
  plan_.changepoint_prior_scales = {};
  EXPECT_EQ(tuned().error().code, ErrorCode::kInvalid);
  plan_.changepoint_prior_scales = {0.05, 0};
  EXPECT_EQ(tuned().error().message, "prior scales must be > 0");
}

}  // namespace
}  // namespace chiliad::train
