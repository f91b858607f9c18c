#include "train/options_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "train/fleet_options.h"

namespace chiliad::train {
namespace {

class OptionsFileTest : public ::testing::Test {
 protected:
  // The options of a fleet whose file has this text, with these flags.
  Result<FleetOptions> fleet(std::string_view text, ProphetFlags flags = {}) {
    EXPECT_TRUE(write_file_atomically(file_, text, Durability::kNone));
    flags.options = file_;
    return FleetOptions::make(std::move(flags));
  }
  // What is wrong with it, without the path of its folder.
  std::string error(std::string_view text) {
    Result<FleetOptions> made = fleet(text);
    if (!made) {
      std::string message = made.error().message;
      for (std::size_t at = 0; (at = message.find(folder_.path().native() + "/")) != std::string::npos;)
        message.erase(at, folder_.path().native().size() + 1);
      return message;
    }
    return "no error";
  }

  const TempFolder folder_ = *TempFolder::make();
  const std::filesystem::path file_ = folder_.path() / "fleet.toml";
};

constexpr std::string_view kEverything = R"(
growth = "logistic"
changepoints = [2020-01-31, "2020-02-28", 2020-03-31T12:00:00]
changepoint_range = 0.9
changepoint_prior_scale = 1
yearly_seasonality = true
weekly_seasonality = 5
daily_seasonality = "auto"
seasonality_mode = "multiplicative"
seasonality_prior_scale = 3
country_holidays = "DE"
holidays_prior_scale = 2
holidays_mode = "additive"
scaling = "minmax"
interval_width = 0.9
uncertainty_samples = 200
mcmc_samples = 100

[[holiday]]
holiday = "fair: autumn"
ds = [2020-02-01, 2021-02-01]
lower_window = -1
upper_window = 2
prior_scale = 0.5

[[seasonality]]
name = "month: all"
period = 30.5
fourier_order = 5
prior_scale = 0.1
mode = "additive"
condition_name = "open"

[[regressor]]
name = "temp"
standardize = false

[[regressor]]
name = "price"
prior_scale = 4
standardize = "auto"
mode = "additive"
)";

TEST_F(OptionsFileTest, EachOptionOfTheModelCanBeGiven) {
  const Result<FleetOptions> made = fleet(kEverything);
  ASSERT_TRUE(made) << made.error().message;
  const forecast::ProphetOptions& options = made->general();
  EXPECT_EQ(options.growth, forecast::Growth::kLogistic);
  ASSERT_EQ(options.changepoints->size(), 3u);
  EXPECT_EQ(options.changepoints->at(2), *parse_instant("2020-03-31 12:00"));
  EXPECT_EQ(options.changepoint_range, 0.9);
  EXPECT_EQ(options.changepoint_prior_scale, 1);
  EXPECT_EQ(options.yearly_seasonality.kind, forecast::SeasonalityChoice::Kind::kOn);
  EXPECT_EQ(options.weekly_seasonality.fourier_order, 5);
  EXPECT_EQ(options.daily_seasonality.kind, forecast::SeasonalityChoice::Kind::kAuto);
  EXPECT_EQ(options.seasonality_mode, forecast::Mode::kMultiplicative);
  EXPECT_EQ(options.seasonality_prior_scale, 3);
  EXPECT_EQ(options.country_holidays, "DE");
  EXPECT_EQ(options.holidays_prior_scale, 2);
  EXPECT_EQ(options.holidays_mode, forecast::Mode::kAdditive);
  EXPECT_EQ(options.scaling, forecast::Scaling::kMinMax);
  EXPECT_EQ(options.interval_width, 0.9);
  EXPECT_EQ(options.uncertainty_samples, 200);
  EXPECT_EQ(options.mcmc_samples, 100);
  EXPECT_EQ(options.holidays->names, (std::vector<std::string>{"fair: autumn"}));
  ASSERT_EQ(options.holidays->rows.size(), 2u);
  EXPECT_EQ(options.holidays->rows[1].day - options.holidays->rows[0].day, 366);
  EXPECT_EQ(options.holidays->rows[0].lower_window, -1);
  EXPECT_EQ(options.holidays->rows[0].upper_window, 2);
  EXPECT_EQ(options.holidays->rows[0].prior_scale, 0.5);
  EXPECT_TRUE(options.holidays->has_windows && options.holidays->has_prior_scales);
  ASSERT_EQ(options.seasonalities.size(), 1u);
  EXPECT_EQ(options.seasonalities[0].name, "month: all");
  EXPECT_EQ(options.seasonalities[0].period_days, 30.5);
  EXPECT_EQ(options.seasonalities[0].prior_scale, 0.1);
  EXPECT_EQ(options.seasonalities[0].mode, forecast::Mode::kAdditive);
  EXPECT_EQ(options.seasonalities[0].condition_name, "open");
  ASSERT_EQ(options.regressors.size(), 2u);
  EXPECT_EQ(options.regressors[0].standardize, forecast::Standardize::kNo);
  EXPECT_EQ(options.regressors[0].prior_scale, 2);
  EXPECT_EQ(options.regressors[0].mode, forecast::Mode::kMultiplicative);
  EXPECT_EQ(options.regressors[1].prior_scale, 4);
  EXPECT_EQ(options.regressors[1].mode, forecast::Mode::kAdditive);
}

TEST_F(OptionsFileTest, JsonSaysTheSame) {
  const Result<FleetOptions> made =
      fleet(R"({"growth": "flat", "changepoints": [], "n_changepoints": 3, "holidays": null,
    "weekly_seasonality": false, "regressor": [{"name": "temp", "prior_scale": null}],
    "holiday": [{"holiday": "fair", "ds": "2020-02-01"}],
    "series": [{"id": 7, "interval_width": 0.5, "seasonality": [{"name": "m", "period": 30.5, "fourier_order": 2}]}]})");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->general().growth, forecast::Growth::kFlat);
  EXPECT_TRUE(made->general().changepoints->empty());  // None at all, as in Prophet.
  EXPECT_EQ(made->general().weekly_seasonality.kind, forecast::SeasonalityChoice::Kind::kOff);
  EXPECT_EQ(made->general().regressors[0].prior_scale, 10);
  EXPECT_EQ(made->general().holidays->rows.size(), 1u);
  EXPECT_EQ((*made->of("7"))->prophet.interval_width, 0.5);
  EXPECT_EQ((*made->of("7"))->prophet.seasonalities[0].fourier_order, 2);
}

