#include "train/calendar_cache.h"

#include <algorithm>
#include <string_view>

#include "base/hash.h"

namespace chiliad::train {
namespace {

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

CalendarCache::CalendarCache(forecast::ProphetOptions options, std::uint64_t budget_bytes)
    : options_(std::move(options)), needed_(forecast::needed_columns(options_)), budget_bytes_(budget_bytes) {}

std::uint64_t CalendarCache::hash_of(const forecast::PreparedRows& rows) const {
  std::uint64_t hash = content_hash(bytes_of(rows.ds));
  for (const std::string& name : needed_) {
    const auto column = std::ranges::find(rows.columns, name, &forecast::OwnedColumn::name);
    if (column != rows.columns.end()) hash = content_hash(bytes_of(column->values), hash);
  }
  return hash;
}

Result<forecast::Calendar> CalendarCache::get(const forecast::PreparedRows& rows) {
  const std::uint64_t hash = hash_of(rows);
  const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
  // Compared without the lock: a calendar is immutable and a copy of it is a handle.
  if (std::optional<forecast::Calendar> kept = find(hash); kept && kept->is_of(rows.ds, columns)) return *kept;
  Result<forecast::Calendar> made = forecast::Calendar::make(rows.ds, options_, columns);
  if (made) keep(hash, *made);
  return made;
}

std::optional<forecast::Calendar> CalendarCache::find(std::uint64_t hash) {
  MutexLock lock(mutex_);
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) {
    ++counts_.misses;
    return std::nullopt;
  }
  ++counts_.hits;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->calendar;
}

void CalendarCache::keep(std::uint64_t hash, const forecast::Calendar& calendar) {
  const std::uint64_t bytes = calendar.memory_bytes();
  std::list<Entry> dropped;  // Freed after the lock.
  MutexLock lock(mutex_);
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    counts_.kept_bytes -= found->second->bytes;
    dropped.splice(dropped.begin(), entries_, found->second);
    by_hash_.erase(found);
  }
  entries_.push_front(Entry{hash, calendar, bytes});
  by_hash_[hash] = entries_.begin();
  counts_.kept_bytes += bytes;
  while (counts_.kept_bytes > budget_bytes_ && entries_.size() > 1) {
    const auto last = std::prev(entries_.end());
    counts_.kept_bytes -= last->bytes;
    by_hash_.erase(last->hash);
    dropped.splice(dropped.begin(), entries_, last);
  }
}

CalendarCache::Counts CalendarCache::counts() const {
  MutexLock lock(mutex_);
  return counts_;
}

}  // namespace chiliad::train
