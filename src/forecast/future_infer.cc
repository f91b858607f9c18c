// pandas.infer_freq: what step a few ascending moments have in common. The order of the questions is pandas': years,
// quarters, months by the position in the month; then equal steps of days; then business days; then shorter steps.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "forecast/future.h"
#include "forecast/future_unit.h"

namespace chiliad::forecast {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kNanosecondsOfDay = 86'400'000'000'000;

struct Stamp {
  std::int64_t day;  // Since 1970-01-01.
  int year;
  int month;
  int day_of_month;
  int days_in_month;
  int weekday;  // 0 = Monday.
};

Stamp stamp_of(Instant instant) {
  const sys_days day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::year_month_day_last last{date.year() / date.month() / std::chrono::last};
  return {day.time_since_epoch().count(),
          static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(static_cast<unsigned>(last.day())),
          static_cast<int>(std::chrono::weekday{day}.iso_encoding()) - 1};
}

// The distinct differences of neighbours, ascending.
template <class Values>
std::vector<std::int64_t> unique_steps(const Values& values) {
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < values.size(); ++i) steps.push_back(values[i] - values[i - 1]);
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

// Where in their months all the moments stand: "E" the last day, "BE" the last business day, "S", "BS"; "" nowhere.
std::string position_in_month(const std::vector<Stamp>& stamps) {
  bool end = true, business_end = true, start = true, business_start = true;
  for (const Stamp& s : stamps) {
    const bool first = s.day_of_month == 1, last = s.day_of_month == s.days_in_month;
    start = start && first;
    business_start = business_start && (first || (s.day_of_month <= 3 && s.weekday == 0));
    end = end && last;
    business_end = business_end && (last || (s.days_in_month - s.day_of_month < 3 && s.weekday == 4));
  }
  return end ? "E" : business_end ? "BE" : start ? "S" : business_start ? "BS" : "";
}

// "QS", "BQS", ...: pandas writes the B first.
std::string rule(std::string_view unit, std::string_view position) {
  const bool business = position.size() == 2;
  return fmt::format("{}{}{}", business ? "B" : "", unit, position.substr(business ? 1 : 0));
}

std::string count(std::int64_t multiple) { return multiple == 1 ? std::string() : fmt::format("{}", multiple); }

bool is_business_daily(const std::vector<Stamp>& stamps) {
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    const std::int64_t step = stamps[i].day - stamps[i - 1].day;
    const int weekday = stamps[i].weekday;
    if (!(weekday == 0 && step == 3) && !(weekday > 0 && weekday <= 4 && step == 1)) return false;
  }
  return true;
}

// The name for moments whose smallest step is whole days; "" for none.
std::string daily_rule(const std::vector<Stamp>& stamps, const std::vector<std::int64_t>& steps) {
  std::vector<std::int64_t> years, months;
  bool one_month = true;
  for (const Stamp& s : stamps) {
    years.push_back(s.year);
    months.push_back(s.year * std::int64_t{12} + s.month);
    one_month = one_month && s.month == stamps[0].month;
  }
  const std::vector<std::int64_t> year_steps = unique_steps(years), month_steps = unique_steps(months);
  const std::string position = position_in_month(stamps);
  const auto month_name = [](int month) { return fmt::format("-{}", kMonths[static_cast<std::size_t>(month - 1)]); };
  if (!position.empty() && year_steps.size() == 1 && one_month) {
    return count(year_steps[0]) + rule("Y", position) + month_name(stamps[0].month);
  }
  if (!position.empty() && month_steps.size() == 1) {
    if (month_steps[0] % 3 != 0) return count(month_steps[0]) + rule("M", position);
    const int anchor = stamps[0].month % 3 == 0 ? 12 : stamps[0].month % 3 == 2 ? 11 : 10;
    return count(month_steps[0] / 3) + rule("Q", position) + month_name(anchor);
  }
  if (steps.size() == 1) {
    const std::int64_t step = steps[0] / kNanosecondsOfDay;
    if (step % 7 != 0) return count(step) + "D";
    return fmt::format("{}W-{}", count(step / 7), kWeekdays[static_cast<std::size_t>(stamps[0].weekday)]);
  }
  const bool one_or_three = steps.size() == 2 && steps[0] == kNanosecondsOfDay && steps[1] == 3 * kNanosecondsOfDay;
  return one_or_three && is_business_daily(stamps) ? "B" : "";
}

// The name for equal steps shorter than a day or uneven in days.
std::string even_rule(std::int64_t step) {
  struct Length {
    std::int64_t nanos;
    std::string_view name;
  };
  for (const Length length : {Length{3'600'000'000'000, "h"}, Length{60'000'000'000, "min"}, Length{1'000'000'000, "s"},
                              Length{1'000'000, "ms"}, Length{1'000, "us"}}) {
    if (step % length.nanos == 0) return count(step / length.nanos) + std::string(length.name);
  }
  return count(step) + "ns";
}

}  // namespace

Result<Frequency> Frequency::infer(std::span<const Instant> dates) {
  const Error unable{ErrorCode::kInvalid, "Unable to infer `freq`: name the frequency, for example D"};
  if (dates.size() < 3) return unable;
  std::vector<Stamp> stamps;
  std::vector<std::int64_t> moments;
  for (const Instant date : dates) {
    stamps.push_back(stamp_of(date));
    moments.push_back(nanos_since_epoch(date));
  }
  const std::vector<std::int64_t> steps = unique_steps(moments);
  if (steps[0] <= 0) return unable;
  std::string name;
  if (steps[0] % kNanosecondsOfDay == 0) {
    name = daily_rule(stamps, steps);
  } else if (steps.size() == 1) {
    name = even_rule(steps[0]);
  }
  if (name.empty()) return unable;
  return parse(name);
}

}  // namespace chiliad::forecast
