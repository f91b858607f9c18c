#include "train/prophet_flags.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/file.h"
#include "base/number.h"
#include "forecast/component_name.h"
#include "forecast/option_rules.h"
#include "train/holiday_file.h"

namespace chiliad::train {
namespace {

using forecast::Mode;

std::optional<Mode> parse_mode(std::string_view text) {
  if (text == "additive") return Mode::kAdditive;
  if (text == "multiplicative") return Mode::kMultiplicative;
  return std::nullopt;
}

Result<forecast::SeasonalityChoice> parse_choice(std::string_view flag, std::string_view text) {
  using Kind = forecast::SeasonalityChoice::Kind;
  if (text == "auto") return forecast::SeasonalityChoice{Kind::kAuto, 0};
  if (text == "true" || text == "True") return forecast::SeasonalityChoice{Kind::kOn, 0};
  if (text == "false" || text == "False") return forecast::SeasonalityChoice{Kind::kOff, 0};
  const std::optional<std::int64_t> order = parse_integer(text);
  if (!order || *order < -1000 || *order > 1000) {
    return invalid(std::string(flag) + ": expected auto, true, false or a number of Fourier terms up to 1000, found '" +
                   std::string(text) + "'");
  }
  return forecast::SeasonalityChoice{Kind::kOrder, static_cast<int>(*order)};
}

std::vector<std::string> split_at_colons(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// A part's prior scale, where its text gives one; NaN: it is no number.
std::optional<double> scale_of(const std::vector<std::string>& parts, std::size_t at) {
  if (parts.size() <= at || parts[at].empty()) return std::nullopt;
  return parse_double(parts[at]).value_or(std::numeric_limits<double>::quiet_NaN());
}

std::string part_of(const std::vector<std::string>& parts, std::size_t at) {
  return parts.size() > at ? parts[at] : std::string();
}

Result<AddedSeasonality> parse_seasonality(const std::string& text) {
  const std::vector<std::string> parts = split_at_colons(text);
  if (parts.size() < 3 || parts.size() > 6)
    return invalid("expected name:period:order[:prior_scale[:mode[:condition_name]]] with the period in days");
  // Before what may be wrong with its numbers.
  if (Result<Done> name = forecast::check_seasonality_name(parts[0]); !name) return std::move(name).error();
  const std::optional<double> period = parse_double(parts[1]);
  if (!period || *period <= 0) return invalid("period: expected a number of days above 0, found '" + parts[1] + "'");
  const std::optional<std::int64_t> order = parse_integer(parts[2]);
  if (!order || *order > 1000) return invalid("order: expected a whole number up to 1000, found '" + parts[2] + "'");
  return AddedSeasonality{parts[0], *period, *order, scale_of(parts, 3), part_of(parts, 4), part_of(parts, 5), {}};
}

Result<AddedRegressor> parse_regressor(const std::string& text) {
  const std::vector<std::string> parts = split_at_colons(text);
  if (parts.size() > 4) return invalid("expected name[:prior_scale[:standardize[:mode]]]");
  return AddedRegressor{parts[0], scale_of(parts, 1), part_of(parts, 2), part_of(parts, 3), {}};
}

// The parts' own prior scale and mode, in the place of the general ones. Errors: kInvalid in Prophet's words.
Result<Done> take_scale_and_mode(const std::optional<double>& prior_scale, const std::string& mode, double& scale_into,
                                 Mode& mode_into) {
  if (prior_scale && !(*prior_scale > 0)) return invalid("Prior scale must be > 0");
  scale_into = prior_scale.value_or(scale_into);
  const std::optional<Mode> given = mode.empty() ? mode_into : parse_mode(mode);
  if (!given) return invalid("mode must be \"additive\" or \"multiplicative\"");
  mode_into = *given;
  return Done{};
}

Result<forecast::Seasonality> make_seasonality(const AddedSeasonality& added, const forecast::ProphetOptions& options) {
  if (Result<Done> name = forecast::check_seasonality_name(added.name); !name) return std::move(name).error();
  if (!(added.period > 0)) {
    std::string found;
    append_repr(found, added.period);
    return invalid("period: expected a number of days above 0, found '" + found + "'");
  }
  if (added.fourier_order > 1000) {
    return invalid("order: expected a whole number up to 1000, found '" + std::to_string(added.fourier_order) + "'");
  }
  if (added.fourier_order <= 0) return invalid("Fourier Order must be > 0");
  forecast::Seasonality seasonality{added.name, added.period, static_cast<int>(added.fourier_order),
                                    options.seasonality_prior_scale, options.seasonality_mode};
  if (Result<Done> taken =
          take_scale_and_mode(added.prior_scale, added.mode, seasonality.prior_scale, seasonality.mode);
      !taken)
    return std::move(taken).error();
  seasonality.condition_name = added.condition_name;
  return seasonality;
}

Result<forecast::Regressor> make_regressor(const AddedRegressor& added, const forecast::ProphetOptions& options) {
  if (Result<Done> name = forecast::check_component_name(added.name); !name) return std::move(name).error();
  forecast::Regressor regressor{added.name, options.holidays_prior_scale, forecast::Standardize::kAuto,
                                options.seasonality_mode};
  if (Result<Done> taken = take_scale_and_mode(added.prior_scale, added.mode, regressor.prior_scale, regressor.mode);
      !taken)
    return std::move(taken).error();
  if (added.standardize.empty() || added.standardize == "auto") return regressor;
  const bool yes = added.standardize == "true" || added.standardize == "True";
  if (!yes && added.standardize != "false" && added.standardize != "False")
    return invalid("standardize: expected auto, true or false");
  regressor.standardize = yes ? forecast::Standardize::kYes : forecast::Standardize::kNo;
  return regressor;
}

// As in Prophet, where a second call with the same name replaces the first in its place.
template <class T>
void put(std::vector<T>& parts, T part) {
  const auto same = std::ranges::find(parts, part.name, &T::name);
  if (same == parts.end()) {
    parts.push_back(std::move(part));
  } else {
    *same = std::move(part);
  }
}

Result<Done> read_growth_and_scaling(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  if (flags.growth != "linear" && flags.growth != "logistic" && flags.growth != "flat")
    return invalid("Parameter \"growth\" should be \"linear\", \"logistic\" or \"flat\".");
  if (flags.growth == "flat") options.growth = forecast::Growth::kFlat;
  if (flags.growth == "logistic") options.growth = forecast::Growth::kLogistic;
  if (flags.scaling != "absmax" && flags.scaling != "minmax")
    return invalid("scaling must be one of 'absmax' or 'minmax'");
  options.scaling = flags.scaling == "minmax" ? forecast::Scaling::kMinMax : forecast::Scaling::kAbsMax;
  return Done{};
}

Result<Done> read_modes(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  const std::optional<Mode> mode = parse_mode(flags.seasonality_mode);
  if (!mode) return invalid("seasonality_mode must be \"additive\" or \"multiplicative\"");
  options.seasonality_mode = *mode;
  if (flags.holidays_mode.empty()) return Done{};
  options.holidays_mode = parse_mode(flags.holidays_mode);
  if (!options.holidays_mode) return invalid("holidays_mode must be \"additive\" or \"multiplicative\"");
  return Done{};
}

Result<Done> read_changepoints(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  if (!(flags.changepoint_range >= 0 && flags.changepoint_range <= 1))
    return invalid("Parameter \"changepoint_range\" must be in [0, 1]");
  options.changepoint_range = flags.changepoint_range;
  options.n_changepoints = flags.n_changepoints;
  // A list that is given and empty: none, as in Prophet.
  if (flags.changepoints.empty() && !flags.given.contains("changepoints")) return Done{};
  options.changepoints.emplace();
  for (const std::string& text : flags.changepoints) {
    Result<Instant> moment = parse_instant(text);
    if (!moment) return std::move(moment).error().in("--changepoints");
    options.changepoints->push_back(*moment);
  }
  return Done{};
}

Result<Done> read_scales(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  for (const auto& [flag, scale] : {std::pair("--seasonality-prior-scale", flags.seasonality_prior_scale),
                                    std::pair("--changepoint-prior-scale", flags.changepoint_prior_scale),
                                    std::pair("--holidays-prior-scale", flags.holidays_prior_scale)}) {
    if (!(scale > 0)) return invalid(std::string(flag) + ": Prior scale must be > 0");
  }
  options.seasonality_prior_scale = flags.seasonality_prior_scale;
  options.changepoint_prior_scale = flags.changepoint_prior_scale;
  options.holidays_prior_scale = flags.holidays_prior_scale;
  if (!(flags.interval_width > 0 && flags.interval_width < 1))
    return invalid("--interval-width: expected a number between 0 and 1");
  options.interval_width = flags.interval_width;
  if (flags.uncertainty_samples < 0) return invalid("--uncertainty-samples: expected 0 or more");
  options.uncertainty_samples = flags.uncertainty_samples;
  if (flags.mcmc_samples != 0 && (flags.mcmc_samples < 8 || flags.mcmc_samples > 1'000'000))
    return invalid("--mcmc-samples: expected 0 or a number from 8 to 1000000");
  options.mcmc_samples = flags.mcmc_samples;
  return Done{};
}

Result<Done> read_seasonalities(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  const std::array built_in{std::tuple{"--yearly-seasonality", &flags.yearly_seasonality, &options.yearly_seasonality},
                            std::tuple{"--weekly-seasonality", &flags.weekly_seasonality, &options.weekly_seasonality},
                            std::tuple{"--daily-seasonality", &flags.daily_seasonality, &options.daily_seasonality}};
  for (const auto& [flag, text, choice] : built_in) {
    Result<forecast::SeasonalityChoice> read = parse_choice(flag, *text);
    if (!read) return std::move(read).error();
    *choice = *read;
  }
  for (const AddedSeasonality& added : flags.seasonalities) {
    Result<forecast::Seasonality> made = make_seasonality(added, options);
    if (!made) return std::move(made).error().in(added.source);
    put(options.seasonalities, *std::move(made));
  }
  return Done{};
}

Result<Done> read_regressors(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  if (!flags.regressor_predictor.empty()) {
    return invalid("regressor_predictor " + flags.regressor_predictor.front() +
                   ": the model that forecasts a regressor is not part of Prophet's stored form, so no forecast of a "
                   "stored model could use it. Train a model of the regressor's own series and give its forecast as "
                   "the regressor's future values, or fit in Python, where chiliad.Prophet has it");
  }
  for (const AddedRegressor& added : flags.regressors) {
    Result<forecast::Regressor> made = make_regressor(added, options);
    if (!made) return std::move(made).error().in(added.source);
    put(options.regressors, *std::move(made));
  }
  return Done{};
}

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Rows of `from` but for those of the names left out.
void copy_rows(const forecast::HolidayTable& from, const std::vector<std::string>& without,
               forecast::HolidayTable& into) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : from.names) {
    numbers.push_back(static_cast<std::uint32_t>(into.names.size()));
    if (!is_among(without, name)) into.names.push_back(name);
  }
  for (forecast::HolidayTable::Row row : from.rows) {
    if (is_among(without, from.names[row.name])) continue;
    row.name = numbers[row.name];
    into.rows.push_back(row);
  }
  into.has_windows = from.has_windows;
  into.has_prior_scales = from.has_prior_scales;
}

void append_rows(const AddedHoliday& added, forecast::HolidayTable& into) {
  const auto name = static_cast<std::uint32_t>(std::ranges::find(into.names, added.name) - into.names.begin());
  if (name == into.names.size()) into.names.push_back(added.name);
  for (const std::int32_t day : added.days)
    into.rows.push_back({name, day, added.lower_window, added.upper_window, added.prior_scale});
  into.has_windows |= added.has_window;
  into.has_prior_scales |= !std::isnan(added.prior_scale);
}

Result<Done> read_holidays(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  options.country_holidays = flags.country_holidays;
  options.holidays = flags.holiday_table;
  if (!options.holidays && !flags.holidays.empty()) {
    Result<std::shared_ptr<const forecast::HolidayTable>> table = read_holidays_of(flags.holidays);
    if (!table) return std::move(table).error().in("--holidays");
    options.holidays = *std::move(table);
  }
  const bool as_it_is = flags.added_holidays.empty() && (!options.holidays || flags.without_holidays.empty());
  if (as_it_is) return Done{};
  auto joined = std::make_shared<forecast::HolidayTable>();
  if (options.holidays) copy_rows(*options.holidays, flags.without_holidays, *joined);
  for (const AddedHoliday& added : flags.added_holidays) append_rows(added, *joined);
  options.holidays = joined->rows.empty() ? nullptr : std::move(joined);
  return Done{};
}

}  // namespace

