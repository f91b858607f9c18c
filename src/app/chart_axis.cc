#include "app/chart_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace chiliad::app {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

double at(Instant moment) { return static_cast<double>(nanos_since_epoch(moment)); }

year_month_day date_of(Instant moment) { return year_month_day(std::chrono::floor<days>(moment)); }

std::string month_label(const year_month_day& date, bool with_year) {
  const char* month = kMonths[static_cast<unsigned>(date.month()) - 1];
  return with_year ? fmt::format("{} {}", month, static_cast<int>(date.year())) : std::string(month);
}

std::string day_label(const year_month_day& date, bool with_year) {
  return fmt::format("{} {}", static_cast<unsigned>(date.day()), month_label(date, with_year));
}

// Marks every `step` months from a January on. The year stands where it changes.
std::vector<Tick> month_ticks(Instant low, Instant high, int step) {
  std::vector<Tick> ticks;
  std::chrono::year_month month = date_of(low).year() / std::chrono::January;
  int last_year = INT32_MIN;
  for (;; month += std::chrono::months(step)) {
    // Compared as days: the first month may lie before the range of Instant.
    const sys_days day(month / 1);
    if (day > std::chrono::floor<days>(high)) return ticks;
    if (day < std::chrono::ceil<days>(low)) continue;
    const Instant moment(day);
    const int year = static_cast<int>(month.year());
    std::string label = step >= 12 ? fmt::format("{}", year) : month_label(month / 1, year != last_year);
    ticks.push_back({at(moment), std::move(label)});
    last_year = year;
  }
}

// Marks every `step` from a Monday midnight on.
std::vector<Tick> regular_ticks(Instant low, Instant high, nanoseconds step) {
  const Instant monday = Instant(sys_days(days(4)));  // 1970-01-05.
  std::int64_t number = (low - monday) / step - 1;
  std::vector<Tick> ticks;
  int last_year = INT32_MIN;
  sys_days last_day{};
  for (;; ++number) {
    const Instant moment = monday + number * step;
    if (moment > high) return ticks;
    if (moment < low) continue;
    const sys_days day = std::chrono::floor<days>(moment);
    const year_month_day date(day);
    const int year = static_cast<int>(date.year());
    const auto minute = std::chrono::floor<minutes>(moment - day).count();
    std::string label = day_label(date, year != last_year);
    if (step < days(1)) {
      const std::string time = step < minutes(1) ? fmt::format("{:02}:{:02}:{:02}", minute / 60, minute % 60,
                                                               std::chrono::floor<seconds>(moment - day).count() % 60)
                                                 : fmt::format("{:02}:{:02}", minute / 60, minute % 60);
      label = day == last_day ? time : time + "\n" + label;
    }
    ticks.push_back({at(moment), std::move(label)});
    last_year = year;
    last_day = day;
  }
}

// The smallest of 1, 2, 5, 10 times a power of ten that makes at most `count` steps of the span.
double round_step(double span, int count) {
  const double raw = span / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string number_label(double value, double step) {
  const double size = std::max(std::abs(value), step);
  if (size >= 1e6 || step < 1e-4) return fmt::format("{:g}", value);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return fmt::format("{:.{}f}", value == 0 ? 0.0 : value, decimals);
}

}  // namespace

Axis number_axis(double low, double high, int count) {
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low <= size * 1e-9) {
    const double pad = size > 0 ? size * 0.1 : 1;
    low -= pad;
    high += pad;
  }
  const double step = round_step(high - low, count);
  Axis axis;
  const auto first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; i += 1) axis.ticks.push_back({i * step, number_label(i * step, step)});
  axis.low = first * step;
  axis.high = last * step;
  return axis;
}

Axis date_axis(Instant low, Instant high, int count) {
  // In floating point: 300 years of nanoseconds and more do not fit an integer.
  const auto span_of = [&] { return (at(high) - at(low)) / 1e9; };
  if (span_of() < 2) {
    low -= seconds(1);
    high += seconds(1);
  }
  Axis axis;
  axis.low = at(low);
  axis.high = at(high);
  constexpr std::array<nanoseconds, 15> kSteps{seconds(1),  seconds(10), minutes(1), minutes(5), minutes(15),
                                               minutes(30), hours(1),    hours(2),   hours(3),   hours(6),
                                               hours(12),   days(1),     days(2),    days(7),    days(14)};
  const double span = span_of();
  for (const nanoseconds step : kSteps) {
    if (span / std::chrono::duration<double>(step).count() < count) {
      axis.ticks = regular_ticks(low, high, step);
      return axis;
    }
  }
  const double months = span / std::chrono::duration<double>(std::chrono::months(1)).count();
  for (const int step : {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200}) {
    if (months / step < count) {
      axis.ticks = month_ticks(low, high, step);
      return axis;
    }
  }
  return axis;
}

}  // namespace chiliad::app
