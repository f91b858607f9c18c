// `chiliad tune`: prior scales for a fleet, chosen by cross-validation (train/tune.h). doc/diagnostics.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/commands.h"
#include "app/fleet_flags.h"
#include "app/length_flag.h"
#include "app/progress.h"
#include "app/prophet_flags.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "app/text_output.h"
#include "base/json_writer.h"
#include "train/fit_series.h"
#include "train/tune.h"

namespace chiliad::app {
namespace {

struct TuneFlags {
  SeriesFlags series;
  ProphetFlags prophet;
  std::string horizon, period, initial;
  std::vector<double> changepoint_prior_scales{0.005, 0.05, 0.5};
  std::vector<double> seasonality_prior_scales{0.1, 1, 10};
  std::string error = "smape";
  int threads = 0;
  bool json = false;
};

train::TunePlan read_plan(const TuneFlags& flags) {
  train::TunePlan plan;
  plan.validate.fleet =
      std::make_shared<const train::FleetOptions>(value_or_fail(train::FleetOptions::make(flags.prophet), kExitUsage));
  plan.validate.prophet = plan.validate.fleet->general();
  if (plan.validate.prophet.mcmc_samples > 0 || plan.validate.fleet->some_series_samples()) {
    fail({ErrorCode::kInvalid,
          "--mcmc-samples: tune compares the modes of its candidates: leave it out here, and give it to "
          "`chiliad cross-validate` or `chiliad train` with the scales that win"},
         kExitUsage);
  }
  plan.validate.call.horizon = *read_length("--horizon", flags.horizon);
  plan.validate.call.period = read_length("--period", flags.period);
  plan.validate.call.initial = read_length("--initial", flags.initial);
  plan.validate.call.keep_scaling = true;
  plan.validate.threads =
      value_or_fail(read_threads(flags.threads, flags.series.data.starts_with("s3://")), kExitUsage);
  plan.changepoint_prior_scales = flags.changepoint_prior_scales;
  plan.seasonality_prior_scales = flags.seasonality_prior_scales;
  plan.error = value_or_fail(train::parse_tune_error(flags.error), kExitUsage);
  return plan;
}

std::string result_text(const train::Tuned& tuned, const std::string& error) {
  std::string text =
      fmt::format("{:>23} {:>23} {:>14}\n", "changepoint_prior_scale", "seasonality_prior_scale", "mean " + error);
  for (std::size_t i = 0; i < tuned.candidates.size(); ++i) {
    const train::TuneCandidate& one = tuned.candidates[i];
    text += fmt::format("{:>23} {:>23} {:>14.6g}{}\n", one.changepoint_prior_scale, one.seasonality_prior_scale,
                        *one.error, i == tuned.best ? "  best" : "");
  }
  const train::TuneCandidate& best = tuned.candidates[tuned.best];
  return text + fmt::format("chiliad train --changepoint-prior-scale {} --seasonality-prior-scale {}\n",
                            best.changepoint_prior_scale, best.seasonality_prior_scale);
}

void put_candidate(JsonWriter& json, const train::TuneCandidate& one) {
  json.begin_object().key("changepoint_prior_scale").number(one.changepoint_prior_scale);
  json.key("seasonality_prior_scale").number(one.seasonality_prior_scale).key("error").number(*one.error).end_object();
}

std::string result_json(const train::Tuned& tuned, const std::string& error) {
  JsonWriter json;
  json.begin_object().key("error").string(error);
  json.key("series").integer(static_cast<std::int64_t>(tuned.series));
  json.key("failed").integer(static_cast<std::int64_t>(tuned.failed)).key("best");
  put_candidate(json, tuned.candidates[tuned.best]);
  json.key("candidates").begin_array();
  for (const train::TuneCandidate& one : tuned.candidates) put_candidate(json, one);
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

void run_tune(const TuneFlags& flags) {
  train::TunePlan plan = read_plan(flags);
  const OpenedSeries series =
      value_or_fail(open_series(flags.series.data, flags.series, {}, plan.validate.fleet->needed_columns()));
  plan.validate.columns = series.columns;
  plan.validate.columns.further = train::further_columns(forecast::needed_columns(plan.validate.prophet));
  StopSignal stop;
  const std::size_t candidates = plan.changepoint_prior_scales.size() * plan.seasonality_prior_scales.size();
  Progress progress("tune", "validations", series.source.size() * candidates,
                    flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  note_bad_rows(progress, series);
  std::uint64_t done = 0;
  const Result<train::Tuned> tuned =
      train::tune(series.source, plan, stop.requested(), [&] { progress.update(++done); });
  progress.clear();
  if (!tuned) fail(tuned.error());
  TextOutput output = value_or_fail(TextOutput::open("-"));
  static_cast<void>(
      value_or_fail(output.write(flags.json ? result_json(*tuned, flags.error) : result_text(*tuned, flags.error))));
  static_cast<void>(value_or_fail(output.finish()));
  note_unused_entries(progress, *plan.validate.fleet);
  std::string text = fmt::format("{} candidates on {} series, {} failed, {:.3g} s", candidates,
                                 format_count(tuned->series), format_count(tuned->failed), progress.seconds());
  for (const std::string& failure : tuned->failures) text += "\ntune: failed: " + failure;
  progress.finish(text, fmt::format(R"({{"event": "done", "command": "tune", "failed": {}, "seconds": {:.6f}}})",
                                    tuned->failed, progress.seconds()));
  throw Exit{tuned->failed > 0 ? kExitSomeFailed : kExitDone};
}

}  // namespace

void add_tune_command(CLI::App& app) {
  auto flags = std::make_shared<TuneFlags>();
  CLI::App* command = app.add_subcommand("tune", "Choose prior scales for a fleet by cross-validation");
  add_series_flags(*command, flags->series);
  command->add_option("--horizon", flags->horizon, "How far each cut-off forecasts: '30 days'")->required();
  command->add_option("--period", flags->period, "Between cut-offs; half the horizon if not given");
  command->add_option("--initial", flags->initial, "Before the first cut-off; as cross-validate's");
  command->add_option("--changepoint-prior-scales", flags->changepoint_prior_scales, "Those to try: 0.005,0.05,0.5")
      ->delimiter(',');
  command->add_option("--seasonality-prior-scales", flags->seasonality_prior_scales, "Those to try: 0.1,1,10")
      ->delimiter(',');
  command->add_option("--error", flags->error, "smape, mae, rmse or mase: its mean over the series decides")
      ->capture_default_str();
  command->add_option("--threads", flags->threads, "Worker threads; 0: one a core");
  command->add_flag("--json", flags->json, "Result and progress as JSON");
  add_prophet_flags(*command, flags->prophet);
  command->callback([flags] { run_tune(*flags); });
}

}  // namespace chiliad::app
