// TableReader: a CSV text with its header decided and its columns found; rows checked field by field.
//
// Sits between CsvReader (fields, knows no meaning) and the two tables that the project reads: one customer's series
// (series_csv.h) and the long table of all customers (customer_rows.h). Both have a timestamp and a value column.
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/columns.h"
#include "table/csv_reader.h"

namespace chiliad::table {

class TableReader {
 public:
  struct Layout {
    std::span<const ColumnRole> roles;
    std::span<const ColumnChoice> choices;  // As many.
    std::size_t timestamp;                  // Indices into roles, for the rule of Header::kAuto.
    std::size_t value;
    Header header = Header::kAuto;
  };

  // Reads the first row and decides. `layout.roles` must outlive the reader, the rest need not.
  // An empty text gives a reader without rows.
  // Errors: kInvalid: columns that are not there, a first row that Header::kAuto cannot tell; those of CsvReader.
  static Result<TableReader> open(CsvReader csv, const Layout& layout);

  using Step = CsvReader::Step;
  Step next() {
    if (first_row_is_data_) {
      first_row_is_data_ = false;
      return Step::kRow;
    }
    return csv_.next();
  }

  // Whether the role has a column: false for an optional one that the header lacks, and in a text without rows.
  bool has_column(std::size_t role) const { return role < columns_.size() && columns_[role] != kNoColumn; }

  // Requires: kRow came last; has_column(role). The role's text, valid until next().
  std::string_view field(std::size_t role) const { return csv_.fields()[columns_[role]]; }

  // "FILE:LINE: column 3 (value): " and what is wrong with the role's field: "expected a number, found 'abc'".
  Error bad_field(std::size_t role, std::string_view expected) const;
  // The same for a timestamp, with the reason that parse_instant() gives.
  Error bad_timestamp(std::size_t role) const;

  bool has_header() const { return has_header_; }
  // One line on what was decided: "header found; customer_id = column 1, timestamp = column 2, value = column 3".
  std::string describe() const;

  CsvReader& csv() { return csv_; }
  const CsvReader& csv() const { return csv_; }

 private:
  TableReader(CsvReader csv, std::span<const ColumnRole> roles) : csv_(std::move(csv)), roles_(roles) {}
  Result<Done> decide(const Layout& layout);
  Result<bool> first_row_is_header(const Layout& layout) const;
  std::string where(std::size_t role) const;

  CsvReader csv_;
  std::span<const ColumnRole> roles_;
  std::vector<std::size_t> columns_;  // Of each role, from 0.
  std::vector<std::string> header_;   // Empty without one.
  bool has_header_ = false;
  bool first_row_is_data_ = false;
  bool header_was_asked_for_ = false;
  bool empty_ = false;
};

}  // namespace chiliad::table
