// chiliad-split: the tables of the first input -> a file a customer in the first output (prepare/split.h).
//
// Over several instances a customer's rows must not be on two of them, since both would write his file: whole objects
// dealt by key are refused, records dealt by the customer's column are right, and of replicated inputs each instance
// keeps the customers that fall to it.

#include "prepare/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "algorithm/algorithm.h"
#include "algorithm/tables.h"
#include "prepare/shard.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

struct Plan {
  Container::Channel input;
  fs::path output;
  std::vector<fs::path> others;  // Inputs that may lie inside `input`.
};

Result<Plan> choose_folders(const Container& container, Settings& settings) {
  Plan plan;
  std::string input, output;
  settings.take("input", input);
  settings.take("output", output);
  if (!input.empty()) {
    if (const Container::Channel* named = container.input(input)) {
      plan.input = *named;
    } else {
      Result<fs::path> place = container.place(input);
      if (!place) return std::move(place).error().in("input");
      plan.input = {input, *std::move(place), "FullyReplicated", false};
    }
  } else if (container.inputs().empty()) {
    plan.input = {"input", container.root() / "processing/input", "FullyReplicated", false};
    std::error_code failure;
    if (!fs::is_directory(plan.input.folder, failure))
      return Error{ErrorCode::kNotFound, "expected an input with tables (ProcessingInputs), found none"};
  } else {
    // "code" is what the SDK's script processors add.
    const auto data = std::ranges::find_if(container.inputs(), [](const auto& one) { return one.name != "code"; });
    plan.input = data == container.inputs().end() ? container.inputs().front() : *data;
  }
  for (const Container::Channel& other : container.inputs()) {
    if (other.folder != plan.input.folder) plan.others.push_back(other.folder);
  }
  plan.output = container.output();
  if (!output.empty()) {
    Result<fs::path> place = container.place(output);
    if (!place) return std::move(place).error().in("output");
    plan.output = *std::move(place);
  }
  return plan;
}

// Of several instances that all split the same: each keeps every n-th customer.
Result<Done> keep_share(const fs::path& folder, prepare::Shard shard) {
  Result<std::vector<fs::path>> files = files_below(folder);
  if (!files) return std::move(files).error();
  for (std::size_t i = 0; i < files->size(); ++i) {
    std::error_code failure;
    if (i % shard.count != shard.index) fs::remove((*files)[i], failure);
    if (failure) return system_error("remove", (*files)[i], failure.value());
  }
  return Done{};
}

Result<Done> split(const fs::path& root) {
  Result<Container> container = Container::open(root, false);
  if (!container) return std::move(container).error();
  Result<Settings> settings = Settings::of_processing(root);
  if (!settings) return std::move(settings).error();
  ColumnSettings columns;
  columns.take_from(*settings);
  prepare::SplitOptions options;
  std::int64_t memory_mib = 256;
  settings->take("overwrite", options.overwrite);
  settings->take("memory_budget_mib", memory_mib, 8, 1 << 20);
  std::vector<std::string> keep_columns;
  settings->take("keep_columns", keep_columns);
  for (const std::string& name : keep_columns) columns.further.push_back({name, false});
  Result<Plan> plan = choose_folders(*container, *settings);
  if (!plan) return std::move(plan).error();
  if (Result<Done> done = settings->finish(); !done) return done;
  options.memory_budget = static_cast<std::uint64_t>(memory_mib) << 20;
  Result<table::CustomerColumns> chosen = columns.read();
  if (!chosen) return std::move(chosen).error();

  const bool several = container->count() > 1;
  if (several && plan->input.distribution != "FullyReplicated" && !plan->input.by_column) {
    return Error{ErrorCode::kInvalid,
                 "input '" + plan->input.name + "' is dealt by " + plan->input.distribution + " over " +
                     std::to_string(container->count()) +
                     " instances: a customer's rows may lie on two of them. Use one instance, or ShardedByRecord with "
                     "AttributeNames naming the customer's column"};
  }
  Result<std::vector<fs::path>> files = files_below(plan->input.folder, plan->others);
  if (!files) return std::move(files).error();
  if (files->empty() && several) {
    say("no table on this instance");
    return Done{};
  }
  if (files->empty()) {
    return Error{ErrorCode::kInvalid, "input '" + plan->input.name + "': no table in " + plan->input.folder.string()};
  }
  Result<JoinedTables> tables = join_tables(*files, *chosen);
  if (!tables) return std::move(tables).error();
  options.columns = *chosen;
  options.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.on_layout = [](std::string_view layout) { say(layout); };
  std::error_code failure;
  fs::create_directories(plan->output, failure);
  if (failure) return system_error("make", plan->output, failure.value());
  Result<prepare::SplitReport> report = prepare::split(tables->pull, tables->name, plan->output, options);
  if (!report) return std::move(report).error();
  for (const std::string& message : report->bad_rows.messages) say("left out: " + message);
  if (several && plan->input.distribution == "FullyReplicated") {
    if (Result<Done> kept = keep_share(plan->output, {container->index(), container->count()}); !kept) return kept;
  }
  say(fmt::format("metric rows={} customers={} bad_rows={} bytes_written={}", report->rows, report->customers,
                  report->bad_rows.count, report->bytes_written));
  return Done{};
}

}  // namespace

int run_split(const fs::path& root) {
  Result<Done> done = split(root);
  return done ? 0 : fail(root, std::move(done).error().in("split"));
}

}  // namespace chiliad::algorithm
