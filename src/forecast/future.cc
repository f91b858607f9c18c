// Two kinds of frequency. Fixed steps (days and shorter) add nanoseconds. Calendar steps number their periods (business
// days, weeks, half months, months, quarters, years) from some origin, so that a step is an addition, and know the day
// of each period; the time of day of `last` is kept. Guessing is in future_infer.cc.

#include "forecast/future.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "base/number.h"
#include "forecast/future_unit.h"

namespace chiliad::forecast {
namespace {

using Unit = Frequency::Unit;
using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

constexpr std::int64_t kMaxPeriods = 1'000'000;
constexpr std::int64_t kMaxCalendarMultiple = 10'000;
constexpr std::int64_t kLastDay = 106'751;  // 2262-04-11, the last in the range of Instant.

struct Alias {
  std::string_view text;
  Unit unit;
};

// The first of each unit is pandas' own spelling; the others are older ones that it still takes.
constexpr std::array kAliases = {
    Alias{"ns", Unit::kNanosecond},   Alias{"N", Unit::kNanosecond},
    Alias{"us", Unit::kMicrosecond},  Alias{"U", Unit::kMicrosecond},
    Alias{"ms", Unit::kMillisecond},  Alias{"L", Unit::kMillisecond},
    Alias{"s", Unit::kSecond},        Alias{"S", Unit::kSecond},
    Alias{"min", Unit::kMinute},      Alias{"T", Unit::kMinute},
    Alias{"t", Unit::kMinute},        Alias{"h", Unit::kHour},
    Alias{"H", Unit::kHour},          Alias{"D", Unit::kDay},
    Alias{"d", Unit::kDay},           Alias{"B", Unit::kBusinessDay},
    Alias{"b", Unit::kBusinessDay},   Alias{"W", Unit::kWeek},
    Alias{"w", Unit::kWeek},          Alias{"SMS", Unit::kHalfStart},
    Alias{"SME", Unit::kHalfEnd},     Alias{"SM", Unit::kHalfEnd},
    Alias{"MS", Unit::kMonthStart},   Alias{"ME", Unit::kMonthEnd},
    Alias{"M", Unit::kMonthEnd},      Alias{"BMS", Unit::kBMonthStart},
    Alias{"BME", Unit::kBMonthEnd},   Alias{"BM", Unit::kBMonthEnd},
    Alias{"QS", Unit::kQuarterStart}, Alias{"QE", Unit::kQuarterEnd},
    Alias{"Q", Unit::kQuarterEnd},    Alias{"BQS", Unit::kBQuarterStart},
    Alias{"BQE", Unit::kBQuarterEnd}, Alias{"BQ", Unit::kBQuarterEnd},
    Alias{"YS", Unit::kYearStart},    Alias{"AS", Unit::kYearStart},
    Alias{"YE", Unit::kYearEnd},      Alias{"Y", Unit::kYearEnd},
    Alias{"A", Unit::kYearEnd},       Alias{"BYS", Unit::kBYearStart},
    Alias{"BAS", Unit::kBYearStart},  Alias{"BYE", Unit::kBYearEnd},
    Alias{"BY", Unit::kBYearEnd},     Alias{"BA", Unit::kBYearEnd},
};

// Nanoseconds of a fixed step; 0 for the calendar's units.
constexpr std::int64_t step_of(Unit unit) {
  switch (unit) {
    case Unit::kNanosecond: return 1;
    case Unit::kMicrosecond: return 1'000;
    case Unit::kMillisecond: return 1'000'000;
    case Unit::kSecond: return 1'000'000'000;
    case Unit::kMinute: return 60'000'000'000;
    case Unit::kHour: return 3'600'000'000'000;
    case Unit::kDay: return 86'400'000'000'000;
    default: return 0;
  }
}

constexpr bool is_quarter(Unit unit) { return unit >= Unit::kQuarterStart && unit <= Unit::kBQuarterEnd; }
constexpr bool is_year(Unit unit) { return unit >= Unit::kYearStart && unit <= Unit::kBYearEnd; }
constexpr bool is_half(Unit unit) { return unit == Unit::kHalfStart || unit == Unit::kHalfEnd; }

// Months from one period to the next of the units that count in whole months.
constexpr std::int64_t months_of(Unit unit) { return is_year(unit) ? 12 : is_quarter(unit) ? 3 : 1; }

// Start, end, business start, business end follow one another in each group of Unit.
constexpr bool at_end(Unit unit) { return (static_cast<int>(unit) - static_cast<int>(Unit::kMonthStart)) % 2 == 1; }
constexpr bool on_business_day(Unit unit) {
  return (static_cast<int>(unit) - static_cast<int>(Unit::kMonthStart)) % 4 >= 2;
}

constexpr int default_anchor(Unit unit) {
  if (unit == Unit::kWeek) return 6;
  if (is_half(unit)) return 15;
  if (is_quarter(unit) || is_year(unit)) return at_end(unit) ? 12 : 1;
  return 0;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// 0 = Monday. Day 0, 1970-01-01, was a Thursday.
int weekday(std::int64_t day) { return static_cast<int>(day + 3 - 7 * floor_div(day + 3, 7)); }

// Months since January of the year 0.
std::int64_t month_number(std::int64_t day) {
  const std::chrono::year_month_day date{sys_days{days{day}}};
  return static_cast<int>(date.year()) * std::int64_t{12} + static_cast<unsigned>(date.month()) - 1;
}

std::int64_t first_day(std::int64_t month) {
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(floor_div(month, 12))},
      std::chrono::month{static_cast<unsigned>(month - 12 * floor_div(month, 12)) + 1}, std::chrono::day{1}};
  return sys_days{date}.time_since_epoch().count();
}

// The first or last (business) day of a month.
std::int64_t anchor_day(std::int64_t month, bool end, bool business) {
  std::int64_t day = end ? first_day(month + 1) - 1 : first_day(month);
  if (business && weekday(day) > 4) day += end ? 4 - weekday(day) : 7 - weekday(day);
  return day;
}

Error unknown(std::string_view text) {
  std::string shown(text.substr(0, 40));
  return Error{
      ErrorCode::kInvalid,
      fmt::format("frequency '{}' is not known: expected a pandas name such as D, B, h, 15min, s, W, W-WED, SMS, "
                  "SME, MS, ME, BMS, BME, QS, QE, QS-FEB, BQS, BQE, YS, YE, YE-JUN, BYS or BYE, with a whole "
                  "number before it if wanted",
                  text.substr(0, 40))};
}

// A number and a name, as in "15min".
struct Part {
  std::int64_t multiple = 1;
  std::string_view name;
};

// Takes one part from the front of `text`; nullopt when it does not begin with one.
std::optional<Part> take_part(std::string_view& text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto in_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  Part part;
  if (at > 0) {
    const std::optional<std::int64_t> number = parse_integer(text.substr(0, at));
    if (!number) return std::nullopt;
    part.multiple = *number;
  }
  std::size_t end = at;
  while (end < text.size() && in_name(text[end])) ++end;
  if (end < text.size() && text[end] == '-') {  // An anchor ends the text.
    end = text.size();
  }
  part.name = text.substr(at, end - at);
  text.remove_prefix(end);
  if (part.name.empty()) return std::nullopt;
  return part;
}

std::optional<Unit> find_unit(std::string_view name) {
  const auto found = std::find_if(kAliases.begin(), kAliases.end(), [&](const Alias& a) { return a.text == name; });
  if (found == kAliases.end()) return std::nullopt;
  return found->unit;
}

template <std::size_t N>
std::optional<int> position(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

std::optional<int> parse_anchor(Unit unit, std::string_view text) {
  if (unit == Unit::kWeek) return position(kWeekdays, text);
  if (is_half(unit)) {
    const std::optional<std::int64_t> day = parse_integer(text);
    if (!day || *day < (unit == Unit::kHalfStart ? 2 : 1) || *day > 27) return std::nullopt;
    return static_cast<int>(*day);
  }
  if (!is_quarter(unit) && !is_year(unit)) return std::nullopt;
  const std::optional<int> month = position(kMonths, text);
  return month ? std::optional<int>(*month + 1) : std::nullopt;
}

}  // namespace

Frequency Frequency::daily() { return {Unit::kDay, 1, 0}; }

Result<Frequency> Frequency::parse_calendar(std::string_view text, std::int64_t multiple, std::string_view name) {
  const std::size_t dash = name.find('-');
  const std::optional<Unit> unit = find_unit(name.substr(0, dash));
  if (!unit || step_of(*unit) != 0) return unknown(text);
  if (multiple > kMaxCalendarMultiple) {
    return Error{ErrorCode::kInvalid, fmt::format("frequency '{}': the multiple is too large", text.substr(0, 40))};
  }
  int anchor = default_anchor(*unit);
  if (dash != std::string_view::npos) {
    const std::optional<int> given = parse_anchor(*unit, name.substr(dash + 1));
    if (!given) return unknown(text);
    anchor = *given;
  }
  return Frequency(*unit, multiple, anchor);
}

Result<Frequency> Frequency::parse(std::string_view text) {
  std::string_view rest = text;
  std::int64_t total = 0;  // Nanoseconds of several fixed steps: "1h30min".
  int parts = 0;
  Unit last_unit{};
  std::int64_t last_multiple = 0;
  while (!rest.empty() || parts == 0) {
    const std::optional<Part> part = take_part(rest);
    if (!part) return unknown(text);
    if (part->multiple <= 0) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("frequency '{}': the multiple must be at least 1", text.substr(0, 40))};
    }
    const std::optional<Unit> unit = find_unit(part->name);
    if (!unit || step_of(*unit) == 0) {
      if (parts != 0 || !rest.empty()) return unknown(text);
      return parse_calendar(text, part->multiple, part->name);
    }
    std::int64_t step = 0;
    if (__builtin_mul_overflow(part->multiple, step_of(*unit), &step) || __builtin_add_overflow(total, step, &total)) {
      return Error{ErrorCode::kInvalid, fmt::format("frequency '{}': the step is too long", text.substr(0, 40))};
    }
    last_unit = *unit;
    last_multiple = part->multiple;
    ++parts;
  }
  if (parts == 1) return Frequency(last_unit, last_multiple, 0);
  for (const Unit unit :
       {Unit::kDay, Unit::kHour, Unit::kMinute, Unit::kSecond, Unit::kMillisecond, Unit::kMicrosecond}) {
    if (total % step_of(unit) == 0) return Frequency(unit, total / step_of(unit), 0);
  }
  return Frequency(Unit::kNanosecond, total, 0);
}

