#include "forecast/option_rules.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::forecast {
namespace {

std::string refusal(const ProphetOptions& options) {
  const Result<Done> checked = check_options(options);
  return checked ? "" : checked.error().message;
}

TEST(CheckOptions, DefaultsAndPartsWithNamesOfTheirOwnPass) {
  ProphetOptions options;
  EXPECT_EQ(refusal(options), "");
  options.growth = Growth::kFlat;
  options.seasonalities = {{"weekly", 7, 3, 10, Mode::kAdditive, "on"}, {"self", 7, 1, 10, Mode::kAdditive, "self"}};
  options.regressors = {{"temp"}, {"on"}};
  EXPECT_EQ(refusal(options), "");
}

TEST(CheckOptions, NumbersOutsideTheirRangeAreNamed) {
  const auto with = [](auto change) {
    ProphetOptions options;
    change(options);
    return refusal(options);
  };
  EXPECT_EQ(with([](ProphetOptions& o) { o.changepoint_range = 1.5; }),
            "Parameter \"changepoint_range\" must be in [0, 1]");
  EXPECT_EQ(with([](ProphetOptions& o) { o.changepoint_range = NAN; }),
            "Parameter \"changepoint_range\" must be in [0, 1]");
  EXPECT_EQ(with([](ProphetOptions& o) { o.changepoint_prior_scale = 0; }),
            "Parameter \"changepoint_prior_scale\" must be > 0");
  EXPECT_EQ(with([](ProphetOptions& o) { o.seasonality_prior_scale = -1; }),
            "Parameter \"seasonality_prior_scale\" must be > 0");
  EXPECT_EQ(with([](ProphetOptions& o) { o.holidays_prior_scale = INFINITY; }),
            "Parameter \"holidays_prior_scale\" must be > 0");
  EXPECT_EQ(with([](ProphetOptions& o) { o.interval_width = 1; }), "Parameter \"interval_width\" must be in (0, 1)");
  EXPECT_EQ(with([](ProphetOptions& o) { o.uncertainty_samples = -1; }),
            "Parameter \"uncertainty_samples\" must be >= 0");
}

TEST(CheckOptions, SeasonalitiesNeedAPeriodAnOrderAndAPrior) {
  const auto with = [](Seasonality seasonality) {
    ProphetOptions options;
    options.seasonalities = {std::move(seasonality)};
    return refusal(options);
  };
  EXPECT_EQ(with({"s", 0, 3}), "seasonality 's': Period must be > 0");
  EXPECT_EQ(with({"s", 7, 0}), "seasonality 's': Fourier Order must be > 0");
  EXPECT_EQ(with({"s", 7, 3, 0}), "seasonality 's': Prior scale must be > 0");
  EXPECT_EQ(with({"trend", 7, 3}), "Name 'trend' is reserved.");
  EXPECT_EQ(with({"s", 7, 3, 10, Mode::kAdditive, "y"}), "seasonality 's': condition: Name 'y' is reserved.");
  EXPECT_EQ(with({"s", 7, 3, 10, Mode::kAdditive, "a_delim_b"}),
            "seasonality 's': condition: Name cannot contain \"_delim_\"");
}

TEST(CheckOptions, NoTwoPartsShareAName) {
  ProphetOptions options;
  options.seasonalities = {{"month", 30.5, 3}, {"s", 7, 1, 10, Mode::kAdditive, "month"}};
  EXPECT_EQ(refusal(options), "Name 'month' already used for a seasonality.");
  options.seasonalities.pop_back();
  options.regressors = {{"month"}};
  EXPECT_EQ(refusal(options), "Name 'month' already used for a seasonality.");
  options.regressors = {{"temp"}, {"price"}, {"temp"}};
  EXPECT_EQ(refusal(options), "Name 'temp' already used for an added regressor.");
  options.regressors = {{"weekly"}};
  EXPECT_EQ(refusal(options), "Name 'weekly' is reserved.");
  options.regressors = {{"temp", 0}};
  EXPECT_EQ(refusal(options), "regressor 'temp': Prior scale must be > 0");
}

TEST(CheckOptions, HolidaysNeedNamesOfTheirOwnAndWindowsAroundTheirDay) {
  HolidayTable table;
  table.names = {"playoff"};
  table.rows = {{0, 19000, -1, 1}};
  ProphetOptions options;
  const auto with = [&](auto change) {
    auto changed = std::make_shared<HolidayTable>(table);
    change(*changed);
    options.holidays = changed;
    return refusal(options);
  };
  EXPECT_EQ(with([](HolidayTable&) {}), "");
  EXPECT_EQ(with([](HolidayTable& t) { t.rows[0].lower_window = 1; }), "Holiday lower_window should be <= 0");
  EXPECT_EQ(with([](HolidayTable& t) { t.rows[0].upper_window = -1; }), "Holiday upper_window should be >= 0");
  EXPECT_EQ(with([](HolidayTable& t) { t.rows[0].prior_scale = 0; }), "Prior scale must be > 0");
  EXPECT_EQ(with([](HolidayTable& t) { t.names[0] = "holidays"; }), "Name 'holidays' is reserved.");
  EXPECT_EQ(with([](HolidayTable& t) { t.names[0] = "a_delim_b"; }), "Name cannot contain \"_delim_\"");
  options.regressors = {{"playoff"}};
  EXPECT_EQ(with([](HolidayTable&) {}), "Name 'playoff' already used for a holiday.");
  options.regressors = {};
  options.seasonalities = {{"playoff", 7, 3}};
  EXPECT_EQ(with([](HolidayTable&) {}), "Name 'playoff' already used for a holiday.");
  options.seasonalities = {{"week", 7, 3, 10, Mode::kAdditive, "playoff"}};
  EXPECT_EQ(with([](HolidayTable&) {}), "Name 'playoff' already used for a holiday.");
}

TEST(CheckOptions, NamesOfTheCountrysHolidaysAreTaken) {
  ProphetOptions options;
  options.country_holidays = "US";
  EXPECT_EQ(refusal(options), "");
  options.regressors = {{"Labor Day"}};
  EXPECT_EQ(refusal(options), "Name 'Labor Day' is a holiday name in US.");
  options.regressors = {};
  options.seasonalities = {{"New Year's Day", 7, 3}};
  EXPECT_EQ(refusal(options), "Name \"New Year's Day\" is a holiday name in US.");
  options.country_holidays = "XYZ";
  EXPECT_EQ(refusal(options), "Holidays in XYZ are not currently supported!");
}

}  // namespace
}  // namespace chiliad::forecast
