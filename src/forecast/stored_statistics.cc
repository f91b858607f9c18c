#include "forecast/stored_statistics.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

#include "base/hash.h"
#include "forecast/sufficient_statistics.h"

namespace chiliad::forecast {
namespace {

constexpr std::int64_t kMostColumns = 20'000;  // 1.6 GB; the text is bounded before.

Result<std::vector<double>> read_numbers(std::string_view text, std::size_t count, std::string_view name) {
  static_assert(std::endian::native == std::endian::little);
  const std::size_t bytes = count * sizeof(double);
  // Looked at before anything is allocated.
  if (text.size() != (bytes + 2) / 3 * 4) return corrupt(std::string(name) + " has another size than its columns need");
  const std::optional<std::string> read = unbase64(text);
  if (!read || read->size() != bytes) return corrupt(std::string(name) + " is not base64 of its numbers");
  std::vector<double> numbers(count);
  std::memcpy(numbers.data(), read->data(), bytes);
  return numbers;
}

}  // namespace

Result<std::shared_ptr<const SufficientStatistics>> make_statistics(const StoredStatistics& stored) {
  if (stored.columns < 2 || stored.columns > kMostColumns) return corrupt("columns is out of range");
  const auto p = static_cast<std::size_t>(stored.columns);
  Result<std::vector<double>> gradient = read_numbers(stored.gradient, p, "gradient");
  if (!gradient) return std::move(gradient).error();
  Result<std::vector<double>> gram = read_numbers(stored.gram, p * (p + 1) / 2, "gram");
  if (!gram) return std::move(gram).error();
  auto made = std::make_shared<SufficientStatistics>(SufficientStatistics{
      *std::move(gram), *std::move(gradient), stored.sum_of_squares, stored.lowest, stored.highest});
  for (const double value : made->gram) {
    if (!std::isfinite(value)) return corrupt("gram has a number that is not finite");
  }
  if (Result<Done> checked = check_positive(*made); !checked) return std::move(checked).error();
  return std::shared_ptr<const SufficientStatistics>(std::move(made));
}

std::string_view update_way_name(UpdateWay way) {
  switch (way) {
    case UpdateWay::kCold: return "cold";
    case UpdateWay::kStatistics: return "statistics";
    case UpdateWay::kHistory: return "history";
  }
  return "?";
}

bool read_update_way(std::string_view text, UpdateWay& way) {
  for (const UpdateWay one : {UpdateWay::kCold, UpdateWay::kStatistics, UpdateWay::kHistory}) {
    if (update_way_name(one) != text) continue;
    way = one;
    return true;
  }
  return false;
}

bool read_hash(std::string_view text, std::uint64_t& hash) {
  if (text.size() != 16) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace chiliad::forecast
