// `chiliad forecast`: all models of a folder or bucket -> one CSV of forecasts (train/forecast_fleet.h).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "app/command.h"
#include "app/commands.h"
#include "app/fleet_flags.h"
#include "app/forecast_flags.h"
#include "app/model_flags.h"
#include "app/progress.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "app/text_output.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "train/forecast_fleet.h"
#include "train/stored_model.h"

namespace chiliad::app {
namespace {

constexpr std::size_t kShownFailures = 10;

struct FleetForecastFlags {
  ForecastFlags forecast;
  std::string models;
  std::string output = "-";
  std::vector<std::string> columns;
  int samples = 0;
  int threads = 0;
  bool json = false;
};

// What joint draws have: futures instead of bounds.
void read_samples(const FleetForecastFlags& flags, train::ForecastPlan& plan) {
  const ForecastFlags& given = flags.forecast;
  const auto usage = [](std::string message) { fail({ErrorCode::kInvalid, std::move(message)}, kExitUsage); };
  if (flags.samples < 0 || flags.samples > 1'000'000) usage("--samples: expected 1 to 1,000,000 futures");
  if (given.simulate > 0 || given.interval_width != 0 || given.conformal || !given.quantiles.empty())
    usage("--samples gives futures and no bounds: leave out --simulate, --interval-width, --conformal, --quantiles");
  plan.samples = flags.samples;
  plan.predict.seed = given.seed;
  plan.columns = flags.columns;
  if (plan.columns.empty() || plan.columns == std::vector<std::string>{"all"}) plan.columns = {"trend", "yhat"};
  for (const std::string& column : plan.columns) {
    if (column != "trend" && column != "yhat")
      usage("--columns: with --samples there are trend and yhat, not '" + column + "'");
  }
}

// Each column asked for has to be one of some model's: customers differ in theirs, a season that was found in one
// series is missing in another. Models are read until all are known, mostly one.
void check_columns(const std::vector<std::string>& wanted, store::ObjectStore& models,
                   const std::vector<std::string>& names, const train::ForecastPlan& plan) {
  std::set<std::string> unknown(wanted.begin(), wanted.end()), known;
  bool readable = false;
  for (const std::string& name : names) {
    const Result<forecast::FittedModel> model = train::load_model(
        models, name, forecast::KeepHistory::kNo, std::chrono::steady_clock::now() + std::chrono::minutes(5));
    if (!model) continue;
    readable = true;
    for (const std::string& column : train::all_columns(*model, plan)) {
      unknown.erase(column);
      known.insert(column);
    }
    if (unknown.empty()) return;
  }
  if (!readable) return;  // Each model's error is told as it comes.
  fail(Error{ErrorCode::kInvalid, fmt::format("--columns: no model has a column '{}'; there are {}", *unknown.begin(),
                                              fmt::join(known, ", "))},
       kExitUsage);
}

// A table with two columns of one name is read by nobody as it was meant.
void refuse_twice(const std::vector<std::string>& wanted) {
  std::set<std::string> seen;
  for (const std::string& column : wanted) {
    if (!seen.insert(column).second)
      fail(Error{ErrorCode::kInvalid, "--columns: '" + column + "' is given twice"}, kExitUsage);
  }
}

// The columns asked for; "all" is answered by the first model that can be read.
std::vector<std::string> read_columns(const FleetForecastFlags& flags, store::ObjectStore& models,
                                      const std::vector<std::string>& names, const train::ForecastPlan& plan) {
  if (flags.columns.size() == 1 && flags.columns.front() == "all") {
    for (const std::string& name : names) {
      Result<forecast::FittedModel> model = train::load_model(
          models, name, forecast::KeepHistory::kNo, std::chrono::steady_clock::now() + std::chrono::minutes(5));
      if (model) return train::all_columns(*model, plan);
    }
    return {};
  }
  if (!flags.columns.empty()) {
    refuse_twice(flags.columns);
    check_columns(flags.columns, models, names, plan);
    return flags.columns;
  }
  std::vector<std::string> columns{"yhat", "yhat_lower", "yhat_upper"};
  for (const double quantile : plan.predict.quantiles) {
    columns.push_back("yhat_q");
    append_repr(columns.back(), quantile);
  }
  return columns;
}

void run_forecast(const FleetForecastFlags& flags) {
  train::ForecastPlan plan = value_or_fail(read_forecast_flags(flags.forecast), kExitUsage);
  const int threads = value_or_fail(read_threads(flags.threads, flags.models.starts_with("s3://")), kExitUsage);
  const std::unique_ptr<store::ObjectStore> models = value_or_fail(open_models(flags.models));
  const std::vector<std::string> names = value_or_fail(train::list_models(*models));
  if (names.empty()) fail(no_models(flags.models));
  if (flags.samples != 0) {
    refuse_twice(flags.columns);
    read_samples(flags, plan);
  } else {
    plan.columns = read_columns(flags, *models, names, plan);
  }

  StopSignal stop;
  TextOutput output = value_or_fail(TextOutput::open(flags.output));
  Progress progress("forecast", "models", names.size(), flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  std::optional<Error> broken;
  std::uint64_t done = 0, failed = 0;
  const auto write = [&](const std::string& text) {
    Result<Done> written = output.write(text);
    if (!written) broken = std::move(written).error();
    return !broken;
  };
  write(train::forecast_csv_header(plan));
  train::ForecastObserver observer;
  observer.on_forecast = [&](const std::string& rows) {
    progress.update(++done);
    return write(rows);
  };
  observer.on_failure = [&](const std::string&, const Error& error) {
    progress.update(++done);
    if (++failed <= kShownFailures) progress.note("failed: " + error.message);
    return true;
  };
  if (!broken) train::forecast_fleet(*models, names, plan, threads, stop.requested(), observer);
  if (Result<Done> finished = output.finish(); !finished && !broken) broken = std::move(finished).error();
  if (broken) fail(*broken);

  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object().key("event").string("done").key("command").string("forecast");
  json.key("total").integer(static_cast<std::int64_t>(names.size())).key("done");
  json.integer(static_cast<std::int64_t>(done)).key("failed").integer(static_cast<std::int64_t>(failed));
  json.key("seconds").rounded(progress.seconds(), 6).end_object();
  std::string text =
      fmt::format("{} of {} models, {} failed, {:.3g} s; {}", format_count(done), format_count(names.size()),
                  format_count(failed), progress.seconds(), flags.output == "-" ? "to standard output" : flags.output);
  if (failed > kShownFailures) text += fmt::format("\nforecast: and {} more failures", failed - kShownFailures);
  if (done < names.size()) text += "\nforecast: stopped by a signal; the output is cut short";
  progress.finish(text, std::move(json).take());
  throw Exit{done < names.size() ? kExitFailed : failed > 0 ? kExitSomeFailed : kExitDone};
}

}  // namespace

void add_forecast_command(CLI::App& app) {
  auto flags = std::make_shared<FleetForecastFlags>();
  CLI::App* command = app.add_subcommand("forecast", "Forecasts of all models as one CSV");
  command->add_option("--models", flags->models, "Folder or s3://bucket/prefix with <id>.tar.gz archives")->required();
  command->add_option("--output", flags->output, "File, or - for standard output")->capture_default_str();
  add_forecast_flags(*command, flags->forecast);
  command->add_flag("--include-history", flags->forecast.include_history, "Also the dates of the history");
  command->add_option("--columns", flags->columns, "Columns of the forecast, as trend,yhat; or all")->delimiter(',');
  command->add_option("--samples", flags->samples,
                      "Draw N futures of each model and write them, a row each: customer_id,ds,sample,trend,yhat; "
                      "--seed decides them");
  command->add_option("--threads", flags->threads, "Worker threads; 0: one a core (more for s3://)");
  command->add_flag("--json", flags->json, "Progress and summary as JSON lines");
  command->callback([flags] { run_forecast(*flags); });
}

}  // namespace chiliad::app
