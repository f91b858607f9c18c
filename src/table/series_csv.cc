#include "table/series_csv.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "table/csv_reader.h"
#include "table/field.h"
#include "table/gunzip.h"
#include "table/table_reader.h"

namespace chiliad::table {
namespace {

constexpr std::size_t kTimestamp = 0;
constexpr std::size_t kValue = 1;
constexpr std::size_t kFurther = 2;  // And so on.
// A first guess for the room that rows need: the shortest row of a date and a digit has 13 bytes, a usual one 30.
constexpr std::size_t kBytesPerRow = 24;

// What the columns of a file stand for, as TableReader wants it: timestamp, value, and the further ones.
struct Layout {
  explicit Layout(const SeriesColumns& columns) : choices{columns.timestamp, columns.value} {
    for (const FurtherColumn& column : columns.further) {
      roles.push_back({column.name, {}, 0});
      choices.push_back({column.name, 0, column.optional});
    }
  }

  std::vector<ColumnRole> roles = {{"timestamp", kTimestampNames, 1}, {"value", kValueNames, 2}};
  std::vector<ColumnChoice> choices;
};

Result<Series> read_rows(std::string_view text, std::string_view file_name, const SeriesColumns& columns) {
  CsvFormat format;
  format.delimiter = columns.delimiter;
  const Layout layout(columns);
  Result<TableReader> opened = TableReader::open(CsvReader(text, file_name, format),
                                                 {layout.roles, layout.choices, kTimestamp, kValue, columns.header});
  if (!opened) return std::move(opened).error();
  TableReader& table = *opened;

  Series series;
  series.has_header = table.has_header();
  series.ds.reserve(text.size() / kBytesPerRow + 1);
  series.y.reserve(text.size() / kBytesPerRow + 1);
  series.further.resize(columns.further.size());
  std::vector<double> row(columns.further.size());
  InstantReader instants;
  // Each turn ends by reading a row, by refusing one, or the loop.
  const auto refuse = [&](Error error) {
    if (columns.skip_bad_rows) series.bad_rows.add(std::move(error.message));
    return columns.skip_bad_rows;
  };
  while (true) {
    const TableReader::Step step = table.next();
    if (step == TableReader::Step::kEnd) return series;
    if (step == TableReader::Step::kError) return table.csv().error();
    if (step == TableReader::Step::kBad) {
      if (!refuse(table.csv().error())) return table.csv().error();
      continue;
    }
    Instant instant;
    if (!instants.read(table.field(kTimestamp), instant)) {
      Error error = table.bad_timestamp(kTimestamp);
      if (!refuse(error)) return error;
      continue;
    }
    const std::optional<double> value = read_value(table.field(kValue));
    if (!value) {
      Error error = table.bad_field(kValue, "a number");
      if (!refuse(error)) return error;
      continue;
    }
    std::optional<Error> bad;
    for (std::size_t i = 0; i < row.size() && !bad; ++i) {
      if (!table.has_column(kFurther + i)) continue;
      const std::optional<double> further = read_value_or_truth(table.field(kFurther + i));
      if (!further) bad = table.bad_field(kFurther + i, "a number, True or False");
      row[i] = further.value_or(0);
    }
    if (bad) {
      if (!refuse(*bad)) return *std::move(bad);
      continue;
    }
    series.ds.push_back(instant);
    series.y.push_back(*value);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (table.has_column(kFurther + i)) series.further[i].push_back(row[i]);
    }
  }
}

}  // namespace

Result<Series> read_series_csv(std::string_view bytes, std::string_view file_name, const SeriesColumns& columns) {
  if (!starts_like_gzip(bytes)) {
    if (bytes.size() <= columns.max_bytes) return read_rows(bytes, file_name, columns);
    return Error{ErrorCode::kTooLarge, std::string(file_name).append(": larger than the limit of ") +
                                           std::to_string(columns.max_bytes) + " bytes"};
  }
  Result<std::string> text = gunzip(bytes, file_name, columns.max_bytes);
  if (!text) return std::move(text).error();
  return read_rows(*text, file_name, columns);
}

}  // namespace chiliad::table
