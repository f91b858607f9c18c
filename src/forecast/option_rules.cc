#include "forecast/option_rules.h"

#include <algorithm>
#include <cmath>

#include "forecast/component_name.h"
#include "forecast/country_holidays.h"

namespace chiliad::forecast {
namespace {

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

Result<Done> check_holidays(const HolidayTable& table) {
  if (table.rows.size() > 1'000'000) return invalid("more than 1000000 rows of holidays");
  for (const HolidayTable::Row& row : table.rows) {
    if (row.name >= table.names.size()) return invalid("holidays: a row without a name");
    if (row.lower_window > 0) return invalid("Holiday lower_window should be <= 0");
    if (row.upper_window < 0) return invalid("Holiday upper_window should be >= 0");
    if (row.lower_window < -10'000 || row.upper_window > 10'000)
      return invalid("holiday " + quoted_name(table.names[row.name]) + ": a window is at most 10000 days long");
    if (!std::isnan(row.prior_scale) && !is_scale(row.prior_scale)) return invalid("Prior scale must be > 0");
  }
  for (const std::string& name : table.names) {
    if (Result<Done> checked = check_component_name(name); !checked) return checked;
  }
  return Done{};
}

// What a name may not be, beside the reserved ones.
class Names {
 public:
  // Errors: kInvalid: a country that is not known, or one of its holidays has a reserved name.
  static Result<Names> of(const ProphetOptions& options) {
    Names names(options);
    if (options.country_holidays.empty()) return names;
    const std::optional<CountryHolidays> country = CountryHolidays::find(options.country_holidays);
    if (!country) return invalid("Holidays in " + options.country_holidays + " are not currently supported!");
    constexpr int kFirstYear = 1995, kLastYear = 2044;  // Prophet's.
    for (const std::uint16_t id : country->names(kFirstYear, kLastYear)) {
      names.of_country_.push_back(country_holiday_name(id));
      if (Result<Done> checked = check_component_name(names.of_country_.back()); !checked)
        return std::move(checked).error();
    }
    return names;
  }

  Result<Done> is_free_of_holidays(const std::string& name) const {
    if (options_.holidays && std::ranges::find(options_.holidays->names, name) != options_.holidays->names.end())
      return invalid("Name " + quoted_name(name) + " already used for a holiday.");
    if (std::ranges::find(of_country_, name) != of_country_.end())
      return invalid("Name " + quoted_name(name) + " is a holiday name in " + options_.country_holidays + ".");
    return Done{};
  }

  // `itself`: may have the name.
  Result<Done> is_free_of_seasonalities(const std::string& name, const Seasonality* itself) const {
    for (const Seasonality& seasonality : options_.seasonalities) {
      if (&seasonality != itself && seasonality.name == name)
        return invalid("Name " + quoted_name(name) + " already used for a seasonality.");
    }
    return Done{};
  }

 private:
  explicit Names(const ProphetOptions& options) : options_(options) {}

  const ProphetOptions& options_;
  std::vector<std::string_view> of_country_;
};

Result<Done> check_seasonality_names(const Seasonality& seasonality, const Names& names) {
  if (!is_built_in_seasonality(seasonality.name)) {
    if (Result<Done> free = names.is_free_of_holidays(seasonality.name); !free) return free;
  }
  const std::string& condition = seasonality.condition_name;
  if (condition.empty()) return Done{};
  if (Result<Done> free = names.is_free_of_holidays(condition); !free) return free;
  return names.is_free_of_seasonalities(condition, &seasonality);
}

// A condition may share its name with a regressor: both read the same column of the rows.
Result<Done> check_names(const ProphetOptions& options) {
  const Result<Names> names = Names::of(options);
  if (!names) return names.error();
  for (const Seasonality& seasonality : options.seasonalities) {
    if (Result<Done> checked = check_seasonality_names(seasonality, *names); !checked) return checked;
  }
  for (std::size_t i = 0; i < options.regressors.size(); ++i) {
    const std::string& name = options.regressors[i].name;
    if (Result<Done> free = names->is_free_of_holidays(name); !free) return free;
    if (Result<Done> free = names->is_free_of_seasonalities(name, nullptr); !free) return free;
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
  if (!(options.changepoint_range >= 0 && options.changepoint_range <= 1)) {
    return invalid("Parameter \"changepoint_range\" must be in [0, 1]");
  }
  if (Result<Done> checked = check_scales(options); !checked) return checked;
  if (!(options.interval_width > 0 && (1 - options.interval_width) / 2 > 0 && (1 + options.interval_width) / 2 < 1)) {
    return invalid("Parameter \"interval_width\" must be in (0, 1)");
  }
  if (options.uncertainty_samples < 0) return invalid("Parameter \"uncertainty_samples\" must be >= 0");
  if (options.n_changepoints > 10'000) return invalid("Parameter \"n_changepoints\" must be at most 10000");
  if (options.holidays) {
    if (Result<Done> checked = check_holidays(*options.holidays); !checked) return checked;
  }
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
