// `chiliad store`: looks after the bucket store of a home folder: takes in what was put there by hand, and compares
// index and folder. Both work while a server has the home open.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "app/command.h"
#include "app/commands.h"
#include "app/progress.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "app/text_output.h"
#include "base/json_writer.h"
#include "store/bucket_store.h"

namespace chiliad::app {
namespace {

struct StoreFlags {
  std::string home;
  std::string bucket;
  bool bytes = false;
  bool json = false;
};

std::string json_of(const store::ScanReport& report, std::string_view command, bool whole) {
  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object().key("event").string(whole ? "done" : "stopped").key("command").string(command);
  const auto count = [&](std::string_view name, std::uint64_t value) {
    json.key(name).integer(static_cast<std::int64_t>(value));
  };
  count("files", report.files);
  count("unchanged", report.unchanged);
  count("added", report.added);
  count("updated", report.updated);
  count("removed", report.removed);
  count("ignored", report.ignored);
  json.key("complaints").begin_array();
  for (const std::string& complaint : report.complaints) json.string(complaint);
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string text_of(const store::ScanReport& report, bool whole) {
  std::string text = fmt::format("{} files: {} as the index has them, {} new, {} changed, {} gone, {} ignored{}\n",
                                 format_count(report.files), format_count(report.unchanged), format_count(report.added),
                                 format_count(report.updated), format_count(report.removed),
                                 format_count(report.ignored), whole ? "" : " (stopped early; run it again to go on)");
  for (const std::string& complaint : report.complaints) text += "  " + complaint + "\n";
  if (report.ignored > report.complaints.size()) text += "  ...\n";
  return text;
}

enum class Work { kScan, kCheck };

void run_store(const StoreFlags& flags, Work work) {
  const std::string name = work == Work::kScan ? "store scan" : "store check";
  std::error_code unknown;
  if (!std::filesystem::is_directory(std::filesystem::path(flags.home) / "store", unknown))
    fail({ErrorCode::kInvalid, "--home: there is no folder " + flags.home + "/store: not a home of `chiliad up`"},
         kExitUsage);
  const std::shared_ptr<store::BucketStore> store =
      value_or_fail(store::BucketStore::open(flags.home, {.beside_server = true}));
  StopSignal stop;
  bool whole = true;
  Progress progress(name, "files", 0, flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  const store::ScanProgress look = [&](const store::ScanReport& report) {
    progress.update(report.files);
    whole = !stop.requested().load();
    return whole;
  };
  store::Outcome<store::ScanReport> report =
      work == Work::kScan ? store->scan(flags.bucket, look) : store->check(flags.bucket, flags.bytes, look);
  progress.clear();
  if (!report) fail(report.failure().error);
  TextOutput output = value_or_fail(TextOutput::open("-"));
  static_cast<void>(value_or_fail(output.write(flags.json ? json_of(*report, name, whole) : text_of(*report, whole))));
  static_cast<void>(value_or_fail(output.finish()));
  const bool differs = report->added + report->updated + report->removed > 0 || !report->complaints.empty();
  if (!whole || (work == Work::kCheck && differs)) throw Exit{kExitFailed};
}

void add_store_flags(CLI::App& command, StoreFlags& flags) {
  command.add_option("--home", flags.home, "The folder that `chiliad up` works in")->required();
  command.add_option("--bucket", flags.bucket, "One bucket; all if left out");
  command.add_flag("--json", flags.json, "Progress and result as JSON lines");
}

}  // namespace

void add_store_command(CLI::App& app) {
  CLI::App* store = app.add_subcommand("store", "Look after the object store of a home folder");
  store->require_subcommand(1);

  auto scan_flags = std::make_shared<StoreFlags>();
  CLI::App* scan = store->add_subcommand(
      "scan", "Take in files that were put, changed or removed by hand below HOME/store/<bucket>");
  add_store_flags(*scan, *scan_flags);
  scan->callback([scan_flags] { run_store(*scan_flags, Work::kScan); });

  auto check_flags = std::make_shared<StoreFlags>();
  CLI::App* check =
      store->add_subcommand("check", "Compare index and folder, change nothing; exit code 1 when they differ");
  add_store_flags(*check, *check_flags);
  check->add_flag("--bytes", check_flags->bytes, "Read every file and compare its MD5 with its ETag");
  check->callback([check_flags] { run_store(*check_flags, Work::kCheck); });
}

}  // namespace chiliad::app