Result<forecast::ProphetOptions> read_prophet_flags(const ProphetFlags& said) {
  forecast::ProphetOptions options;
  ProphetFlags flags = said;
  if (Result<Done> parsed = parse_added_parts(flags); !parsed) return std::move(parsed).error();
  for (const auto read : {read_growth_and_scaling, read_modes, read_changepoints, read_scales, read_seasonalities,
                          read_regressors, read_holidays}) {
    if (Result<Done> done = read(flags, options); !done) return std::move(done).error();
  }
  // What the parts are to one another: names that two of them have.
  if (Result<Done> done = forecast::check_options(options); !done) return std::move(done).error();
  return options;
}

Result<Done> parse_added_parts(ProphetFlags& flags) {
  for (const std::string& text : flags.add_seasonality) {
    Result<AddedSeasonality> added = parse_seasonality(text);
    if (!added) return std::move(added).error().in("--add-seasonality " + text);
    added->source = "--add-seasonality " + text;
    flags.seasonalities.push_back(*std::move(added));
  }
  for (const std::string& text : flags.add_regressor) {
    Result<AddedRegressor> added = parse_regressor(text);
    if (!added) return std::move(added).error().in("--add-regressor " + text);
    added->source = "--add-regressor " + text;
    flags.regressors.push_back(*std::move(added));
  }
  flags.add_seasonality.clear();
  flags.add_regressor.clear();
  return Done{};
}

Result<std::shared_ptr<const forecast::HolidayTable>> read_holidays_of(const std::string& path) {
  Result<std::string> text = read_file_or_pipe(path, std::uint64_t{1} << 28);
  if (!text) return std::move(text).error();
  Result<forecast::HolidayTable> table = read_holiday_file(*text, path);
  if (!table) return std::move(table).error();
  return std::make_shared<const forecast::HolidayTable>(*std::move(table));
}

}  // namespace chiliad::train
