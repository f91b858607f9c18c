// Prophet's options as texts, under Prophet's names: as they stand on a command line (--growth,
// --changepoint-prior-scale) or in the hyperparameters of a training job (growth, changepoint_prior_scale).
//
// Thread safety: values; read_prophet_flags() may be called from any thread.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::train {

// What was given, unread.
struct ProphetFlags {
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
  // Refused with the reason: a stored model has no place for the model that forecasts a regressor.
  std::vector<std::string> regressor_predictor;
};

// Reads the file of holidays, if there is one. Errors: kInvalid, in Prophet's words where Prophet checks it, else
// naming the flag; as base/file.h.
Result<forecast::ProphetOptions> read_prophet_flags(const ProphetFlags& flags);

}  // namespace chiliad::train
