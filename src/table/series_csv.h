// One customer's series file -> its dates and values: what training reads for each customer.
//
// A series file is a table of a timestamp and a value, as `chiliad split` writes it (no header, two columns) or as
// people have it (header, more columns). Bytes in, numbers out; no file access.
//
// Promises
//   1. ds[i], y[i] are row i of the file, in file order: neither sorted nor made unique (the fit does that).
//   2. A missing value (empty, or one of pandas' default texts: NA, nan, null, ... see table/field.h) is NaN; the row
//      stays, because Prophet's future starts after the last row, missing or not.
//   3. A value is the double nearest to its text, a timestamp what parse_instant() says. Further columns hold values,
//      too, and there True and False (in any case of letters) are 1 and 0.
//   4. The first row that cannot be read is an error "FILE:LINE: column N (ROLE): expected ..., found ...", or, with
//      skip_bad_rows, is left out and reported.
//
// Cost: 365 rows "2022-01-01,753.2130876585362" about 10 us on one core; memory: 16 bytes a row besides the input.
// Thread safety: a pure function.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "table/columns.h"

namespace chiliad::table {

struct SeriesColumns {
  ColumnChoice timestamp = {};  // Default: "timestamp" or "ds", else the first of two columns.
  ColumnChoice value = {};      // Default: "value", "consumption" or "y", else the second of two columns.
  std::vector<FurtherColumn> further = {};
  Header header = Header::kAuto;
  char delimiter = ',';
  bool skip_bad_rows = false;
  std::uint64_t max_bytes = std::uint64_t{1} << 30;  // After decompression.
};

struct Series {
  std::vector<Instant> ds;
  std::vector<double> y;                     // As long as ds; NaN: missing.
  std::vector<std::vector<double>> further;  // By SeriesColumns::further: as long as ds, or empty where there is none.
  bool has_header = false;
  BadRows bad_rows;  // Empty unless skip_bad_rows.
};

// `bytes` is the whole file, plain or gzip (told by its first two bytes). `file_name` begins the messages.
// An empty file is a series without rows.
// Errors: kInvalid: as promise 4; columns that are not there. kCorrupt: damaged gzip. kTooLarge: over max_bytes, a row
// over the limit of table/csv_reader.h.
Result<Series> read_series_csv(std::string_view bytes, std::string_view file_name, const SeriesColumns& columns = {});

}  // namespace chiliad::table
