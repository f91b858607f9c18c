// `chiliad parity DIR`: reference cases made with real Prophet, one line each. doc/parity.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>

#include "app/command.h"
#include "app/commands.h"
#include "app/text_output.h"
#include "base/json_writer.h"
#include "parity/check_folder.h"

namespace chiliad::app {
namespace {

using parity::CaseReport;
using parity::Verdict;

struct Options {
  std::string folder;
  bool json = false;
};

struct Totals {
  int passed = 0, failed = 0, skipped = 0;
};

const char* verdict_name(Verdict verdict) {
  return verdict == Verdict::kPassed ? "ok" : verdict == Verdict::kFailed ? "FAILED" : "skipped";
}

std::string reasons(const CaseReport& report) {
  std::string out;
  for (const std::string& reason : report.reasons) out += (out.empty() ? "" : "; ") + reason;
  return out;
}

std::string measure(const std::optional<double>& value, const char* format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "-";
}

std::string heading() {
  return fmt::format("{:<26} {:>9} {:>9} {:>9} {:>9} {:>9}  {:<22} {:>5}  {}\n", "case", "lp gain", "residual",
                     "yhat-best", "yhat-stop", "worst", "column", "bound", "verdict");
}

std::string line_of(const CaseReport& report) {
  const std::string worst = report.worst_column.empty() ? "-" : fmt::format("{:.1e}", report.worst_difference);
  return fmt::format("{:<26} {:>9} {:>9} {:>9} {:>9} {:>9}  {:<22} {:>5}  {}{}{}\n", report.id,
                     measure(report.log_posterior_gain, "{:.3g}"), measure(report.optimality_residual, "{:.1e}"),
                     measure(report.yhat_to_optimum, "{:.1e}"), measure(report.yhat_to_prophet, "{:.1e}"), worst,
                     report.worst_column.empty() ? "-" : report.worst_column, measure(report.worst_interval, "{:.1f}"),
                     verdict_name(report.verdict), report.reasons.empty() ? "" : ": ", reasons(report));
}

void put(JsonWriter& json, std::string_view key, const std::optional<double>& value) {
  json.key(key);
  if (value && std::isfinite(*value)) {
    json.number(*value);
  } else {
    json.null();
  }
}

std::string json_of(const CaseReport& report) {
  JsonWriter json(JsonWriter::Look::kPlain);
  json.begin_object().key("case").string(report.id).key("verdict").string(verdict_name(report.verdict));
  json.key("well_defined").boolean(report.well_defined);
  put(json, "log_posterior_gain", report.log_posterior_gain);
  put(json, "optimality_residual", report.optimality_residual);
  put(json, "yhat_to_optimum", report.yhat_to_optimum);
  put(json, "yhat_to_prophet", report.yhat_to_prophet);
  put(json, "worst_difference", report.worst_difference);
  json.key("worst_column").string(report.worst_column);
  put(json, "worst_interval", report.worst_interval);
  json.key("reasons").begin_array();
  for (const std::string& reason : report.reasons) json.string(reason);
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

void run(const Options& options) {
  Totals totals;
  TextOutput output = value_or_fail(TextOutput::open("-"));
  const auto write = [&](const std::string& text) { static_cast<void>(value_or_fail(output.write(text))); };
  if (!options.json) write(heading());
  const Result<int> files = parity::check_folder(options.folder, [&](const CaseReport& report) {
    (report.verdict == Verdict::kPassed   ? totals.passed
     : report.verdict == Verdict::kFailed ? totals.failed
                                          : totals.skipped)++;
    write(options.json ? json_of(report) : line_of(report));
  });
  if (!files) fail(files.error());
  if (!options.json) {
    write(fmt::format("{} passed, {} failed, {} skipped for the reasons given\n", totals.passed, totals.failed,
                      totals.skipped));
  }
  static_cast<void>(value_or_fail(output.finish()));
  if (totals.failed > 0) throw Exit{kExitFailed};
}

}  // namespace

void add_parity_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("parity", "Check this program against reference cases made with real Prophet");
  command->add_option("folder", options->folder, "Folder with case files, *.json or *.json.gz (doc/parity.md)")
      ->required();
  command->add_flag("--json", options->json, "One JSON object a case instead of a table");
  command->footer(
      "Columns: lp gain, our log-posterior minus Prophet's; residual, of the optimality conditions;\n"
      "yhat-best and yhat-stop, the largest distance of yhat to the true optimum and to where Prophet stopped, in\n"
      "units of y_scale; worst, the largest relative difference of what is deterministic, and its column; bound, the\n"
      "worst interval bound in standard errors. Exit code 1 if a case fails.");
  command->callback([options] { run(*options); });
}

}  // namespace chiliad::app
