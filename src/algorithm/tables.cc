#include "algorithm/tables.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "prepare/split.h"
#include "table/csv_reader.h"
#include "table/gunzip.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxHeader = std::size_t{1} << 20;

Result<table::PullBytes> open_bytes(const fs::path& path) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return std::move(file).error();
  auto shared = std::make_shared<FileDescriptor>(*std::move(file));
  return table::gunzip_if_gzip(
      [shared, path](std::span<char> into) -> Result<std::size_t> {
        while (true) {
          const ssize_t got = ::read(shared->get(), into.data(), into.size());
          if (got >= 0) return static_cast<std::size_t>(got);
          if (errno != EINTR) return system_error("read", path, errno);
        }
      },
      path.filename().string());
}

// One file after another, headers but the first left out, a line's end between files where one lacks it.
class Joined {
 public:
  Joined(std::vector<fs::path> files, bool has_header) : files_(std::move(files)), has_header_(has_header) {}

  Result<std::size_t> pull(std::span<char> into) {
    while (true) {
      if (!pending_.empty()) {
        const std::size_t count = std::min(pending_.size(), into.size());
        std::copy_n(pending_.data(), count, into.data());
        pending_.erase(0, count);
        last_ = into[count - 1];
        return count;
      }
      if (current_) {
        Result<std::size_t> got = current_(into);
        if (!got) return got;
        if (*got > 0) {
          last_ = into[*got - 1];
          return got;
        }
        current_ = nullptr;
        if (next_ < files_.size() && last_ != '\n') {
          pending_.push_back('\n');
          continue;
        }
      }
      if (next_ == files_.size()) return std::size_t{0};
      if (Result<Done> opened = open_next(); !opened) return std::move(opened).error();
    }
  }

 private:
  Result<Done> open_next() {
    const fs::path& path = files_[next_++];
    Result<table::PullBytes> bytes = open_bytes(path);
    if (!bytes) return std::move(bytes).error();
    current_ = *std::move(bytes);
    if (!has_header_) return Done{};
    // The first line, however it comes.
    std::size_t end = std::string::npos;
    std::string piece(std::size_t{16} << 10, '\0');
    while (end == std::string::npos) {
      Result<std::size_t> got = current_({piece.data(), piece.size()});
      if (!got) return std::move(got).error();
      if (*got == 0) break;
      pending_.append(piece.data(), *got);
      end = pending_.find('\n');
      if (end == std::string::npos && pending_.size() > kMaxHeader)
        return invalid(path.filename().string() + ": the first line is longer than 1 MiB");
    }
    std::string_view line = std::string_view(pending_).substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (next_ == 1) {
      header_ = line;
      return Done{};
    }
    if (pending_.empty()) return Done{};
    if (line != header_) return invalid(path.filename().string() + ": expected the header of the first table");
    pending_.erase(0, end == std::string::npos ? end : end + 1);
    return Done{};
  }

  const std::vector<fs::path> files_;
  const bool has_header_;
  std::size_t next_ = 0;
  table::PullBytes current_;
  std::string pending_;
  std::string header_;
  char last_ = '\n';
};

Result<bool> looks_like_table(const fs::path& file, const table::CustomerColumns& columns) {
  Result<table::PullBytes> bytes = open_bytes(file);
  if (!bytes) return std::move(bytes).error();
  std::string text(std::size_t{64} << 10, '\0');
  Result<std::size_t> got = (*bytes)({text.data(), text.size()});
  if (!got) return std::move(got).error();
  std::string_view line = std::string_view(text).substr(0, *got);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::size_t fields = 1;
  bool named = false;
  for (std::size_t at = 0;;) {
    const std::size_t end = line.find(columns.delimiter, at);
    std::string_view field = line.substr(at, end == std::string_view::npos ? end : end - at);
    named = named || field == "customer_id" || field == "\"customer_id\"";
    if (end == std::string_view::npos) break;
    at = end + 1;
    ++fields;
  }
  return named || fields == 3;
}

Result<Done> split_tables(const std::vector<fs::path>& files, table::CustomerColumns columns, Fleet& fleet) {
  Result<JoinedTables> tables = join_tables(files, columns);
  if (!tables) return std::move(tables).error();
  Result<TempFolder> spool = TempFolder::make();
  if (!spool) return std::move(spool).error();
  prepare::SplitOptions options;
  options.columns = std::move(columns);
  Result<prepare::SplitReport> report = prepare::split(tables->pull, tables->name, spool->path() / "series", options);
  if (!report) return std::move(report).error();
  fleet.bad_rows = report->bad_rows.count;
  fleet.spool = *std::move(spool);
  return Done{};
}

}  // namespace