TEST_F(OptionsFileTest, FlagsStandBeforeTheGeneralOptionsOfTheFile) {
  ProphetFlags flags;
  flags.growth = "linear";
  flags.interval_width = 0.5;
  flags.given = {"growth", "interval_width"};
  flags.add_seasonality = {"month:30.5:2"};
  flags.add_regressor = {"promo"};
  const Result<FleetOptions> made = fleet(
      "growth = 'flat'\ninterval_width = 0.9\nseasonality_prior_scale = 2\n[[regressor]]\nname = 'temp'\n"
      "[[seasonality]]\nname = 'month'\nperiod = 28\nfourier_order = 1\n[[series]]\nid = 'a'\ninterval_width = 0.6\n",
      flags);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->general().growth, forecast::Growth::kLinear);
  EXPECT_EQ(made->general().interval_width, 0.5);
  EXPECT_EQ(made->general().seasonality_prior_scale, 2);  // No flag: the file's.
  ASSERT_EQ(made->general().regressors.size(), 2u);
  ASSERT_EQ(made->general().seasonalities.size(), 1u);
  EXPECT_EQ(made->general().seasonalities[0].fourier_order, 2);
  EXPECT_EQ((*made->of("a"))->prophet.interval_width, 0.6);  // A [[series]] stands before flags.
}

TEST_F(OptionsFileTest, HolidaysOfAFileLieBesideIt) {
  ASSERT_TRUE(write_file_atomically(folder_.path() / "h.csv", "holiday,ds\nfair,2022-01-06\nrain,2022-03-06\n",
                                    Durability::kNone));
  const Result<FleetOptions> made = fleet(
      "holidays = 'h.csv'\n[[holiday]]\nholiday = 'fair'\nds = '2022-05-06'\n"
      "[[series]]\nid = 'a'\nwithout = ['rain']\n"
      "[[series]]\nid = 'b'\n[[series.holiday]]\nholiday = 'fair'\nds = ['2022-07-01', '2022-08-01']\n"
      "[[series]]\nid = 'c'\nwithout = ['rain', 'fair']\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->general().holidays->rows.size(), 3u);
  EXPECT_EQ(made->general().holidays->names.size(), 2u);
  EXPECT_EQ((*made->of("a"))->prophet.holidays->names, (std::vector<std::string>{"fair"}));
  EXPECT_EQ((*made->of("a"))->prophet.holidays->rows.size(), 2u);
  const forecast::HolidayTable& own = *(*made->of("b"))->prophet.holidays;  // Its fair in the place of the general one.
  EXPECT_EQ(own.names, (std::vector<std::string>{"rain", "fair"}));
  EXPECT_EQ(own.rows.size(), 3u);
  EXPECT_EQ((*made->of("c"))->prophet.holidays, nullptr);
}

TEST_F(OptionsFileTest, WhatAPatternLeavesOutAnIdMayLeaveOutAgain) {
  const Result<FleetOptions> made = fleet(
      "[[regressor]]\nname = 'temp'\n[[series]]\npattern = 'north-*'\nwithout = 'temp'\n"
      "[[series]]\nid = 'north-7'\nwithout = ['temp', 'temp']\n");
  ASSERT_TRUE(made) << made.error().message;
  const auto seven = made->of("north-7");
  ASSERT_TRUE(seven) << seven.error().message;
  EXPECT_TRUE((*seven)->prophet.regressors.empty());
}

TEST_F(OptionsFileTest, HolidaysOfAFlagMayComeThroughAPipe) {
  const std::filesystem::path pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream(pipe) << "holiday,ds\nfair,2022-01-06\n";  // Once.
  });
  ProphetFlags flags;
  flags.holidays = pipe;
  flags.given.emplace("holidays");
  const Result<FleetOptions> made = fleet("n_changepoints = 3", flags);
  writer.join();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->general().holidays->names, (std::vector<std::string>{"fair"}));
}

