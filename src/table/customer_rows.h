// CustomerRows: the long table of all customers (customer id, timestamp, value; in any row order), row by row.
//
// What split and generate's readers take in. Every row given has been checked: its id is not empty, its timestamp is
// one that parse_instant() reads, its value a number or missing (table/field.h). The texts are the file's own.
//
// Cost: about 60 ns a row of 33 bytes.
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/bytes.h"
#include "table/columns.h"
#include "table/field.h"
#include "table/table_reader.h"

namespace chiliad::table {

struct CustomerColumns {
  ColumnChoice id = {};                     // Default: "customer_id", else the first of three columns.
  ColumnChoice timestamp = {};              // Default: "timestamp" or "ds", else the second of three.
  ColumnChoice value = {};                  // Default: "value", "consumption" or "y", else the third of three.
  std::vector<FurtherColumn> further = {};  // Their texts are not looked at.
  Header header = Header::kAuto;
  char delimiter = ',';
  bool skip_bad_rows = false;
};

class CustomerRows {
 public:
  // Reads the first row. gzip is told by its first bytes. `name` begins the messages.
  // Errors: kInvalid: columns that are not there, a first row that could be header or data; those of `source`.
  static Result<CustomerRows> open(PullBytes source, std::string_view name, const CustomerColumns& columns);

  // The next row; false when there are no more.
  // Errors: kInvalid, kTooLarge: a bad row, unless skip_bad_rows; kCorrupt: damaged gzip; those of the source.
  Result<bool> next();

  // Requires: next() gave true. Valid until the next call.
  std::string_view id() const { return table_.field(0); }
  std::string_view timestamp() const { return table_.field(1); }
  std::string_view value() const { return table_.field(2); }
  std::string_view further(std::size_t i) const { return table_.field(3 + i); }
  // Whether the table has the i-th further column, before the first next(), too.
  bool has_further(std::size_t i) const { return table_.has_column(3 + i); }

  const BadRows& bad_rows() const { return bad_rows_; }
  std::uint64_t rows() const { return rows_; }  // Good ones so far.
  std::uint64_t bytes_read() const { return table_.csv().bytes_read(); }
  bool has_header() const { return table_.has_header(); }
  // What was decided about header and columns, in one line.
  std::string describe() const { return table_.describe(); }

 private:
  CustomerRows(std::unique_ptr<const std::vector<ColumnRole>> roles, TableReader table, bool skip_bad_rows)
      : roles_(std::move(roles)), table_(std::move(table)), skip_bad_rows_(skip_bad_rows) {}

  std::unique_ptr<const std::vector<ColumnRole>> roles_;  // table_ looks at them.
  TableReader table_;
  const bool skip_bad_rows_;
  InstantReader instants_;
  BadRows bad_rows_;
  std::uint64_t rows_ = 0;
};

}  // namespace chiliad::table
