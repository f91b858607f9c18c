#include "forecast/stored_table.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "forecast/stored_date.h"

namespace chiliad::forecast {
namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view kData = R"(\"data\":[)";  // As it lies in the file.
constexpr std::size_t kMaxHolidays = 10'000;
constexpr std::string_view kQuote = R"(\")";

// --- Unescape, then parse: any spelling ------------------------------------------------------------

// The text of a table, unescaped once and being parsed: the owner of all that the parsers need.
class TableText {
 public:
  explicit TableText(std::string_view raw) : quoted_(raw.size() + 2 + simdjson::SIMDJSON_PADDING, '\0') {
    quoted_[0] = '"';
    raw.copy(&quoted_[1], raw.size());
    quoted_[raw.size() + 1] = '"';
    text_size_ = raw.size() + 2;
  }

  // Errors: kCorrupt.
  Result<od::object> open() {
    const simdjson::padded_string_view quoted(quoted_.data(), text_size_, quoted_.size());
    std::string_view inner;
    if (string_parser_.iterate(quoted).get(string_document_) != simdjson::SUCCESS ||
        string_document_.get_string().get(inner) != simdjson::SUCCESS) {
      return corrupt("the text is damaged");
    }
    table_ = simdjson::padded_string(inner);
    od::object object;
    if (table_parser_.iterate(table_).get(table_document_) != simdjson::SUCCESS ||
        table_document_.get_object().get(object) != simdjson::SUCCESS) {
      return corrupt("expected a table as JSON text");
    }
    return object;
  }

 private:
  std::string quoted_;
  std::size_t text_size_ = 0;
  simdjson::padded_string table_;
  od::parser string_parser_, table_parser_;
  od::document string_document_, table_document_;
};

Result<Instant> date_of(od::value value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return parse_stored_date(text);
  std::int64_t number = 0;
  if (value.get_int64().get(number) == simdjson::SUCCESS) return stored_date_from_number(number);
  return corrupt("expected a date");
}

Result<Done> read_dates(od::value value, std::vector<Instant>& out) {
  od::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return corrupt("'data': expected a list of dates");
  for (auto item : array) {
    od::value date;
    if (item.get(date) != simdjson::SUCCESS) return corrupt("'data': the list is damaged");
    const Result<Instant> instant = date_of(date);
    if (!instant) return instant.error();
    out.push_back(*instant);
  }
  return Done{};
}

Result<Done> read_index(od::value value, std::vector<std::int64_t>& out) {
  od::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return corrupt("'index': expected a list");
  for (auto item : array) {
    std::int64_t number = 0;
    if (item.get_int64().get(number) != simdjson::SUCCESS) return corrupt("'index': expected whole numbers");
    out.push_back(number);
  }
  return Done{};
}

constexpr double kLargest = 1e300;  // Ten digits of the largest doubles would round to infinity.

Result<double> number_of(std::string_view name, od::value value) {
  double number = 0;
  bool truth = false;
  if (value.get_double().get(number) == simdjson::SUCCESS && std::fabs(number) <= kLargest) return number;
  if (value.get_bool().get(truth) == simdjson::SUCCESS) return truth ? 1.0 : 0.0;
  return corrupt(std::string("'").append(name).append("': expected a number up to 1e300"));
}

Result<Done> read_history_row(od::object row, HistoryTable& table) {
  const std::size_t number = table.ds.size();
  bool seen_ds = false, seen_y = false;
  std::size_t columns_left = table.columns.size();
  for (auto item : row) {
    od::raw_json_string key;
    od::value value;
    if (item.key().get(key) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return corrupt("a row is damaged");
    }
    if (key == "ds" && !seen_ds) {
      const Result<Instant> ds = date_of(value);
      if (!ds) return ds.error();
      table.ds.push_back(*ds);
      seen_ds = true;
    } else if (key == "y" && !seen_y) {
      double y = 0;
      if (value.get_double().get(y) != simdjson::SUCCESS || !(std::fabs(y) <= kLargest)) {
        return corrupt("'y': expected a number up to 1e300");
      }
      table.y.push_back(y);
      seen_y = true;
    } else if (columns_left > 0) {
      std::string_view name;
      if (item.unescaped_key().get(name) != simdjson::SUCCESS) return corrupt("a row is damaged");
      const auto column = std::ranges::find(table.columns, name, &OwnedColumn::name);
      if (column == table.columns.end() || column->values.size() > number) continue;
      const Result<double> read = number_of(name, value);
      if (!read) return read.error();
      column->values.push_back(*read);
      --columns_left;
    }
    if (seen_ds && seen_y && columns_left == 0) return Done{};  // The rest can be computed.
  }
  return corrupt(columns_left == 0 || !seen_ds || !seen_y ? "a row has no ds or no y"
                                                          : "a row lacks the column of a regressor or condition");
}

// Calls each(row) for the objects in the table's "data".
template <class Each>
Result<Done> for_each_row(std::string_view raw, const Each& each) {
  TableText text(raw);
  Result<od::object> table = text.open();
  if (!table) return table.error();
  od::array rows;
  if (table->find_field_unordered("data").get_array().get(rows) != simdjson::SUCCESS) {
    return corrupt("'data': expected a list of rows");
  }
  std::size_t number = 0;
  for (auto item : rows) {
    od::object row;
    if (item.get_object().get(row) != simdjson::SUCCESS) return corrupt("'data': expected a list of rows");
    if (Result<Done> read = each(row); !read) {
      return std::move(read).error().in("row " + std::to_string(number));
    }
    ++number;
  }
  return Done{};
}

// --- The usual spelling, by its bytes ---------------------------------------------------------------

// What stands between "data":[ and the final ]}, when the text is spelled the usual way and "data" comes once.
std::optional<std::string_view> usual_data(std::string_view raw) {
  const std::size_t data = raw.find(kData);
  if (data == std::string_view::npos || !raw.ends_with("]}")) return std::nullopt;
  return raw.substr(data + kData.size(), raw.size() - 2 - data - kData.size());
}

// The last of a list \"date\",\"date\",... and `rest`, what stands before it and its comma.
std::optional<Instant> last_date(std::string_view list, std::string_view& rest) {
  if (!list.ends_with(kQuote)) return std::nullopt;
  list.remove_suffix(kQuote.size());
  const std::size_t quote = list.rfind(kQuote);
  if (quote == std::string_view::npos) return std::nullopt;
  const Result<Instant> date = parse_stored_date(list.substr(quote + kQuote.size()));
  if (!date) return std::nullopt;
  rest = list.substr(0, quote);
  if (!rest.empty() && !rest.ends_with(',')) return std::nullopt;
  if (!rest.empty()) rest.remove_suffix(1);
  return *date;
}

std::optional<DateSummary> summarize_usual(std::string_view raw, std::size_t keep) {
  const std::optional<std::string_view> data = usual_data(raw);
  if (!data) return std::nullopt;
  DateSummary summary;
  if (data->empty()) return summary;
  const auto commas = std::count(data->begin(), data->end(), ',');
  if (std::count(data->begin(), data->end(), '\\') != 2 * (commas + 1)) return std::nullopt;
  summary.count = commas + 1;
  std::string_view list = *data;
  while (summary.last.size() < keep && !list.empty()) {
    const std::optional<Instant> date = last_date(list, list);
    if (!date || (!summary.last.empty() && *date >= summary.last.back())) return std::nullopt;
    summary.last.push_back(*date);
  }
  std::reverse(summary.last.begin(), summary.last.end());
  return summary;
}

}  // namespace

