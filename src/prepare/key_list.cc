#include "prepare/key_list.h"

#include <algorithm>

#include "base/check.h"

namespace chiliad::prepare {

void KeyList::add(std::string_view key) {
  CHILIAD_CHECK(key.size() <= kMaxSize && bytes_.size() < std::uint64_t{1} << 40);
  places_.push_back(std::uint64_t{bytes_.size()} << kSizeBits | key.size());
  bytes_ += key;
}

void KeyList::keep(Shard shard) {
  CHILIAD_CHECK(shard.index < shard.count);
  const std::string_view bytes = bytes_;
  // char_traits<char> compares as unsigned bytes: S3's order.
  std::sort(places_.begin(), places_.end(), [bytes](std::uint64_t a, std::uint64_t b) {
    return bytes.substr(a >> kSizeBits, a & kMaxSize) < bytes.substr(b >> kSizeBits, b & kMaxSize);
  });
  std::size_t kept = 0;
  for (std::size_t i = shard.index; i < places_.size(); i += shard.count) places_[kept++] = places_[i];
  places_.resize(kept);
  places_.shrink_to_fit();
}

bool KeyList::contains(std::string_view key) const {
  const std::string_view bytes = bytes_;
  const auto at = std::partition_point(places_.begin(), places_.end(), [bytes, key](std::uint64_t place) {
    return bytes.substr(place >> kSizeBits, place & kMaxSize) < key;
  });
  return at != places_.end() && bytes.substr(*at >> kSizeBits, *at & kMaxSize) == key;
}

}  // namespace chiliad::prepare
