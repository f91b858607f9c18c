// What is fitted at each cut-off agrees with real Prophet in the cases of parity/; here are cut-offs, errors, promises.

#include "diagnose/cross_validation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sample/sampled_fit.h"

namespace chiliad::diagnose {
namespace {

using std::chrono::days;
using std::chrono::hours;

Instant day(int i) { return std::chrono::sys_days(days(19000 + i)); }

std::vector<Instant> days_of(int count) {
  std::vector<Instant> ds;
  for (int i = 0; i < count; ++i) ds.push_back(day(i));
  return ds;
}

double value(int i) { return 50 + 0.1 * i + 5 * std::sin(0.897597901 * i) + std::fmod(i * 37.0, 11); }

forecast::FittedModel model_of(int count, const forecast::ProphetOptions& options = {},
                               forecast::KeepHistory keep = forecast::KeepHistory::kYes) {
  std::vector<double> y;
  for (int i = 0; i < count; ++i) y.push_back(value(i));
  return *forecast::fit({days_of(count), y}, options, keep);
}

CrossValidationOptions horizon_of(int count) {
  CrossValidationOptions options;
  options.horizon = days(count);
  return options;
}

TEST(Cutoffs, GoBackFromTheEndUntilTheInitialWindow) {
  const std::vector<Instant> cutoffs = *generate_cutoffs(days_of(11), days(4), days(4), days(1));
  EXPECT_EQ(cutoffs, (std::vector<Instant>{day(4), day(5), day(6)}));
}

TEST(Cutoffs, StepOverGaps) {
  std::vector<Instant> ds = days_of(20);
  for (int i = 40; i < 50; ++i) ds.push_back(day(i));
  // From 44 back by 15 to 29: no row in (29, 34], so on from the last row before, 19.
  EXPECT_EQ(*generate_cutoffs(ds, days(5), days(5), days(15)), (std::vector<Instant>{day(14), day(44)}));
}

TEST(Cutoffs, ErrorsSpeakAsProphetDoes) {
  EXPECT_EQ(generate_cutoffs(days_of(5), days(10), days(1), days(1)).error().message, "Less data than horizon.");
  EXPECT_EQ(generate_cutoffs(days_of(15), days(10), days(10), days(1)).error().message,
            "Less data than horizon after initial window. Make horizon or initial shorter.");
  EXPECT_FALSE(generate_cutoffs(days_of(15), days(0), days(1), days(1)));
  EXPECT_FALSE(generate_cutoffs(days_of(15), days(1), days(1), days(0)));
}

TEST(Cutoffs, TooManyAreRefused) {
  const Result<std::vector<Instant>> many =
      generate_cutoffs(days_of(15), days(1), days(1), std::chrono::nanoseconds(1));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, ErrorCode::kInvalid);
}

TEST(CrossValidation, HasARowForEachRowOfEachHorizon) {
  const CrossValidation frame = *cross_validation(model_of(100), horizon_of(10));
  // initial 30, period 5, last cut-off 89.
  ASSERT_EQ(frame.cutoffs.size(), 12U);
  EXPECT_EQ(frame.cutoffs.front(), day(34));
  EXPECT_EQ(frame.cutoffs.back(), day(89));
  ASSERT_EQ(frame.rows(), 120U);
  for (std::size_t i = 0; i < frame.rows(); ++i) {
    EXPECT_EQ(frame.cutoff[i], frame.cutoffs[i / 10]);
    EXPECT_EQ(frame.ds[i], frame.cutoff[i] + days(1 + static_cast<int>(i % 10)));
    EXPECT_EQ(frame.y[i], value(static_cast<int>((frame.ds[i] - day(0)) / days(1))));
    EXPECT_LT(frame.column("yhat_lower")[i], frame.column("yhat")[i]);
    EXPECT_LT(frame.column("yhat")[i], frame.column("yhat_upper")[i]);
  }
}

TEST(CrossValidation, IsTheSameWithAnyNumberOfThreads) {
  const forecast::FittedModel model = model_of(150);
  CrossValidationOptions options = horizon_of(7);
  const CrossValidation one = *cross_validation(model, options);
  options.threads = 8;
  const CrossValidation eight = *cross_validation(model, options);
  EXPECT_EQ(one.ds, eight.ds);
  EXPECT_EQ(one.cutoff, eight.cutoff);
  ASSERT_EQ(one.columns.size(), eight.columns.size());
  for (std::size_t i = 0; i < one.columns.size(); ++i) EXPECT_EQ(one.columns[i].values, eight.columns[i].values);
}

TEST(CrossValidation, ForecastsAsAModelOfTheRowsBefore) {
  forecast::ProphetOptions options;
  options.yearly_seasonality.kind = forecast::SeasonalityChoice::Kind::kOff;
  CrossValidationOptions call = horizon_of(5);
  call.cutoffs = {day(79)};
  call.extra_output_columns = {"trend", "weekly"};
  const CrossValidation frame = *cross_validation(model_of(100, options), call);
  // 80 rows allow all 25 changepoints, as 100 do: nothing else is taken over.
  const forecast::Forecast alone = *model_of(80, options).predict(std::vector(frame.ds));
  for (const char* name : {"yhat", "yhat_lower", "yhat_upper", "trend", "weekly"}) {
    ASSERT_EQ(frame.column(name).size(), 5U) << name;
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(frame.column(name)[i], alone.column(name)[i]) << name;
  }
}

TEST(CrossValidation, ScalingIsForgottenUnlessItIsKept) {
  forecast::ProphetOptions options;
  options.scaling = forecast::Scaling::kMinMax;
  CrossValidationOptions call = horizon_of(5);
  call.cutoffs = {day(59)};
  const forecast::FittedModel model = model_of(80, options);
  const auto yhat = [&] { return cross_validation(model, call)->columns[0].values; };
  const std::vector<double> forgotten = yhat();
  call.keep_scaling = true;
  const std::vector<double> kept = yhat();
  EXPECT_NE(forgotten, kept);
  const forecast::Forecast minmax = *model_of(60, options).predict(std::vector{day(60)});
  EXPECT_EQ(kept[0], minmax.column("yhat")[0]);
  const forecast::Forecast absmax = *model_of(60).predict(std::vector{day(60)});
  EXPECT_EQ(forgotten[0], absmax.column("yhat")[0]);
}

TEST(CrossValidation, ARegressorWithAModelOfItsOwnIsForPython) {
  forecast::FittedState state = model_of(60).state();
  state.options.regressors = {{.name = "temp", .predictor_spec = "{}"}};
  state.beta.push_back(0);
  const Result<CrossValidation> frame =
      cross_validation(*forecast::FittedModel::from_state(std::move(state)), horizon_of(5));
  ASSERT_FALSE(frame);
  EXPECT_NE(frame.error().message.find("regressor 'temp' is forecast by a model of its own"), std::string::npos);
}

TEST(CrossValidation, WithoutSamplesThereAreNoBounds) {
  forecast::ProphetOptions options;
  options.uncertainty_samples = 0;
  const CrossValidation frame = *cross_validation(model_of(60, options), horizon_of(10));
  ASSERT_EQ(frame.columns.size(), 1U);
  EXPECT_EQ(frame.columns[0].name, "yhat");
}

TEST(CrossValidation, AnInitialWindowShorterThanASeasonIsSaid) {
  CrossValidationOptions call = horizon_of(2);
  call.initial = days(4);
  call.period = days(40);
  const CrossValidation frame = *cross_validation(model_of(60), call);
  ASSERT_FALSE(frame.warnings.empty());
  EXPECT_EQ(frame.warnings[0],
            "Seasonality has period of 7 days which is larger than initial window. Consider increasing initial.");
}

TEST(CrossValidation, GivenCutoffsAreChecked) {
  const forecast::FittedModel model = model_of(60);
  CrossValidationOptions call = horizon_of(10);
  call.cutoffs = {day(0)};
  EXPECT_EQ(cross_validation(model, call).error().message,
            "Minimum cutoff value is not strictly greater than min date in history");
  call.cutoffs = {day(50)};
  EXPECT_EQ(cross_validation(model, call).error().message,
            "Maximum cutoff value is greater than end date minus horizon, no value for cross-validation remaining");
  call.cutoffs = std::vector<Instant>{};
  EXPECT_FALSE(cross_validation(model, call));
  call.cutoffs = {day(0) + hours(1), day(30)};
  EXPECT_EQ(cross_validation(model, call).error().message,
            "cutoff " + format_instant(day(0) + hours(1)) +
                ": Less than two datapoints before cutoff. Increase initial window.");
}

TEST(CrossValidation, NeedsTheHistoryAndKnownColumns) {
  const Result<CrossValidation> bare = cross_validation(model_of(60, {}, forecast::KeepHistory::kNo), horizon_of(10));
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().code, ErrorCode::kInvalid);
  CrossValidationOptions call = horizon_of(10);
  call.extra_output_columns = {"tides"};
  EXPECT_NE(cross_validation(model_of(60), call).error().message.find("['tides'] not in index"), std::string::npos);
}

