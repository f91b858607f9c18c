#include "train/calendar_cache.h"

#include <algorithm>
#include <string_view>

#include "base/hash.h"
#include "train/fleet_options.h"

namespace chiliad::train {
namespace {

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::uint64_t hash_of(const forecast::PreparedRows& rows, const std::vector<std::string>& needed,
                      std::uint64_t set_number) {
  std::uint64_t hash = content_hash(bytes_of(rows.ds), set_number);
  for (const std::string& name : needed) {
    const auto column = std::ranges::find(rows.columns, name, &forecast::OwnedColumn::name);
    if (column != rows.columns.end()) hash = content_hash(bytes_of(column->values), hash);
  }
  return hash;
}

}  // namespace

CalendarCache::CalendarCache(forecast::ProphetOptions options, std::uint64_t budget_bytes)
    : options_(std::move(options)), needed_(forecast::needed_columns(options_)), budget_bytes_(budget_bytes) {}

Result<forecast::Calendar> CalendarCache::get(const forecast::PreparedRows& rows, const OptionSet* set) {
  const std::uint64_t number = set == nullptr ? 0 : set->number;
  const std::uint64_t hash = hash_of(rows, set == nullptr ? needed_ : set->needed, number);
  const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
  // Compared without the lock: a calendar is immutable and a copy of it is a handle.
  if (std::optional<forecast::Calendar> kept = find(hash, number); kept && kept->is_of(rows.ds, columns)) return *kept;
  Result<forecast::Calendar> made =
      forecast::Calendar::make(rows.ds, set == nullptr ? options_ : set->prophet, columns);
  if (made) keep(hash, number, *made);
  return made;
}

std::optional<forecast::Calendar> CalendarCache::find(std::uint64_t hash, std::uint64_t set_number) {
  MutexLock lock(mutex_);
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end() || found->second->set_number != set_number) {
    ++counts_.misses;
    return std::nullopt;
  }
  ++counts_.hits;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->calendar;
}

void CalendarCache::keep(std::uint64_t hash, std::uint64_t set_number, const forecast::Calendar& calendar) {
  const std::uint64_t bytes = calendar.memory_bytes();
  std::list<Entry> dropped;  // Freed after the lock.
  MutexLock lock(mutex_);
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    counts_.kept_bytes -= found->second->bytes;
    dropped.splice(dropped.begin(), entries_, found->second);
    by_hash_.erase(found);
  }
  entries_.push_front(Entry{hash, set_number, calendar, bytes});
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
