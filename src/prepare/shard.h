// Which customers an instance works on when several share the work: SageMaker's ShardedByS3Key.
//
// The keys, sorted by their bytes, are dealt round-robin: key 0 to the first of n instances, key 1 to the second, key n
// to the first again. Every instance finds its own share from the same list, without a word to the others; shares
// differ by at most one key, and together they are the list.
//
// Source: Amazon SageMaker developer guide, S3DataDistributionType.
// Thread safety: pure functions.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::prepare {

struct Shard {
  std::size_t index = 0;  // From 0.
  std::size_t count = 1;

  bool operator==(const Shard&) const = default;
};

// "1/4" to "4/4": the first to the last of four. Errors: kInvalid: anything else.
Result<Shard> parse_shard(std::string_view text);

// This instance's keys, sorted. Duplicates count each. Requires: shard.index < shard.count.
std::vector<std::string> shard_of(std::vector<std::string> keys, Shard shard);

}  // namespace chiliad::prepare
