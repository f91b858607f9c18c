// `chiliad cross-validate`: what a fleet's models would have forecast at earlier moments
// (train/cross_validate_fleet.h). doc/diagnostics.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/accuracy_table.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/fleet_flags.h"
#include "app/length_flag.h"
#include "app/progress.h"
#include "app/prophet_flags.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "app/text_output.h"
#include "train/cross_validate_fleet.h"
#include "train/fit_series.h"

namespace chiliad::app {
namespace {

struct CrossValidateFlags {
  SeriesFlags series;
  ProphetFlags prophet;
  std::string horizon, period, initial;
  std::vector<std::string> cutoffs;
  std::vector<std::string> extra_columns;
  std::vector<std::string> metrics;
  double rolling_window = 0.1;
  bool monthly = false;
  bool as_prophet = false;
  std::string output, metrics_output;
  int threads = 0;
  std::size_t worst = 10;
  bool json = false;
};

diagnose::CrossValidationOptions read_call(const CrossValidateFlags& flags) {
  diagnose::CrossValidationOptions call;
  call.horizon = *read_length("--horizon", flags.horizon);
  call.period = read_length("--period", flags.period);
  call.initial = read_length("--initial", flags.initial);
  if (!flags.cutoffs.empty()) {
    if (call.period || call.initial)
      fail({ErrorCode::kInvalid, "--cutoffs takes the place of --period and --initial"}, kExitUsage);
    call.cutoffs.emplace();
    for (const std::string& text : flags.cutoffs) {
      Result<Instant> cutoff = parse_instant(text);
      if (!cutoff) fail(std::move(cutoff).error().in("--cutoffs"), kExitUsage);
      call.cutoffs->push_back(*cutoff);
    }
  }
  call.extra_output_columns = flags.extra_columns;
  call.keep_scaling = !flags.as_prophet;
  return call;
}

// A file of lines that is there only if it was asked for.
class LinesFile {
 public:
  LinesFile(const std::string& path, const std::string& header) {
    if (path.empty()) return;
    output_ = value_or_fail(TextOutput::open(path));
    write(header);
  }
  void write(const std::string& lines) {
    if (output_) static_cast<void>(value_or_fail(output_->write(lines)));
  }
  void finish() {
    if (output_) static_cast<void>(value_or_fail(output_->finish()));
  }

