#include "base/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/check.h"

namespace chiliad {
namespace {

// "NaN", "Infinity" or "-Infinity" for what is no number; nullptr for numbers.
const char* special_name(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return nullptr;
}

constexpr double kLargestScaled = 1e16 - 1;
constexpr double kSmallestScaled = 1e-15;
constexpr std::array<double, 16> kPowersOfTen = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kDigitPairs = make_digit_pairs();

// Writes `fraction` (not 0) as `digits` digits, zeros in front, those at the end left out. Returns the end.
char* write_fraction(char* out, std::uint64_t fraction, int digits) {
  char* end = out + digits;
  char* at = end;
  for (; at - out >= 2; fraction /= 100) {
    at -= 2;
    std::memcpy(at, &kDigitPairs[2 * (fraction % 100)], 2);
  }
  if (at != out) *out = static_cast<char>('0' + fraction % 10);
  while (end[-1] == '0') --end;
  return end;
}

}  // namespace

void append_repr(std::string& out, double value) {
  if (const char* name = special_name(value)) {
    out += name;
    return;
  }
  std::array<char, 40> text{};
  const double magnitude = std::fabs(value);
  // Python's repr: positional for 1e-4 <= |value| < 1e16, else scientific with a two-digit exponent.
  const bool positional = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto format = positional ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format).ptr;
  const std::string_view written(text.data(), static_cast<std::size_t>(end - text.data()));
  out += written;
  if (positional && written.find('.') == std::string_view::npos) out += ".0";
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

// The steps of pandas' encoder, in its order and its precision, so that the digits are the same to the last one: split
// into whole and fraction, scale the fraction as a double, round half to even (but a half unit above a zero fraction
// goes up). Beyond its limits pandas falls back to printf's %g.
void append_rounded(std::string& out, double value, int decimals) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  CHILIAD_CHECK(decimals >= 0 && decimals <= 15);
  const double magnitude = value < 0 ? -value : value;
  std::array<char, 48> text{};
  char* at = text.data();
  if (magnitude > kLargestScaled || (magnitude != 0 && magnitude < kSmallestScaled)) {
    const int length = std::snprintf(text.data(), text.size(), "%.*g", decimals, value);
    out.append(text.data(), static_cast<std::size_t>(length));
    return;
  }
  const double scale = kPowersOfTen[static_cast<std::size_t>(decimals)];
  auto whole = static_cast<std::uint64_t>(magnitude);
  const double scaled = (magnitude - static_cast<double>(whole)) * scale;
  auto fraction = static_cast<std::uint64_t>(scaled);
  const double rest = scaled - static_cast<double>(fraction);
  if (rest > 0.5 || (rest == 0.5 && (fraction == 0 || (fraction & 1) != 0))) ++fraction;
  if (static_cast<double>(fraction) >= scale) {
    fraction = 0;
    ++whole;
  }
  if (value < 0) *at++ = '-';
  at = std::to_chars(at, text.data() + text.size(), whole).ptr;
  *at++ = '.';
  if (fraction == 0) {
    *at++ = '0';
  } else {
    at = write_fraction(at, fraction, decimals);
  }
  out.append(text.data(), at);
}

std::optional<double> parse_double(std::string_view text) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // from_chars reports underflow and overflow alike; what is too small to hold is 0, what is too large is refused.
    return text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos
               ? std::optional<double>(text[0] == '-' ? -0.0 : 0.0)
               : std::nullopt;
  }
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || text.empty() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace chiliad
