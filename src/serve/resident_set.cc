#include "serve/resident_set.h"

#include <algorithm>

#include "base/check.h"

namespace chiliad::serve {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::steady_clock;

}  // namespace

// The budget; outlives the set as long as a pin does.
struct ResidentSet::Account {
  explicit Account(std::uint64_t its_budget) : budget(its_budget) {}

  bool take(std::uint64_t bytes) {
    std::uint64_t now = used.load(std::memory_order_relaxed);
    do {
      if (bytes > budget || now > budget - bytes) return false;
    } while (!used.compare_exchange_weak(now, now + bytes, std::memory_order_relaxed));
    return true;
  }
  void give(std::uint64_t bytes) { used.fetch_sub(bytes, std::memory_order_relaxed); }

  const std::uint64_t budget;
  std::atomic<std::uint64_t> used{0};
};

// A model and its charge, given back when the last pin goes.
struct ResidentSet::Charged {
  Charged(std::unique_ptr<const Model> its_model, std::shared_ptr<Account> its_account, std::uint64_t its_bytes)
      : model(std::move(its_model)), account(std::move(its_account)), bytes(its_bytes) {}
  Charged(const Charged&) = delete;
  Charged& operator=(const Charged&) = delete;
  ~Charged() {
    model.reset();
    account->give(bytes);
  }

  std::unique_ptr<const Model> model;
  std::shared_ptr<Account> account;
  std::uint64_t bytes;
};

struct ResidentSet::Entry {
  std::string name;
  std::shared_ptr<const Charged> charged;
  std::uint64_t version = 0;
  std::uint64_t calls = 0;
  Moment last_use;
  Entry* newer = nullptr;
  Entry* older = nullptr;
};

struct ResidentSet::Shard {
  mutable Mutex mutex;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries CHILIAD_GUARDED_BY(mutex);  // Keys: their names.
  Entry* newest CHILIAD_GUARDED_BY(mutex) = nullptr;
  Entry* oldest CHILIAD_GUARDED_BY(mutex) = nullptr;

  void link_newest(Entry& entry) CHILIAD_REQUIRES(mutex) {
    entry.newer = nullptr;
    entry.older = newest;
    (newest != nullptr ? newest->newer : oldest) = &entry;
    newest = &entry;
  }
  void unlink(Entry& entry) CHILIAD_REQUIRES(mutex) {
    (entry.newer != nullptr ? entry.newer->older : newest) = entry.older;
    (entry.older != nullptr ? entry.older->newer : oldest) = entry.newer;
  }
  // The entry used least recently of those that nobody has pinned; null if there is none. New pins are made under this
  // lock only, so one owner means that there will be no other while it is held.
  Entry* oldest_unpinned() const CHILIAD_REQUIRES(mutex) {
    Entry* entry = oldest;
    while (entry != nullptr && entry->charged.use_count() > 1) entry = entry->newer;
    return entry;
  }
};

namespace {

// What an entry costs beside its model: the entry, its charge with the shared count, the table's node and bucket, the
// heap's own bytes for each of them.
constexpr std::uint64_t kEntryBytes = 112 + 64 + 40 + 16 + 4 * 16;

std::uint64_t entry_bytes(std::string_view name) { return kEntryBytes + (name.size() > 15 ? name.size() + 17 : 0); }

}  // namespace

ResidentSet::ResidentSet(std::uint64_t budget_bytes, bool evict)
    : evict_(evict),
      account_(std::make_shared<Account>(budget_bytes)),
      shards_(std::make_unique<std::array<Shard, kShards>>()) {
  static_assert(sizeof(Entry) <= 112);
}

ResidentSet::~ResidentSet() = default;

ResidentSet::Shard& ResidentSet::shard_of(std::string_view name) const {
  // The table inside the shard takes the low bits of the same hash.
  return (*shards_)[(std::hash<std::string_view>()(name) >> 32) % kShards];
}

std::shared_ptr<const Model> ResidentSet::find(std::string_view name, Moment now) {
  Shard& shard = shard_of(name);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(name);
  if (found == shard.entries.end()) return nullptr;
  Entry& entry = *found->second;
  ++entry.calls;
  if (now > entry.last_use) entry.last_use = now;
  if (shard.newest != &entry) {
    shard.unlink(entry);
    shard.link_newest(entry);
  }
  return {entry.charged, entry.charged->model.get()};
}

Result<std::shared_ptr<const Model>> ResidentSet::put(std::string_view name, std::uint64_t version,
                                                      std::unique_ptr<const Model> model, Moment now) {
  const std::uint64_t bytes = model->memory_bytes() + entry_bytes(name);
  if (Result<Done> room = reserve(bytes); !room) return std::move(room).error().in(name);
  auto entry = std::make_unique<Entry>();
  entry->name = name;
  entry->charged = std::make_shared<const Charged>(std::move(model), account_, bytes);
  entry->version = version;
  entry->last_use = now;
  std::shared_ptr<const Model> pin(entry->charged, entry->charged->model.get());

  std::unique_ptr<Entry> replaced;
  Shard& shard = shard_of(name);
  {
    const MutexLock lock(shard.mutex);
    if (const auto old = shard.entries.find(name); old != shard.entries.end()) {
      entry->calls = old->second->calls;
      old->second->calls = 0;
      replaced = take(shard, *old->second);
    }
    shard.link_newest(*entry);
    const std::string_view key = entry->name;
    shard.entries.emplace(key, std::move(entry));
  }
  count_.fetch_add(1, std::memory_order_relaxed);
  if (replaced) retire(std::move(replaced), steady_clock::now());
  return pin;
}