 private:
  std::optional<TextOutput> output_;
};

train::CrossValidatePlan read_plan(const CrossValidateFlags& flags) {
  train::CrossValidatePlan plan;
  plan.fleet =
      std::make_shared<const train::FleetOptions>(value_or_fail(train::FleetOptions::make(flags.prophet), kExitUsage));
  plan.prophet = plan.fleet->general();
  plan.call = read_call(flags);
  plan.metrics = {flags.metrics, flags.rolling_window, flags.monthly};
  // No rows: what is wrong with the names alone.
  static_cast<void>(value_or_fail(diagnose::performance_metrics(diagnose::MetricsInput{}, plan.metrics), kExitUsage));
  plan.rows = !flags.output.empty();
  plan.figures = !flags.metrics_output.empty();
  if (plan.figures && !plan.metrics.metrics.empty() && plan.prophet.uncertainty_samples == 0)
    std::erase(plan.metrics.metrics, "coverage");
  plan.threads = value_or_fail(read_threads(flags.threads, flags.series.data.starts_with("s3://")), kExitUsage);
  return plan;
}

void run_cross_validate(const CrossValidateFlags& flags) {
  train::CrossValidatePlan plan = read_plan(flags);
  const OpenedSeries series =
      value_or_fail(open_series(flags.series.data, flags.series, {}, plan.fleet->needed_columns()));
  plan.columns = series.columns;
  plan.columns.further = train::further_columns(forecast::needed_columns(plan.prophet));
  StopSignal stop;
  LinesFile rows(flags.output, train::cross_validation_header(plan));
  LinesFile figures(flags.metrics_output, train::metrics_header(plan));
  AccuracyOutcome outcome;
  WorstSeries worst(flags.worst);
  std::uint64_t cutoffs = 0, forecasts = 0;
  Progress progress("cross-validate", "series", series.source.size(),
                    flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  note_bad_rows(progress, series);
  train::cross_validate_fleet(series.source, plan, stop.requested(), [&](const train::CrossValidated& one) {
    outcome.add(one.report);
    worst.add(one.report);
    rows.write(one.rows);
    figures.write(one.figures);
    cutoffs += one.cutoffs;
    forecasts += one.report.holdout_rows;
    progress.update(outcome.evaluated + outcome.failed);
    return true;
  });
  rows.finish();
  figures.finish();
  // Where a table goes to standard output the means would be in its way.
  if (flags.output != "-" && flags.metrics_output != "-") {
    LinesFile result("-", flags.json ? accuracy_json(outcome, worst.take()) : accuracy_text(outcome, worst.take()));
    result.finish();
  }
  const bool stopped = outcome.evaluated + outcome.failed < series.source.size();
  if (!stopped) note_unused_entries(progress, *plan.fleet);
  std::string text =
      fmt::format("{} of {} series, {} failed, {} cut-offs, {} forecasts, {:.3g} s",
                  format_count(outcome.evaluated + outcome.failed), format_count(series.source.size()),
                  format_count(outcome.failed), format_count(cutoffs), format_count(forecasts), progress.seconds());
  for (const std::string& failure : outcome.failures) text += "\ncross-validate: failed: " + failure;
  if (stopped) text += "\ncross-validate: stopped by a signal";
  progress.finish(
      text,
      fmt::format(R"({{"event": "done", "command": "cross-validate", "failed": {}, "cutoffs": {}, "seconds": {:.6f}}})",
                  outcome.failed, cutoffs, progress.seconds()));
  throw Exit{stopped ? kExitFailed : outcome.failed > 0 ? kExitSomeFailed : kExitDone};
}

}  // namespace

void add_cross_validate_command(CLI::App& app) {
  auto flags = std::make_shared<CrossValidateFlags>();
  CLI::App* command =
      app.add_subcommand("cross-validate", "Forecast errors at earlier cut-offs beside a seasonal-naive forecast");
  add_series_flags(*command, flags->series);
  command->add_option("--horizon", flags->horizon, "How far each cut-off forecasts: '30 days', '12 hours'")->required();
  command->add_option("--period", flags->period, "Between cut-offs; half the horizon if not given");
  command->add_option("--initial", flags->initial,
                      "Before the first cut-off, at least; three horizons or the longest seasonality if not given");
  command->add_option("--cutoffs", flags->cutoffs, "Given cut-offs, 2022-01-31,2022-02-28")->delimiter(',');
  command
      ->add_option("--extra-columns", flags->extra_columns, "More columns of the forecast for --output: trend,weekly")
      ->delimiter(',');
  command->add_option("--metrics", flags->metrics, "For --metrics-output: mse,rmse,mae,mape,mdape,smape,coverage")
      ->delimiter(',');
  command->add_option("--rolling-window", flags->rolling_window, "Share of a series' forecasts in a window of metrics")
      ->capture_default_str();
  command->add_flag("--monthly", flags->monthly, "Metrics by calendar months from the cut-off");
  command->add_flag("--as-prophet", flags->as_prophet, "Forget --scaling at the cut-offs, as Prophet does");
  command->add_option("--output", flags->output,
                      "Write each forecast beside its value to this CSV, - for standard output");
  command->add_option("--metrics-output", flags->metrics_output, "Write each series' metrics by horizon to this CSV");
  command->add_option("--worst", flags->worst, "How many of the worst series to list")->capture_default_str();
  command->add_option("--threads", flags->threads, "Worker threads; 0: one a core");
  command->add_flag("--json", flags->json, "Result and progress as JSON");
  add_prophet_flags(*command, flags->prophet);
  command->callback([flags] { run_cross_validate(*flags); });
}

}  // namespace chiliad::app
