#include "train/max_failures.h"

#include <optional>
#include <string_view>

#include "base/number.h"

namespace chiliad::train {

Result<std::uint64_t> read_max_failures(const std::string& text, std::uint64_t total) {
  if (text.empty()) return UINT64_MAX;
  const bool share = text.ends_with('%');
  const std::string_view number = std::string_view(text).substr(0, text.size() - (share ? 1 : 0));
  if (share) {
    const std::optional<double> percent = parse_double(number);
    if (percent && *percent >= 0 && *percent <= 100)
      return static_cast<std::uint64_t>(static_cast<double>(total) * *percent / 100);
  } else {
    const std::optional<std::int64_t> count = parse_integer(number);
    if (count && *count >= 0) return static_cast<std::uint64_t>(*count);
  }
  return Error{ErrorCode::kInvalid,
               "--max-failures: expected a number of series or a share as 5%, found '" + text + "'"};
}

}  // namespace chiliad::train
