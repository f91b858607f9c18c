// `chiliad inspect`: what is in a stored model, for people or as JSON.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "app/command.h"
#include "app/commands.h"
#include "app/model_flags.h"
#include "app/size_text.h"
#include "app/text_output.h"
#include "base/json_writer.h"
#include "forecast/features.h"

namespace chiliad::app {
namespace {

using forecast::FittedState;
using forecast::Mode;

struct InspectFlags {
  ModelFlags model;
  std::string path;  // A file, or a folder or bucket in which --model is a name.
  bool json = false;
};

// The moment at scaled time t, to the millisecond: t is a rounded number.
Instant moment_at(const FittedState& state, double t) {
  return state.start + std::chrono::milliseconds(std::llround(t * state.t_scale_s * 1e3));
}

bool is_logistic(const FittedState& state) { return state.options.growth == forecast::Growth::kLogistic; }

// Slope of the trend in units of y a day; of logistic growth, the rate a day.
double per_day(const FittedState& state, double slope) {
  return slope * (is_logistic(state) ? 1 : state.y_scale) / state.t_scale_s * 86400;
}

bool has_changepoints(const FittedState& state) {
  return !(state.changepoints_t.size() == 1 && state.changepoints_t.front() == 0);
}

std::string choice_text(const forecast::SeasonalityChoice& choice) {
  using Kind = forecast::SeasonalityChoice::Kind;
  switch (choice.kind) {
    case Kind::kAuto: return "auto";
    case Kind::kOff: return "false";
    case Kind::kOn: return "true";
    case Kind::kOrder: return std::to_string(choice.fourier_order);
  }
  return "?";
}

// Largest effect of a seasonality: the norm of its coefficients bounds it; the rms follows from it exactly.
double seasonality_rms(const FittedState& state, std::size_t first, int order) {
  double squares = 0;
  for (std::size_t i = first; i < first + 2 * static_cast<std::size_t>(order); ++i)
    squares += state.beta[i] * state.beta[i];
  return std::sqrt(squares / 2);
}

std::string options_text(const FittedState& state) {
  const forecast::ProphetOptions& options = state.options;
  return fmt::format(
      "options       growth {}, seasonality {}, scaling {}, yearly {}, weekly {}, daily {}\n"
      "              prior scales: changepoints {:g}, seasonalities {:g}, holidays {:g}; interval width {:g}\n",
      forecast::growth_name(options.growth), forecast::mode_name(options.seasonality_mode),
      forecast::scaling_name(options.scaling), choice_text(options.yearly_seasonality),
      choice_text(options.weekly_seasonality), choice_text(options.daily_seasonality), options.changepoint_prior_scale,
      options.seasonality_prior_scale, options.holidays_prior_scale, options.interval_width);
}

std::string changepoints_text(const FittedState& state) {
  if (!has_changepoints(state) || state.options.growth == forecast::Growth::kFlat) return "changepoints  none\n";
  const auto changed = std::ranges::count_if(state.delta, [](double delta) { return delta != 0; });
  std::string text =
      fmt::format("changepoints  {}, of which {} change the slope\n", state.changepoints_t.size(), changed);
  double slope = state.k;
  for (std::size_t i = 0; i < state.delta.size(); ++i) {
    slope += state.delta[i];
    if (state.delta[i] == 0) continue;
    text +=
        fmt::format("  {:<24} {:+.6g} a day, to {:.6g}\n", format_instant(moment_at(state, state.changepoints_t[i])),
                    per_day(state, state.delta[i]), per_day(state, slope));
  }
  return text;
}

std::string seasonalities_text(const FittedState& state) {
  if (state.seasonalities.empty()) return "seasonalities none\n";
  std::string text = "seasonalities\n";
  std::size_t first = 0;
  for (const forecast::Seasonality& seasonality : state.seasonalities) {
    const double rms = seasonality_rms(state, first, seasonality.fourier_order);
    const bool additive = seasonality.mode == Mode::kAdditive;
    text += fmt::format("  {:<14} period {:g} days, order {}, prior scale {:g}, {}, typical effect {}\n",
                        seasonality.name, seasonality.period_days, seasonality.fourier_order, seasonality.prior_scale,
                        forecast::mode_name(seasonality.mode),
                        additive ? fmt::format("{:.4g}", rms * state.y_scale) : fmt::format("{:.2f} %", rms * 100));
    if (!seasonality.condition_name.empty())
      text += fmt::format("  {:<14} where {} is true\n", "", seasonality.condition_name);
    first += 2 * static_cast<std::size_t>(seasonality.fourier_order);
  }
  return text;
}

// A holiday's effects day by day: "+12.5, -3" in the order of the window.
struct HolidayEffect {
  std::string name;
  double prior_scale;
  std::vector<double> beta;
};

std::vector<HolidayEffect> holiday_effects(const forecast::FittedModel& model) {
  const forecast::FeatureParts parts = model.parts();
  const FittedState& state = model.state();
  std::vector<HolidayEffect> effects;
  const std::size_t first = state.beta.size() - state.options.regressors.size() - parts.holidays->size();
  for (const forecast::HolidayColumns::Run& run : parts.holidays->runs()) {
    const auto at = state.beta.begin() + static_cast<std::ptrdiff_t>(first + run.first);
    effects.push_back({run.name, run.prior_scale, {at, at + run.count}});
  }
  return effects;
}

std::string holidays_text(const forecast::FittedModel& model) {
  const FittedState& state = model.state();
  if (state.train_holiday_names.empty()) return "";
  const bool additive = model.parts().holidays_mode == Mode::kAdditive;
  std::string text =
      fmt::format("holidays      {}{}\n", forecast::mode_name(model.parts().holidays_mode),
                  state.options.country_holidays.empty() ? "" : ", of " + state.options.country_holidays + " and own");
  for (const HolidayEffect& one : holiday_effects(model)) {
    text += fmt::format("  {:<28} prior scale {:g}:", one.name, one.prior_scale);
    for (const double beta : one.beta)
      text += additive ? fmt::format(" {:+.4g}", beta * state.y_scale) : fmt::format(" {:+.3g} %", beta * 100);
    text += '\n';
  }
  return text;
}

// What one unit more of the regressor adds: in the unit of y, or as a share of the trend.
double coefficient(const FittedState& state, std::size_t i) {
  const std::vector<forecast::Regressor>& regressors = state.options.regressors;
  const double beta = state.beta[state.beta.size() - regressors.size() + i];
  return beta / regressors[i].std * (regressors[i].mode == Mode::kAdditive ? state.y_scale : 1);
}

std::string_view standardize_text(forecast::Standardize standardize) {
  switch (standardize) {
    case forecast::Standardize::kAuto: return "auto";
    case forecast::Standardize::kYes: return "true";
    case forecast::Standardize::kNo: return "false";
  }
  return "?";
}

std::string regressors_text(const FittedState& state) {
  const std::vector<forecast::Regressor>& regressors = state.options.regressors;
  if (regressors.empty()) return "";
  std::string text = "regressors\n";
  for (std::size_t i = 0; i < regressors.size(); ++i) {
    const bool additive = regressors[i].mode == Mode::kAdditive;
    const double effect = coefficient(state, i);
    text += fmt::format(
        "  {:<14} prior scale {:g}, standardize {}, {}, {} a unit above {:g}\n", regressors[i].name,
        regressors[i].prior_scale, standardize_text(regressors[i].standardize), forecast::mode_name(regressors[i].mode),
        additive ? fmt::format("{:+.4g}", effect) : fmt::format("{:+.3g} %", effect * 100), regressors[i].mu);
  }
  return text;
}

std::string trend_text(const FittedState& state) {
  if (is_logistic(state)) {
    constexpr double kFar = 10;  // Lengths of the history.
    std::string text = fmt::format("trend         logistic below the column cap{}, rate {:.6g} a day at first",
                                   state.logistic_floor ? " and above floor" : "", per_day(state, state.k));
    if (std::fabs(state.m) < kFar) text += fmt::format(", half way at {}", format_instant(moment_at(state, state.m)));
    return text + "\n";
  }
  const double offset = state.m * state.y_scale + state.y_min;
  if (state.options.growth == forecast::Growth::kFlat) return fmt::format("trend         {:.6g}, flat\n", offset);
  return fmt::format("trend         {:.6g} at the start, slope {:.6g} a day at first\n", offset,
                     per_day(state, state.k));
}

std::string model_text(const LoadedModel& loaded) {
  const FittedState& state = loaded.model.state();
  const Instant last = state.last_dates.back();
  std::string text = fmt::format("model         {} ({} stored, {} in memory)\n", loaded.from,
                                 format_size(loaded.stored_bytes), format_size(loaded.model.memory_bytes()));
  text += fmt::format("customer      {}\n", loaded.customer_id);
  text +=
      fmt::format("history       {} rows with a value, {} dates, {} to {}; {}\n", state.rows, state.history_date_count,
                  format_instant(state.start), format_instant(last), state.history ? "kept" : "left out");
  text += options_text(state);
  text += trend_text(state);
  text += fmt::format("noise         {:.6g} (sigma_obs {:.6g} of y_scale {:.6g})\n", state.sigma_obs * state.y_scale,
                      state.sigma_obs, state.y_scale);
  if (state.log_posterior) text += fmt::format("log-posterior {:.6f}\n", *state.log_posterior);
  return text + changepoints_text(state) + seasonalities_text(state) + holidays_text(loaded.model) +
         regressors_text(state);
}

void write_seasonalities(JsonWriter& json, const FittedState& state) {
  json.key("seasonalities").begin_array();
  std::size_t first = 0;
  for (const forecast::Seasonality& seasonality : state.seasonalities) {
    json.begin_object().key("name").string(seasonality.name).key("period").number(seasonality.period_days);
    json.key("fourier_order").integer(seasonality.fourier_order).key("prior_scale").number(seasonality.prior_scale);
    json.key("mode").string(forecast::mode_name(seasonality.mode)).key("condition_name");
    seasonality.condition_name.empty() ? json.null() : json.string(seasonality.condition_name);
    json.key("beta").begin_array();
    const std::size_t end = first + 2 * static_cast<std::size_t>(seasonality.fourier_order);
    for (; first < end; ++first) json.number(state.beta[first]);
    json.end_array().end_object();
  }
  json.end_array();
}

void write_holidays(JsonWriter& json, const forecast::FittedModel& model) {
  const std::string& country = model.state().options.country_holidays;
  json.key("country_holidays");
  country.empty() ? json.null() : json.string(country);
  json.key("holidays_mode").string(forecast::mode_name(model.parts().holidays_mode)).key("holidays").begin_array();
  for (const HolidayEffect& one : holiday_effects(model)) {
    json.begin_object().key("name").string(one.name).key("prior_scale").number(one.prior_scale);
    json.key("beta").begin_array();
    for (const double beta : one.beta) json.number(beta);
    json.end_array().end_object();
  }
  json.end_array();
}

void write_regressors(JsonWriter& json, const FittedState& state) {
  const std::vector<forecast::Regressor>& regressors = state.options.regressors;
  json.key("regressors").begin_array();
  for (std::size_t i = 0; i < regressors.size(); ++i) {
    json.begin_object().key("name").string(regressors[i].name).key("prior_scale").number(regressors[i].prior_scale);
    json.key("standardize").string(standardize_text(regressors[i].standardize));
    json.key("mode").string(forecast::mode_name(regressors[i].mode));
    json.key("mu").number(regressors[i].mu).key("std").number(regressors[i].std);
    json.key("beta").number(state.beta[state.beta.size() - regressors.size() + i]);
    json.key("coefficient").number(coefficient(state, i)).end_object();
  }
  json.end_array();
}

std::string model_json(const LoadedModel& loaded) {
  const FittedState& state = loaded.model.state();
  const forecast::ProphetOptions& options = state.options;
  JsonWriter json;
  json.begin_object().key("model").string(loaded.from).key("customer_id").string(loaded.customer_id);
  json.key("stored_bytes").integer(static_cast<std::int64_t>(loaded.stored_bytes));
  json.key("memory_bytes").integer(static_cast<std::int64_t>(loaded.model.memory_bytes()));
  json.key("rows").integer(state.rows).key("history_dates").integer(state.history_date_count);
  json.key("start").string(format_instant(state.start)).key("last").string(format_instant(state.last_dates.back()));
  json.key("history_kept").boolean(state.history != nullptr);
  json.key("growth").string(forecast::growth_name(options.growth));
  json.key("seasonality_mode").string(forecast::mode_name(options.seasonality_mode));
  json.key("scaling").string(forecast::scaling_name(options.scaling));
  json.key("yearly_seasonality").string(choice_text(options.yearly_seasonality));
  json.key("weekly_seasonality").string(choice_text(options.weekly_seasonality));
  json.key("daily_seasonality").string(choice_text(options.daily_seasonality));
  json.key("changepoint_prior_scale").number(options.changepoint_prior_scale);
  json.key("seasonality_prior_scale").number(options.seasonality_prior_scale);
  json.key("interval_width").number(options.interval_width);
  json.key("y_scale").number(state.y_scale).key("y_min").number(state.y_min);
  json.key("logistic_floor").boolean(state.logistic_floor);
  json.key("t_scale_seconds").number(state.t_scale_s);
  json.key("k").number(state.k).key("m").number(state.m).key("sigma_obs").number(state.sigma_obs);
  json.key("log_posterior");
  state.log_posterior ? json.number(*state.log_posterior) : json.null();
  json.key("changepoints").begin_array();
  for (std::size_t i = 0; has_changepoints(state) && i < state.delta.size(); ++i) {
    json.begin_object().key("ds").string(format_instant(moment_at(state, state.changepoints_t[i])));
    json.key("t").number(state.changepoints_t[i]).key("delta").number(state.delta[i]).end_object();
  }
  json.end_array();
  write_seasonalities(json, state);
  write_holidays(json, loaded.model);
  write_regressors(json, state);
  json.end_object();
  return std::move(json).take() + "\n";
}

void run_inspect(InspectFlags flags) {
  if (!flags.path.empty()) {
    // A file is the model itself; anything else holds models of which --model names one.
    (flags.model.model.empty() ? flags.model.model : flags.model.models) = flags.path;
  }
  const LoadedModel loaded = value_or_fail(load_flagged_model(flags.model));
  TextOutput output = value_or_fail(TextOutput::open("-"));
  static_cast<void>(value_or_fail(output.write(flags.json ? model_json(loaded) : model_text(loaded))));
  static_cast<void>(value_or_fail(output.finish()));
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = app.add_subcommand("inspect", "What is in a stored model");
  command->add_option("PATH", flags->path, "Archive or model.json; or a folder or s3:// location, with --model NAME");
  add_model_flags(*command, flags->model);
  command->add_flag("--json", flags->json, "As JSON");
  command->callback([flags] { run_inspect(*flags); });
}

}  // namespace chiliad::app
