#include "forecast/country_holidays.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "base/check.h"
#include "forecast/country_holidays_table.h"

namespace chiliad::forecast {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

std::int32_t day_number(sys_days day) { return static_cast<std::int32_t>(day.time_since_epoch().count()); }

// What the rules of a year are measured from.
struct Year {
  explicit Year(int which) : number(which), first_day(day_number(std::chrono::year(which) / 1 / 1)) {
    // 1970-01-01 was a Thursday (3); days before it are negative.
    const int weekday = ((first_day + 3) % 7 + 7) % 7;
    type = weekday + (std::chrono::year(which).is_leap() ? 7 : 0);
  }

  std::int32_t end() const { return day_number(std::chrono::year(number + 1) / 1 / 1); }

  // Gauss's and Butcher's computations; the orthodox one in the Julian calendar, whose lag grows by a day in 2100.
  std::int32_t western_easter() const {
    const int golden = number % 19, century = number / 100;
    int moon = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
    moon -= (moon / 28) * (1 - (29 / (moon + 1)) * ((21 - golden) / 11));
    const int sunday = moon - (number + number / 4 + moon + 2 - century + century / 4) % 7;
    const int month = 3 + (sunday + 40) / 44;
    return date(month, sunday + 28 - 31 * (month / 4));
  }
  std::int32_t orthodox_easter() const {
    const int moon = (19 * (number % 19) + 15) % 30;
    const int sunday = (2 * (number % 4) + 4 * (number % 7) - moon + 34) % 7;
    const int julian = moon + sunday + 114;
    return date(julian / 31, julian % 31 + 1) + (number < 2100 ? 13 : 14);
  }
  std::int32_t date(int month, int day) const {
    return day_number(std::chrono::year(number) / std::chrono::month(static_cast<unsigned>(month)) /
                      std::chrono::day(static_cast<unsigned>(day)));
  }

  int number;
  std::int32_t first_day;
  int type = 0;
};

int digit(char sign) {
  if (sign == '!') sign = '\\';
  if (sign == ' ') sign = '?';
  return sign - '#';
}

// The days of a list that fall in [first, end).
void append_listed(const HolidayList& list, std::uint16_t name, std::int32_t first, std::int32_t end,
                   std::vector<CountryHoliday>& out) {
  constexpr int kBase = 90, kFarStep = kBase * kBase - 1;
  std::int32_t day = list.first_day;
  if (day >= first && day < end) out.push_back({day, name});
  for (std::size_t i = 0; i + 1 < list.steps.size() && day < end; i += 2) {
    const int step = digit(list.steps[i]) * kBase + digit(list.steps[i + 1]);
    day += step;
    if (step != kFarStep && day >= first && day < end) out.push_back({day, name});
  }
}

void append_rule(const HolidayRule& rule, const Year& year, std::vector<CountryHoliday>& out) {
  using Kind = HolidayRule::Kind;
  std::int32_t day = 0;
  switch (rule.kind) {
    case Kind::kFixed: {
      const auto date = std::chrono::year(year.number) / std::chrono::month(static_cast<unsigned>(rule.value / 32)) /
                        std::chrono::day(static_cast<unsigned>(rule.value % 32));
      if (!date.ok()) return;
      day = day_number(date);
      break;
    }
    case Kind::kWestern: day = year.western_easter() + rule.value; break;
    case Kind::kOrthodox: day = year.orthodox_easter() + rule.value; break;
    case Kind::kTyped: {
      const int of_year = kTypedHolidays[rule.value][year.type];
      if (of_year == 0) return;
      day = year.first_day + of_year - 1;
      break;
    }
    case Kind::kListed: append_listed(kHolidayLists[rule.value], rule.name, year.first_day, year.end(), out); return;
  }
  out.push_back({day, rule.name});
}

std::span<const HolidayRule> rules_of(std::uint16_t country) {
  const HolidayCountry& found = kHolidayCountries[country];
  return {kHolidayRules + found.first_rule, found.rule_count};
}

}  // namespace

std::string_view holidays_version() { return kHolidaysVersion; }
int first_holiday_year() { return kFirstHolidayYear; }
int last_holiday_year() { return kLastHolidayYear; }
std::string_view country_holiday_name(std::uint16_t name) { return kHolidayNames[name]; }

std::optional<CountryHolidays> CountryHolidays::find(std::string_view country) {
  const std::span names(kHolidayCountryNames, kHolidayCountryNameCount);
  const auto found = std::ranges::lower_bound(names, country, {}, &HolidayCountryName::name);
  if (found == names.end() || found->name != country) return std::nullopt;
  return CountryHolidays(found->country);
}

void CountryHolidays::append(int number, std::vector<CountryHoliday>& out) const {
  CHILIAD_CHECK(number >= kFirstHolidayYear && number <= kLastHolidayYear);
  const Year year(number);
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  for (const HolidayRule& rule : rules_of(country_)) {
    if (number >= rule.first_year && number <= rule.last_year) append_rule(rule, year, out);
  }
  // Two rules of one name may say the same day.
  const auto same = [](const CountryHoliday& a, const CountryHoliday& b) { return a.day == b.day && a.name == b.name; };
  for (auto at = out.begin() + first; at != out.end();) {
    const bool before = std::any_of(out.begin() + first, at, [&](const CountryHoliday& one) { return same(one, *at); });
    at = before ? out.erase(at) : at + 1;
  }
}

std::vector<std::uint16_t> CountryHolidays::names() const {
  std::vector<std::uint16_t> names;
  for (const HolidayRule& rule : rules_of(country_)) {
    if (names.empty() || names.back() != rule.name) names.push_back(rule.name);  // A name's rules stand together.
  }
  return names;
}

std::vector<std::uint16_t> CountryHolidays::names(int first, int last) const {
  std::vector<std::uint16_t> names;
  std::vector<CountryHoliday> days;
  for (int year = first; year <= last; ++year) append(year, days);
  for (const CountryHoliday& day : days) {
    if (std::ranges::find(names, day.name) == names.end()) names.push_back(day.name);
  }
  return names;
}

std::vector<std::string_view> CountryHolidays::all() {
  std::vector<bool> seen;
  std::vector<std::string_view> names;
  for (const HolidayCountryName& one : std::span(kHolidayCountryNames, kHolidayCountryNameCount)) {
    if (seen.size() <= one.country) seen.resize(one.country + std::size_t{1});
    seen[one.country] = true;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) names.push_back(kHolidayCountries[i].name);
  return names;
}

}  // namespace chiliad::forecast
