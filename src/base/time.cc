#include "base/time.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace chiliad {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

Error refuse(std::string_view text, std::string_view reason) {
  constexpr std::size_t kShown = 64;
  std::string shown(text.substr(0, kShown));
  if (text.size() > kShown) shown += "...";
  return Error{ErrorCode::kInvalid, "'" + shown + "' " + std::string(reason)};
}

// The digits text[from, from + count) as a number; nullopt if one is no digit or they are not all there.
std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  if (from + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = from; i < from + count; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

constexpr std::string_view kExpected = "is not a date: expected YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS[.fraction]]";
constexpr std::string_view kZone = "has a time zone, which is not supported: remove it and write local time";

bool looks_like_zone(std::string_view rest) {
  return !rest.empty() && (rest[0] == 'Z' || rest[0] == 'z' || rest[0] == '+' || rest[0] == '-');
}

// Reads ":SS[.fraction]" at `at`, moves `at` behind it; nullopt when it is malformed.
std::optional<std::int64_t> seconds_in_nanos(std::string_view text, std::size_t& at) {
  const std::optional<int> second = digits(text, at + 1, 2);
  if (!second || *second > 59) return std::nullopt;
  at += 3;
  std::int64_t nanos = *second * std::int64_t{1'000'000'000};
  if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
    std::int64_t unit = 100'000'000;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      if (at - first >= 9) return std::nullopt;
      nanos += (text[at] - '0') * unit;
    }
    if (at == first) return std::nullopt;
  }
  return nanos;
}

}  // namespace

Result<Instant> parse_instant(std::string_view text) {
  const std::optional<int> year = digits(text, 0, 4);
  const std::optional<int> month = digits(text, 5, 2);
  const std::optional<int> day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return refuse(text, kExpected);
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return refuse(text, "is not a date: there is no such day");
  if (*year < 1678 || *year > 2261) return refuse(text, "is outside the supported years 1678 to 2261");
  const Instant midnight{sys_days{date}};
  if (text.size() == 10) return midnight;

  std::size_t at = 10;
  if (looks_like_zone(text.substr(at))) return refuse(text, kZone);
  const std::optional<int> hour = digits(text, 11, 2);
  const std::optional<int> minute = digits(text, 14, 2);
  if ((text[10] != ' ' && text[10] != 'T') || !hour || !minute || text[13] != ':' || *hour > 23 || *minute > 59) {
    return refuse(text, kExpected);
  }
  at = 16;
  std::int64_t nanos = (*hour * std::int64_t{60} + *minute) * std::int64_t{60'000'000'000};
  if (at < text.size() && text[at] == ':') {
    const std::optional<std::int64_t> rest = seconds_in_nanos(text, at);
    if (!rest) return refuse(text, kExpected);
    nanos += *rest;
  }
  if (at == text.size()) return midnight + nanoseconds{nanos};
  const std::string_view tail = text.substr(at);
  if (looks_like_zone(tail) || (tail.size() > 1 && tail[0] == ' ' && looks_like_zone(tail.substr(1)))) {
    return refuse(text, kZone);
  }
  return refuse(text, kExpected);
}

std::string format_instant_fixed(Instant instant, int fraction_digits) {
  const sys_days day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date{day};
  const std::int64_t nanos = (instant - day).count();
  const std::int64_t seconds = nanos / 1'000'000'000;
  std::array<char, 48> text{};
  int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                             static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                             static_cast<int>(seconds % 60));
  std::string out(text.data(), static_cast<std::size_t>(length));
  if (fraction_digits > 0) {
    length = std::snprintf(text.data(), text.size(), ".%09d", static_cast<int>(nanos % 1'000'000'000));
    out.append(text.data(), 1 + static_cast<std::size_t>(fraction_digits < 9 ? fraction_digits : 9));
  }
  return out;
}

std::string format_instant(Instant instant) {
  std::string text = format_instant_fixed(instant, 9);
  const std::size_t last = text.find_last_not_of('0');
  text.resize(text[last] == '.' ? last : last + 1);
  if (text.compare(10, std::string::npos, "T00:00:00") == 0) text.resize(10);
  return text;
}

}  // namespace chiliad