TEST(CrossValidation, StopsWhenAsked) {
  std::atomic<bool> stop{true};
  CrossValidationOptions call = horizon_of(10);
  call.stop = &stop;
  const Result<CrossValidation> frame = cross_validation(model_of(60), call);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::kUnavailable);
}

// Not the mode at each cut-off: the same draws as a fit of these rows by sampling.
TEST(CrossValidation, ASampledModelIsSampledAtEachCutoff) {
  forecast::ProphetOptions options;
  options.mcmc_samples = 40;
  options.n_changepoints = 3;
  CrossValidationOptions call = horizon_of(10);
  call.cutoffs = {{day(60), day(80)}};
  const forecast::FittedModel model = model_of(100, options);
  const CrossValidation frame = *cross_validation(model, call);
  ASSERT_EQ(frame.rows(), 20U);

  std::vector<double> y;
  for (int i = 0; i <= 60; ++i) y.push_back(value(i));
  forecast::ProphetOptions at_cutoff = options;
  at_cutoff.seasonalities = model.state().seasonalities;
  at_cutoff.yearly_seasonality = at_cutoff.weekly_seasonality =
      at_cutoff.daily_seasonality = {forecast::SeasonalityChoice::Kind::kOff, 0};
  const forecast::PreparedRows rows = *forecast::prepare_rows({days_of(61), y});
  const forecast::FittedModel sampled = *sample::fit_by_sampling(*forecast::Calendar::make(rows.ds, at_cutoff), rows);
  const std::vector<Instant> future(frame.ds.begin(), frame.ds.begin() + 10);
  const forecast::Forecast expected = *sampled.predict(future);
  for (const char* column : {"yhat", "yhat_lower", "yhat_upper"}) {
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(frame.column(column)[i], expected.column(column)[i]) << column;
  }
  options.mcmc_samples = 0;
  const CrossValidation modes = *cross_validation(model_of(100, options), call);
  EXPECT_NE(frame.column("yhat")[0], modes.column("yhat")[0]);

  call.threads = 2;
  EXPECT_EQ(cross_validation(model, call)->columns[0].values, frame.columns[0].values);
}

}  // namespace
}  // namespace chiliad::diagnose