std::string Frequency::name() const {
  const std::string_view unit =
      std::find_if(kAliases.begin(), kAliases.end(), [&](const Alias& a) { return a.unit == unit_; })->text;
  const std::string multiple = multiple_ == 1 ? "" : fmt::format("{}", multiple_);
  const auto anchor = static_cast<std::size_t>(anchor_);
  if (unit_ == Unit::kWeek) return fmt::format("{}{}-{}", multiple, unit, kWeekdays[anchor]);
  if (is_half(unit_)) return fmt::format("{}{}-{}", multiple, unit, anchor);
  if (is_quarter(unit_) || is_year(unit_)) return fmt::format("{}{}-{}", multiple, unit, kMonths[anchor - 1]);
  return fmt::format("{}{}", multiple, unit);
}

// The day of a numbered period.
std::int64_t Frequency::day_of(std::int64_t period) const {
  switch (unit_) {
    case Unit::kBusinessDay:  // Period 0 is Monday 1969-12-29.
      return 7 * floor_div(period, 5) + (period - 5 * floor_div(period, 5)) - 3;
    case Unit::kWeek:  // Period 0 begins at the anchor in the week of that Monday.
      return 7 * period + anchor_ - 3;
    case Unit::kHalfStart: {
      const std::int64_t month = floor_div(period, 2);
      return first_day(month) + (period - 2 * month == 0 ? 0 : anchor_ - 1);
    }
    case Unit::kHalfEnd: {
      const std::int64_t month = floor_div(period, 2);
      return period - 2 * month == 0 ? first_day(month) + anchor_ - 1 : first_day(month + 1) - 1;
    }
    default: {
      const std::int64_t length = months_of(unit_);
      const std::int64_t offset = anchor_ == 0 ? 0 : (anchor_ - 1) % length;
      return anchor_day(period * length + offset, at_end(unit_), on_business_day(unit_));
    }
  }
}

