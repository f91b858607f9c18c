// split: the long table of all customers -> a folder with one series file a customer. The processing step.
//
//   customer_id,timestamp,consumption          8.csv:   2022-01-01,753.2130876585362
//   8,2022-01-01,753.2130876585362      ->              2022-01-02,868.7695410293804
//   9,2022-01-01,12.5                          9.csv:   2022-01-01,12.5
//   8,2022-01-02,868.7695410293804
//
// Promises
//   1. Each customer's rows keep the input's order and texts: timestamp and value are not written anew. (A timestamp
//      that holds a comma is put in quotes.) With further columns each file begins with a header.
//   2. One pass over the input. Memory stays within the budget and open files below 40, whatever the number of rows,
//      of customers, and their order: what does not fit memory is set aside on disk beside the output.
//   3. The output is the same, whatever the budget. Its folder behaves as prepare/series_folder.h says.
//   4. A bad row ends it with file, line, column and what was expected, or, with skip_bad_rows, is left out,
//      counted and reported.
//
// Thread safety: a function; one at a time for each output folder.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "table/bytes.h"
#include "table/columns.h"
#include "table/customer_rows.h"

namespace chiliad::prepare {

inline constexpr std::uint64_t kLeastSplitMemory = std::uint64_t{8} << 20;

struct SplitOptions {
  table::CustomerColumns columns = {};
  std::uint64_t memory_budget = std::uint64_t{256} << 20;  // At least kLeastSplitMemory.
  bool overwrite = false;
  int threads = 1;  // That make and write files once rows are grouped. The output does not depend on them.
  // Called once, before the first row is taken, with what was decided about header and columns.
  std::function<void(std::string_view layout)> on_layout = {};
  // Called now and then with the rows taken and the input's bytes (after decompression) so far.
  std::function<void(std::uint64_t rows, std::uint64_t bytes)> on_progress = {};
};

struct SplitReport {
  std::uint64_t rows = 0;
  std::uint64_t customers = 0;
  std::uint64_t bytes_read = 0;  // After decompression.
  std::uint64_t bytes_written = 0;
  std::uint64_t peak_memory = 0;      // Of the rows held; the budget's share.
  std::uint64_t bytes_set_aside = 0;  // Written to disk beside the output and read back; 0 if the budget sufficed.
  table::BadRows bad_rows;
};

// `input_name` begins the messages about rows. The output's parent folder must exist.
// Errors: those of CustomerRows and SeriesFolderWriter; kInvalid: a table without rows, too small a budget.
Result<SplitReport> split(table::PullBytes input, std::string_view input_name, const std::filesystem::path& output,
                          const SplitOptions& options = {});

}  // namespace chiliad::prepare