Result<DateSeries> read_date_series(std::string_view raw) {
  TableText text(raw);
  Result<od::object> table = text.open();
  if (!table) return table.error();
  DateSeries series;
  bool seen = false;
  for (auto item : *table) {
    std::string_view key;
    od::value value;
    if (item.unescaped_key().get(key) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return corrupt("the table is damaged");
    }
    Result<Done> read = Done{};
    if (key == "data") read = read_dates(value, series.dates);
    if (key == "index") read = read_index(value, series.index);
    if (!read) return read.error();
    seen = seen || key == "data";
  }
  if (!seen) return corrupt("'data' is missing");
  if (series.index.size() != series.dates.size()) return corrupt("'index' and 'data' differ in length");
  return series;
}

Result<DateSummary> summarize_date_series(std::string_view raw, std::size_t keep) {
  if (std::optional<DateSummary> usual = summarize_usual(raw, keep)) return std::move(*usual);
  Result<DateSeries> series = read_date_series(raw);
  if (!series) return series.error();
  std::vector<Instant>& dates = series->dates;
  DateSummary summary;
  summary.count = static_cast<std::int64_t>(dates.size());
  const std::size_t last = std::min(keep, dates.size());
  summary.last.assign(dates.end() - static_cast<std::ptrdiff_t>(last), dates.end());
  return summary;
}

Result<HistoryTable> read_history_table(std::string_view raw, std::span<const std::string> columns) {
  HistoryTable table;
  for (const std::string& name : columns) table.columns.push_back({name, {}});
  Result<Done> read = for_each_row(raw, [&](od::object row) { return read_history_row(row, table); });
  if (!read) return read.error();
  if (!std::is_sorted(table.ds.begin(), table.ds.end())) return corrupt("the dates do not ascend");
  return table;
}

