#include "app/size_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>

#include "base/number.h"

namespace chiliad::app {
namespace {

constexpr std::array<char, 4> kUnits = {'K', 'M', 'G', 'T'};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// 0 for no unit, 1 for K, ...; nullopt for what is no unit.
std::optional<std::size_t> power_of_unit(std::string_view unit) {
  if (unit.empty() || unit == "B" || unit == "b") return 0;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (upper(unit[0]) != kUnits[i]) continue;
    const std::string_view rest = unit.substr(1);
    if (rest.empty() || rest == "B" || rest == "b" || rest == "iB") return i + 1;
  }
  return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, end);
  const std::optional<std::size_t> power = power_of_unit(end == std::string_view::npos ? "" : text.substr(end));
  const Error refused{ErrorCode::kInvalid,
                      fmt::format("'{}' is not a size: expected for example 65536, 256M or 1.5G", text.substr(0, 40))};
  if (!power || number.empty() || number[0] == '.') return refused;
  // Whole numbers stay exact up to the last byte; only a fraction goes through a double.
  if (const std::optional<std::int64_t> whole = parse_integer(number)) {
    const auto value = static_cast<std::uint64_t>(*whole);
    const std::uint64_t size = value << (10 * *power);
    if (size >> (10 * *power) != value) return refused;
    return size;
  }
  const std::optional<double> fraction = parse_double(number);
  if (!fraction || *power == 0) return refused;
  const double size = std::floor(std::ldexp(*fraction, static_cast<int>(10 * *power)));
  if (size >= 0x1p63) return refused;
  return static_cast<std::uint64_t>(size);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1024; value >= 999.5 && unit + 1 < kUnits.size(); value /= 1024) ++unit;
  std::string number = value < 99.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}B", number, kUnits[unit]);
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace chiliad::app
