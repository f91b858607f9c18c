#include "diagnose/conformal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::diagnose {
namespace {

using std::chrono::days;

std::vector<Instant> days_of(int first, int count) {
  std::vector<Instant> ds;
  for (int i = 0; i < count; ++i) ds.push_back(std::chrono::sys_days(days(19000 + first + i)));
  return ds;
}

// A level with noise that a model without a weekly season cannot explain: large at week-ends.
double value(int i, double noise) { return 100 + (i % 7 < 2 ? 12 : 1) * noise; }

CrossValidationOptions weekly() {
  CrossValidationOptions options;
  options.horizon = days(14);
  options.period = days(7);
  options.initial = days(100);
  return options;
}

double noise_of(std::uint64_t& state) {
  double sum = 0;
  for (int k = 0; k < 12; ++k) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    sum += static_cast<double>(state >> 11) * 0x1p-53;
  }
  return sum - 6;
}

forecast::ProphetOptions flat() {
  forecast::ProphetOptions options;
  options.growth = forecast::Growth::kFlat;
  options.weekly_seasonality.kind = forecast::SeasonalityChoice::Kind::kOff;
  return options;
}

TEST(Calibrate, GroupsScoresByHorizon) {
  std::uint64_t state = 1;
  std::vector<double> y;
  for (int i = 0; i < 400; ++i) y.push_back(value(i, noise_of(state)));
  const forecast::FittedModel model = *forecast::fit({days_of(0, 400), y}, flat());
  const forecast::Conformal conformal = *calibrate(model, weekly());
  // 41 cut-offs of 14 days: 574 scores, 11 groups of at least 52, that is of two days but for the last's.
  ASSERT_GE(conformal.groups.size(), 5U);
  EXPECT_EQ(conformal.width, 0.8);
  std::int64_t scores = 0;
  for (const forecast::Conformal::Group& group : conformal.groups) {
    EXPECT_GE(group.count, static_cast<std::int64_t>(kScoresOfAGroup));
    scores += group.count;
  }
  EXPECT_EQ(scores, static_cast<std::int64_t>(cross_validation(model, weekly())->rows()));
  EXPECT_EQ(conformal.groups.back().up_to, days(14));
}

TEST(Calibrate, IsTheSameWithAnyNumberOfThreads) {
  std::uint64_t state = 5;
  std::vector<double> y;
  for (int i = 0; i < 200; ++i) y.push_back(value(i, noise_of(state)));
  const forecast::FittedModel model = *forecast::fit({days_of(0, 200), y}, flat());
  CrossValidationOptions options = weekly();
  const forecast::Conformal one = *calibrate(model, options);
  options.threads = 8;
  const forecast::Conformal eight = *calibrate(model, options);
  ASSERT_EQ(one.groups.size(), eight.groups.size());
  for (std::size_t i = 0; i < one.groups.size(); ++i) EXPECT_EQ(one.groups[i].scores, eight.groups[i].scores);
}

// 60 series, 14 days each that no model has seen: the share inside is what was asked for, where the model's own Normal
// law, which knows no week-ends, is off.
TEST(Calibrate, CoversWhatItPromisesWhereTheModelDoesNot) {
  std::uint64_t state = 7;
  int own_inside = 0, inside = 0, all = 0;
  for (int series = 0; series < 60; ++series) {
    std::vector<double> y, unseen;
    for (int i = 0; i < 300; ++i) y.push_back(value(i, noise_of(state)));
    for (int i = 300; i < 314; ++i) unseen.push_back(value(i, noise_of(state)));
    forecast::FittedModel model = *forecast::fit({days_of(0, 300), y}, flat());
    model = *model.with_conformal(std::make_shared<const forecast::Conformal>(*calibrate(model, weekly())));
    forecast::PredictOptions options;
    options.interval_width = 0.6;
    const std::vector<Instant> frame = days_of(300, 14);
    const forecast::Forecast own = *model.predict(frame, options);
    options.conformal = true;
    const forecast::Forecast calibrated = *model.predict(frame, options);
    for (std::size_t i = 0; i < unseen.size(); ++i, ++all) {
      own_inside += own.column("yhat_lower")[i] <= unseen[i] && unseen[i] <= own.column("yhat_upper")[i];
      inside += calibrated.column("yhat_lower")[i] <= unseen[i] && unseen[i] <= calibrated.column("yhat_upper")[i];
    }
  }
  // 840 values: a standard error of some 0.02, with what the calibration itself scatters.
  EXPECT_NEAR(static_cast<double>(inside) / all, 0.6, 0.07);
  EXPECT_GT(static_cast<double>(own_inside) / all, 0.72);
}

TEST(Calibrate, NeedsIntervalsAndRowsEnough) {
  std::uint64_t state = 9;
  std::vector<double> y;
  for (int i = 0; i < 20; ++i) y.push_back(value(i, noise_of(state)));
  forecast::ProphetOptions options = flat();
  EXPECT_FALSE(calibrate(*forecast::fit({days_of(0, 20), y}, options), weekly()));
  options.uncertainty_samples = 0;
  const Result<forecast::Conformal> none = calibrate(*forecast::fit({days_of(0, 20), y}, options), weekly());
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("uncertainty_samples is 0"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::diagnose
