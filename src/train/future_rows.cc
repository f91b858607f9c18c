#include "train/future_rows.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "table/csv_reader.h"
#include "table/field.h"
#include "table/gunzip.h"

namespace chiliad::train {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMaxColumns = 1000;
constexpr std::size_t kNone = SIZE_MAX;

std::size_t find(std::span<const std::string_view> header, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = std::ranges::find(header, name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  return kNone;
}

}  // namespace

Result<FutureRows> FutureRows::parse(std::string_view text, std::string_view name, char delimiter) {
  if (table::starts_like_gzip(text)) {
    Result<std::string> plain = table::gunzip(text, name, kMaxBytes);
    if (!plain) return std::move(plain).error();
    return parse(*plain, name, delimiter);
  }
  table::CsvFormat format;
  format.delimiter = delimiter;
  table::CsvReader csv(text, name, format);
  using Step = table::CsvReader::Step;
  const Step first = csv.next();
  if (first == Step::kEnd) return Error{ErrorCode::kInvalid, std::string(name) + ": there are no rows"};
  if (first != Step::kRow) return csv.error();

  FutureRows rows;
  rows.name_ = name;
  const std::size_t ds = find(csv.fields(), {"ds", "timestamp"});
  const std::size_t id = find(csv.fields(), {"customer_id"});
  if (ds == kNone) return csv.bad_row("expected a header with a column 'ds' or 'timestamp'");
  if (csv.fields().size() > kMaxColumns) return csv.bad_row("more than 1000 columns");
  rows.by_customer_ = id != kNone;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < csv.fields().size(); ++i) {
    if (i == ds || i == id) continue;
    const std::string column(csv.fields()[i]);
    if (std::ranges::find(rows.columns_, column, &Column::name) != rows.columns_.end())
      return csv.bad_row("several columns are called '" + column + "'");
    rows.columns_.push_back({column, ""});
    places.push_back(i);
  }

  table::InstantReader instants;
  for (Step step = csv.next(); step != Step::kEnd; step = csv.next()) {
    if (step != Step::kRow) return csv.error();
    const std::span<const std::string_view> fields = csv.fields();
    Instant moment;
    if (!instants.read(fields[ds], moment)) {
      const Result<Instant> reason = parse_instant(fields[ds]);
      return csv.bad_row("column " + std::to_string(ds + 1) + ": " + (reason ? "" : reason.error().message));
    }
    Group& group = rows.groups_[rows.by_customer_ ? std::string(fields[id]) : std::string()];
    group.ds.push_back(moment);
    group.values.resize(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::optional<double> value = table::read_value_or_truth(fields[places[i]]);
      if (!value && rows.columns_[i].complaint.empty()) {
        rows.columns_[i].complaint = csv.bad_row("column " + std::to_string(places[i] + 1) + " (" +
                                                 rows.columns_[i].name + "): expected a number, True or False")
                                         .message;
      }
      group.values[i].push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
  }
  if (rows.groups_.empty()) return Error{ErrorCode::kInvalid, std::string(name) + ": there are no rows"};
  return rows;
}

Result<FutureRows::Rows> FutureRows::of(std::string_view customer_id, const std::vector<std::string>& needed) const {
  const auto group = groups_.find(by_customer_ ? customer_id : std::string_view());
  if (group == groups_.end())
    return Error{ErrorCode::kInvalid, name_ + " has no rows of customer '" + std::string(customer_id) + "'"};
  Rows rows;
  rows.ds = group->second.ds;
  for (const std::string& name : needed) {
    const auto column = std::ranges::find(columns_, name, &Column::name);
    if (column == columns_.end()) continue;
    if (!column->complaint.empty()) return Error{ErrorCode::kInvalid, column->complaint};
    rows.columns.push_back({name, group->second.values[static_cast<std::size_t>(column - columns_.begin())]});
  }
  return rows;
}

}  // namespace chiliad::train