Result<Done> ResidentSet::reserve(std::uint64_t bytes) {
  if (bytes > account_->budget) {
    return Error{ErrorCode::kTooLarge, "the model takes " + std::to_string(bytes) +
                                           " bytes of memory, more than the whole memory budget of " +
                                           std::to_string(account_->budget)};
  }
  while (!account_->take(bytes)) {
    if (!evict_ || !evict_oldest()) {
      return Error{ErrorCode::kNoSpace, "memory is full: " + std::to_string(bytes) + " bytes more are needed, " +
                                            std::to_string(this->bytes()) + " of " + std::to_string(account_->budget) +
                                            " are in use"};
    }
  }
  return Done{};
}

// False when everything that is left is pinned.
bool ResidentSet::evict_oldest() {
  const Moment since = steady_clock::now();
  Shard* chosen = nullptr;
  Moment oldest = Moment::max();
  for (Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    const Entry* entry = shard.oldest_unpinned();
    if (entry != nullptr && entry->last_use < oldest) {
      oldest = entry->last_use;
      chosen = &shard;
    }
  }
  if (chosen == nullptr) return false;
  std::unique_ptr<Entry> victim;
  {
    const MutexLock lock(chosen->mutex);
    // It may have been used since; then its neighbour goes, or nothing and the caller looks again.
    if (Entry* entry = chosen->oldest_unpinned(); entry != nullptr) victim = take(*chosen, *entry);
  }
  if (victim) retire(std::move(victim), since);
  return true;
}

// Removes the entry from its shard. Requires: shard.mutex is held.
std::unique_ptr<ResidentSet::Entry> ResidentSet::take(Shard& shard, Entry& entry) CHILIAD_NO_THREAD_SAFETY_ANALYSIS {
  shard.unlink(entry);
  auto node = shard.entries.extract(entry.name);
  count_.fetch_sub(1, std::memory_order_relaxed);
  return std::move(node.mapped());
}

// Lets an entry go, outside of all locks: freeing a model takes longer than finding one.
void ResidentSet::retire(std::unique_ptr<Entry> entry, Moment since) {
  departed_.add(entry->name, entry->calls);
  entry.reset();
  unloads_.fetch_add(1, std::memory_order_relaxed);
  unloading_us_.fetch_add(static_cast<std::uint64_t>(duration_cast<microseconds>(steady_clock::now() - since).count()),
                          std::memory_order_relaxed);
}

bool ResidentSet::drop(std::string_view name) {
  const Moment since = steady_clock::now();
  std::unique_ptr<Entry> entry;
  Shard& shard = shard_of(name);
  {
    const MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(name);
    if (found == shard.entries.end()) return false;
    entry = take(shard, *found->second);
  }
  retire(std::move(entry), since);
  return true;
}

bool ResidentSet::contains(std::string_view name) const {
  const Shard& shard = shard_of(name);
  const MutexLock lock(shard.mutex);
  return shard.entries.contains(name);
}

std::vector<ResidentSet::Listed> ResidentSet::listed(std::string_view after, std::size_t limit) const {
  std::vector<Listed> all;
  for (const Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    for (const auto& [name, entry] : shard.entries) {
      if (name > after) all.push_back(Listed{entry->name, entry->version, entry->calls});
    }
  }
  const auto by_name = [](const Listed& a, const Listed& b) { return a.name < b.name; };
  const auto wanted = all.begin() + static_cast<std::ptrdiff_t>(std::min(limit, all.size()));
  std::partial_sort(all.begin(), wanted, all.end(), by_name);
  all.erase(wanted, all.end());
  return all;
}

std::vector<TopList::Counted> ResidentSet::most_called(std::size_t limit) const {
  std::vector<TopList::Counted> best = departed_.counted();
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < best.size(); ++i) places.emplace(best[i].name, i);
  const auto more = [](const TopList::Counted& a, const TopList::Counted& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  };
  std::vector<TopList::Counted> resident;  // A heap of the `limit` largest, the smallest in front.
  for (const Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    for (const auto& [name, entry] : shard.entries) {
      if (const auto known = places.find(entry->name); known != places.end()) {
        best[known->second].count += entry->calls;
        continue;
      }
      if (entry->calls == 0 || (resident.size() == limit && entry->calls <= resident.front().count)) continue;
      resident.push_back(TopList::Counted{entry->name, entry->calls, 0});
      std::push_heap(resident.begin(), resident.end(), more);
      if (resident.size() > limit) {
        std::pop_heap(resident.begin(), resident.end(), more);
        resident.pop_back();
      }
    }
  }
  best.insert(best.end(), resident.begin(), resident.end());
  std::sort(best.begin(), best.end(), more);
  if (best.size() > limit) best.resize(limit);
  return best;
}

std::uint64_t ResidentSet::bytes() const { return account_->used.load(std::memory_order_relaxed); }
std::uint64_t ResidentSet::budget_bytes() const { return account_->budget; }

}  // namespace chiliad::serve
