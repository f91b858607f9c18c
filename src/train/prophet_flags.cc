#include "train/prophet_flags.h"

#include <algorithm>
#include <array>

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

// A part's prior scale and mode, where its text gives them. Errors: kInvalid in Prophet's words.
Result<Done> read_scale(const std::vector<std::string>& parts, std::size_t at, double& into) {
  if (parts.size() <= at || parts[at].empty()) return Done{};
  const std::optional<double> given = parse_double(parts[at]);
  if (!given || *given <= 0) return invalid("Prior scale must be > 0");
  into = *given;
  return Done{};
}

Result<Done> read_mode(const std::vector<std::string>& parts, std::size_t at, Mode& into) {
  if (parts.size() <= at || parts[at].empty()) return Done{};
  const std::optional<Mode> given = parse_mode(parts[at]);
  if (!given) return invalid("mode must be \"additive\" or \"multiplicative\"");
  into = *given;
  return Done{};
}

Result<forecast::Seasonality> parse_seasonality(const std::string& text, const forecast::ProphetOptions& options) {
  const std::vector<std::string> parts = split_at_colons(text);
  if (parts.size() < 3 || parts.size() > 6)
    return invalid("expected name:period:order[:prior_scale[:mode[:condition_name]]] with the period in days");
  if (Result<Done> name = forecast::check_seasonality_name(parts[0]); !name) return std::move(name).error();
  const std::optional<double> period = parse_double(parts[1]);
  if (!period || *period <= 0) return invalid("period: expected a number of days above 0, found '" + parts[1] + "'");
  const std::optional<std::int64_t> order = parse_integer(parts[2]);
  if (!order || *order > 1000) return invalid("order: expected a whole number up to 1000, found '" + parts[2] + "'");
  if (*order <= 0) return invalid("Fourier Order must be > 0");
  forecast::Seasonality seasonality{parts[0], *period, static_cast<int>(*order), options.seasonality_prior_scale,
                                    options.seasonality_mode};
  if (Result<Done> read = read_scale(parts, 3, seasonality.prior_scale); !read) return std::move(read).error();
  if (Result<Done> read = read_mode(parts, 4, seasonality.mode); !read) return std::move(read).error();
  if (parts.size() > 5) seasonality.condition_name = parts[5];
  return seasonality;
}

Result<forecast::Regressor> parse_regressor(const std::string& text, const forecast::ProphetOptions& options) {
  const std::vector<std::string> parts = split_at_colons(text);
  if (parts.size() > 4) return invalid("expected name[:prior_scale[:standardize[:mode]]]");
  if (Result<Done> name = forecast::check_component_name(parts[0]); !name) return std::move(name).error();
  forecast::Regressor regressor{parts[0], options.holidays_prior_scale, forecast::Standardize::kAuto,
                                options.seasonality_mode};
  if (Result<Done> read = read_scale(parts, 1, regressor.prior_scale); !read) return std::move(read).error();
  if (Result<Done> read = read_mode(parts, 3, regressor.mode); !read) return std::move(read).error();
  if (parts.size() < 3 || parts[2].empty() || parts[2] == "auto") return regressor;
  const bool yes = parts[2] == "true" || parts[2] == "True";
  if (!yes && parts[2] != "false" && parts[2] != "False") return invalid("standardize: expected auto, true or false");
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
  if (flags.changepoints.empty()) return Done{};
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
  for (const std::string& text : flags.add_seasonality) {
    Result<forecast::Seasonality> added = parse_seasonality(text, options);
    if (!added) return std::move(added).error().in("--add-seasonality " + text);
    put(options.seasonalities, *std::move(added));
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
  for (const std::string& text : flags.add_regressor) {
    Result<forecast::Regressor> added = parse_regressor(text, options);
    if (!added) return std::move(added).error().in("--add-regressor " + text);
    put(options.regressors, *std::move(added));
  }
  return Done{};
}

Result<Done> read_holidays(const ProphetFlags& flags, forecast::ProphetOptions& options) {
  options.country_holidays = flags.country_holidays;
  if (flags.holidays.empty()) return Done{};
  Result<std::string> text = read_file_or_pipe(flags.holidays, std::uint64_t{1} << 28);
  if (!text) return std::move(text).error().in("--holidays");
  Result<forecast::HolidayTable> table = read_holiday_file(*text, flags.holidays);
  if (!table) return std::move(table).error().in("--holidays");
  options.holidays = std::make_shared<const forecast::HolidayTable>(*std::move(table));
  return Done{};
}

}  // namespace

Result<forecast::ProphetOptions> read_prophet_flags(const ProphetFlags& flags) {
  forecast::ProphetOptions options;
  for (const auto read : {read_growth_and_scaling, read_modes, read_changepoints, read_scales, read_seasonalities,
                          read_regressors, read_holidays}) {
    if (Result<Done> done = read(flags, options); !done) return std::move(done).error();
  }
  // What the parts are to one another: names that two of them have.
  if (Result<Done> done = forecast::check_options(options); !done) return std::move(done).error();
  return options;
}

}  // namespace chiliad::train
