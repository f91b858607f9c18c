// `chiliad train`: a folder or table of series -> one model archive each (train/train.h). doc/training.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <vector>

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
#include "train/stored_model.h"
#include "train/train.h"

namespace chiliad::app {
namespace {

constexpr std::size_t kShownFailures = 10;
constexpr auto kColumnsDeadline = std::chrono::minutes(5);

struct TrainFlags {
  SeriesFlags series;
  ProphetFlags prophet;
  std::string models;
  std::string state;
  int threads = 0;
  std::size_t holdout = 0;
  std::string history = "full";
  std::string conformal, conformal_period, conformal_initial;
  std::string warm_start;
  bool keep_statistics = false;
  std::string refresh;
  bool skip_known_rows = false;
  std::string max_failures;
  bool force = false;
  std::string code;
  bool json = false;
  std::string report;
  std::size_t sync_batch = 1024;
};

// The report file, if one is wanted; its first failure is kept for the end of the run.
class ReportFile {
 public:
  explicit ReportFile(const std::string& path) : csv_(path.ends_with(".csv")) {
    if (path.empty()) return;
    output_ = value_or_fail(TextOutput::open(path));
    if (csv_) train::append_csv_header(text_);
  }

  void add(const train::SeriesReport& report) {
    if (!output_ || failure_) return;
    csv_ ? train::append_csv_row(text_, report) : train::append_json_row(text_, report);
    keep(output_->write(text_));
    text_.clear();
  }

  Result<Done> finish() {
    if (!output_) return Done{};
    if (!failure_) keep(output_->write(text_));
    if (!failure_) keep(output_->finish());
    if (failure_) return std::move(*failure_).in("report");
    return Done{};
  }

 private:
  void keep(Result<Done> done) {
    if (!done) failure_ = std::move(done).error();
  }

  bool csv_;
  std::optional<TextOutput> output_;
  std::string text_;
  std::optional<Error> failure_;
};

// Mean of a figure over the series that have it.
class Mean {
 public:
  void add(const std::optional<double>& value) {
    if (!value) return;
    sum_ += *value;
    ++count_;
  }
  std::optional<double> value() const {
    if (count_ == 0) return std::nullopt;
    return sum_ / static_cast<double>(count_);
  }

 private:
  double sum_ = 0;
  std::uint64_t count_ = 0;
};

// What is said at the end of a run beside its counts.
struct Totals {
  std::vector<std::string> failures;  // The first kShownFailures.
  std::uint64_t notes = 0;
  Mean holdout_smape, naive_smape;
  std::map<std::string, std::uint64_t> ways;  // Of refreshed series, by SeriesReport::way.