void ColumnSettings::take_from(Settings& settings) {
  settings.take("id_column", id_column);
  settings.take("timestamp_column", timestamp_column);
  settings.take("value_column", value_column);
  settings.take("header", header);
  settings.take("delimiter", delimiter);
  settings.take("skip_bad_rows", skip_bad_rows);
}

Result<table::CustomerColumns> ColumnSettings::read() const {
  table::CustomerColumns columns;
  const auto choose = [](std::string_view name, const std::string& text, table::ColumnChoice& into) -> Result<Done> {
    if (text.empty()) return Done{};
    Result<table::ColumnChoice> choice = table::parse_column(text);
    if (!choice) return std::move(choice).error().in(name);
    into = *std::move(choice);
    return Done{};
  };
  if (Result<Done> done = choose("id_column", id_column, columns.id); !done) return std::move(done).error();
  if (Result<Done> done = choose("timestamp_column", timestamp_column, columns.timestamp); !done)
    return std::move(done).error();
  if (Result<Done> done = choose("value_column", value_column, columns.value); !done) return std::move(done).error();
  Result<table::Header> read_header = table::parse_header(header);
  if (!read_header) return std::move(read_header).error().in("header");
  Result<char> read_delimiter = table::parse_delimiter(delimiter);
  if (!read_delimiter) return std::move(read_delimiter).error().in("delimiter");
  columns.header = *read_header;
  columns.delimiter = *read_delimiter;
  columns.skip_bad_rows = skip_bad_rows;
  columns.further = further;
  return columns;
}

Result<std::vector<fs::path>> files_below(const fs::path& folder, const std::vector<fs::path>& except) {
  std::vector<fs::path> files;
  std::error_code failure;
  fs::recursive_directory_iterator entries(folder, failure);
  if (failure) return system_error("list", folder, failure.value());
  for (; entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
    if (failure) return system_error("list", folder, failure.value());
    const fs::path& path = entries->path();
    const bool hidden = path.filename().string().starts_with('.');
    if (entries->is_directory(failure)) {
      if (hidden || std::ranges::find(except, path) != except.end()) entries.disable_recursion_pending();
    } else if (!hidden && entries->is_regular_file(failure)) {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  return files;
}

Result<JoinedTables> join_tables(const std::vector<fs::path>& files, table::CustomerColumns& columns) {
  std::string name = files.front().filename().string();
  if (files.size() > 1) {
    Result<table::PullBytes> first = open_bytes(files.front());
    if (!first) return std::move(first).error();
    Result<table::CustomerRows> rows = table::CustomerRows::open(*std::move(first), name, columns);
    if (!rows) return std::move(rows).error();
    columns.header = rows->has_header() ? table::Header::kYes : table::Header::kNo;
    name.append(" and ").append(std::to_string(files.size() - 1)).append(" more");
  }
  auto joined = std::make_shared<Joined>(files, columns.header == table::Header::kYes && files.size() > 1);
  return JoinedTables{[joined](std::span<char> into) { return joined->pull(into); }, std::move(name)};
}

Result<Fleet> open_fleet(const fs::path& folder, const std::string& layout, const ColumnSettings& settings,
                         prepare::Shard shard, const std::vector<fs::path>& except) {
  Result<table::CustomerColumns> columns = settings.read();
  if (!columns) return std::move(columns).error();
  Result<std::vector<fs::path>> files = files_below(folder, except);
  if (!files) return std::move(files).error();
  Fleet fleet;
  if (files->empty()) return fleet;
  fleet.is_table = layout == "table" || (layout == "auto" && !settings.id_column.empty());
  if (layout == "auto" && !fleet.is_table) {
    Result<bool> table = looks_like_table(files->front(), *columns);
    if (!table) return std::move(table).error();
    fleet.is_table = *table;
  } else if (layout != "auto" && layout != "table" && layout != "series") {
    return invalid(std::string("layout: expected auto, series or table, found ").append(layout));
  }
  std::string location = folder.string();
  if (fleet.is_table) {
    if (Result<Done> done = split_tables(*files, *columns, fleet); !done) return std::move(done).error();
    location = (fleet.spool->path() / "series").string();
    // With further columns split writes a header, if the tables have them.
    fleet.columns.header = columns->further.empty() ? table::Header::kNo : table::Header::kAuto;
  } else {
    fleet.columns.timestamp = columns->timestamp;
    fleet.columns.value = columns->value;
    fleet.columns.header = columns->header;
    fleet.columns.delimiter = columns->delimiter;
    fleet.columns.skip_bad_rows = columns->skip_bad_rows;
  }
  fleet.columns.further = columns->further;
  Result<train::SeriesSource> source = train::SeriesSource::open(location, shard);
  if (!source) return std::move(source).error();
  if (fleet.is_table) source->show_as(files->front().filename().string());
  fleet.source = *std::move(source);
  return fleet;
}

}  // namespace chiliad::algorithm
