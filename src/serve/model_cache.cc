// Loads: one Load a model, kept in `loads` from the first request that misses until its result is in the ResidentSet
// (or failed). A load thread takes the oldest that nobody works on, reads the stored bytes (disk tier, then source),
// makes the model, and then, under the loads lock, either puts it where find() sees it and ends the Load, or starts
// again because invalidate() came in between. Callers are called back after all locks are gone.

#include "serve/model_cache.h"

#include <unistd.h>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <unordered_map>

#include "base/check.h"
#include "base/file.h"
#include "base/mutex.h"
#include "serve/disk_tier.h"
#include "serve/model_name.h"
#include "serve/resident_set.h"

namespace chiliad::serve {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// How often a load starts again because the model was overwritten while it ran; then its callers are told to try later.
constexpr int kMaxAttempts = 5;

std::uint64_t microseconds_since(steady_clock::time_point since) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - since).count());
}

using Counter = std::atomic<std::uint64_t>;
void add(Counter& counter, std::uint64_t value = 1) { counter.fetch_add(value, std::memory_order_relaxed); }

// A request that waits for a load; called back by the load's end or by its deadline, whichever takes `done` first.
struct Waiter {
  steady_clock::time_point since;
  ModelCache::Callback done;
  std::optional<std::multimap<Deadline, std::shared_ptr<Waiter>>::iterator> place;  // In State::deadlines.
};

struct Load {
  std::string name;
  std::vector<std::shared_ptr<Waiter>> waiters;
  bool running = false;
  bool stale = false;    // The stored bytes changed while it ran.
  bool refresh = false;  // The old model is still in memory and answers meanwhile.
};

}  // namespace

struct ModelCache::State {
  State(const Options& its_options, ModelSource& its_source, std::unique_ptr<DiskTier> its_disk)
      : options(its_options),
        source(its_source),
        disk(std::move(its_disk)),
        resident(its_options.memory_budget_bytes, its_options.evict) {}

  void run_loads();
  void run_deadlines();
  void work(const std::shared_ptr<Load>& load);
  Result<ModelSource::Stored> stored_bytes(std::string_view name);
  Result<ModelSource::Stored> fetched_bytes(std::string_view name);
  Result<std::unique_ptr<const Model>> loaded_model(std::string_view name, bool afresh, std::uint64_t& version);
  void call_back(std::vector<std::shared_ptr<Waiter>> waiters, Result<std::shared_ptr<const Model>> result);
  bool enqueue(std::string_view name, bool refresh, std::shared_ptr<Waiter> waiter, Deadline deadline,
               std::shared_ptr<const Model>& found);

  const Options options;
  ModelSource& source;
  const std::unique_ptr<DiskTier> disk;
  ResidentSet resident;
  TopList most_loaded;

  Counter cache_hits{0}, cache_misses{0}, disk_hits{0}, fetches{0}, downloading_us{0}, loads_done{0}, failed_loads{0},
      loading_us{0}, waits{0}, wait_us{0}, refused_loads{0}, not_kept_on_disk{0};

  Mutex mutex;  // "loads"
  Condition work_waits;
  Condition deadlines_change;
  bool stopping CHILIAD_GUARDED_BY(mutex) = false;
  std::unordered_map<std::string_view, std::shared_ptr<Load>> loads CHILIAD_GUARDED_BY(mutex);  // Keys: their names.
  std::deque<std::shared_ptr<Load>> queue CHILIAD_GUARDED_BY(mutex);
  std::multimap<Deadline, std::shared_ptr<Waiter>> deadlines CHILIAD_GUARDED_BY(mutex);

  std::vector<std::thread> threads;
};

// ---------------------------------------------------------------------------------------------------
// One load
// ---------------------------------------------------------------------------------------------------

// From the source; with a disk tier, by way of a file in it. A disk that is full costs the copy, not the answer.
Result<ModelSource::Stored> ModelCache::State::fetched_bytes(std::string_view name) {
  const steady_clock::time_point since = steady_clock::now();
  const Deadline deadline = since + options.fetch_timeout;
  std::optional<fs::path> keep_at;
  if (disk) keep_at = disk->next_path();
  Result<ModelSource::Stored> stored = source.fetch(name, keep_at, deadline);
  if (!stored && keep_at && stored.error().code == ErrorCode::kNoSpace) {
    add(not_kept_on_disk);
    ::unlink(keep_at->c_str());
    keep_at.reset();
    stored = source.fetch(name, std::nullopt, deadline);
  }
  if (stored && keep_at) {
    if (stored->bytes.size() > disk->budget_bytes()) add(not_kept_on_disk);
    disk->keep(name, *keep_at, stored->bytes.size(), stored->version);
  } else if (keep_at) {
    ::unlink(keep_at->c_str());
  }
  add(fetches);
  add(downloading_us, microseconds_since(since));
  return stored;
}

