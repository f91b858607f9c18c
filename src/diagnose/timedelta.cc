#include "diagnose/timedelta.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/number.h"

namespace chiliad::diagnose {
namespace {

constexpr double kLongest = 290 * 365.25 * 86400e9;  // Nanoseconds.

constexpr std::array<std::pair<std::string_view, double>, 31> kUnits{{
    {"W", 604800e9},
    {"w", 604800e9},
    {"week", 604800e9},
    {"weeks", 604800e9},
    {"D", 86400e9},
    {"d", 86400e9},
    {"day", 86400e9},
    {"days", 86400e9},
    {"h", 3600e9},
    {"H", 3600e9},
    {"hr", 3600e9},
    {"hour", 3600e9},
    {"hours", 3600e9},
    {"m", 60e9},
    {"min", 60e9},
    {"minute", 60e9},
    {"minutes", 60e9},
    {"T", 60e9},
    {"s", 1e9},
    {"S", 1e9},
    {"sec", 1e9},
    {"second", 1e9},
    {"seconds", 1e9},
    {"ms", 1e6},
    {"millisecond", 1e6},
    {"milliseconds", 1e6},
    {"us", 1e3},
    {"microsecond", 1e3},
    {"microseconds", 1e3},
    {"ns", 1},
    {"nanoseconds", 1},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Takes the longest start of `text` whose characters all pass.
template <class Pass>
std::string_view take(std::string_view& text, const Pass& pass) {
  std::size_t length = 0;
  while (length < text.size() && pass(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

std::optional<double> take_number(std::string_view& text) {
  return parse_double(take(text, [](char c) { return is_digit(c) || c == '.'; }));
}

// The rest of "hh:mm:ss.f" after its hours, in nanoseconds.
std::optional<double> take_clock(std::string_view& text) {
  double sum = 0;
  for (const double unit : {60e9, 1e9}) {
    if (!text.starts_with(':')) return unit == 1e9 ? std::optional(sum) : std::nullopt;
    text.remove_prefix(1);
    const std::optional<double> number = take_number(text);
    if (!number || *number >= 60 || (unit == 60e9 && *number != std::floor(*number))) return std::nullopt;
    sum += *number * unit;
  }
  return sum;
}

std::optional<double> unit_length(std::string_view name) {
  for (const auto& [unit, length] : kUnits) {
    if (unit == name) return length;
  }
  return std::nullopt;
}

// One number with its unit, or one time of day. Null: neither.
std::optional<double> take_part(std::string_view& text) {
  const auto blank = [](char c) { return c == ' ' || c == ','; };
  const std::optional<double> number = take_number(text);
  if (!number) return std::nullopt;
  if (text.starts_with(':')) {
    const std::optional<double> rest = take_clock(text);
    if (!rest) return std::nullopt;
    return *number * 3600e9 + *rest;
  }
  take(text, blank);
  const std::optional<double> unit = unit_length(take(text, is_letter));
  if (!unit) return std::nullopt;
  return *number * *unit;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_timedelta(std::string_view text) {
  const auto refuse = [&] {
    return Error{ErrorCode::kInvalid,
                 fmt::format("'{}': expected a length of time such as '365 days', '12 hours' or '1 days 06:30:00'",
                             text.substr(0, 80))};
  };
  double sum = 0;
  std::string_view rest = text;
  const auto blank = [](char c) { return c == ' ' || c == ','; };
  take(rest, blank);
  while (!rest.empty()) {
    const std::optional<double> part = take_part(rest);
    if (!part) return refuse();
    sum += *part;
    take(rest, blank);
  }
  if (!(sum >= 1) || sum > kLongest) return refuse();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

std::string format_timedelta(std::chrono::nanoseconds length) {
  const auto days = std::chrono::floor<std::chrono::days>(length);
  const std::int64_t rest = (length - days).count();
  std::string text = fmt::format("{} days", days.count());
  if (rest == 0) return text;
  const std::int64_t seconds = rest / 1'000'000'000, fraction = rest % 1'000'000'000;
  text += fmt::format(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (fraction != 0) text += fmt::format(".{:09}", fraction);
  return text;
}

}  // namespace chiliad::diagnose
