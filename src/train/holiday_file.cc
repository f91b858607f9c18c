#include "train/holiday_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "table/csv_reader.h"
#include "table/field.h"
#include "table/gunzip.h"

namespace chiliad::train {
namespace {

using forecast::HolidayTable;

constexpr std::uint64_t kMaxTableBytes = std::uint64_t{1} << 28;
constexpr std::size_t kAbsent = SIZE_MAX;

// Where the columns stand.
struct Places {
  std::size_t holiday = kAbsent, ds = kAbsent, lower_window = kAbsent, upper_window = kAbsent, prior_scale = kAbsent;

  static Places of(std::span<const std::string_view> header) {
    const auto find = [&](std::string_view name) {
      const auto found = std::ranges::find(header, name);
      return found == header.end() ? kAbsent : static_cast<std::size_t>(found - header.begin());
    };
    return {find("holiday"), find("ds"), find("lower_window"), find("upper_window"), find("prior_scale")};
  }
};

// Reads the fields of one row.
class RowReader {
 public:
  RowReader(table::CsvReader& csv, const Places& places) : csv_(csv), places_(places) {}

  Result<HolidayTable::Row> read() {
    HolidayTable::Row row;
    const std::string_view ds = csv_.fields()[places_.ds];
    if (table::is_missing(ds) || table::is_missing(csv_.fields()[places_.holiday]))
      return csv_.bad_row("Found a NaN in holidays dataframe.");
    Instant moment;
    if (!instants_.read(ds, moment)) return csv_.bad_row("ds: " + parse_instant(ds).error().message);
    row.day = static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(moment).time_since_epoch().count());
    const Result<double> lower = number(places_.lower_window, "lower_window");
    const Result<double> upper = number(places_.upper_window, "upper_window");
    const Result<double> scale = number(places_.prior_scale, "prior_scale");
    for (const Result<double>* one : {&lower, &upper, &scale}) {
      if (!*one) return one->error();
    }
    if (std::fabs(*lower) > 1e6 || std::fabs(*upper) > 1e6) return csv_.bad_row("a window of more than 1000000 days");
    if (!std::isnan(*lower) && !std::isnan(*upper)) {  // One alone counts as none, as in Prophet.
      row.lower_window = static_cast<std::int32_t>(*lower);
      row.upper_window = static_cast<std::int32_t>(*upper);
    }
    row.prior_scale = *scale;
    return row;
  }

 private:
  // NaN where it is missing.
  Result<double> number(std::size_t place, const char* name) const {
    if (place == kAbsent) return std::nan("");
    const std::optional<double> value = table::read_value(csv_.fields()[place]);
    if (value) return *value;
    return csv_.bad_row(std::string(name) + ": expected a number, found '" +
                        std::string(csv_.fields()[place].substr(0, 40)) + "'");
  }

  table::CsvReader& csv_;
  const Places places_;
  table::InstantReader instants_;
};

}  // namespace

Result<HolidayTable> read_holiday_file(std::string_view text, std::string_view name) {
  if (table::starts_like_gzip(text)) {
    Result<std::string> plain = table::gunzip(text, name, kMaxTableBytes);
    if (!plain) return std::move(plain).error();
    return read_holiday_file(*plain, name);
  }
  table::CsvReader csv(text, name);
  using Step = table::CsvReader::Step;
  const Step first = csv.next();
  const Places places = first == Step::kRow ? Places::of(csv.fields()) : Places();
  if (first != Step::kRow && first != Step::kEnd) return csv.error();
  if (places.holiday == kAbsent || places.ds == kAbsent) {
    return Error{ErrorCode::kInvalid,
                 std::string(name) + R"(: holidays must be a DataFrame with "ds" and "holiday" columns.)"};
  }
  if ((places.lower_window == kAbsent) != (places.upper_window == kAbsent)) {
    return Error{ErrorCode::kInvalid,
                 std::string(name) + ": Holidays must have both lower_window and upper_window, or neither"};
  }
  HolidayTable table;
  table.has_windows = places.lower_window != kAbsent;
  table.has_prior_scales = places.prior_scale != kAbsent;
  std::map<std::string, std::uint32_t, std::less<>> numbers;
  RowReader reader(csv, places);
  for (Step step = csv.next(); step != Step::kEnd; step = csv.next()) {
    if (step != Step::kRow) return csv.error();
    Result<HolidayTable::Row> row = reader.read();
    if (!row) return std::move(row).error();
    const std::string_view holiday = csv.fields()[places.holiday];
    auto number = numbers.find(holiday);
    if (number == numbers.end()) {
      number = numbers.emplace(std::string(holiday), static_cast<std::uint32_t>(table.names.size())).first;
      table.names.emplace_back(holiday);
    }
    row->name = number->second;
    table.rows.push_back(*row);
  }
  return table;
}

}  // namespace chiliad::train
