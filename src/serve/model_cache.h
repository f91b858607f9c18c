// ModelCache: of any number of stored models, those in use are in memory.
//
//     stored archive --fetch--> disk tier --load--> in memory --find() or acquire()--> pinned by a request
//       (S3 only:)           disk_budget_bytes     memory_budget_bytes
//
// A budget that is full makes room by dropping what was used least recently and is pinned by nobody; a model dropped
// from memory stays in the disk tier. When the source is a local folder there is no disk tier: the stored archive
// itself is on this disk, and a copy would only cost.
//
// Rules the rest of the server relies on:
//
//   1. A pinned model stays whole and charged until its last pin is gone, also when it was dropped or replaced
//   meanwhile.
//   2. However many requests wait for a model, it is fetched and loaded once, and all of them get that result.
//   3. A failure is not remembered: the next request tries again.
//   4. find() waits for no load, makes no system call and allocates nothing.
//   5. What is charged never exceeds the budget. What a load needs while it runs is not charged; load_threads bounds
//   it.
//   6. After invalidate(name) returns, no request that starts later gets what was stored before.
//
// Used least recently is exact over all shards, up to the resolution of the clock.
//
// Source of the behaviour: Amazon SageMaker developer guide, "Host multiple models in one container behind one
// endpoint".
//
// Thread safety: all methods may be called from any threads at a time. Locks are taken in this order: loads, shard.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "serve/model_source.h"
#include "serve/top_list.h"

namespace chiliad::serve {

class ModelCache {
 public:
  struct Options {
    std::uint64_t memory_budget_bytes = std::uint64_t{1} << 30;  // > 0.
    std::uint64_t disk_budget_bytes = 0;                         // 0: no disk tier.
    std::filesystem::path disk_folder;                           // Owned by this cache alone; needed with a disk tier.
    int load_threads = 2;                                        // >= 1.
    std::size_t max_waiting_loads = 256;                         // Models that may wait for a load thread.
    bool evict = true;                                           // false: a full memory is kNoSpace.
    std::chrono::milliseconds fetch_timeout{60'000};
    // Told of each load that failed, on a thread of the cache; must not block for long. Optional.
    std::function<void(std::string_view name, const Error&)> on_failed_load = {};
  };

  // A model that stays in memory while the Pin lives: hold it for one request. May outlive the cache.
  class Pin {
   public:
    const Model& operator*() const { return *model_; }
    const Model* operator->() const { return model_.get(); }

   private:
    friend class ModelCache;
    explicit Pin(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
    std::shared_ptr<const Model> model_;
  };

  // Sums since the start, under SageMaker's names; times in microseconds.
  struct Counters {
    std::uint64_t cache_hits = 0;    // find() and acquire() that found the model in memory,
    std::uint64_t cache_misses = 0;  // acquire() that did not.
    std::uint64_t disk_hits = 0;     // Loads from the disk tier,
    std::uint64_t fetches = 0;       // loads from the source.
    std::uint64_t downloading_us = 0;
    std::uint64_t loads = 0;
    std::uint64_t failed_loads = 0;
    std::uint64_t loading_us = 0;
    std::uint64_t unloads = 0;
    std::uint64_t unloading_us = 0;
    std::uint64_t waits = 0;  // Requests that waited for a load, and how long.
    std::uint64_t wait_us = 0;
    std::uint64_t refused_loads = 0;     // kUnavailable: too many waiting.
    std::uint64_t not_kept_on_disk = 0;  // Fetched models that the disk tier could not hold.
    // Now:
    std::uint64_t loaded_models = 0;
    std::uint64_t waiting_loads = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t memory_budget_bytes = 0;
    std::uint64_t disk_bytes = 0;
    std::uint64_t disk_budget_bytes = 0;
  };

  struct Loaded {
    std::string name;
    std::uint64_t version = 0;  // Of the stored bytes: version_number(ETag).
    std::uint64_t calls = 0;    // find() and acquire() since it was loaded.
  };

  // Called once, with the pinned model or the reason there is none.
  using Callback = std::function<void(Result<Pin>)>;

  // Errors: kInvalid with the option to blame; as DiskTier::open(). `source` must outlive the cache.
  static Result<std::unique_ptr<ModelCache>> open(Options options, ModelSource& source);

  // Finishes the running loads; those that wait get kUnavailable. Requires: no other call in progress.
  ~ModelCache();

  // The model if it is in memory. `now` orders the uses.
  std::optional<Pin> find(std::string_view name, std::chrono::steady_clock::time_point now);

  // The model, loaded if it must be. `done` is called at once when it is in memory, else on a thread of the cache. A
  // load whose callers have gone still ends in the cache. False when too many loads wait: then `done` is not called.
  // Requires: check_model_name(name).
  // Errors: kNotFound; kCorrupt; kTooLarge when the model alone is above the budget; kNoSpace when pinned models fill
  // it
  //         or evict is off; kDeadline; whatever else the source says.
  [[nodiscard]] bool acquire(std::string_view name, Deadline deadline, Callback done);
  // The same, waiting for it; kUnavailable when too many loads wait.
  Result<Pin> acquire(std::string_view name, Deadline deadline);

  // The stored bytes have changed or are gone: forget them. Rule 6.
  void invalidate(std::string_view name);

  // The same without hurry: a model in memory goes on answering until its successor is loaded in the background. If its
  // stored bytes are gone, or too many loads wait, it is dropped.
  void refresh(std::string_view name);

  // Drops a model from memory and from the disk tier. False when it was in neither.
  bool drop(std::string_view name);

  bool contains(std::string_view name) const;

  // Models in memory by name, after `after`, at most `limit` of them.
  std::vector<Loaded> loaded(std::string_view after = {}, std::size_t limit = SIZE_MAX) const;
  std::size_t loaded_count() const;

  // Names called most, with the calls of models that were dropped since (those within TopList's error).
  std::vector<TopList::Counted> most_called(std::size_t limit) const;
  // Names loaded most: what the memory budget is too small for.
  std::vector<TopList::Counted> most_loaded(std::size_t limit) const;

  Counters counters() const;

  static std::uint64_t version_number(std::string_view version);

 private:
  struct State;
  explicit ModelCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::serve
