#include "algorithm/prophet_settings.h"

#include <filesystem>
#include <type_traits>
#include <variant>

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
  const auto take = [&](std::string_view name, auto& into) {
    if (settings.has(name)) flags.given.emplace(name);
    if constexpr (std::is_same_v<decltype(into), int&>) {
      std::int64_t count = into;
      settings.take(name, count, 0, name == "n_changepoints" ? 100'000 : 1'000'000);
      into = static_cast<int>(count);
    } else {
      settings.take(name, into);
    }
  };
  for (const auto& [name, member] : train::kProphetOptions)
    std::visit([&, key = name](auto which) { take(key, flags.*which); }, member);
  take("changepoints", flags.changepoints);
  settings.take("options", flags.options);
  settings.take("add_seasonality", flags.add_seasonality);
  settings.take("add_regressor", flags.add_regressor);
  settings.take("regressor_predictor", flags.regressor_predictor);
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
