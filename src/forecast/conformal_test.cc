#include "forecast/conformal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "forecast/prophet.h"
#include "forecast/stored_form.h"

namespace chiliad::forecast {
namespace {

using std::chrono::hours;

std::vector<double> one_to(int n) {
  std::vector<double> scores(static_cast<std::size_t>(n));
  std::iota(scores.rbegin(), scores.rend(), 1.0);
  return scores;
}

Conformal one_group(int n) { return {0.8, {make_group(std::chrono::days(7), one_to(n))}}; }

TEST(ConformalFactor, IsTheScoreOfTheRankThatTheGuaranteeAsksFor) {
  EXPECT_EQ(conformal_factor(one_group(9), std::chrono::days(1), 0.8), 8);     // 10 * 0.8
  EXPECT_EQ(conformal_factor(one_group(10), std::chrono::days(1), 0.8), 9);    // ceil(8.8)
  EXPECT_EQ(conformal_factor(one_group(19), std::chrono::days(1), 0.95), 19);  // 20 * 0.95, whatever its rounding.
  EXPECT_EQ(conformal_factor(one_group(9), std::chrono::days(1), 0.95), 9);    // Too few: the largest.
  EXPECT_EQ(conformal_factor(one_group(199), std::chrono::days(1), 0.5), 100);
}

TEST(ConformalFactor, OfThinnedScoresIsNeverBelowTheExactOne) {
  for (const int n : {200, 201, 399, 1000, 12345}) {
    const Conformal conformal = one_group(n);
    EXPECT_EQ(conformal.groups[0].scores.size(), Conformal::kMaxScores);
    EXPECT_EQ(conformal.groups[0].scores.back(), n);
    for (const double width : {0.05, 0.5, 0.8, 0.95, 0.99}) {
      const double exact = std::ceil((n + 1) * width - 1e-9);
      const double kept = conformal_factor(conformal, std::chrono::days(1), width);
      EXPECT_GE(kept, std::min<double>(exact, n)) << n << " " << width;
      EXPECT_LE(kept, exact + n / 200.0 + 1) << n << " " << width;
    }
  }
}

TEST(ConformalFactor, TakesTheGroupOfTheHorizonAndTheLastForLonger) {
  const Conformal conformal{0.8, {make_group(hours(24), {1}), make_group(hours(48), {2})}};
  EXPECT_EQ(conformal_factor(conformal, hours(24), 0.8), 1);
  EXPECT_EQ(conformal_factor(conformal, hours(25), 0.8), 2);
  EXPECT_EQ(conformal_factor(conformal, hours(2400), 0.8), 2);
}

TEST(CheckConformal, RefusesWhatNoCalibrationGives) {
  EXPECT_TRUE(check_conformal(one_group(5)));
  EXPECT_TRUE(check_conformal(one_group(500)));
  const auto refused = [](const auto& change) {
    Conformal conformal = one_group(5);
    change(conformal);
    return !check_conformal(conformal);
  };
  EXPECT_TRUE(refused([](Conformal& c) { c.width = 1; }));
  EXPECT_TRUE(refused([](Conformal& c) { c.groups.clear(); }));
  EXPECT_TRUE(refused([](Conformal& c) { c.groups.push_back(c.groups[0]); }));
  EXPECT_TRUE(refused([](Conformal& c) { c.groups[0].up_to = std::chrono::days(0); }));
  EXPECT_TRUE(refused([](Conformal& c) { c.groups[0].count = 4; }));
  EXPECT_TRUE(refused([](Conformal& c) { c.groups[0].scores[1] = -1; }));
  EXPECT_TRUE(refused([](Conformal& c) { c.groups[0].scores[4] = INFINITY; }));
}

class ConformalModel : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 60; ++i) {
      ds_.push_back(std::chrono::sys_days(std::chrono::days(19000 + i)));
      y_.push_back(10 + i * 0.5 + std::fmod(i * 37.0, 11));
    }
    const Result<FittedModel> plain = fit({ds_, y_});
    plain_ = std::make_unique<FittedModel>(*plain);
    // Twice the model's own interval for the first two days, three times it later.
    model_ = std::make_unique<FittedModel>(*plain->with_conformal(
        std::make_shared<const Conformal>(Conformal{0.8,
                                                    {make_group(std::chrono::days(2), std::vector<double>(9, 2)),
                                                     make_group(std::chrono::days(5), std::vector<double>(9, 3))}})));
  }

  std::vector<Instant> ds_;
  std::vector<double> y_;
  std::unique_ptr<FittedModel> plain_, model_;
};

