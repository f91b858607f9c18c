// The tables inside Prophet's stored form: JSON texts that stand, escaped once more, inside JSON strings.
//
//   history_dates, changepoints   {"name":"ds","index":[0,1],"data":["2022-01-01T00:00:00.000",...]}
//   train_holiday_names           {"name":null,"index":[0,1],"data":["New Year's Day",...]}
//   history                       {"schema":{...},"data":[{"ds":"2022-01-01T00:00:00.000","y":1.0,...},...]}
//   holidays                      {"schema":{...},"data":[{"holiday":"playoff","ds":...,"lower_window":0,...},...]}
//
// Every function takes the raw text between the outer quotes, escapes included, as it lies in the file. Files written
// by pandas or by us have one spelling (\" and no blanks); counts and last dates of those are found by looking at the
// bytes, without unescaping and parsing them (40 us for a model of 358 rows). Other spellings are parsed.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct DateSeries {
  std::vector<std::int64_t> index;  // As many as dates.
  std::vector<Instant> dates;
};

// Errors: kCorrupt.
Result<DateSeries> read_date_series(std::string_view raw);

struct DateSummary {
  std::int64_t count = 0;
  std::vector<Instant> last;  // The last min(keep, count) of them.
};

// How many dates there are, and the last of them. Errors: kCorrupt: what is needed for that is damaged.
Result<DateSummary> summarize_date_series(std::string_view raw, std::size_t keep);

struct HistoryTable {
  std::vector<Instant> ds;           // Ascending.
  std::vector<double> y;             // As many; finite.
  std::vector<OwnedColumn> columns;  // Those asked for; as many values, finite, true as 1.
};

// Errors: kCorrupt: a row without ds, y or one of `columns`, or dates that do not ascend.
Result<HistoryTable> read_history_table(std::string_view raw, std::span<const std::string> columns = {});

// Each once, in their order. Errors: kCorrupt.
Result<std::vector<std::string>> read_name_series(std::string_view raw);

// Windows that are null are 0, prior scales NaN. Errors: kCorrupt.
Result<HolidayTable> read_holiday_table(std::string_view raw);

// Errors: kCorrupt.
Result<std::int64_t> count_history_rows(std::string_view raw);

}  // namespace chiliad::forecast
