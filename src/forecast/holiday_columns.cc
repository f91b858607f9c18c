#include "forecast/holiday_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "base/check.h"
#include "forecast/component_name.h"

namespace chiliad::forecast {
namespace {

constexpr std::size_t kMaxColumns = 10'000;
constexpr std::size_t kMaxDays = 10'000'000;

std::int32_t day_of(Instant moment) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(moment).time_since_epoch().count());
}

int year_of(Instant moment) {
  return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(moment)).year());
}

Result<std::optional<CountryHolidays>> find_country(const ProphetOptions& options) {
  if (options.country_holidays.empty()) return std::optional<CountryHolidays>();
  std::optional<CountryHolidays> country = CountryHolidays::find(options.country_holidays);
  if (!country) return invalid("Holidays in " + options.country_holidays + " are not currently supported!");
  return country;
}

Result<Done> check_years(int first, int last) {
  if (first >= first_holiday_year() && last <= last_holiday_year()) return Done{};
  return invalid("country holidays are known for the years " + std::to_string(first_holiday_year()) + " to " +
                 std::to_string(last_holiday_year()) + ", not for " +
                 std::to_string(first < first_holiday_year() ? first : last));
}

// "playoff_delim_-1": what Prophet sorts columns by.
std::string column_key(const std::string& name, int offset) {
  std::string key = name;
  key += "_delim_";
  key += offset >= 0 ? '+' : '-';
  return key += std::to_string(std::abs(offset));
}

}  // namespace

// The columns while they are found: by key, with the holiday and day that each stands for; and the holidays' priors.
class HolidayColumns::Collected {
 public:
  Collected(std::span<const std::string> names, double default_prior)
      : names_(names.begin(), names.end()), default_prior_(default_prior) {}

  // Whether the fit saw it.
  bool knows(std::string_view name) const { return names_.contains(name); }
  bool has(const std::string& name) const { return priors_.contains(name); }

  // prior_scale: NaN for the default. Errors: as HolidayColumns::make().
  Result<Done> add(const std::string& name, double prior_scale, int first_offset, int last_offset) {
    if (std::isnan(prior_scale)) prior_scale = default_prior_;
    if (!(prior_scale > 0) || std::isinf(prior_scale)) return invalid("Prior scale must be > 0");
    const auto [known, is_new] = priors_.emplace(name, prior_scale);
    if (!is_new && known->second != prior_scale)
      return invalid("Holiday " + quoted_name(name) + " does not have consistent prior scale specification.");
    days_ += static_cast<std::size_t>(std::max(0, last_offset - first_offset + 1));
    if (days_ > kMaxDays) return invalid("more than 10000000 days of holidays");
    for (int offset = first_offset; offset <= last_offset; ++offset) {
      if (!columns_.contains({name, offset})) by_key_.emplace(column_key(name, offset), std::pair(name, offset));
      columns_[{name, offset}] = 0;
      if (columns_.size() > kMaxColumns) return invalid("more than 10000 holiday columns");
    }
    return Done{};
  }

  // Numbers the columns. A holiday's keys begin alike, so that its columns stand together.
  std::vector<Run> number() {
    std::vector<Run> runs;
    std::uint32_t column = 0;
    for (const auto& [key, place] : by_key_) {
      const std::string& name = place.first;
      if (runs.empty() || runs.back().name != name) runs.push_back({name, column, 0, priors_.at(name)});
      ++runs.back().count;
      columns_[place] = column++;
    }
    return runs;
  }
  std::uint32_t column(const std::string& name, int offset) const { return columns_.at({name, offset}); }

 private:
  std::set<std::string_view> names_;
  double default_prior_;
  std::size_t days_ = 0;
  std::map<std::string, double, std::less<>> priors_;
  std::map<std::string, std::pair<std::string, int>> by_key_;
  std::map<std::pair<std::string, int>, std::uint32_t> columns_;
};

Result<std::vector<std::string>> holidays_seen(const ProphetOptions& options, std::span<const Instant> ds) {
  std::vector<std::string> names;
  if (options.holidays) names = options.holidays->names;
  const Result<std::optional<CountryHolidays>> country = find_country(options);
  if (!country) return country.error();
  if (!*country) return names;
  if (Result<Done> known = check_years(year_of(ds.front()), year_of(ds.back())); !known)
    return std::move(known).error();
  std::vector<CountryHoliday> days;
  int before = std::numeric_limits<int>::min();
  for (const Instant moment : ds) {
    const int year = year_of(moment);
    if (year == before) continue;
    before = year;
    days.clear();
    (*country)->append(year, days);
    for (const CountryHoliday& day : days) {
      const std::string_view name = country_holiday_name(day.name);
      if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
    }
  }
  return names;
}

