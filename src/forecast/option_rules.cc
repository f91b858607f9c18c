#include "forecast/option_rules.h"

#include <algorithm>
#include <cmath>

#include "forecast/component_name.h"

namespace chiliad::forecast {
namespace {

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

bool is_scale(double value) { return value > 0 && std::isfinite(value); }

Result<Done> check_scales(const ProphetOptions& options) {
  if (!is_scale(options.changepoint_prior_scale)) {
    return invalid("Parameter \"changepoint_prior_scale\" must be > 0");
  }
  if (!is_scale(options.seasonality_prior_scale)) {
    return invalid("Parameter \"seasonality_prior_scale\" must be > 0");
  }
  if (!is_scale(options.holidays_prior_scale)) return invalid("Parameter \"holidays_prior_scale\" must be > 0");
  return Done{};
}

Result<Done> check_seasonality(const Seasonality& seasonality) {
  if (Result<Done> named = check_seasonality_name(seasonality.name); !named) return named;
  const std::string where = "seasonality " + quoted_name(seasonality.name) + ": ";
  if (!(seasonality.period_days > 0) || !std::isfinite(seasonality.period_days))
    return invalid(where + "Period must be > 0");
  if (seasonality.fourier_order < 1) return invalid(where + "Fourier Order must be > 0");
  if (seasonality.fourier_order > 10'000) return invalid(where + "Fourier Order must be at most 10000");
  if (!is_scale(seasonality.prior_scale)) return invalid(where + "Prior scale must be > 0");
  if (seasonality.condition_name.empty()) return Done{};
  Result<Done> condition = check_component_name(seasonality.condition_name);
  return condition ? std::move(condition) : std::move(condition).error().in(where + "condition");
}

Result<Done> check_regressor(const Regressor& regressor) {
  if (Result<Done> named = check_component_name(regressor.name); !named) return named;
  if (is_scale(regressor.prior_scale)) return Done{};
  return invalid("regressor " + quoted_name(regressor.name) + ": Prior scale must be > 0");
}

// A condition may share its name with a regressor: both read the same column of the rows.
Result<Done> check_names(const ProphetOptions& options) {
  const auto is_seasonality = [&](std::string_view name) {
    return std::ranges::find(options.seasonalities, name, &Seasonality::name) != options.seasonalities.end();
  };
  for (const Seasonality& seasonality : options.seasonalities) {
    const std::string& condition = seasonality.condition_name;
    if (condition != seasonality.name && is_seasonality(condition)) {
      return invalid("Name " + quoted_name(condition) + " already used for a seasonality.");
    }
  }
  for (std::size_t i = 0; i < options.regressors.size(); ++i) {
    const std::string& name = options.regressors[i].name;
    if (is_seasonality(name)) return invalid("Name " + quoted_name(name) + " already used for a seasonality.");
    const auto before = options.regressors.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find_if(options.regressors.begin(), before, [&](const Regressor& one) { return one.name == name; }) !=
        before) {
      return invalid("Name " + quoted_name(name) + " already used for an added regressor.");
    }
  }
  return Done{};
}

}  // namespace

Result<Done> check_options(const ProphetOptions& options) {
  if (options.growth == Growth::kLogistic) {
    return invalid("growth 'logistic' is not supported yet: use 'linear' or 'flat'");
  }
  if (!(options.changepoint_range >= 0 && options.changepoint_range <= 1)) {
    return invalid("Parameter \"changepoint_range\" must be in [0, 1]");
  }
  if (Result<Done> checked = check_scales(options); !checked) return checked;
  if (!(options.interval_width > 0 && (1 - options.interval_width) / 2 > 0 && (1 + options.interval_width) / 2 < 1)) {
    return invalid("Parameter \"interval_width\" must be in (0, 1)");
  }
  if (options.uncertainty_samples < 0) return invalid("Parameter \"uncertainty_samples\" must be >= 0");
  if (options.n_changepoints > 10'000) return invalid("Parameter \"n_changepoints\" must be at most 10000");
  for (const Seasonality& seasonality : options.seasonalities) {
    if (Result<Done> checked = check_seasonality(seasonality); !checked) return checked;
  }
  for (const SeasonalityChoice* choice :
       {&options.yearly_seasonality, &options.weekly_seasonality, &options.daily_seasonality}) {
    if (choice->kind == SeasonalityChoice::Kind::kOrder && choice->fourier_order > 10'000) {
      return invalid("a seasonality's Fourier order must be at most 10000");
    }
  }
  for (const Regressor& regressor : options.regressors) {
    if (Result<Done> checked = check_regressor(regressor); !checked) return checked;
  }
  return check_names(options);
}

}  // namespace chiliad::forecast