Result<ModelSource::Stored> ModelCache::State::stored_bytes(std::string_view name) {
  if (disk) {
    if (std::optional<DiskTier::Kept> kept = disk->find(name)) {
      // We wrote it, within the source's limit.
      Result<std::string> bytes = read_file(kept->path, UINT64_MAX);
      if (bytes) {
        add(disk_hits);
        return ModelSource::Stored{std::move(*bytes), std::move(kept->version)};
      }
      // Dropped from the tier a moment ago, or deleted by somebody else: fetched again.
    }
  }
  return fetched_bytes(name);
}

// `afresh`: the copy on disk may be older than what made the caller ask.
Result<std::unique_ptr<const Model>> ModelCache::State::loaded_model(std::string_view name, bool afresh,
                                                                     std::uint64_t& version) {
  Result<ModelSource::Stored> stored = afresh ? fetched_bytes(name) : stored_bytes(name);
  if (!stored) return std::move(stored).error();
  const steady_clock::time_point since = steady_clock::now();
  Result<std::unique_ptr<const Model>> model = source.load(name, stored->bytes);
  add(loading_us, microseconds_since(since));
  // What cannot be loaded is not kept: the next request fetches it again, for it may have been repaired.
  if (!model && disk) disk->drop(name);
  version = version_number(stored->version);
  return model;
}

void ModelCache::State::work(const std::shared_ptr<Load>& load) {
  for (int attempt = 1;; ++attempt) {
    std::uint64_t version = 0;
    Result<std::unique_ptr<const Model>> model = loaded_model(load->name, load->refresh || attempt > 1, version);
    std::vector<std::shared_ptr<Waiter>> waiters;
    Result<std::shared_ptr<const Model>> result(Error{ErrorCode::kUnavailable, ""});
    {
      const MutexLock lock(mutex);
      if (load->stale && attempt < kMaxAttempts) {
        load->stale = false;
        continue;
      }
      if (load->stale) {
        if (disk) disk->drop(load->name);
        result = Error{ErrorCode::kUnavailable, load->name + ": is being overwritten again and again: try later"};
      } else if (!model) {
        result = std::move(model).error();
      } else {
        result = resident.put(load->name, version, std::move(*model), steady_clock::now());
      }
      waiters.swap(load->waiters);
      loads.erase(load->name);
    }
    if (!result && load->refresh && result.error().code == ErrorCode::kNotFound) resident.drop(load->name);
    add(result ? loads_done : failed_loads);
    if (result) {
      most_loaded.add(load->name);  // Names that no model has would push out those that have one.
    } else if (options.on_failed_load) {
      options.on_failed_load(load->name, result.error());
    }
    call_back(std::move(waiters), std::move(result));
    return;
  }
}

// The last waiter gets the pin that the load itself held: a model that nobody uses must not look pinned.
void ModelCache::State::call_back(std::vector<std::shared_ptr<Waiter>> waiters,
                                  Result<std::shared_ptr<const Model>> result) {
  for (const std::shared_ptr<Waiter>& waiter : waiters) {
    Callback done;
    {
      const MutexLock lock(mutex);
      done.swap(waiter->done);
      if (waiter->place) deadlines.erase(*waiter->place);
      waiter->place.reset();
    }
    if (!done) continue;  // Its deadline came first.
    add(waits);
    add(wait_us, microseconds_since(waiter->since));
    if (!result) {
      done(result.error());
    } else if (waiter == waiters.back()) {
      done(Pin(std::move(*result)));
    } else {
      done(Pin(*result));
    }
  }
}

// ---------------------------------------------------------------------------------------------------
// The queue, the threads
// ---------------------------------------------------------------------------------------------------