Result<Done> HolidayColumns::collect(const ProphetOptions& options, std::span<const std::string> names,
                                     Collected& columns) {
  if (options.holidays) {
    for (const HolidayTable::Row& row : options.holidays->rows) {
      const std::string& name = options.holidays->names[row.name];
      if (!columns.knows(name)) continue;
      Result<Done> added = columns.add(name, row.prior_scale, row.lower_window, row.upper_window);
      if (!added) return added;
    }
  }
  constexpr double kDefault = std::numeric_limits<double>::quiet_NaN();
  if (country_) {
    for (const std::uint16_t id : country_->names()) {
      const std::string name(country_holiday_name(id));
      if (!columns.knows(name)) continue;
      if (Result<Done> added = columns.add(name, kDefault, 0, 0); !added) return added;
      country_columns_.push_back({id, 0});
    }
  }
  // Whose days nobody knows: a model that was made with another version of the country's holidays.
  for (const std::string& name : names) {
    if (columns.has(name)) continue;
    if (Result<Done> added = columns.add(name, kDefault, 0, 0); !added) return added;
  }
  return Done{};
}

void HolidayColumns::mark(const HolidayTable& table, const Collected& columns) {
  for (const HolidayTable::Row& row : table.rows) {
    const std::string& name = table.names[row.name];
    if (!columns.knows(name)) continue;
    for (int offset = row.lower_window; offset <= row.upper_window; ++offset) {
      marks_.push_back({row.day + offset, columns.column(name, offset)});
    }
  }
  const auto place = [](const Mark& mark) { return std::tuple(mark.day, mark.column); };
  std::ranges::sort(marks_, {}, place);
  const auto doubles = std::ranges::unique(marks_, {}, place);
  marks_.erase(doubles.begin(), doubles.end());
  marks_.shrink_to_fit();
}

Result<HolidayColumns> HolidayColumns::make(const ProphetOptions& options, std::span<const std::string> names) {
  HolidayColumns made;
  Result<std::optional<CountryHolidays>> country = find_country(options);
  if (!country) return std::move(country).error();
  made.country_ = *country;
  Collected columns(names, options.holidays_prior_scale);
  if (Result<Done> done = made.collect(options, names, columns); !done) return std::move(done).error();
  made.runs_ = columns.number();
  for (CountryColumn& one : made.country_columns_) {
    one.column = static_cast<std::uint16_t>(columns.column(std::string(country_holiday_name(one.name)), 0));
  }
  std::ranges::sort(made.country_columns_, {}, &CountryColumn::name);
  if (options.holidays) made.mark(*options.holidays, columns);
  return made;
}

Result<Done> HolidayColumns::check(std::span<const Instant> ds) const {
  if (country_columns_.empty() || ds.empty()) return Done{};
  const auto [first, last] = std::ranges::minmax(ds);
  return check_years(year_of(first), year_of(last));
}

void HolidayColumns::fill(std::span<const Instant> ds, std::size_t first_column, FeatureMatrix& x) const {
  CHILIAD_CHECK(x.rows == ds.size());
  const auto set = [&](const std::vector<Mark>& marks, std::int32_t day, double* row) {
    auto mark = std::ranges::lower_bound(marks, day, {}, &Mark::day);
    for (; mark != marks.end() && mark->day == day; ++mark) row[first_column + mark->column] = 1;
  };
  std::vector<CountryHoliday> holidays;
  std::vector<Mark> of_year;
  int year = std::numeric_limits<int>::min();
  const auto take_year = [&] {
    holidays.clear();
    of_year.clear();
    country_->append(year, holidays);
    for (const CountryHoliday& holiday : holidays) {
      const auto column = std::ranges::lower_bound(country_columns_, holiday.name, {}, &CountryColumn::name);
      if (column != country_columns_.end() && column->name == holiday.name)
        of_year.push_back({holiday.day, column->column});
    }
    std::ranges::sort(of_year, {}, &Mark::day);
  };
  std::int32_t before = std::numeric_limits<std::int32_t>::min();
  for (std::size_t r = 0; r < ds.size(); ++r) {
    const std::int32_t day = day_of(ds[r]);
    if (r > 0 && day == before) {  // As the row before: hourly rows.
      std::copy_n(x.row(r - 1) + first_column, size(), x.row(r) + first_column);
      continue;
    }
    before = day;
    set(marks_, day, x.row(r));
    if (country_columns_.empty()) continue;
    if (const int wanted = year_of(ds[r]); wanted != year) {
      year = wanted;
      take_year();
    }
    set(of_year, day, x.row(r));
  }
}

std::uint64_t HolidayColumns::heap_bytes() const {
  std::uint64_t sum = runs_.capacity() * sizeof(Run) + marks_.capacity() * sizeof(Mark) +
                      country_columns_.capacity() * sizeof(CountryColumn);
  for (const Run& run : runs_) sum += run.name.capacity() > 15 ? run.name.capacity() + 1 : 0;
  return sum;
}

}  // namespace chiliad::forecast
