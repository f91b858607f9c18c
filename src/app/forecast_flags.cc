#include "app/forecast_flags.h"

#include <CLI/CLI.hpp>

#include "base/file.h"

namespace chiliad::app {

void add_forecast_flags(CLI::App& command, ForecastFlags& flags) {
  command.add_option("--period", flags.period, "Rows after the history");
  command.add_option("--future", flags.future,
                     "Instead: a CSV with the rows to forecast, columns ds, those that models need (regressors, "
                     "conditions), and customer_id where each customer has rows of its own");
  command.add_option("--freq", flags.freq, "Their distance, as pandas names it (D, h, 15min, W, MS, ...), or auto")
      ->capture_default_str();
  command.add_option("--interval-width", flags.interval_width, "Instead of the models' own, between 0 and 1");
  command.add_option("--simulate", flags.simulate, "Draw N futures for the intervals instead of computing them");
  command.add_option("--seed", flags.seed, "Of what is drawn; the same seed gives the same numbers");
  command.add_flag("--conformal", flags.conformal, "Bounds of yhat from the models' calibration (train --conformal)");
  command
      .add_option("--quantiles", flags.quantiles, "Further quantiles of yhat, as 0.05,0.95: columns yhat_q0.05, ...")
      ->delimiter(',');
}

Result<train::ForecastPlan> read_forecast_flags(const ForecastFlags& flags) {
  const auto invalid = [](std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; };
  train::ForecastPlan plan;
  if (flags.period < 0 || flags.period > 1'000'000) return invalid("--period: expected 0 to 1,000,000 rows");
  if (!flags.future.empty()) {
    if (flags.period != 0) return invalid("--period and --future exclude each other");
    Result<std::string> bytes = read_file_or_pipe(flags.future, std::uint64_t{1} << 30);
    if (!bytes) return std::move(bytes).error().in("--future");
    Result<train::FutureRows> rows = train::FutureRows::parse(*bytes, flags.future);
    if (!rows) return std::move(rows).error().in("--future");
    plan.future = std::make_shared<const train::FutureRows>(*std::move(rows));
  }
  if (flags.period == 0 && !flags.include_history && !plan.future) return invalid("--period: expected at least 1 row");
  plan.period = flags.period;
  plan.include_history = flags.include_history;
  if (flags.freq != "auto") {
    Result<forecast::Frequency> frequency = forecast::Frequency::parse(flags.freq);
    if (!frequency) return std::move(frequency).error().in("--freq");
    plan.frequency = *frequency;
  }
  if (flags.interval_width != 0) {
    if (!(flags.interval_width > 0 && flags.interval_width < 1))
      return invalid("--interval-width: expected a number between 0 and 1");
    plan.predict.interval_width = flags.interval_width;
  }
  if (flags.simulate < 0 || flags.simulate > 1'000'000) return invalid("--simulate: expected 1 to 1,000,000 futures");
  if (flags.simulate > 0) {
    plan.predict.uncertainty = forecast::Uncertainty::kSimulated;
    plan.predict.uncertainty_samples = flags.simulate;
    plan.predict.seed = flags.seed;
  }
  for (const double quantile : flags.quantiles) {
    if (!(quantile > 0 && quantile < 1)) return invalid("--quantiles: expected numbers between 0 and 1");
  }
  plan.predict.quantiles = flags.quantiles;
  plan.predict.conformal = flags.conformal;
  return plan;
}

}  // namespace chiliad::app
