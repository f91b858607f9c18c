// The tables that lie in an input's folder, as one stream of rows; and the series of a fleet, however they came: a file
// a customer, or tables of many customers that are split first.
//
// Several tables are read one after another in the order of their names. If the first has a header, each must begin
// with the same one, which is then read once.
//
// Thread safety: functions; a stream belongs to one thread.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "algorithm/container.h"
#include "algorithm/settings.h"
#include "base/file.h"
#include "base/result.h"
#include "prepare/shard.h"
#include "table/bytes.h"
#include "table/customer_rows.h"
#include "table/series_csv.h"
#include "train/series_source.h"

namespace chiliad::algorithm {

// How the columns of a table are chosen: id_column, timestamp_column, value_column, header, delimiter, skip_bad_rows.
struct ColumnSettings {
  std::string id_column, timestamp_column, value_column;
  std::string header = "auto", delimiter = ",";
  bool skip_bad_rows = false;
  std::vector<table::FurtherColumn> further;  // What models need beside them; not a setting.

  void take_from(Settings& settings);
  // Errors: kInvalid, naming the setting.
  Result<table::CustomerColumns> read() const;
};

// The files in a folder and below, by name; without those in `except` (inputs that lie inside this one) and hidden
// ones. Errors: as base/file.h.
Result<std::vector<std::filesystem::path>> files_below(const std::filesystem::path& folder,
                                                       const std::vector<std::filesystem::path>& except = {});

struct JoinedTables {
  table::PullBytes pull;
  std::string name;  // For messages: the file's, or "<first> and N more".
};

// The files as one table; columns.header becomes kYes or kNo. Requires: files is not empty. Errors: those of
// CustomerRows::open() for the first; kInvalid in the stream: a file with another header.
Result<JoinedTables> join_tables(const std::vector<std::filesystem::path>& files, table::CustomerColumns& columns);

// The series of a run, and the spool that they lie in when they came as tables.
struct Fleet {
  std::optional<TempFolder> spool;
  std::optional<train::SeriesSource> source;  // Unset: this instance's folder holds none.
  table::SeriesColumns columns;
  bool is_table = false;
  std::uint64_t bad_rows = 0;
};

// `layout`: "series" (a file a customer), "table", or "auto": a table where an id column was chosen, or the first line
// has a field customer_id, or just three fields. `shard`: which of the series, by name. Errors: kInvalid, kCorrupt as
// prepare/split.h; kNotFound: no such folder.
Result<Fleet> open_fleet(const std::filesystem::path& folder, const std::string& layout, const ColumnSettings& columns,
                         prepare::Shard shard, const std::vector<std::filesystem::path>& except = {});

}  // namespace chiliad::algorithm
