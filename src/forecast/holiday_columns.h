// The holiday columns of X: one for each holiday that the fit saw and each day of its window, by name and day.
//
//   table row  "playoff" on 2010-01-24, lower_window -1, upper_window 1
//   columns    "playoff_delim_+0", "playoff_delim_+1", "playoff_delim_-1": sorted as Python sorts these texts
//
// A column is 1 in all rows of its days, whatever their time of day. Own rows and the country's holidays of the same
// name share columns.
//
// Source: Prophet 1.5.0, forecaster.py: construct_holiday_dataframe, make_holiday_features.
//
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/country_holidays.h"
#include "forecast/kernels.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// Which holidays a fit sees: those of its table, then those of its country in the years of `ds`. Requires: ds ascends
// and is not empty. Errors: kInvalid: "Holidays in XYZ are not currently supported!"; years that are not known.
Result<std::vector<std::string>> holidays_seen(const ProphetOptions& options, std::span<const Instant> ds);

class HolidayColumns {
 public:
  HolidayColumns() = default;

  // Errors: kInvalid, in Prophet's words where it has some: a name with two prior scales, one that is not above 0; more
  // than 10,000 columns or 10,000,000 days.
  static Result<HolidayColumns> make(const ProphetOptions& options, std::span<const std::string> train_holiday_names);

  // A holiday's run of columns.
  struct Run {
    std::string name;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    double prior_scale = 10;
  };
  // In the order of their columns.
  const std::vector<Run>& runs() const { return runs_; }
  std::size_t size() const { return runs_.empty() ? 0 : runs_.back().first + runs_.back().count; }

  // Errors: kInvalid: a year whose holidays are not known.
  Result<Done> check(std::span<const Instant> ds) const;

  // Sets the columns from first_column on to 1 in the rows of their days. Requires: check(ds); they are 0; x has a row
  // for each moment of ds, which ascends.
  void fill(std::span<const Instant> ds, std::size_t first_column, FeatureMatrix& x) const;

  // Bytes on the heap, allocator's overhead left out.
  std::uint64_t heap_bytes() const;

 private:
  struct Mark {
    std::int32_t day;  // Since 1970-01-01.
    std::uint32_t column;
  };
  struct CountryColumn {
    std::uint16_t name;
    std::uint16_t column;
  };
  class Collected;

  Result<Done> collect(const ProphetOptions& options, std::span<const std::string> names, Collected& columns);
  void mark(const HolidayTable& table, const Collected& columns);

  std::vector<Run> runs_;
  std::vector<Mark> marks_;  // Of the table's rows, by day.
  std::optional<CountryHolidays> country_;
  std::vector<CountryColumn> country_columns_;  // By name.
};

}  // namespace chiliad::forecast