Result<std::vector<std::string>> read_name_series(std::string_view raw) {
  TableText text(raw);
  Result<od::object> table = text.open();
  if (!table) return table.error();
  od::array data;
  if (table->find_field_unordered("data").get_array().get(data) != simdjson::SUCCESS)
    return corrupt("'data': expected a list of names");
  std::vector<std::string> names;
  for (auto item : data) {
    std::string_view name;
    if (item.get_string().get(name) != simdjson::SUCCESS) return corrupt("'data': expected a list of names");
    if (names.size() >= kMaxHolidays) return corrupt("'data': more than 10000 names");
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  }
  return names;
}

namespace {

// The number of a row of holidays; `null` where there is none.
Result<double> number_or(od::value value, std::string_view name, double null) {
  bool is_null = false;
  if (value.is_null().get(is_null) == simdjson::SUCCESS && is_null) return null;
  return number_of(name, value);
}

// Names to their numbers in the table.
class NameNumbers {
 public:
  explicit NameNumbers(HolidayTable& table) : table_(table) {}

  std::uint32_t of(std::string_view name) {
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) return known->second;
    const auto number = static_cast<std::uint32_t>(table_.names.size());
    table_.names.emplace_back(name);
    numbers_.emplace(name, number);
    return number;
  }

 private:
  HolidayTable& table_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

Result<Done> read_window(od::value value, std::string_view name, std::int32_t& out) {
  const Result<double> read = number_or(value, name, 0);
  if (!read) return read.error();
  if (std::fabs(*read) > 1e4) return corrupt(std::string("'").append(name).append("': out of range"));
  out = static_cast<std::int32_t>(*read);  // As int() cuts.
  return Done{};
}

Result<Done> read_holiday_row(od::object fields, NameNumbers& names, HolidayTable& table) {
  HolidayTable::Row row;
  bool seen_name = false, seen_ds = false, null_window = false;
  for (auto item : fields) {
    std::string_view key, name;
    od::value value;
    if (item.unescaped_key().get(key) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS)
      return corrupt("a row is damaged");
    Result<Done> read = Done{};
    bool is_null = false;
    if (key == "holiday") {
      if (value.get_string().get(name) != simdjson::SUCCESS) return corrupt("'holiday': expected a name");
      row.name = names.of(name);
      seen_name = true;
    } else if (key == "ds") {
      const Result<Instant> ds = date_of(value);
      if (!ds) return ds.error();
      row.day = static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(*ds).time_since_epoch().count());
      seen_ds = true;
    } else if (key == "lower_window" || key == "upper_window") {
      const bool lower = key == "lower_window";
      table.has_windows = true;
      null_window = null_window || (value.is_null().get(is_null) == simdjson::SUCCESS && is_null);
      read = read_window(value, lower ? "lower_window" : "upper_window", lower ? row.lower_window : row.upper_window);
    } else if (key == "prior_scale") {
      table.has_prior_scales = true;
      const Result<double> scale = number_or(value, "prior_scale", std::numeric_limits<double>::quiet_NaN());
      if (!scale) return scale.error();
      row.prior_scale = *scale;
    }
    if (!read) return read;
  }
  if (!seen_name || !seen_ds) return corrupt("a row has no holiday or no ds");
  if (null_window) row.lower_window = row.upper_window = 0;
  table.rows.push_back(row);
  return Done{};
}

}  // namespace

Result<HolidayTable> read_holiday_table(std::string_view raw) {
  HolidayTable table;
  NameNumbers names(table);
  Result<Done> read = for_each_row(raw, [&](od::object row) { return read_holiday_row(row, names, table); });
  if (!read) return std::move(read).error();
  return table;
}

Result<std::int64_t> count_history_rows(std::string_view raw) {
  // In the usual spelling only rows hold braces, unless a column of strings does.
  const std::optional<std::string_view> data = usual_data(raw);
  if (data && raw.find(R"(\"type\":\"string\")") == std::string_view::npos) {
    const auto opened = std::count(data->begin(), data->end(), '{');
    if (opened == std::count(data->begin(), data->end(), '}')) return static_cast<std::int64_t>(opened);
  }
  std::int64_t rows = 0;
  Result<Done> read = for_each_row(raw, [&](od::object) -> Result<Done> {
    ++rows;
    return Done{};
  });
  if (!read) return std::move(read).error().in("'history'");
  return rows;
}

}  // namespace chiliad::forecast
