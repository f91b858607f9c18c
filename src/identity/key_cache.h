// KeyCache: the keys that were used not long ago, by access key id, in shards of their own mutex each.
//
// A shard has a young and an old generation: a key that is used moves to the young one; when that is full it becomes
// the old one, and what nobody used meanwhile goes. So it is bounded, and about the least recently used go first.
//
// Thread safety: safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "base/mutex.h"
#include "identity/directory.h"
#include "identity/grants.h"

namespace chiliad::identity {

struct CachedKey {
  std::shared_ptr<const Key> key;
  std::shared_ptr<const Identity> identity;
  // Of temporary keys:
  Sha256Digest token_digest{};
  Time expires = Time::max();
  std::uint64_t policies_version = 0;  // When managed policies were read as session policies; 0: none were.
};

class KeyCache {
 public:
  // Null: not there.
  std::shared_ptr<const CachedKey> find(std::string_view access_key_id) {
    Shard& shard = shard_of(access_key_id);
    const MutexLock lock(shard.mutex);
    if (const auto found = shard.young.find(access_key_id); found != shard.young.end()) return found->second;
    const auto found = shard.old.find(access_key_id);
    if (found == shard.old.end()) return nullptr;
    std::shared_ptr<const CachedKey> entry = found->second;
    insert(shard, std::string(access_key_id), entry);
    return entry;
  }

  void put(std::string_view access_key_id, std::shared_ptr<const CachedKey> entry) {
    Shard& shard = shard_of(access_key_id);
    const MutexLock lock(shard.mutex);
    insert(shard, std::string(access_key_id), std::move(entry));
  }

  void remove(std::string_view access_key_id) {
    Shard& shard = shard_of(access_key_id);
    const MutexLock lock(shard.mutex);
    for (Map* const generation : {&shard.young, &shard.old}) {
      if (const auto found = generation->find(access_key_id); found != generation->end()) generation->erase(found);
    }
  }

  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kGeneration = 128;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Map = std::unordered_map<std::string, std::shared_ptr<const CachedKey>, Hash, std::equal_to<>>;
  struct Shard {
    Mutex mutex;
    Map young CHILIAD_GUARDED_BY(mutex);
    Map old CHILIAD_GUARDED_BY(mutex);
  };

  static void insert(Shard& shard, std::string id, std::shared_ptr<const CachedKey> entry)
      CHILIAD_REQUIRES(shard.mutex) {
    if (shard.young.size() >= kGeneration) shard.old = std::exchange(shard.young, {});
    shard.young.insert_or_assign(std::move(id), std::move(entry));
  }
  Shard& shard_of(std::string_view id) { return shards_[content_hash(id) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace chiliad::identity
