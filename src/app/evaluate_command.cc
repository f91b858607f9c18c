// `chiliad evaluate`: how well models forecast rows they have not seen (train/evaluate_fleet.h). doc/report.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/accuracy_table.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/fleet_flags.h"
#include "app/model_flags.h"
#include "app/progress.h"
#include "app/prophet_flags.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "app/text_output.h"
#include "train/evaluate_fleet.h"
#include "train/fit_series.h"
#include "train/stored_model.h"

namespace chiliad::app {
namespace {

struct EvaluateFlags {
  SeriesFlags series;
  ProphetFlags prophet;
  std::string models;
  std::string test;
  std::size_t holdout = 0;
  int threads = 0;
  std::size_t worst = 10;
  std::string output;
  bool conformal = false;
  bool json = false;
};

void print(const std::string& text) {
  TextOutput output = value_or_fail(TextOutput::open("-"));
  static_cast<void>(value_or_fail(output.write(text)));
  static_cast<void>(value_or_fail(output.finish()));
}

void check_flags(const EvaluateFlags& flags) {
  const int ways = (flags.holdout > 0) + !flags.test.empty() + !flags.models.empty();
  if (ways != 1)
    fail({ErrorCode::kInvalid, "evaluate: expected one of --holdout N, --test FILE and --models DIR"}, kExitUsage);
}

// A row a series, where --output asks for them.
class RowsFile {
 public:
  explicit RowsFile(const std::string& path) {
    if (path.empty()) return;
    output_ = value_or_fail(TextOutput::open(path));
    train::append_csv_header(text_);
  }
  void add(const train::SeriesReport& report) {
    if (!output_) return;
    train::append_csv_row(text_, report);
    static_cast<void>(value_or_fail(output_->write(text_)));
    text_.clear();
  }
  void finish() {
    if (output_) static_cast<void>(value_or_fail(output_->finish()));
  }

 private:
  std::optional<TextOutput> output_;
  std::string text_;
};

void run_evaluate(const EvaluateFlags& flags) {
  check_flags(flags);
  train::EvaluatePlan plan;
  plan.fleet =
      std::make_shared<const train::FleetOptions>(value_or_fail(train::FleetOptions::make(flags.prophet), kExitUsage));
  plan.prophet = plan.fleet->general();
  plan.threads = value_or_fail(read_threads(flags.threads, flags.models.starts_with("s3://")), kExitUsage);
  plan.holdout = flags.holdout;
  plan.conformal = flags.conformal;
  if (flags.conformal && plan.prophet.uncertainty_samples == 0)
    fail({ErrorCode::kInvalid, "--conformal needs intervals: --uncertainty-samples is 0"}, kExitUsage);
  const prepare::Shard all;
  std::unique_ptr<store::ObjectStore> models;
  std::vector<std::string> needed = plan.fleet->needed_columns();
  if (!flags.models.empty()) {
    models = value_or_fail(open_models(flags.models));
    if (value_or_fail(train::list_models(*models)).empty()) fail(no_models(flags.models));
    plan.models = models.get();
    needed = train::columns_of_models(*models, std::chrono::steady_clock::now() + std::chrono::minutes(5));
  }
  const OpenedSeries series = value_or_fail(open_series(flags.series.data, flags.series, all, needed));
  plan.columns = series.columns;
  if (plan.models == nullptr) plan.columns.further = train::further_columns(forecast::needed_columns(plan.prophet));
  std::optional<OpenedSeries> test;
  if (!flags.test.empty()) {
    test = value_or_fail(open_series(flags.test, flags.series, all, needed));
    plan.test = &test->source;
  }

  StopSignal stop;
  RowsFile rows(flags.output);
  AccuracyOutcome outcome;
  WorstSeries worst(flags.worst);
  Progress progress("evaluate", "series", series.source.size(),
                    flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  note_bad_rows(progress, series);
  train::evaluate_fleet(series.source, plan, stop.requested(), [&](const train::SeriesReport& report) {
    outcome.add(report);
    worst.add(report);
    rows.add(report);
    progress.update(outcome.evaluated + outcome.failed);
    return true;
  });
  rows.finish();
  print(flags.json ? accuracy_json(outcome, worst.take()) : accuracy_text(outcome, worst.take()));
  const bool stopped = outcome.evaluated + outcome.failed < series.source.size();
  if (!stopped && plan.models == nullptr) note_unused_entries(progress, *plan.fleet);
  std::string text =
      fmt::format("{} of {} series, {} failed, {:.3g} s", format_count(outcome.evaluated + outcome.failed),
                  format_count(series.source.size()), format_count(outcome.failed), progress.seconds());
  for (const std::string& failure : outcome.failures) text += "\nevaluate: failed: " + failure;
  if (stopped) text += "\nevaluate: stopped by a signal";
  progress.finish(text, fmt::format(R"({{"event": "done", "command": "evaluate", "failed": {}, "seconds": {:.6f}}})",
                                    outcome.failed, progress.seconds()));
  throw Exit{stopped ? kExitFailed : outcome.failed > 0 ? kExitSomeFailed : kExitDone};
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command = app.add_subcommand("evaluate", "Hold-out errors of a fleet beside a seasonal-naive forecast");
  add_series_flags(*command, flags->series);
  command->add_option("--holdout", flags->holdout, "Fit without the last N rows of each series and compare on these");
  command->add_option("--test", flags->test, "Fit all rows and compare on the rows of this folder or table");
  command->add_option("--models", flags->models, "Compare stored models on the rows after their history");
  command->add_flag("--conformal", flags->conformal,
                    "Bounds from a calibration: of the stored models, else made over as long a horizon as is compared");
  command->add_option("--worst", flags->worst, "How many of the worst series to list")->capture_default_str();
  command->add_option("--output", flags->output, "Also write a CSV with a row a series");
  command->add_option("--threads", flags->threads, "Worker threads; 0: one a core");
  command->add_flag("--json", flags->json, "Result and progress as JSON");
  add_prophet_flags(*command, flags->prophet);
  command->callback([flags] { run_evaluate(*flags); });
}

}  // namespace chiliad::app
