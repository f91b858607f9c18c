// `chiliad split`: a table of all customers -> one series file a customer (prepare/split.h).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "app/byte_stream.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/fleet_flags.h"
#include "app/progress.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "base/json_writer.h"
#include "prepare/split.h"
#include "table/csv_reader.h"

namespace chiliad::app {
namespace {

struct SplitFlags {
  std::string input;
  std::string output;
  std::string id_column;
  std::string timestamp_column;
  std::string value_column;
  std::vector<std::string> keep_columns;
  std::string header = "auto";
  std::string delimiter = ",";
  std::string memory_budget = "256M";
  int threads = 0;
  bool skip_bad_rows = false;
  bool overwrite = false;
  bool json = false;
};

// The value, or the end: a flag that cannot be read is wrong usage.
template <class T>
T usage(Result<T> result, std::string_view flag) {
  if (!result) fail(std::move(result).error().in(flag), kExitUsage);
  return *std::move(result);
}

table::ColumnChoice column(const std::string& text, std::string_view flag) {
  return text.empty() ? table::ColumnChoice{} : usage(table::parse_column(text), flag);
}

prepare::SplitOptions options_of(const SplitFlags& flags) {
  prepare::SplitOptions options;
  options.columns.id = column(flags.id_column, "--id-column");
  options.columns.timestamp = column(flags.timestamp_column, "--timestamp-column");
  options.columns.value = column(flags.value_column, "--value-column");
  for (const std::string& name : flags.keep_columns) options.columns.further.push_back({name, false});
  options.columns.header = usage(table::parse_header(flags.header), "--header");
  options.columns.delimiter = usage(table::parse_delimiter(flags.delimiter), "--delimiter");
  options.columns.skip_bad_rows = flags.skip_bad_rows;
  options.memory_budget = usage(parse_size(flags.memory_budget), "--memory-budget");
  if (options.memory_budget < prepare::kLeastSplitMemory) {
    fail(Error{ErrorCode::kInvalid, fmt::format("--memory-budget: at least {} are needed, found {}",
                                                format_size(prepare::kLeastSplitMemory), flags.memory_budget)},
         kExitUsage);
  }
  options.overwrite = flags.overwrite;
  options.threads = value_or_fail(read_threads(flags.threads, false), kExitUsage);
  return options;
}

std::string summary_of(const prepare::SplitReport& report, double seconds) {
  std::string text = fmt::format("{} rows of {} customers, {} read, {} written, {:.2f} s", format_count(report.rows),
                                 format_count(report.customers), format_size(report.bytes_read),
                                 format_size(report.bytes_written), seconds);
  if (report.bytes_set_aside > 0)
    text += fmt::format(", {} went by way of the disk", format_size(report.bytes_set_aside));
  if (report.bad_rows.count > 0) text += fmt::format("; {} bad rows left out", format_count(report.bad_rows.count));
  return text;
}

std::string json_of(const prepare::SplitReport& report, double seconds) {
  const auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object().key("event").string("done").key("command").string("split");
  json.key("rows").integer(count(report.rows)).key("customers").integer(count(report.customers));
  json.key("bytes_read").integer(count(report.bytes_read)).key("bytes_written").integer(count(report.bytes_written));
  json.key("bytes_set_aside").integer(count(report.bytes_set_aside));
  json.key("seconds").rounded(seconds, 6).key("bad_rows").integer(count(report.bad_rows.count));
  json.key("bad_row_messages").begin_array();
  for (const std::string& message : report.bad_rows.messages) json.string(message);
  json.end_array().end_object();
  return std::move(json).take();
}

void note_bad_rows(Progress& progress, const table::BadRows& bad) {
  for (const std::string& message : bad.messages) progress.note(message);
  if (bad.count > bad.messages.size()) {
    progress.note(fmt::format("... and {} more bad rows", format_count(bad.count - bad.messages.size())));
  }
}

void run_split(const SplitFlags& flags) {
  prepare::SplitOptions options = options_of(flags);
  Result<InputStream> input = open_input(flags.input);
  if (!input) fail(input.error());
  std::error_code made;
  const std::filesystem::path parent = std::filesystem::path(flags.output).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, made);
  if (made) fail(system_error("make folder", parent, made.value()));

  // The number of rows is not known before the end: the input's bytes stand for it.
  Progress progress("split", "bytes", input->size_bytes, flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  options.on_layout = [&](std::string_view layout) { progress.note(layout); };
  std::uint64_t taken = 0;
  options.on_progress = [&](std::uint64_t rows, std::uint64_t) {
    progress.update(taken, fmt::format("{} rows", format_count(rows)));
  };
  StopSignal stop;
  const table::PullBytes counted = [&, pull = input->pull](std::span<char> into) {
    Result<std::size_t> got = pull(into);
    // Looked at after the read: the end of a pipe whose writer was stopped with us is not the table's end.
    if (stop.requested()) got = Error{ErrorCode::kUnavailable, "split: stopped by a signal; nothing is kept"};
    if (got) taken += *got;
    return got;
  };
  const Result<prepare::SplitReport> report = prepare::split(counted, input->name, flags.output, options);
  if (!report) {
    progress.clear();
    fail(report.error());
  }
  if (!flags.json) note_bad_rows(progress, report->bad_rows);
  const double seconds = progress.seconds();
  progress.finish(summary_of(*report, seconds), json_of(*report, seconds));
}

}  // namespace

void add_split_command(CLI::App& app) {
  auto flags = std::make_shared<SplitFlags>();
  CLI::App* command = app.add_subcommand("split", "A table of all customers -> one series file a customer");
  command->add_option("--input", flags->input, "CSV file, plain or gzip; - is standard input")->required();
  command->add_option("--output", flags->output, "Folder for the <id>.csv files; new or empty")->required();
  command->add_option("--id-column", flags->id_column, "Name, or position from 1 (default: customer_id, else 1)");
  command->add_option("--timestamp-column", flags->timestamp_column, "(default: timestamp or ds, else 2)");
  command->add_option("--value-column", flags->value_column, "(default: value, consumption or y, else 3)");
  command
      ->add_option("--keep-columns", flags->keep_columns,
                   "Further columns by name, as temp,promo: the files then begin with a header")
      ->delimiter(',');
  command->add_option("--header", flags->header, "auto: line 1 is a header if its timestamp is no date; yes; no")
      ->capture_default_str();
  command->add_option("--delimiter", flags->delimiter, "One byte, or tab")->capture_default_str();
  command->add_flag("--skip-bad-rows", flags->skip_bad_rows, "Leave out, count and report rows that cannot be read");
  command->add_option("--threads", flags->threads, "Threads that write files; 0: one a core");
  command->add_option("--memory-budget", flags->memory_budget, "Rows beyond it go by way of the disk")
      ->capture_default_str();
  command->add_flag("--overwrite", flags->overwrite, "Replace the series that the folder holds");
  command->add_flag("--json", flags->json, "Progress and summary as JSON lines on standard error");
  command->callback([flags] { run_split(*flags); });
}

}  // namespace chiliad::app
