#include "table/field.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>

#include "base/number.h"

namespace chiliad::table {
namespace {

constexpr std::array<std::string_view, 18> kMissing = {"#N/A", "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
                                                       "-nan", "1.#IND",   "1.#QNAN", "<NA>",    "N/A",      "NA",
                                                       "NULL", "NaN",      "None",    "n/a",     "nan",      "null"};
constexpr std::size_t kLongestMissing = 8;

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::uint64_t kExactLimit = std::uint64_t{1} << 53;  // Up to here every integer is a double.
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

unsigned digit(char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)) - '0'; }

constexpr std::array<std::uint64_t, 17> kIntegerPowersOfTen = [] {
  std::array<std::uint64_t, 17> powers{};
  std::uint64_t power = 1;
  for (std::uint64_t& entry : powers) entry = power, power *= 10;
  return powers;
}();

std::uint64_t load8(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Whether each of the eight bytes is a digit: high half 3, and no carry out of the low half when 6 is added.
bool eight_digits(std::uint64_t word) {
  constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0;
  constexpr std::uint64_t kThrees = 0x3030303030303030;
  return ((word & kHighHalves) | (((word + 0x0606060606060606) & kHighHalves) >> 4)) == (kThrees | (kThrees >> 4));
}

// Eight digits, the first in the lowest byte, each as 0 to 9: pairs, then fours, then all, one multiplication each.
std::uint64_t value_of_eight(std::uint64_t digits) {
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t kMask = 0x000000FF000000FF;
  constexpr std::uint64_t kHundreds = 0x000F424000000064;  // 100 + (1,000,000 << 32)
  constexpr std::uint64_t kOnes = 0x0000271000000001;      // 1 + (10,000 << 32)
  return ((digits & kMask) * kHundreds + ((digits >> 16) & kMask) * kOnes) >> 32;
}

// Digits with at most one point, 1 to 19 digits in all, no sign: their value without the point, and how many of
// them follow it. nullopt for any other text.
struct Decimal {
  std::uint64_t digits;
  std::size_t after_point;
};

// What follows the point, appended to the digits before it. 8 to 16 digits, which is what programs write for a double,
// take no loop: the first eight, and the last eight less those that were among the first.
std::optional<Decimal> with_fraction(std::uint64_t value, std::string_view fraction) {
  const std::size_t count = fraction.size();
  if constexpr (std::endian::native == std::endian::little) {
    if (count >= 8 && count <= 16) {
      const std::uint64_t first = load8(fraction.data());
      const std::uint64_t last = load8(fraction.data() + count - 8);
      if (!eight_digits(first) || !eight_digits(last)) return std::nullopt;
      constexpr std::uint64_t kLowHalves = 0x0F0F0F0F0F0F0F0F;
      const std::size_t rest = count - 8;
      // Two shifts: by 64 at once would be undefined when nothing is left.
      const std::uint64_t new_digits = ~std::uint64_t{0} << (4 * (8 - rest)) << (4 * (8 - rest));
      const std::uint64_t tail = rest == 0 ? 0 : value_of_eight(last & kLowHalves & new_digits);
      value = (value * kIntegerPowersOfTen[8] + value_of_eight(first & kLowHalves)) * kIntegerPowersOfTen[rest] + tail;
      return Decimal{value, count};
    }
  }
  for (const char c : fraction) {
    if (digit(c) > 9) return std::nullopt;
    value = value * 10 + digit(c);
  }
  return Decimal{value, count};
}

std::optional<Decimal> plain_decimal(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  std::uint64_t value = 0;
  std::size_t i = 0;
  for (; i < text.size() && digit(text[i]) <= 9; ++i) value = value * 10 + digit(text[i]);
  if (i == text.size()) return i <= 19 ? std::optional(Decimal{value, 0}) : std::nullopt;
  if (text[i] != '.' || text.size() == 1) return std::nullopt;
  return with_fraction(value, text.substr(i + 1));
}

std::string_view without_minus(std::string_view text) { return text.starts_with('-') ? text.substr(1) : text; }

// The two digits at text[at] as a number; 100 or more when they are none.
unsigned two_digits(std::string_view text, std::size_t at) {
  const unsigned tens = digit(text[at]);
  const unsigned ones = digit(text[at + 1]);
  return tens <= 9 && ones <= 9 ? tens * 10 + ones : 100;
}

}  // namespace

bool is_missing(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > kLongestMissing) return false;
  return std::find(kMissing.begin(), kMissing.end(), text) != kMissing.end();
}

std::optional<double> read_number(std::string_view text) {
  const std::optional<Decimal> decimal = plain_decimal(without_minus(text));
  if (!decimal || decimal->digits > kExactLimit) return parse_double(text);
  // Both operands are exact, so the one rounding of the division is the nearest double to the text.
  const double magnitude = static_cast<double>(decimal->digits) / kPowersOfTen[decimal->after_point];
  return text[0] == '-' ? -magnitude : magnitude;
}

std::optional<double> read_value(std::string_view text) {
  if (!text.empty()) {
    if (const std::optional<double> number = read_number(text)) return number;
  }
  return is_missing(text) ? std::optional<double>(std::numeric_limits<double>::quiet_NaN()) : std::nullopt;
}

std::optional<double> read_value_or_truth(std::string_view text) {
  const auto is_word = [&](std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, [](char a, char b) { return (a | 0x20) == b; });
  };
  if (is_word("true")) return 1;
  if (is_word("false")) return 0;
  return read_value(text);
}

bool is_value(std::string_view text) { return plain_decimal(without_minus(text)) || read_value(text); }

bool InstantReader::read_day(std::string_view text) {
  if (days_in_month_ == 0 || std::memcmp(text.data(), month_text_, sizeof month_text_) != 0) {
    const Result<Instant> day = parse_instant(text.substr(0, 10));
    if (!day) return false;
    const auto date = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*day));
    const std::chrono::sys_days first{date.year() / date.month() / 1};
    const std::chrono::sys_days last{date.year() / date.month() / std::chrono::last};
    month_start_ns_ = nanos_since_epoch(Instant{first});
    days_in_month_ = static_cast<unsigned>((last - first).count()) + 1;
    std::memcpy(month_text_, text.data(), sizeof month_text_);
  }
  const unsigned day = two_digits(text, 8);
  if (day < 1 || day > days_in_month_) return false;
  day_ns_ = month_start_ns_ + (day - 1) * kDay;
  return true;
}

bool InstantReader::read(std::string_view text, Instant& instant) {
  if (text.size() >= 10 && read_day(text)) {
    if (text.size() == 10) {
      instant = Instant(std::chrono::nanoseconds(day_ns_));
      return true;
    }
    if (text.size() == 19 && (text[10] == ' ' || text[10] == 'T') && text[13] == ':' && text[16] == ':') {
      const unsigned hour = two_digits(text, 11);
      const unsigned minute = two_digits(text, 14);
      const unsigned second = two_digits(text, 17);
      if (hour <= 23 && minute <= 59 && second <= 59) {
        const std::int64_t seconds = (hour * std::int64_t{60} + minute) * 60 + second;
        instant = Instant(std::chrono::nanoseconds(day_ns_ + seconds * kSecond));
        return true;
      }
    }
  }
  const Result<Instant> parsed = parse_instant(text);
  if (!parsed) return false;
  instant = *parsed;
  return true;
}

}  // namespace chiliad::table
