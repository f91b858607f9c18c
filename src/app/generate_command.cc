// `chiliad generate`: a table of made-up customers (prepare/generate.h).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "app/byte_stream.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/progress.h"
#include "app/size_text.h"
#include "app/stop_signal.h"
#include "base/json_writer.h"
#include "prepare/generate.h"

namespace chiliad::app {
namespace {

struct GenerateFlags {
  std::string output;
  std::string start = "2022-01-01";
  std::string order = "customer";
  bool json = false;
  prepare::GenerateOptions options;
};

std::string json_of(std::uint64_t customers, std::uint64_t rows, std::uint64_t bytes, double seconds) {
  JsonWriter json(JsonWriter::Look::kPython);
  json.begin_object().key("event").string("done").key("command").string("generate");
  json.key("customers").integer(static_cast<std::int64_t>(customers));
  json.key("rows").integer(static_cast<std::int64_t>(rows));
  json.key("bytes_written").integer(static_cast<std::int64_t>(bytes));
  json.key("seconds").rounded(seconds, 6).end_object();
  return std::move(json).take();
}

void run_generate(const GenerateFlags& flags) {
  prepare::GenerateOptions options = flags.options;
  const Result<Instant> start = parse_instant(flags.start);
  if (!start) fail(Error(start.error()).in("--start"), kExitUsage);
  options.start = *start;
  options.order = flags.order == "date" ? prepare::RowOrder::kDate : prepare::RowOrder::kCustomer;
  if (const Result<Done> checked = prepare::check(options); !checked) fail(checked.error(), kExitUsage);

  const std::uint64_t rows = options.customers * options.period_days;
  Progress progress("generate", "rows", rows, flags.json ? Progress::Look::kJson : Progress::Look::kAuto);
  options.on_progress = [&](std::uint64_t done) { progress.update(done); };
  StopSignal stop;
  Result<OutputStream> output = OutputStream::open(flags.output);
  if (!output) fail(output.error());
  std::uint64_t bytes_written = 0;
  Result<Done> made = prepare::generate(options, [&](std::string_view bytes) -> Result<Done> {
    if (stop.requested()) return Error{ErrorCode::kUnavailable, "generate: stopped by a signal; nothing is kept"};
    bytes_written += bytes.size();
    return output->put(bytes);
  });
  if (made) made = output->commit();
  progress.clear();
  if (!made) fail(made.error());
  const double seconds = progress.seconds();
  progress.finish(fmt::format("{} rows of {} customers, {}, {:.2f} s", format_count(rows),
                              format_count(options.customers), format_size(bytes_written), seconds),
                  json_of(options.customers, rows, bytes_written, seconds));
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App* command = app.add_subcommand("generate", "A table of made-up customers, for demos and benchmarks");
  command->add_option("--customers", flags->options.customers, "How many; their ids are 0, 1, ...")->required();
  command->add_option("--output", flags->output, "CSV file to write; - is standard output")->required();
  command->add_option("--period-days", flags->options.period_days, "Days a customer")->capture_default_str();
  command->add_option("--start", flags->start, "The first day")->capture_default_str();
  command->add_option("--seed", flags->options.seed, "Same seed, same bytes")->capture_default_str();
  command->add_option("--noise", flags->options.noise, "Standard deviation of the noise")->capture_default_str();
  command->add_option("--order", flags->order, "Rows customer by customer, or date by date")
      ->check(CLI::IsMember({"customer", "date"}))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Progress and summary as JSON lines on standard error");
  command->callback([flags] { run_generate(*flags); });
}

}  // namespace chiliad::app
