// Prophet's options as texts, under Prophet's names: as they stand on a command line (--growth,
// --changepoint-prior-scale) or in the hyperparameters of a training job (growth, changepoint_prior_scale).
//
// What has parts (seasonalities, regressors, holidays) comes as texts of one line or, from a file of options
// (options_file.h), as values.
//
// Thread safety: values; read_prophet_flags() may be called from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::train {

// What add_seasonality() takes.
struct AddedSeasonality {
  std::string name;
  double period = 0;  // Days.
  std::int64_t fourier_order = 0;
  std::optional<double> prior_scale;
  std::string mode;  // Empty: that of all seasonalities.
  std::string condition_name;
  std::string source;  // Where it stands, for messages: "--add-seasonality monthly:30.5:5".
};

// What add_regressor() takes.
struct AddedRegressor {
  std::string name;
  std::optional<double> prior_scale;
  std::string standardize = "auto";
  std::string mode;  // Empty: that of all seasonalities.
  std::string source;
};

// Days of the table `holidays`, of one name.
struct AddedHoliday {
  std::string name;
  std::vector<std::int32_t> days;  // Since 1970-01-01.
  bool has_window = false;
  std::int32_t lower_window = 0, upper_window = 0;
  double prior_scale = std::numeric_limits<double>::quiet_NaN();  // NaN: holidays_prior_scale.
};

// What was given, unread.
struct ProphetFlags {
  std::string options;  // A file with further ones: options_file.h. read_prophet_flags() does not look at it.
  // Names of options that were given, so that a file's general ones stand behind them. Not those that may be repeated.
  std::set<std::string, std::less<>> given;

  std::string growth = "linear";
  std::vector<std::string> changepoints;
  int n_changepoints = 25;
  double changepoint_range = 0.8;
  std::string yearly_seasonality = "auto";
  std::string weekly_seasonality = "auto";
  std::string daily_seasonality = "auto";
  std::string seasonality_mode = "additive";
  double seasonality_prior_scale = 10;
  double changepoint_prior_scale = 0.05;
  std::string holidays;          // A file: holiday_file.h.
  std::string country_holidays;  // "US".
  double holidays_prior_scale = 10;
  std::string holidays_mode;
  std::string scaling = "absmax";
  double interval_width = 0.8;
  int uncertainty_samples = 1000;
  int mcmc_samples = 0;
  std::vector<std::string> add_seasonality;  // name:period:order[:prior_scale[:mode[:condition_name]]]
  std::vector<std::string> add_regressor;    // name[:prior_scale[:standardize[:mode]]]
  // Before those above, a later one of a name in the place of an earlier one.
  std::vector<AddedSeasonality> seasonalities;
  std::vector<AddedRegressor> regressors;
  // Beside those of the file `holidays`, of which the names in `without_holidays` are left out.
  std::vector<AddedHoliday> added_holidays;
  std::vector<std::string> without_holidays;
  std::shared_ptr<const forecast::HolidayTable> holiday_table;  // The file `holidays`, where it was read already.
  // Refused with the reason: a stored model has no place for the model that forecasts a regressor.
  std::vector<std::string> regressor_predictor;
};

// Options of one value by Prophet's names.
using OptionMember = std::variant<std::string ProphetFlags::*, int ProphetFlags::*, double ProphetFlags::*>;
inline constexpr std::array<std::pair<std::string_view, OptionMember>, 17> kProphetOptions{{
    {"growth", &ProphetFlags::growth},
    {"n_changepoints", &ProphetFlags::n_changepoints},
    {"changepoint_range", &ProphetFlags::changepoint_range},
    {"changepoint_prior_scale", &ProphetFlags::changepoint_prior_scale},
    {"yearly_seasonality", &ProphetFlags::yearly_seasonality},
    {"weekly_seasonality", &ProphetFlags::weekly_seasonality},
    {"daily_seasonality", &ProphetFlags::daily_seasonality},
    {"seasonality_mode", &ProphetFlags::seasonality_mode},
    {"seasonality_prior_scale", &ProphetFlags::seasonality_prior_scale},
    {"holidays", &ProphetFlags::holidays},
    {"country_holidays", &ProphetFlags::country_holidays},
    {"holidays_prior_scale", &ProphetFlags::holidays_prior_scale},
    {"holidays_mode", &ProphetFlags::holidays_mode},
    {"scaling", &ProphetFlags::scaling},
    {"interval_width", &ProphetFlags::interval_width},
    {"uncertainty_samples", &ProphetFlags::uncertainty_samples},
    {"mcmc_samples", &ProphetFlags::mcmc_samples},
}};

// Reads the file of holidays, if there is one. Errors: kInvalid, in Prophet's words where Prophet checks it, else
// naming the flag; as base/file.h.
Result<forecast::ProphetOptions> read_prophet_flags(const ProphetFlags& flags);

// The texts add_seasonality and add_regressor as values, behind those that are there. Errors: kInvalid, naming the
// flag.
Result<Done> parse_added_parts(ProphetFlags& flags);

// The file `holidays`. Errors: as read_holiday_file() and base/file.h.
Result<std::shared_ptr<const forecast::HolidayTable>> read_holidays_of(const std::string& path);

}  // namespace chiliad::train