// Joins the load of this model or starts one. False when too many wait. A model that came into memory meanwhile is
// handed back in `found` instead.
bool ModelCache::State::enqueue(std::string_view name, bool refresh, std::shared_ptr<Waiter> waiter, Deadline deadline,
                                std::shared_ptr<const Model>& found) {
  const MutexLock lock(mutex);
  const auto known = loads.find(name);
  std::shared_ptr<Load> load = known != loads.end() ? known->second : nullptr;
  if (load == nullptr) {
    if (!refresh) {
      found = resident.find(name, steady_clock::now());
      if (found != nullptr) return true;
    }
    if (stopping || queue.size() >= options.max_waiting_loads) return false;
    load = std::make_shared<Load>();
    load->name = name;
    load->refresh = refresh;
    loads.emplace(load->name, load);
    queue.push_back(load);
    work_waits.notify_one();
  } else if (refresh) {
    load->stale = load->running;
  }
  if (waiter != nullptr) {
    if (deadline != Deadline::max()) {
      const bool first = deadlines.empty() || deadline < deadlines.begin()->first;
      waiter->place = deadlines.emplace(deadline, waiter);
      if (first) deadlines_change.notify_one();
    }
    load->waiters.push_back(std::move(waiter));
  }
  return true;
}

void ModelCache::State::run_loads() {
  for (;;) {
    std::shared_ptr<Load> load;
    {
      const MutexLock lock(mutex);
      while (queue.empty() && !stopping) work_waits.wait(mutex);
      if (stopping) return;
      load = std::move(queue.front());
      queue.pop_front();
      load->running = true;
    }
    work(load);
  }
}

// Calls back those whose time is up. Waiters that were answered stay in the map until their deadline; they hold
// nothing.
void ModelCache::State::run_deadlines() {
  for (;;) {
    std::shared_ptr<Waiter> waiter;
    Callback done;
    {
      const MutexLock lock(mutex);
      while (waiter == nullptr) {
        if (stopping) return;
        if (deadlines.empty()) {
          deadlines_change.wait(mutex);
        } else if (deadlines.begin()->first > steady_clock::now()) {
          deadlines_change.wait_until(mutex, deadlines.begin()->first);
        } else {
          waiter = deadlines.begin()->second;
          waiter->place.reset();
          deadlines.erase(deadlines.begin());
        }
      }
      done.swap(waiter->done);
    }
    if (!done) continue;
    add(waits);
    add(wait_us, microseconds_since(waiter->since));
    done(Error{ErrorCode::kDeadline, "the model is still being loaded"});
  }
}

// ---------------------------------------------------------------------------------------------------
// ModelCache
// ---------------------------------------------------------------------------------------------------

ModelCache::ModelCache(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ModelCache>> ModelCache::open(Options options, ModelSource& source) {
  if (options.memory_budget_bytes == 0) return Error{ErrorCode::kInvalid, "the memory budget must be above 0"};
  if (options.load_threads < 1 || options.load_threads > 256) {
    return Error{ErrorCode::kInvalid, "load threads must be 1 to 256, not " + std::to_string(options.load_threads)};
  }
  std::unique_ptr<DiskTier> disk;
  if (options.disk_budget_bytes > 0 && !source.local()) {
    if (options.disk_folder.empty()) return Error{ErrorCode::kInvalid, "a disk budget needs a disk folder"};
    Result<std::unique_ptr<DiskTier>> opened = DiskTier::open(options.disk_folder, options.disk_budget_bytes);
    if (!opened) return std::move(opened).error();
    disk = std::move(*opened);
  }
  auto state = std::make_unique<State>(options, source, std::move(disk));
  for (int i = 0; i < options.load_threads; ++i) {
    state->threads.emplace_back([loader = state.get()] { loader->run_loads(); });
  }
  state->threads.emplace_back([clock = state.get()] { clock->run_deadlines(); });
  return std::unique_ptr<ModelCache>(new ModelCache(std::move(state)));
}

ModelCache::~ModelCache() {
  {
    const MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->work_waits.notify_all();
    state_->deadlines_change.notify_all();
  }
  for (std::thread& thread : state_->threads) thread.join();
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const MutexLock lock(state_->mutex);
    for (const auto& [name, load] : state_->loads) {
      waiters.insert(waiters.end(), load->waiters.begin(), load->waiters.end());
    }
  }
  state_->call_back(std::move(waiters), Error{ErrorCode::kUnavailable, "the server is stopping"});
}

std::optional<ModelCache::Pin> ModelCache::find(std::string_view name, steady_clock::time_point now) {
  std::shared_ptr<const Model> model = state_->resident.find(name, now);
  if (model == nullptr) return std::nullopt;
  add(state_->cache_hits);
  return Pin(std::move(model));
}