TEST_F(OptionsFileTest, WhatIsWrongWithFlagsIsNotTheFiles) {
  ProphetFlags flags;
  flags.growth = "cubic";
  flags.given.emplace("growth");
  const Result<FleetOptions> made = fleet("n_changepoints = 3", flags);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\".");
}

TEST_F(OptionsFileTest, WhatIsNotUnderstoodNamesItsPlace) {
  EXPECT_TRUE(error("growt = 'flat'").starts_with("--options: fleet.toml:1: growt: no such key; there are growth, "));
  EXPECT_EQ(error("\ngrowth = 7"), "--options: fleet.toml:2: growth: expected a string, found an integer");
  EXPECT_EQ(error("growth = 'cubic'"),
            "fleet.toml: Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\".");
  EXPECT_EQ(error("n_changepoints = 1.5"),
            "--options: fleet.toml:1: n_changepoints: expected a whole number, found a number");
  EXPECT_EQ(error("n_changepoints = 5000000000"),
            "--options: fleet.toml:1: n_changepoints: 5000000000 is out of range");
  EXPECT_EQ(error("weekly_seasonality = 1.5"),
            "--options: fleet.toml:1: weekly_seasonality: expected \"auto\", true, false or a number, found a number");
  EXPECT_EQ(error("changepoints = [7]"), "--options: fleet.toml:1: changepoints: expected dates, found an integer");
  EXPECT_EQ(error("regressor = 'temp'"),
            "--options: fleet.toml:1: regressor: expected tables, [[regressor]], found a string");
  EXPECT_EQ(error("[[regressor]]\nprior_scale = 1"), "--options: fleet.toml:1: regressor: name is missing");
  EXPECT_EQ(error("[[regressor]]\nname = 'a'\nprior_scale = -1"),
            "fleet.toml: fleet.toml:1: regressor 'a': Prior scale must be > 0");
  EXPECT_EQ(error("[[seasonality]]\nname = 'a'\nperiod = 7"),
            "--options: fleet.toml:1: seasonality: fourier_order is missing");
  EXPECT_EQ(error("[[seasonality]]\nname = 'a'\nperiod = 7\nfourier_order = 0"),
            "fleet.toml: fleet.toml:1: seasonality 'a': Fourier Order must be > 0");
  EXPECT_EQ(error("[[holiday]]\nholiday = 'a'\nds = '2020-13-01'").substr(0, 39),
            "--options: fleet.toml:3: holiday: ds: '");
  EXPECT_EQ(error("[[holiday]]\nholiday = 'a'\nds = []"),
            "--options: fleet.toml:3: holiday: ds: expected a date at least");
  EXPECT_EQ(error("[[holiday]]\nholiday = 'a'\nds = 2020-12-01\nlower_window = -1"),
            "--options: fleet.toml:1: holiday: Holidays must have both lower_window and upper_window, or neither");
  EXPECT_EQ(error("[[holiday]]\nholiday = 'a'\nds = 2020-12-01\nlower_window = 1\nupper_window = 1"),
            "fleet.toml: Holiday lower_window should be <= 0");
  EXPECT_EQ(error("holidays = 'none.csv'").substr(0, 44), "--options: fleet.toml:1: holidays: open none");
  EXPECT_EQ(error("[[series]]\ngrowth = 'flat'"),
            "--options: fleet.toml:1: series: id or pattern is missing: which series it is for");
  EXPECT_EQ(error("[[series]]\nid = 'a'\ngrowth = 'cubic'"),
            "fleet.toml:1: series: Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\".");
  EXPECT_EQ(
      error("\n[[series]]\nid = 'a'\nwithout = 'temp'"),
      "fleet.toml:2: series: without: there is no seasonality, regressor or holiday 'temp' among the general ones");
  EXPECT_EQ(error("[[series]]\nid = 'a'\nuncertainty_samples = 0"),
            "fleet.toml:1: series: uncertainty_samples: 0 leaves the intervals out, for all series or for none");
  EXPECT_NE(error("regressor_predictor = 'temp'").find("regressor_predictor temp: the model that forecasts"),
            std::string::npos);
}