  void add(const train::SeriesReport& report) {
    if (report.status == train::SeriesStatus::kFailed && failures.size() < kShownFailures)
      failures.push_back(report.reason);
    notes += report.note.empty() ? 0 : 1;
    if (report.status == train::SeriesStatus::kTrained && !report.way.empty()) ++ways[report.way];
    holdout_smape.add(report.holdout.smape);
    naive_smape.add(report.naive.smape);
  }
};

std::optional<diagnose::CrossValidationOptions> read_conformal(const TrainFlags& flags, int uncertainty_samples) {
  if (flags.conformal.empty()) {
    if (!flags.conformal_period.empty() || !flags.conformal_initial.empty())
      fail({ErrorCode::kInvalid, "--conformal-period and --conformal-initial go with --conformal"}, kExitUsage);
    return std::nullopt;
  }
  if (uncertainty_samples == 0)
    fail({ErrorCode::kInvalid, "--conformal needs intervals: --uncertainty-samples is 0"}, kExitUsage);
  diagnose::CrossValidationOptions how;
  how.horizon = *read_length("--conformal", flags.conformal);
  how.period = read_length("--conformal-period", flags.conformal_period);
  how.initial = read_length("--conformal-initial", flags.conformal_initial);
  return how;
}

// Refuses what makes no sense together.
std::optional<train::RefreshOptions> read_refresh(const TrainFlags& flags) {
  if (flags.refresh.empty()) {
    if (flags.skip_known_rows) fail({ErrorCode::kInvalid, "--skip-known-rows goes with --refresh"}, kExitUsage);
    return std::nullopt;
  }
  const auto refuse = [](bool given, const char* flag, const char* why) {
    if (given)
      fail({ErrorCode::kInvalid, std::string("--refresh and ") + flag + " exclude one another: " + why}, kExitUsage);
  };
  refuse(flags.holdout > 0, "--holdout", "rows kept back would be missing from the model for ever");
  refuse(!flags.conformal.empty(), "--conformal", "a model keeps the calibration it has; train it anew for another");
  refuse(!flags.warm_start.empty(), "--warm-start", "each fit begins at the model that is refreshed");
  return train::RefreshOptions{flags.refresh == "refit", flags.skip_known_rows};
}

train::TrainOptions read_options(const TrainFlags& flags, const OpenedSeries& series,
                                 std::shared_ptr<const train::FleetOptions> fleet) {
  train::TrainOptions options;
  options.prophet = fleet->general();
  options.fleet = std::move(fleet);
  options.columns = series.columns;
  options.keep_history = flags.history == "full" ? forecast::KeepHistory::kYes : forecast::KeepHistory::kNo;
  options.holdout = flags.holdout;
  options.conformal = read_conformal(flags, options.prophet.uncertainty_samples);
  options.threads = value_or_fail(read_threads(flags.threads, flags.models.starts_with("s3://")), kExitUsage);
  options.max_failures = value_or_fail(read_max_failures(flags.max_failures, series.source.size()), kExitUsage);
  if (!flags.warm_start.empty()) options.warm_start = value_or_fail(store::open_store(flags.warm_start));
  options.keep_statistics = flags.keep_statistics;
  options.refresh = read_refresh(flags);
  if (!options.refresh) options.columns.further = train::further_columns(forecast::needed_columns(options.prophet));
  options.force = flags.force;
  options.sync_batch = flags.sync_batch;
  if (!flags.code.empty()) options.code = value_or_fail(read_code_folder(flags.code));
  return options;
}

std::string summary_text(const train::TrainSummary& summary, const Totals& totals, const TrainFlags& flags,
                         double seconds) {
  const std::uint64_t done = summary.trained + summary.kept + summary.failed;
  std::string text = fmt::format("{} of {} series: {} trained, {} kept unchanged, {} failed", format_count(done),
                                 format_count(summary.total), format_count(summary.trained), format_count(summary.kept),
                                 format_count(summary.failed));
  if (!flags.refresh.empty()) {
    const auto ways = [&](const char* way) {
      const auto found = totals.ways.find(way);
      return format_count(found == totals.ways.end() ? 0 : found->second);
    };
    text += fmt::format("; refreshed from statistics {}, from all rows {}, without an earlier model {}",
                        ways("statistics"), ways("history"), ways("cold"));
  }
  text += fmt::format("; {:.3g} s, {} series/s; models in {} ({} new)", seconds,
                      format_count(static_cast<std::uint64_t>(static_cast<double>(done) / std::max(seconds, 1e-9))),
                      flags.models, format_size(summary.archive_bytes));
  if (totals.holdout_smape.value() && totals.naive_smape.value()) {
    text += fmt::format("\ntrain: hold-out of {} rows: mean sMAPE {:.2f}, seasonal naive {:.2f}", flags.holdout,
                        *totals.holdout_smape.value(), *totals.naive_smape.value());
  }
  if (totals.notes > 0) {
    text += fmt::format("\ntrain: {} series have a note on their fit{}", format_count(totals.notes),
                        flags.report.empty() ? "; --report FILE shows them" : ", see the report");
  }
  for (const std::string& failure : totals.failures) text += "\ntrain: failed: " + failure;
  if (summary.failed > totals.failures.size())
    text += fmt::format("\ntrain: and {} more{}", format_count(summary.failed - totals.failures.size()),
                        flags.report.empty() ? "; --report FILE lists them all" : ", see the report");
  if (summary.end == train::TrainEnd::kStopped)
    text += "\ntrain: stopped by a signal; what is done is kept, the same command goes on from here";
  if (summary.end == train::TrainEnd::kTooManyFailures)
    text += "\ntrain: given up: more failures than --max-failures " + flags.max_failures + " allows";
  return text;
}

std::string_view end_name(train::TrainEnd end) {
  switch (end) {
    case train::TrainEnd::kComplete: return "complete";
    case train::TrainEnd::kStopped: return "stopped";
    case train::TrainEnd::kTooManyFailures: return "too_many_failures";
    case train::TrainEnd::kBroken: return "broken";
  }
  return "?";
}

std::string summary_json(const train::TrainSummary& summary, const Totals& totals, double seconds) {
  const auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object().key("event").string("done").key("command").string("train");
  json.key("end").string(end_name(summary.end)).key("error");
  summary.error ? json.string(summary.error->message) : json.null();
  json.key("total").integer(count(summary.total)).key("trained").integer(count(summary.trained));
  json.key("kept").integer(count(summary.kept)).key("failed").integer(count(summary.failed));
  json.key("rows").integer(count(summary.rows)).key("archive_bytes").integer(count(summary.archive_bytes));
  json.key("calendars").integer(count(summary.calendars)).key("syncs").integer(count(summary.syncs));
  json.key("sync_seconds").rounded(summary.sync_seconds, 6).key("seconds").rounded(seconds, 6);
  for (const auto& [name, mean] : {std::pair{"holdout_smape", totals.holdout_smape.value()},
                                   std::pair{"naive_smape", totals.naive_smape.value()}}) {
    json.key(name);
    mean ? json.number(*mean) : json.null();
  }
  json.key("ways").begin_object();
  for (const auto& [way, series] : totals.ways) json.key(way).integer(count(series));
  json.end_object();
  // The first of them; --report has all.
  json.key("failures").begin_array();
  for (const std::string& failure : totals.failures) json.string(failure);
  json.end_array().end_object();
  return std::move(json).take();
}

int exit_code(const train::TrainSummary& summary) {
  if (summary.end != train::TrainEnd::kComplete) return kExitFailed;
  return summary.failed > 0 ? kExitSomeFailed : kExitDone;
}

void run_train(const TrainFlags& flags) {
  const prepare::Shard shard = value_or_fail(prepare::parse_shard(flags.series.shard), kExitUsage);
  const auto fleet =
      std::make_shared<const train::FleetOptions>(value_or_fail(train::FleetOptions::make(flags.prophet), kExitUsage));
  std::vector<std::string> needed = fleet->needed_columns();
  const std::unique_ptr<store::ObjectStore> models = value_or_fail(store::open_store(flags.models));
  if (read_refresh(flags)) {
    for (std::string& name : train::columns_of_models(*models, std::chrono::steady_clock::now() + kColumnsDeadline)) {
      if (std::ranges::find(needed, name) == needed.end()) needed.push_back(std::move(name));
    }
  }
  StopSignal stop;
  const OpenedSeries series = value_or_fail(open_series(flags.series.data, flags.series, shard, needed));
  const train::TrainOptions options = read_options(flags, series, fleet);
  const std::filesystem::path state = flags.state.empty() ? value_or_fail(train::default_journal_folder(flags.models))
                                                          : std::filesystem::path(flags.state);
  train::Journal journal =
      value_or_fail(train::Journal::open(state, static_cast<int>(shard.index) + 1, static_cast<int>(shard.count)));

  ReportFile report(flags.report);
  Totals totals;
  Progress progress("train", "series", series.source.size(),
                    flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  note_bad_rows(progress, series);
  if (journal.dropped_lines() > 0) {
    progress.note(fmt::format("journal in {}: {} unfinished or damaged records dropped; their series are trained again",
                              state.string(), journal.dropped_lines()));
  }
  std::uint64_t done = 0, failed = 0;
  const train::TrainSummary summary =
      train::train(series.source, *models, journal, options, stop.requested(), [&](const train::SeriesReport& row) {
        report.add(row);
        totals.add(row);
        failed += row.status == train::SeriesStatus::kFailed;
        progress.update(++done, failed > 0 ? fmt::format("{} failed", format_count(failed)) : std::string());
      });
  if (shard.count == 1 && summary.end == train::TrainEnd::kComplete) note_unused_entries(progress, *fleet);
  progress.finish(summary_text(summary, totals, flags, progress.seconds()),
                  summary_json(summary, totals, progress.seconds()));
  if (summary.error) fail(*summary.error);
  if (Result<Done> finished = report.finish(); !finished) fail(finished.error());
  throw Exit{exit_code(summary)};
}

}  // namespace

void add_train_command(CLI::App& app) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = app.add_subcommand("train", "Fit one model a series and store it as <id>.tar.gz");
  add_series_flags(*command, flags->series);
  command->add_option("--models", flags->models, "Folder or s3://bucket/prefix for the archives")->required();
  command->add_option("--threads", flags->threads, "Worker threads; 0: one a core (more for s3://)");
  command->add_option("--shard", flags->series.shard, "i/n: the i-th of n shares of the series")->capture_default_str();
  command->add_option("--holdout", flags->holdout, "Last rows of each series kept back from the fit and forecast");
  command->add_option("--history", flags->history, "full or none: whether models keep their rows")
      ->check(CLI::IsMember({"full", "none"}))
      ->capture_default_str();
  command->add_option("--conformal", flags->conformal,
                      "Cross-validate each model over this horizon ('7 days') and store what its intervals missed, for "
                      "forecasts with --conformal");
  command->add_option("--conformal-period", flags->conformal_period, "Between its cut-offs; half the horizon");
  command->add_option("--conformal-initial", flags->conformal_initial,
                      "Before its first cut-off; three horizons or the longest seasonality");
  command->add_option("--warm-start", flags->warm_start,
                      "Models of an earlier run (a folder or s3://): each fit begins at its series' own one there");
  command->add_flag("--keep-statistics", flags->keep_statistics,
                    "Models keep what --refresh needs of their rows: some 12 kB more an archive");
  command
      ->add_option(
          "--refresh", flags->refresh,
          "The data are new rows of the models in --models, which take them in: held, with changepoints, "
          "seasonalities and regressors' scales as they are, from statistics where a model has them, else from "
          "its history; refit, all placed anew from the history. Options come from each model; those given are "
          "for series without one")
      ->check(CLI::IsMember({"held", "refit"}));
  command->add_flag("--skip-known-rows", flags->skip_known_rows,
                    "With --refresh: leave out rows up to a model's last date, which else are an error");
  command->add_option("--max-failures", flags->max_failures, "Give up after more failed series than N or P%");
  command->add_flag("--force", flags->force, "Train series again that did not change");
  command->add_option("--code", flags->code, "Folder to be put into each archive as code/");
  command->add_option("--report", flags->report, "Write a row a series: CSV if FILE ends in .csv, else JSON lines");
  command->add_option("--state", flags->state, "Folder of the journal; default: .chiliad-train in the models' folder");
  command->add_option("--sync-batch", flags->sync_batch, "Models that share a sync of the disk; 0: never sync")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Progress and summary as JSON lines");
  add_prophet_flags(*command, flags->prophet);
  command->callback([flags] { run_train(*flags); });
}

}  // namespace chiliad::app
