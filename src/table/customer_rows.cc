#include "table/customer_rows.h"

#include <array>
#include <optional>
#include <utility>

#include "table/csv_reader.h"
#include "table/gunzip.h"

namespace chiliad::table {
namespace {

constexpr std::array<std::string_view, 1> kIdNames = {"customer_id"};
constexpr std::size_t kIdRole = 0;
constexpr std::size_t kTimestampRole = 1;
constexpr std::size_t kValueRole = 2;

// What is wrong with the row's fields; nullopt for a good row.
std::optional<Error> check_row(const TableReader& table, InstantReader& instants) {
  if (table.field(kIdRole).empty()) return table.bad_field(kIdRole, "a customer id");
  Instant instant;
  if (!instants.read(table.field(kTimestampRole), instant)) return table.bad_timestamp(kTimestampRole);
  if (!is_value(table.field(kValueRole))) return table.bad_field(kValueRole, "a number");
  return std::nullopt;
}

}  // namespace

Result<CustomerRows> CustomerRows::open(PullBytes source, std::string_view name, const CustomerColumns& columns) {
  CsvFormat format;
  format.delimiter = columns.delimiter;
  std::vector<ColumnRole> roles = {
      {"customer id", kIdNames, 1}, {"timestamp", kTimestampNames, 2}, {"value", kValueNames, 3}};
  std::vector<ColumnChoice> choices = {columns.id, columns.timestamp, columns.value};
  for (const FurtherColumn& column : columns.further) {
    roles.push_back({"further", {}, 0});
    choices.push_back({column.name, 0, column.optional});
  }
  auto kept = std::make_unique<const std::vector<ColumnRole>>(std::move(roles));
  CsvReader csv(gunzip_if_gzip(std::move(source), std::string(name)), name, format);
  Result<TableReader> table =
      TableReader::open(std::move(csv), {*kept, choices, kTimestampRole, kValueRole, columns.header});
  if (!table) return std::move(table).error();
  return CustomerRows(std::move(kept), *std::move(table), columns.skip_bad_rows);
}

Result<bool> CustomerRows::next() {
  while (true) {
    std::optional<Error> error;
    switch (table_.next()) {
      case TableReader::Step::kEnd: return false;
      case TableReader::Step::kError: return table_.csv().error();
      case TableReader::Step::kBad: error = table_.csv().error(); break;
      case TableReader::Step::kRow: error = check_row(table_, instants_); break;
    }
    if (!error) {
      ++rows_;
      return true;
    }
    if (!skip_bad_rows_) return *std::move(error);
    bad_rows_.add(std::move(error->message));
  }
}

}  // namespace chiliad::table
