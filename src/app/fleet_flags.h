// The options that train and evaluate share: where the series are, which of them, how many threads.
//
// Thread safety: values; pure functions but for open_series(), which reads and may write a spool of its own.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/progress.h"
#include "archive/archive.h"
#include "base/file.h"
#include "base/result.h"
#include "prepare/shard.h"
#include "table/series_csv.h"
#include "train/fleet_options.h"
#include "train/max_failures.h"
#include "train/series_source.h"

namespace CLI {
class App;
}

namespace chiliad::app {

struct SeriesFlags {
  std::string data;
  std::string shard = "1/1";
  std::string id_column;
  std::string timestamp_column;
  std::string value_column;
  std::string header = "auto";
  std::string delimiter = ",";
  bool skip_bad_rows = false;
};

void add_series_flags(CLI::App& command, SeriesFlags& flags);

// How the rows of a series file are read. Errors: kInvalid, naming the flag.
Result<table::SeriesColumns> read_series_columns(const SeriesFlags& flags);

// The series of a run, and the spool that they lie in when they came as one table.
struct OpenedSeries {
  std::optional<TempFolder> spool;
  train::SeriesSource source;
  table::SeriesColumns columns;
  table::BadRows bad_rows;  // Left out while splitting, with --skip-bad-rows.
};

// A folder or s3:// location of series as it is; a file is split into a spool first. `needed`: the columns that models
// need besides ds and y, as far as they are there. Errors: as SeriesSource::open() and prepare/split.h.
Result<OpenedSeries> open_series(const std::string& location, const SeriesFlags& flags, prepare::Shard shard,
                                 const std::vector<std::string>& needed);

// Says which rows of a table were left out.
void note_bad_rows(Progress& progress, const OpenedSeries& series);

// Says which [[series]] of an options file named no series, once all were asked about.
void note_unused_entries(Progress& progress, const train::FleetOptions& fleet);

// 0: one a core (for an object store, where threads mostly wait, four a core and at least 16).
// Errors: kInvalid: below 0 or above 1024.
Result<int> read_threads(int threads, bool remote);

using train::read_max_failures;

// The regular files below `folder` as members "code/<path>", sorted by path. Errors: kInvalid: links or special files,
// names that an archive cannot hold; else as base/file.h.
Result<std::vector<archive::Member>> read_code_folder(const std::string& folder);

}  // namespace chiliad::app
