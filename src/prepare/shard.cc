#include "prepare/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/number.h"

namespace chiliad::prepare {

Result<Shard> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::optional<std::int64_t> index = parse_integer(text.substr(0, slash));
    const std::optional<std::int64_t> count = parse_integer(text.substr(slash + 1));
    if (index && count && *index >= 1 && *index <= *count && *count <= 1'000'000) {
      return Shard{static_cast<std::size_t>(*index - 1), static_cast<std::size_t>(*count)};
    }
  }
  return Error{ErrorCode::kInvalid, fmt::format("'{}' is not a shard: expected i/n with i from 1 to n, for example 1/4",
                                                text.substr(0, 40))};
}

std::vector<std::string> shard_of(std::vector<std::string> keys, Shard shard) {
  CHILIAD_CHECK(shard.index < shard.count);
  std::sort(keys.begin(), keys.end());  // char_traits<char> compares as unsigned bytes: S3's order.
  std::vector<std::string> share;
  share.reserve(keys.size() / shard.count + 1);
  for (std::size_t i = shard.index; i < keys.size(); i += shard.count) share.push_back(std::move(keys[i]));
  return share;
}

}  // namespace chiliad::prepare