TEST_F(OptionsFileTest, ASeriesHasWhatItsEntriesSayFromFirstToLast) {
  const Result<FleetOptions> made = fleet(R"(
seasonality_mode = "multiplicative"
[[regressor]]
name = "temp"
[[seasonality]]
name = "month"
period = 30.5
fourier_order = 3

[[series]]
pattern = ["north-*", "west-?"]
interval_width = 0.6
seasonality_mode = "additive"

[[series]]
id = ["north-7", "8"]
interval_width = 0.7
without = "temp"
[[series.regressor]]
name = "promo"
prior_scale = 2
)");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made->of("south-1"), nullptr);
  EXPECT_EQ(*made->of("west-10"), nullptr);
  const auto north = *made->of("north-1");
  EXPECT_EQ(north->prophet.interval_width, 0.6);
  EXPECT_EQ(north->prophet.regressors[0].name, "temp");
  EXPECT_EQ(north->prophet.seasonalities[0].mode, forecast::Mode::kAdditive);  // The general one follows the mode.
  EXPECT_EQ(*made->of("west-1"), north);                                       // Those that share options share a set.
  const auto both = *made->of("north-7");
  EXPECT_EQ(both->prophet.interval_width, 0.7);
  EXPECT_EQ(both->prophet.seasonality_mode, forecast::Mode::kAdditive);
  ASSERT_EQ(both->prophet.regressors.size(), 1u);
  EXPECT_EQ(both->prophet.regressors[0].name, "promo");
  EXPECT_EQ(both->needed, (std::vector<std::string>{"promo"}));
  const auto second = *made->of("8");
  EXPECT_EQ(second->prophet.seasonality_mode, forecast::Mode::kMultiplicative);
  EXPECT_NE(second->number, both->number);
  EXPECT_EQ(made->needed_columns(), (std::vector<std::string>{"temp", "promo"}));
}

TEST_F(OptionsFileTest, EntriesThatDoNotGoTogetherFailTheirSeriesAlone) {
  const Result<FleetOptions> made = fleet(
      "[[series]]\npattern = 'a*'\n[[series.regressor]]\nname = 'x'\n"
      "[[series]]\npattern = '*b'\n[[series.seasonality]]\nname = 'x'\nperiod = 7\nfourier_order = 1\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->of("a"));
  EXPECT_TRUE(made->of("b"));
  const auto both = made->of("ab");
  ASSERT_FALSE(both);
  EXPECT_NE(both.error().message.find("fleet.toml:5: series: Name 'x' already used for a seasonality."),
            std::string::npos)
      << both.error().message;
}

TEST_F(OptionsFileTest, EntriesThatNamedNoSeriesAreTold) {
  const Result<FleetOptions> made = fleet("[[series]]\nid = 'a'\n[[series]]\npattern = 'b*'\n[[series]]\nid = ['c']\n");
  ASSERT_TRUE(made->of("bb"));
  ASSERT_EQ(made->unused().size(), 2u);
  EXPECT_NE(made->unused()[1].find("fleet.toml:5: [[series]] with id 'c'"), std::string::npos);
}

TEST_F(OptionsFileTest, SetsThatAreNotKeptAreMadeAgain) {
  // More sets than are kept made.
  std::string text;
  for (int i = 0; i < 1500; ++i)
    text += "[[series]]\nid = " + std::to_string(i) + "\nn_changepoints = " + std::to_string(i) + "\n";
  const Result<FleetOptions> made = fleet(text);
  ASSERT_TRUE(made) << made.error().message;
  for (const int round : {0, 1}) {
    for (int i = 0; i < 1500; ++i) ASSERT_EQ((*made->of(std::to_string(i)))->prophet.n_changepoints, i) << round;
  }
}

}  // namespace
}  // namespace chiliad::train