// The first period whose day is not before `day`.
std::int64_t Frequency::first_period(std::int64_t day) const {
  std::int64_t period = 0;
  switch (unit_) {
    case Unit::kBusinessDay: period = 5 * floor_div(day + 3, 7); break;
    case Unit::kWeek: period = floor_div(day + 3, 7) - 1; break;
    case Unit::kHalfStart:
    case Unit::kHalfEnd: period = 2 * month_number(day); break;
    default: period = floor_div(month_number(day), months_of(unit_)) - 1; break;
  }
  while (day_of(period) < day) ++period;
  return period;
}

Result<std::vector<Instant>> Frequency::after(Instant last, std::int64_t periods) const {
  if (periods < 0 || periods > kMaxPeriods) {
    return Error{ErrorCode::kInvalid, fmt::format("periods must be between 0 and {}, not {}", kMaxPeriods, periods)};
  }
  const Error too_late{ErrorCode::kInvalid, "the forecast's dates pass the end of the calendar, 2262-04-11"};
  std::vector<Instant> dates;
  dates.reserve(static_cast<std::size_t>(periods));
  if (const std::int64_t unit_step = step_of(unit_); unit_step != 0) {
    std::int64_t at = nanos_since_epoch(last);
    for (std::int64_t i = 0; i < periods; ++i) {
      if (__builtin_add_overflow(at, unit_step * multiple_, &at)) return too_late;
      dates.push_back(Instant{nanoseconds{at}});
    }
    return dates;
  }
  const sys_days last_day = std::chrono::floor<days>(last);
  const nanoseconds time_of_day = last - last_day;
  std::int64_t period = first_period(last_day.time_since_epoch().count());
  if (day_of(period) == last_day.time_since_epoch().count()) period += multiple_;  // `last` itself is not wanted.
  for (std::int64_t i = 0; i < periods; ++i, period += multiple_) {
    const std::int64_t day = day_of(period);
    if (day >= kLastDay) return too_late;
    dates.push_back(Instant{sys_days{days{day}}} + time_of_day);
  }
  return dates;
}

}  // namespace chiliad::forecast
