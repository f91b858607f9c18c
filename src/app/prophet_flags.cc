#include "app/prophet_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace chiliad::app {
namespace {

constexpr std::string_view kGroup = "Prophet";

}  // namespace

void add_prophet_flags(CLI::App& command, ProphetFlags& flags) {
  const std::string group(kGroup);
  const auto add = [&](const std::string& name, auto& value, const std::string& what) {
    std::string option = name.substr(2);
    std::ranges::replace(option, '-', '_');
    return command.add_option(name, value, what)
        ->group(group)
        ->capture_default_str()
        ->each([&flags, option](const std::string&) { flags.given.insert(option); });
  };
  command
      .add_option("--options", flags.options,
                  "A TOML or JSON file of Prophet's options, holidays, seasonalities and regressors, and of those that "
                  "series have by id or pattern; the flags below stand before its general ones")
      ->group(group);
  add("--growth", flags.growth,
      "linear, flat, or logistic: below the table's column cap and above its column floor (else 0)");
  add("--changepoints", flags.changepoints, "Dates at which the slope may change, instead of --n-changepoints")
      ->delimiter(',');
  add("--n-changepoints", flags.n_changepoints, "How many places where the slope may change");
  add("--changepoint-range", flags.changepoint_range, "Share of the history that they are spread over");
  add("--changepoint-prior-scale", flags.changepoint_prior_scale, "How freely the slope changes");
  add("--yearly-seasonality", flags.yearly_seasonality, "auto, true, false or the number of Fourier terms");
  add("--weekly-seasonality", flags.weekly_seasonality, "auto, true, false or the number of Fourier terms");
  add("--daily-seasonality", flags.daily_seasonality, "auto, true, false or the number of Fourier terms");
  add("--add-seasonality", flags.add_seasonality,
      "A further seasonality, name:period:order[:prior_scale[:mode[:condition_name]]], the period in days; "
      "condition_name is a column of the rows that says where it acts; may be repeated")
      ->take_all();
  add("--add-regressor", flags.add_regressor,
      "A column of the rows as a regressor, name[:prior_scale[:standardize[:mode]]]; may be repeated")
      ->take_all();
  command.add_option("--regressor-predictor", flags.regressor_predictor)->group("");  // Not shown: it is refused.
  add("--seasonality-mode", flags.seasonality_mode, "additive or multiplicative");
  add("--seasonality-prior-scale", flags.seasonality_prior_scale, "How strong seasonalities may be");
  add("--holidays", flags.holidays,
      "A CSV of holidays: columns holiday, ds, and, if wanted, lower_window, upper_window, prior_scale");
  add("--country-holidays", flags.country_holidays,
      "The public holidays of a country, as US; chiliad holidays lists them");
  add("--holidays-prior-scale", flags.holidays_prior_scale, "How strong holidays and regressors may be");
  add("--holidays-mode", flags.holidays_mode, "additive or multiplicative; --seasonality-mode where not given");
  add("--scaling", flags.scaling, "absmax or minmax");
  add("--interval-width", flags.interval_width, "Width of the intervals of a forecast");
  add("--uncertainty-samples", flags.uncertainty_samples,
      "Futures drawn where intervals are simulated; 0 leaves the intervals out");
  add("--mcmc-samples", flags.mcmc_samples,
      "Above 0: sample the posterior, half of so many steps as warm-up, in 4 chains");
}

}  // namespace chiliad::app
