// Every error that Prophet 1.5.0 raises as ValueError on what a user gave, and what is said of it here, in one list.
// The first text of a case is Prophet's (its beginning, where it goes on with values), the second our own where it
// differs: there are no DataFrames and no Python types here. "fit twice", "not fitted" and "must be added prior to
// fitting" have no twin: options are a value, fit() makes another one, and only a fitted model forecasts or is stored.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "diagnose/cross_validation.h"
#include "diagnose/metrics.h"
#include "forecast/prophet.h"
#include "table/series_csv.h"
#include "train/holiday_file.h"
#include "train/prophet_flags.h"

namespace chiliad::train {
namespace {

using forecast::ProphetOptions;

Instant day(int i) { return std::chrono::sys_days(std::chrono::days(19000 + i)); }

// `count` days of a plain series and further columns, as they are given to a fit.
struct Days {
  explicit Days(int count) {
    for (int i = 0; i < count; ++i) {
      ds.push_back(day(i));
      y.push_back(10 + i % 7);
    }
  }
  Days& with(const std::string& name, double value) {
    columns.push_back({name, std::vector<double>(ds.size(), value)});
    return *this;
  }
  std::string fit(const ProphetOptions& options = {}) const {
    const std::vector<forecast::Column> borrowed = forecast::borrow(columns);
    const Result<forecast::FittedModel> model = forecast::fit({ds, y, borrowed}, options);
    return model ? "" : model.error().message;
  }
  std::vector<Instant> ds;
  std::vector<double> y;
  std::vector<forecast::OwnedColumn> columns;
};

// What Prophet says; what is said here instead, if not the same.
struct Twin {
  std::string prophets, ours;
  std::function<std::string()> provoke;
};

void check(const std::vector<Twin>& twins) {
  for (const Twin& twin : twins) {
    const std::string said = twin.provoke(), wanted = twin.ours.empty() ? twin.prophets : twin.ours;
    EXPECT_NE(said.find(wanted), std::string::npos) << "Prophet: " << twin.prophets << "\nhere: '" << said << "'";
    EXPECT_NE(said, "") << twin.prophets;
  }
}

std::string flags(const std::function<void(ProphetFlags&)>& change) {
  ProphetFlags flags;
  change(flags);
  const Result<ProphetOptions> options = read_prophet_flags(flags);
  return options ? "" : options.error().message;
}

std::string holidays(std::string_view text) {
  const Result<forecast::HolidayTable> table = read_holiday_file(text, "h.csv");
  return table ? "" : table.error().message;
}

std::string file(std::string_view text) {
  const Result<table::Series> series = table::read_series_csv(text, "8.csv");
  return series ? "" : series.error().message;
}

// With holidays of these rows, as a person gives them.
std::string with_holidays(std::string_view text, std::string regressor = "") {
  ProphetOptions options;
  Result<forecast::HolidayTable> table = read_holiday_file(text, "h.csv");
  if (!table) return table.error().message;
  options.holidays = std::make_shared<const forecast::HolidayTable>(*std::move(table));
  if (!regressor.empty()) options.regressors = {{regressor}};
  return Days(30).with(regressor, 1).fit(options);
}

TEST(ProphetsErrors, OfTheConstructor) {
  check({
      {"Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\".", "",
       [] { return flags([](ProphetFlags& f) { f.growth = "cubic"; }); }},
      {"Parameter \"changepoint_range\" must be in [0, 1]", "",
       [] { return flags([](ProphetFlags& f) { f.changepoint_range = 1.1; }); }},
      {"changepoint_range must be a number in [0, 1]'", "Parameter \"changepoint_range\" must be in [0, 1]",
       [] { return flags([](ProphetFlags& f) { f.changepoint_range = NAN; }); }},
      {"scaling must be one of 'absmax' or 'minmax'", "",
       [] { return flags([](ProphetFlags& f) { f.scaling = "z"; }); }},
      {"seasonality_mode must be \"additive\" or \"multiplicative\"", "",
       [] { return flags([](ProphetFlags& f) { f.seasonality_mode = "both"; }); }},
      {"holidays_mode must be \"additive\" or \"multiplicative\"", "",
       [] { return flags([](ProphetFlags& f) { f.holidays_mode = "both"; }); }},
      {"holidays must be a DataFrame with \"ds\" and \"holiday\" columns.", "", [] { return holidays("day,name\n"); }},
      {"Found a NaN in holidays dataframe.", "", [] { return holidays("holiday,ds\n,2022-01-06\n"); }},
      {"Holidays must have both lower_window and upper_window, or neither", "",
       [] { return holidays("holiday,ds,lower_window\nday,2022-01-06,0\n"); }},
      {"Holiday lower_window should be <= 0", "",
       [] { return with_holidays("holiday,ds,lower_window,upper_window\nday,2022-01-06,1,1\n"); }},
      {"Holiday upper_window should be >= 0", "",
       [] { return with_holidays("holiday,ds,lower_window,upper_window\nday,2022-01-06,-1,-1\n"); }},
      {"Name 'trend' is reserved.", "", [] { return with_holidays("holiday,ds\ntrend,2022-01-06\n"); }},
      {"Name cannot contain \"_delim_\"", "", [] { return with_holidays("holiday,ds\na_delim_b,2022-01-06\n"); }},
  });
}

TEST(ProphetsErrors, OfWhatIsAdded) {
  const auto seasonality = [](const char* text) {
    return [text] { return flags([text](ProphetFlags& f) { f.add_seasonality = {text}; }); };
  };
  const auto regressor = [](const char* text) {
    return [text] { return flags([text](ProphetFlags& f) { f.add_regressor = {text}; }); };
  };
  check({
      {"Prior scale must be > 0", "", seasonality("month:30.5:5:0")},
      {"Fourier Order must be > 0", "", seasonality("month:30.5:0")},
      {"mode must be \"additive\" or \"multiplicative\"", "", seasonality("month:30.5:5:1:both")},
      {"Name 'trend' is reserved.", "", seasonality("trend:30.5:5")},
      {"Prior scale must be > 0", "", regressor("temp:-1")},
      {"mode must be 'additive' or 'multiplicative'", "mode must be \"additive\" or \"multiplicative\"",
       regressor("temp:1:auto:both")},
      {"Name 'y' is reserved.", "", regressor("y")},
      {"Name 'month' already used for a seasonality.", "",
       [] {
         return flags([](ProphetFlags& f) {
           f.add_seasonality = {"month:30.5:5"};
           f.add_regressor = {"month"};
         });
       }},
      {"Name 'day' already used for a holiday.", "",
       [] { return with_holidays("holiday,ds\nday,2022-01-06\n", "day"); }},
      {"Name 'Labor Day' is a holiday name in US.", "",
       [] {
         return flags([](ProphetFlags& f) {
           f.country_holidays = "US";
           f.add_regressor = {"Labor Day"};
         });
       }},
      {"Name 'temp' already used for an added regressor.", "",
       [] {
         ProphetOptions options;
         options.regressors = {{"temp"}, {"temp"}};
         return Days(30).with("temp", 1).fit(options);
       }},
      {"Holidays in XYZ are not currently supported!", "",
       [] { return flags([](ProphetFlags& f) { f.country_holidays = "XYZ"; }); }},
  });
}

ProphetOptions driven() {
  ProphetOptions options;
  options.regressors = {{"a"}};
  return options;
}

ProphetOptions conditional() {
  ProphetOptions options;
  options.seasonalities = {{"week_on", 7, 2, 10, forecast::Mode::kAdditive, "c"}};
  return options;
}

ProphetOptions logistic() {
  ProphetOptions options;
  options.growth = forecast::Growth::kLogistic;
  return options;
}

TEST(ProphetsErrors, OfTheRowsThatAreFitted) {
  check({
      {"Dataframe must have columns \"ds\" and \"y\" with the dates and values respectively.",
       "the value column: choose one of the table's 3 columns by position or name",
       [] { return file("ds,load,temp\n2022-01-01,1,2\n"); }},
      {"Found NaN in column ds.", "column 1 (ds): expected a date, found an empty field",
       [] { return file("ds,y\n2022-01-01,1\n,2\n"); }},
      {"Column ds has timezone specified, which is not supported. Remove timezone.", "has a time zone",
       [] { return file("ds,y\n2022-01-01T00:00:00+02:00,1\n"); }},
      {"Dataframe has less than 2 non-NaN rows.", "", [] { return Days(1).fit(); }},
      {"Found infinity in column y.", "",
       [] {
         Days rows(20);
         rows.y[3] = INFINITY;
         return rows.fit();
       }},
      {"Regressor 'a' missing from dataframe", "", [] { return Days(20).fit(driven()); }},
      {"Found NaN in column 'a'", "", [] { return Days(20).with("a", NAN).fit(driven()); }},
      {"Condition 'c' missing from dataframe", "", [] { return Days(20).fit(conditional()); }},
      {"Found non-boolean in column 'c'", "", [] { return Days(20).with("c", 2).fit(conditional()); }},
      {"Capacities must be supplied for logistic growth in column \"cap\"", "",
       [] { return Days(20).fit(logistic()); }},
      {"cap must be greater than floor (which defaults to 0).", "",
       [] { return Days(20).with("cap", 20).with("floor", 20).fit(logistic()); }},
      {"Changepoints must fall within training data.", "",
       [] {
         ProphetOptions options;
         options.changepoints = {{day(25)}};
         return Days(20).fit(options);
       }},
      {"does not have consistent prior scale specification.", "",
       [] { return with_holidays("holiday,ds,prior_scale\nday,2022-01-06,1\nday,2022-01-12,2\n"); }},
      // A RuntimeError of Stan's, both.
      {"Error during optimization", "all rows with a value have the same ds",
       [] {
         Days rows(20);
         rows.ds.assign(20, day(0));
         return rows.fit();
       }},
      {"Error during optimization", "Parameter \"changepoint_prior_scale\" must be > 0",
       [] {
         ProphetOptions options;
         options.changepoint_prior_scale = -1;
         return Days(20).fit(options);
       }},
  });
}

TEST(ProphetsErrors, OfAForecast) {
  const auto predict = [](const forecast::FittedModel& model, std::vector<Instant> ds,
                          std::vector<forecast::OwnedColumn> columns = {}, forecast::PredictOptions options = {}) {
    const std::vector<forecast::Column> borrowed = forecast::borrow(columns);
    const Result<forecast::Forecast> made = model.predict(forecast::Frame{ds, borrowed}, options);
    return made ? "" : made.error().message;
  };
  const Days plain(40);
  const forecast::FittedModel model = *forecast::fit({plain.ds, plain.y}, {});
  Days floored = Days(40).with("cap", 30).with("floor", 1);
  const std::vector<forecast::Column> columns = forecast::borrow(floored.columns);
  const forecast::FittedModel saturating = *forecast::fit({floored.ds, floored.y, columns}, logistic());
  check({
      {"Dataframe has no rows.", "", [&] { return predict(model, {}); }},
      {"Expected column \"floor\".", "",
       [&] {
         return predict(saturating, {day(50)}, {{"cap", {30}}});
       }},
      {"Capacities must be supplied for logistic growth in column \"cap\"", "",
       [&] {
         return predict(saturating, {day(50)}, {{"floor", {1}}});
       }},
      {"Percentiles must be in the range [0, 100]", "interval_width must be in (0, 1)",
       [&] {
         forecast::PredictOptions options;
         options.interval_width = 1.5;
         return predict(model, {day(50)}, {}, options);
       }},
      {"Percentiles must be in the range [0, 100]", "Parameter \"interval_width\" must be in (0, 1)",
       [&] {
         ProphetOptions options;
         options.interval_width = 1.5;
         return plain.fit(options);
       }},
  });
}

TEST(ProphetsErrors, OfDiagnostics) {
  const Days rows(60);
  const forecast::FittedModel model = *forecast::fit({rows.ds, rows.y}, {});
  const auto validate = [&](int horizon, std::optional<std::vector<Instant>> cutoffs = std::nullopt) {
    diagnose::CrossValidationOptions options;
    options.horizon = std::chrono::days(horizon);
    options.cutoffs = std::move(cutoffs);
    const Result<diagnose::CrossValidation> made = diagnose::cross_validation(model, options);
    return made ? "" : made.error().message;
  };
  const auto measure = [](std::vector<std::string> names) {
    const auto made = diagnose::performance_metrics(diagnose::MetricsInput{}, {std::move(names), 0.1, false});
    return made ? "" : made.error().message;
  };
  check({
      {"Less data than horizon.", "", [&] { return validate(70); }},
      {"Less data than horizon after initial window. Make horizon or initial shorter.", "",
       [&] { return validate(20); }},
      {"Minimum cutoff value is not strictly greater than min date in history", "",
       [&] { return validate(10, {{day(0)}}); }},
      {"Maximum cutoff value is greater than end date minus horizon, no value for cross-validation remaining", "",
       [&] { return validate(10, {{day(50)}}); }},
      {"Less than two datapoints before cutoff. Increase initial window.", "",
       [&] { return validate(10, {{day(0) + std::chrono::hours(1)}}); }},
      {"Input metrics must be a list of unique values", "",
       [&] {
         return measure({"mse", "mse"});
       }},
      {"Valid values for metrics are: ", "",
       [&] {
         return measure({"mse", "luck"});
       }},
  });
}

}  // namespace
}  // namespace chiliad::train