bool ModelCache::acquire(std::string_view name, Deadline deadline, Callback done) {
  const steady_clock::time_point now = steady_clock::now();
  if (std::optional<Pin> pin = find(name, now)) {
    done(std::move(*pin));
    return true;
  }
  add(state_->cache_misses);
  auto waiter = std::make_shared<Waiter>(Waiter{now, std::move(done), std::nullopt});
  std::shared_ptr<const Model> found;
  if (!state_->enqueue(name, false, waiter, deadline, found)) {
    add(state_->refused_loads);
    return false;
  }
  if (found != nullptr) waiter->done(Pin(std::move(found)));
  return true;
}

Result<ModelCache::Pin> ModelCache::acquire(std::string_view name, Deadline deadline) {
  struct Meeting {
    Mutex mutex;
    Condition came;
    std::optional<Result<Pin>> result CHILIAD_GUARDED_BY(mutex);
  };
  const auto meeting = std::make_shared<Meeting>();
  const bool waits = acquire(name, deadline, [meeting](Result<Pin> result) {
    const MutexLock lock(meeting->mutex);
    meeting->result.emplace(std::move(result));
    meeting->came.notify_one();
  });
  if (!waits) return Error{ErrorCode::kUnavailable, "too many models are waiting to be loaded: try again later"};
  const MutexLock lock(meeting->mutex);
  while (!meeting->result) meeting->came.wait(meeting->mutex);
  return std::move(*meeting->result);
}

void ModelCache::invalidate(std::string_view name) { drop(name); }

void ModelCache::refresh(std::string_view name) {
  if (state_->disk) state_->disk->drop(name);
  if (!state_->resident.contains(name)) {
    invalidate(name);
    return;
  }
  std::shared_ptr<const Model> found;
  if (!state_->enqueue(name, true, nullptr, Deadline::max(), found)) invalidate(name);
}

// All under the lock, the deletion of the one file too: else a load could find a part of the old model still there.
bool ModelCache::drop(std::string_view name) {
  const MutexLock lock(state_->mutex);
  if (const auto load = state_->loads.find(name); load != state_->loads.end())
    load->second->stale = load->second->running;
  const bool on_disk = state_->disk && state_->disk->drop(name);
  return state_->resident.drop(name) || on_disk;
}

bool ModelCache::contains(std::string_view name) const { return state_->resident.contains(name); }

std::vector<ModelCache::Loaded> ModelCache::loaded(std::string_view after, std::size_t limit) const {
  std::vector<Loaded> all;
  for (ResidentSet::Listed& listed : state_->resident.listed(after, limit)) {
    all.push_back(Loaded{std::move(listed.name), listed.version, listed.calls});
  }
  return all;
}

std::size_t ModelCache::loaded_count() const { return state_->resident.count(); }

std::vector<TopList::Counted> ModelCache::most_called(std::size_t limit) const {
  return state_->resident.most_called(limit);
}

std::vector<TopList::Counted> ModelCache::most_loaded(std::size_t limit) const {
  std::vector<TopList::Counted> all = state_->most_loaded.counted();
  if (all.size() > limit) all.resize(limit);
  return all;
}

ModelCache::Counters ModelCache::counters() const {
  const State& state = *state_;
  const auto value = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
  Counters counters;
  counters.cache_hits = value(state.cache_hits);
  counters.cache_misses = value(state.cache_misses);
  counters.disk_hits = value(state.disk_hits);
  counters.fetches = value(state.fetches);
  counters.downloading_us = value(state.downloading_us);
  counters.loads = value(state.loads_done);
  counters.failed_loads = value(state.failed_loads);
  counters.loading_us = value(state.loading_us);
  counters.unloads = state.resident.unloads();
  counters.unloading_us = state.resident.unloading_us();
  counters.waits = value(state.waits);
  counters.wait_us = value(state.wait_us);
  counters.refused_loads = value(state.refused_loads);
  counters.not_kept_on_disk = value(state.not_kept_on_disk);
  counters.loaded_models = state.resident.count();
  counters.memory_bytes = state.resident.bytes();
  counters.memory_budget_bytes = state.resident.budget_bytes();
  if (state.disk) {
    counters.disk_bytes = state.disk->bytes();
    counters.disk_budget_bytes = state.disk->budget_bytes();
  }
  const MutexLock lock(state_->mutex);
  counters.waiting_loads = state_->queue.size();
  return counters;
}

std::uint64_t ModelCache::version_number(std::string_view version) { return std::hash<std::string_view>()(version); }

}  // namespace chiliad::serve
