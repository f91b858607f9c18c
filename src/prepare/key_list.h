// KeyList: the keys of a whole fleet in one block of memory: 8 bytes a key besides its own.
//
// A vector of strings would take 32 to 60 bytes more a key, and twice that while it grows: with a million customers
// most of a trainer's memory.
//
// Thread safety: a value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/shard.h"

namespace chiliad::prepare {

class KeyList {
 public:
  // Requires: at most 16 MiB long, 1 TiB in all.
  void add(std::string_view key);

  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  // Valid until the next change.
  std::string_view operator[](std::size_t i) const {
    return std::string_view(bytes_).substr(places_[i] >> kSizeBits, places_[i] & kMaxSize);
  }

  // Leaves this instance's keys, sorted by their bytes. Duplicates count each. Requires: shard.index < shard.count.
  void keep(Shard shard);
  // Whether keep() left this key. Requires: keep() came after the last add().
  bool contains(std::string_view key) const;

 private:
  static constexpr int kSizeBits = 24;
  static constexpr std::uint64_t kMaxSize = (std::uint64_t{1} << kSizeBits) - 1;

  std::string bytes_;
  std::vector<std::uint64_t> places_;  // Where a key begins in bytes_, and in the low bits its size.
};

}  // namespace chiliad::prepare
