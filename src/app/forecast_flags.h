// The options that say which dates a forecast is for and how its intervals are made: forecast and plot share them.
//
// Thread safety: values; pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/forecast_fleet.h"

namespace CLI {
class App;
}

namespace chiliad::app {

struct ForecastFlags {
  std::int64_t period = 0;
  std::string future;
  std::string freq = "D";
  bool include_history = false;
  int simulate = 0;
  std::uint64_t seed = 0;
  double interval_width = 0;
  std::vector<double> quantiles;
  bool conformal = false;
};

void add_forecast_flags(CLI::App& command, ForecastFlags& flags);

// All of a plan but its columns. Reads the --future table. Errors: kInvalid, naming the flag; as FutureRows::parse()
// and base/file.h.
Result<train::ForecastPlan> read_forecast_flags(const ForecastFlags& flags);

}  // namespace chiliad::app
