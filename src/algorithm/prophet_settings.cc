#include "algorithm/prophet_settings.h"

#include <filesystem>

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

// Of what the job brought alone: errors quote what they find in a file.
Result<fs::path> place_below(const Container& container, const std::string& path) {
  if (!path.starts_with("/opt/ml/")) return invalid("expected a path below /opt/ml, found '" + path + "'");
  return container.place(path);
}

}  // namespace

void take_prophet_settings(Settings& settings, train::ProphetFlags& flags) {
  const auto take = [&](std::string_view name, auto& into, auto... range) {
    if (settings.has(name)) flags.given.emplace(name);
    settings.take(name, into, range...);
  };
  const auto take_count = [&](std::string_view name, int& into, std::int64_t most) {
    std::int64_t count = into;
    take(name, count, 0, most);
    into = static_cast<int>(count);
  };
  settings.take("options", flags.options);
  take("growth", flags.growth);
  take("changepoints", flags.changepoints);
  take_count("n_changepoints", flags.n_changepoints, 100'000);
  take_count("uncertainty_samples", flags.uncertainty_samples, 1'000'000);
  take_count("mcmc_samples", flags.mcmc_samples, 1'000'000);
  take("changepoint_range", flags.changepoint_range);
  take("changepoint_prior_scale", flags.changepoint_prior_scale);
  take("yearly_seasonality", flags.yearly_seasonality);
  take("weekly_seasonality", flags.weekly_seasonality);
  take("daily_seasonality", flags.daily_seasonality);
  settings.take("add_seasonality", flags.add_seasonality);
  settings.take("add_regressor", flags.add_regressor);
  settings.take("regressor_predictor", flags.regressor_predictor);
  take("seasonality_mode", flags.seasonality_mode);
  take("seasonality_prior_scale", flags.seasonality_prior_scale);
  take("holidays", flags.holidays);
  take("country_holidays", flags.country_holidays);
  take("holidays_prior_scale", flags.holidays_prior_scale);
  take("holidays_mode", flags.holidays_mode);
  take("scaling", flags.scaling);
  take("interval_width", flags.interval_width);
}

Result<train::FleetOptions> read_fleet_options(const Container& container, train::ProphetFlags flags) {
  if (!flags.options.empty()) {
    Result<fs::path> place = place_below(container, flags.options);
    if (!place) return std::move(place).error().in("options");
    flags.options = *place;
  }
  if (!flags.holidays.empty()) {
    Result<fs::path> place = container.place(flags.holidays);
    if (!place) return std::move(place).error().in("holidays");
    flags.holidays = *place;
  }
  return train::FleetOptions::make(std::move(flags),
                                   [&](const std::string& path) { return place_below(container, path); });
}

}  // namespace chiliad::algorithm
