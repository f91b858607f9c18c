#include "app/fleet_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <system_error>
#include <thread>

#include "app/byte_stream.h"
#include "prepare/split.h"
#include "table/csv_reader.h"
#include "train/fit_series.h"

namespace chiliad::app {
namespace {

Result<Done> read_column(const char* flag, const std::string& text, table::ColumnChoice& column) {
  if (text.empty()) return Done{};
  Result<table::ColumnChoice> choice = table::parse_column(text);
  if (!choice) return std::move(choice).error().in(flag);
  column = *std::move(choice);
  return Done{};
}

// The table split into a spool of its own. What the flags say of columns concerns the table; the spool's files are as
// split writes them.
Result<OpenedSeries> open_table(const std::string& path, const SeriesFlags& flags, const table::SeriesColumns& columns,
                                prepare::Shard shard) {
  prepare::SplitOptions options;
  if (Result<Done> read = read_column("--id-column", flags.id_column, options.columns.id); !read)
    return std::move(read).error();
  options.columns.timestamp = columns.timestamp;
  options.columns.value = columns.value;
  options.columns.header = columns.header;
  options.columns.delimiter = columns.delimiter;
  options.columns.skip_bad_rows = columns.skip_bad_rows;
  options.columns.further = columns.further;
  Result<InputStream> input = open_input(path);
  if (!input) return std::move(input).error().in("--data");
  Result<TempFolder> spool = TempFolder::make();
  if (!spool) return std::move(spool).error();
  const std::filesystem::path folder = spool->path() / "series";
  Result<prepare::SplitReport> split = prepare::split(input->pull, input->name, folder, options);
  if (!split) return std::move(split).error();
  Result<train::SeriesSource> source = train::SeriesSource::open(folder.string(), shard);
  if (!source) return std::move(source).error();
  source->show_as(input->name);
  table::SeriesColumns plain;
  // With further columns split writes a header, if the table has them.
  plain.header = columns.further.empty() ? table::Header::kNo : table::Header::kAuto;
  plain.further = columns.further;
  return OpenedSeries{*std::move(spool), *std::move(source), plain, std::move(split->bad_rows)};
}

}  // namespace

void add_series_flags(CLI::App& command, SeriesFlags& flags) {
  command
      .add_option("--data", flags.data,
                  "Folder or s3:// location with <id>.csv or <id>.csv.gz files, or one table of all series")
      ->required();
  const auto add = [&](const std::string& name, std::string& value, const std::string& what) {
    command.add_option(name, value, what)->group("Columns");
  };
  add("--id-column", flags.id_column, "Customer's id in a table, by name or position from 1");
  add("--timestamp-column", flags.timestamp_column, "Timestamp, by name or position from 1");
  add("--value-column", flags.value_column, "Value, by name or position from 1");
  add("--header", flags.header, "auto, yes or no: whether the first row holds names");
  add("--delimiter", flags.delimiter, "Between the columns: one byte, or tab");
  command.add_flag("--skip-bad-rows", flags.skip_bad_rows, "Leave out rows that cannot be read, and count them")
      ->group("Columns");
}

Result<table::SeriesColumns> read_series_columns(const SeriesFlags& flags) {
  table::SeriesColumns columns;
  if (Result<Done> read = read_column("--timestamp-column", flags.timestamp_column, columns.timestamp); !read)
    return std::move(read).error();
  if (Result<Done> read = read_column("--value-column", flags.value_column, columns.value); !read)
    return std::move(read).error();
  Result<table::Header> header = table::parse_header(flags.header);
  if (!header) return std::move(header).error().in("--header");
  columns.header = *header;
  Result<char> delimiter = table::parse_delimiter(flags.delimiter);
  if (!delimiter) return std::move(delimiter).error().in("--delimiter");
  columns.delimiter = *delimiter;
  columns.skip_bad_rows = flags.skip_bad_rows;
  return columns;
}

Result<OpenedSeries> open_series(const std::string& location, const SeriesFlags& flags, prepare::Shard shard,
                                 const std::vector<std::string>& needed) {
  Result<table::SeriesColumns> columns = read_series_columns(flags);
  if (!columns) return std::move(columns).error();
  columns->further = train::further_columns(needed);
  std::error_code failure;
  if (!location.starts_with("s3://") && !std::filesystem::is_directory(location, failure))
    return open_table(location, flags, *columns, shard);
  Result<train::SeriesSource> source = train::SeriesSource::open(location, shard);
  if (!source) return std::move(source).error();
  return OpenedSeries{std::nullopt, *std::move(source), *std::move(columns), {}};
}

void note_bad_rows(Progress& progress, const OpenedSeries& series) {
  const table::BadRows& bad = series.bad_rows;
  for (const std::string& message : bad.messages) progress.note("left out: " + message);
  if (bad.count > bad.messages.size())
    progress.note("left out: " + std::to_string(bad.count - bad.messages.size()) + " more bad rows");
}

void note_unused_entries(Progress& progress, const train::FleetOptions& fleet) {
  constexpr std::size_t kShown = 10;
  const std::vector<std::string> unused = fleet.unused();
  for (std::size_t i = 0; i < std::min(unused.size(), kShown); ++i)
    progress.note(unused[i] + ": no series of that name");
  if (unused.size() > kShown)
    progress.note("and " + std::to_string(unused.size() - kShown) + " more [[series]] that name no series");
}

Result<int> read_threads(int threads, bool remote) {
  if (threads < 0 || threads > 1024) return invalid("--threads: expected 0 to 1024");
  if (threads > 0) return threads;
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return remote ? std::max(16, 4 * cores) : cores;
}

Result<std::vector<archive::Member>> read_code_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code failure;
  fs::recursive_directory_iterator entries(folder, failure);
  if (failure) return system_error("list", folder, failure.value());
  std::vector<archive::Member> members;
  for (; entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
    if (failure) return system_error("list", folder, failure.value());
    const fs::path& path = entries->path();
    const fs::file_status status = fs::symlink_status(path, failure);
    if (failure) return system_error("stat", path, failure.value());
    if (fs::is_directory(status)) continue;
    if (!fs::is_regular_file(status))
      return invalid("--code: " + path.string() + " is neither a file nor a folder; links are not followed");
    Result<std::string> bytes = read_file(path, std::uint64_t{64} << 20);
    if (!bytes) return std::move(bytes).error().in("--code");
    members.push_back({"code/" + fs::relative(path, folder).generic_string(), *std::move(bytes)});
  }
  if (members.empty()) return invalid("--code: no file in " + folder);
  std::ranges::sort(members, {}, &archive::Member::name);
  return members;
}

}  // namespace chiliad::app