TEST_F(ConformalModel, StretchesTheFuturesBoundsAndNothingElse) {
  const std::vector<Instant> frame = {ds_.back(), ds_.back() + std::chrono::days(1), ds_.back() + std::chrono::days(3),
                                      ds_.back() + std::chrono::days(9)};
  PredictOptions options;
  options.quantiles = {0.3};
  const Forecast own = *model_->predict(frame, options);
  options.conformal = true;
  const Forecast conformal = *model_->predict(frame, options);
  ASSERT_EQ(conformal.names(), own.names());
  for (std::size_t c = 0; c < own.names().size(); ++c) {
    const std::string& name = own.names()[c];
    const bool bound = name == "yhat_lower" || name == "yhat_upper";
    for (std::size_t i = 0; i < frame.size(); ++i) {
      const double yhat = own.column("yhat")[i];
      const double factor = !bound || i == 0 ? 1 : (i == 1 ? 2 : 3);
      const double expected = bound && i > 0 ? yhat + factor * (own.column(c)[i] - yhat) : own.column(c)[i];
      EXPECT_NEAR(conformal.column(c)[i], expected, 1e-9) << name << " " << i;
    }
  }
}

TEST_F(ConformalModel, TheIntervalsWidthChoosesTheScore) {
  Conformal conformal{0.8, {make_group(std::chrono::days(2), one_to(9))}};
  const FittedModel model = *plain_->with_conformal(std::make_shared<const Conformal>(conformal));
  const std::vector<Instant> frame = {ds_.back() + std::chrono::days(1)};
  PredictOptions options;
  const Forecast own = *model.predict(frame, options);
  options.conformal = true;
  options.interval_width = 0.5;
  const Forecast half = *model.predict(frame, options);
  const double yhat = own.column("yhat")[0];
  // ceil(10 * 0.5) = 5 times the model's own interval at the calibration's width, which is 0.8.
  EXPECT_NEAR(half.column("yhat_upper")[0] - yhat, 5 * (own.column("yhat_upper")[0] - yhat), 1e-9);
}

TEST_F(ConformalModel, WithoutACalibrationIsAnErrorThatSaysSo) {
  PredictOptions options;
  options.conformal = true;
  const Result<Forecast> forecast = plain_->predict(ds_, options);
  ASSERT_FALSE(forecast);
  EXPECT_EQ(forecast.error().code, ErrorCode::kInvalid);
  EXPECT_NE(forecast.error().message.find("without a calibration"), std::string::npos);
  options.uncertainty = Uncertainty::kNone;  // No bounds, nothing to calibrate.
  EXPECT_TRUE(plain_->predict(ds_, options));
}

TEST_F(ConformalModel, IsStoredBesideWhatProphetReads) {
  const std::string json = model_to_json(*model_);
  const FittedModel again = *model_from_json(json, KeepHistory::kNo);
  ASSERT_TRUE(again.state().conformal);
  ASSERT_EQ(again.state().conformal->groups.size(), 2U);
  EXPECT_EQ(again.state().conformal->groups[1].up_to, std::chrono::days(5));
  EXPECT_EQ(again.state().conformal->groups[1].scores, std::vector<double>(9, 3));
  EXPECT_EQ(model_to_json(*model_from_json(json)), json);
  EXPECT_GT(again.memory_bytes(), model_from_json(model_to_json(*plain_), KeepHistory::kNo)->memory_bytes());
  EXPECT_EQ(model_to_json(*plain_).find("conformal"), std::string::npos);
}

TEST_F(ConformalModel, ADamagedCalibrationIsRefused) {
  const std::string json = model_to_json(*model_);
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string text = json;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return model_from_json(text.replace(at, from.size(), to));
  };
  EXPECT_FALSE(changed("\"count\": 9", "\"count\": 8"));
  EXPECT_FALSE(changed("\"up_to_ns\": ", "\"up_to_ns\": -"));
  EXPECT_FALSE(changed("\"conformal\": {", "\"conformal\": [{"));
  EXPECT_FALSE(changed("\"width\": 0.8", "\"width\": \"wide\""));
  EXPECT_FALSE(changed("\"scores\": [", "\"scores\": [null, "));
}

}  // namespace
}  // namespace chiliad::forecast
