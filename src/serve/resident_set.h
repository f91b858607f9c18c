// ResidentSet: the models in memory, by name and by last use, within a budget of bytes. One half of ModelCache; the
// other half loads them.
//
// Sharded by name, each shard with its own lock, table and order of use; the order over all shards follows from the
// moment of last use that each entry carries.
//
// Thread safety: all methods may be called from any threads at a time. No two shard locks are held together.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "serve/model_source.h"
#include "serve/top_list.h"

namespace chiliad::serve {

class ResidentSet {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  struct Listed {
    std::string name;
    std::uint64_t version = 0;
    std::uint64_t calls = 0;
  };

  ResidentSet(std::uint64_t budget_bytes, bool evict);
  ~ResidentSet();

  // Null when it is not here. Counts as a call and as the last use.
  std::shared_ptr<const Model> find(std::string_view name, Moment now);

  // Keeps the model, in place of an older one of that name; makes room by dropping those used least recently.
  // Errors: kTooLarge when it alone is above the budget; kNoSpace when what is pinned leaves no room, or without evict.
  Result<std::shared_ptr<const Model>> put(std::string_view name, std::uint64_t version,
                                           std::unique_ptr<const Model> model, Moment now);

  bool drop(std::string_view name);
  bool contains(std::string_view name) const;

  std::vector<Listed> listed(std::string_view after, std::size_t limit) const;
  std::vector<TopList::Counted> most_called(std::size_t limit) const;

  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const;
  std::uint64_t budget_bytes() const;
  std::uint64_t unloads() const { return unloads_.load(std::memory_order_relaxed); }
  std::uint64_t unloading_us() const { return unloading_us_.load(std::memory_order_relaxed); }

 private:
  struct Account;
  struct Charged;
  struct Entry;
  struct Shard;
  static constexpr std::size_t kShards = 64;

  Shard& shard_of(std::string_view name) const;
  Result<Done> reserve(std::uint64_t bytes);
  bool evict_oldest();
  std::unique_ptr<Entry> take(Shard& shard, Entry& entry);
  void retire(std::unique_ptr<Entry> entry, Moment since);

  const bool evict_;
  const std::shared_ptr<Account> account_;
  const std::unique_ptr<std::array<Shard, kShards>> shards_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> unloads_{0};
  std::atomic<std::uint64_t> unloading_us_{0};
  TopList departed_;  // Calls of models that are no longer here.
};

}  // namespace chiliad::serve
