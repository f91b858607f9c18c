#include "app/prophet_flags.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/file.h"

namespace chiliad::app {
namespace {

Result<forecast::ProphetOptions> read(std::vector<std::string> arguments) {
  CLI::App app;
  ProphetFlags flags;
  add_prophet_flags(app, flags);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(std::move(arguments));
  return read_prophet_flags(flags);
}

std::string message(std::vector<std::string> arguments) {
  const Result<forecast::ProphetOptions> options = read(std::move(arguments));
  return options ? "no error" : options.error().message;
}

TEST(ProphetFlags, NothingGivenIsProphetsDefault) {
  const Result<forecast::ProphetOptions> options = read({});
  ASSERT_TRUE(options);
  const forecast::ProphetOptions defaults;
  EXPECT_EQ(options->n_changepoints, defaults.n_changepoints);
  EXPECT_EQ(options->changepoint_range, defaults.changepoint_range);
  EXPECT_EQ(options->changepoint_prior_scale, defaults.changepoint_prior_scale);
  EXPECT_EQ(options->seasonality_prior_scale, defaults.seasonality_prior_scale);
  EXPECT_EQ(options->interval_width, defaults.interval_width);
  EXPECT_EQ(options->uncertainty_samples, defaults.uncertainty_samples);
  EXPECT_EQ(options->yearly_seasonality.kind, forecast::SeasonalityChoice::Kind::kAuto);
  EXPECT_FALSE(options->changepoints);
  EXPECT_FALSE(options->holidays_mode);
}

TEST(ProphetFlags, EachFlagReachesItsOption) {
  const Result<forecast::ProphetOptions> options = read({"--changepoints",
                                                         "2020-01-01,2020-02-01T12:00",
                                                         "--changepoint-range",
                                                         "0.9",
                                                         "--n-changepoints",
                                                         "7",
                                                         "--yearly-seasonality",
                                                         "true",
                                                         "--weekly-seasonality",
                                                         "5",
                                                         "--daily-seasonality",
                                                         "false",
                                                         "--seasonality-mode",
                                                         "multiplicative",
                                                         "--seasonality-prior-scale",
                                                         "3",
                                                         "--changepoint-prior-scale",
                                                         "0.5",
                                                         "--holidays-prior-scale",
                                                         "2",
                                                         "--holidays-mode",
                                                         "additive",
                                                         "--scaling",
                                                         "minmax",
                                                         "--interval-width",
                                                         "0.95",
                                                         "--uncertainty-samples",
                                                         "0",
                                                         "--mcmc-samples",
                                                         "300"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->changepoints->size(), 2u);
  EXPECT_EQ(options->changepoint_range, 0.9);
  EXPECT_EQ(options->n_changepoints, 7);
  EXPECT_EQ(options->yearly_seasonality.kind, forecast::SeasonalityChoice::Kind::kOn);
  EXPECT_EQ(options->weekly_seasonality.fourier_order, 5);
  EXPECT_EQ(options->daily_seasonality.kind, forecast::SeasonalityChoice::Kind::kOff);
  EXPECT_EQ(options->seasonality_mode, forecast::Mode::kMultiplicative);
  EXPECT_EQ(options->seasonality_prior_scale, 3);
  EXPECT_EQ(options->changepoint_prior_scale, 0.5);
  EXPECT_EQ(options->holidays_prior_scale, 2);
  EXPECT_EQ(options->holidays_mode, forecast::Mode::kAdditive);
  EXPECT_EQ(options->scaling, forecast::Scaling::kMinMax);
  EXPECT_EQ(options->interval_width, 0.95);
  EXPECT_EQ(options->uncertainty_samples, 0);
  EXPECT_EQ(options->mcmc_samples, 300);
}

TEST(ProphetFlags, TooFewSamplesOfAPosteriorAreRefused) {
  EXPECT_FALSE(read({"--mcmc-samples", "7"}));
  EXPECT_FALSE(read({"--mcmc-samples", "-1"}));
  EXPECT_TRUE(read({"--mcmc-samples", "8"}));
}

TEST(ProphetFlags, AModelOfARegressorIsRefusedWithTheReason) {
  const auto refused = read({"--add-regressor", "temp", "--regressor-predictor", "temp"});
  ASSERT_FALSE(refused);
  EXPECT_NE(
      refused.error().message.find("regressor_predictor temp: the model that forecasts a regressor is not part of "
                                   "Prophet's stored form"),
      std::string::npos)
      << refused.error().message;
}

TEST(ProphetFlags, AddedSeasonalitiesTakeTheDefaultsOfTheOthers) {
  const Result<forecast::ProphetOptions> options =
      read({"--seasonality-mode", "multiplicative", "--seasonality-prior-scale", "4", "--add-seasonality",
            "monthly:30.5:5", "--add-seasonality", "quarter:91.25:3:0.1:additive"});
  ASSERT_TRUE(options) << options.error().message;
  ASSERT_EQ(options->seasonalities.size(), 2u);
  EXPECT_EQ(options->seasonalities[0].name, "monthly");
  EXPECT_EQ(options->seasonalities[0].period_days, 30.5);
  EXPECT_EQ(options->seasonalities[0].fourier_order, 5);
  EXPECT_EQ(options->seasonalities[0].prior_scale, 4);
  EXPECT_EQ(options->seasonalities[0].mode, forecast::Mode::kMultiplicative);
  EXPECT_EQ(options->seasonalities[1].prior_scale, 0.1);
  EXPECT_EQ(options->seasonalities[1].mode, forecast::Mode::kAdditive);
}

TEST(ProphetFlags, AddedRegressorsTakeTheirDefaultsFromHolidaysAndSeasonalities) {
  const Result<forecast::ProphetOptions> options = read(
      {"--holidays-prior-scale", "3", "--seasonality-mode", "multiplicative", "--add-regressor", "temp",
       "--add-regressor", "price:0.5:false:additive", "--add-regressor", "promo::true", "--add-regressor", "temp:2"});
  ASSERT_TRUE(options) << options.error().message;
  ASSERT_EQ(options->regressors.size(), 3u);  // The second temp replaces the first.
  EXPECT_EQ(options->regressors[0].name, "temp");
  EXPECT_EQ(options->regressors[0].prior_scale, 2);
  EXPECT_EQ(options->regressors[0].standardize, forecast::Standardize::kAuto);
  EXPECT_EQ(options->regressors[0].mode, forecast::Mode::kMultiplicative);
  EXPECT_EQ(options->regressors[1].prior_scale, 0.5);
  EXPECT_EQ(options->regressors[1].standardize, forecast::Standardize::kNo);
  EXPECT_EQ(options->regressors[1].mode, forecast::Mode::kAdditive);
  EXPECT_EQ(options->regressors[2].prior_scale, 3);
  EXPECT_EQ(options->regressors[2].standardize, forecast::Standardize::kYes);
}

TEST(ProphetFlags, ASeasonalityMayHaveACondition) {
  const Result<forecast::ProphetOptions> options =
      read({"--add-seasonality", "week_on:7:3:::on", "--add-seasonality", "month:30.5:2"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->seasonalities[0].condition_name, "on");
  EXPECT_EQ(options->seasonalities[0].prior_scale, 10);
  EXPECT_EQ(options->seasonalities[1].condition_name, "");
}

TEST(ProphetFlags, HolidaysComeFromAFileAndFromACountry) {
  const TempFolder folder = *TempFolder::make();
  const std::filesystem::path file = folder.path() / "h.csv";
  ASSERT_TRUE(write_file_atomically(file, "holiday,ds\nfair,2022-01-06\nfair,2022-03-06\n", Durability::kNone));
  const Result<forecast::ProphetOptions> options = read({"--holidays", file, "--country-holidays", "US"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->country_holidays, "US");
  ASSERT_TRUE(options->holidays);
  EXPECT_EQ(options->holidays->rows.size(), 2u);
  EXPECT_EQ(message({"--country-holidays", "XYZ"}), "Holidays in XYZ are not currently supported!");
  EXPECT_EQ(message({"--country-holidays", "US", "--add-regressor", "Labor Day"}),
            "Name 'Labor Day' is a holiday name in US.");
  EXPECT_TRUE(message({"--holidays", folder.path() / "none.csv"}).starts_with("--holidays: "));
}

TEST(ProphetFlags, MistakesAreToldInProphetsWords) {
  EXPECT_EQ(message({"--growth", "cubic"}), "Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\".");
  EXPECT_EQ(message({"--changepoint-range", "1.5"}), "Parameter \"changepoint_range\" must be in [0, 1]");
  EXPECT_EQ(message({"--changepoint-range", "nan"}), "Parameter \"changepoint_range\" must be in [0, 1]");
  EXPECT_EQ(message({"--scaling", "log"}), "scaling must be one of 'absmax' or 'minmax'");
  EXPECT_EQ(message({"--seasonality-mode", "x"}), "seasonality_mode must be \"additive\" or \"multiplicative\"");
  EXPECT_EQ(message({"--holidays-mode", "x"}), "holidays_mode must be \"additive\" or \"multiplicative\"");
  EXPECT_EQ(message({"--seasonality-prior-scale", "0"}), "--seasonality-prior-scale: Prior scale must be > 0");
  EXPECT_EQ(message({"--add-seasonality", "a:7:0"}), "--add-seasonality a:7:0: Fourier Order must be > 0");
  EXPECT_EQ(message({"--add-seasonality", "a:7:3:-1"}), "--add-seasonality a:7:3:-1: Prior scale must be > 0");
  EXPECT_EQ(message({"--add-seasonality", "trend:7:3"}), "--add-seasonality trend:7:3: Name 'trend' is reserved.");
  EXPECT_EQ(message({"--add-seasonality", "yhat_lower:7:3"}),
            "--add-seasonality yhat_lower:7:3: Name 'yhat_lower' is reserved.");
  EXPECT_EQ(message({"--add-seasonality", "a_delim_b:7:3"}),
            "--add-seasonality a_delim_b:7:3: Name cannot contain \"_delim_\"");
  EXPECT_EQ(message({"--add-regressor", "trend"}), "--add-regressor trend: Name 'trend' is reserved.");
  EXPECT_EQ(message({"--add-regressor", "a:0"}), "--add-regressor a:0: Prior scale must be > 0");
  EXPECT_EQ(message({"--add-regressor", "a:1:maybe"}),
            "--add-regressor a:1:maybe: standardize: expected auto, true or false");
  EXPECT_EQ(message({"--add-regressor", "a:1:auto:x"}),
            "--add-regressor a:1:auto:x: mode must be \"additive\" or \"multiplicative\"");
  EXPECT_EQ(message({"--add-regressor", "a", "--add-seasonality", "a:7:3"}),
            "Name 'a' already used for a seasonality.");
  EXPECT_NE(message({"--yearly-seasonality", "maybe"}).find("expected auto, true, false"), std::string::npos);
  EXPECT_NE(message({"--interval-width", "1"}).find("--interval-width"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::app
