// CalendarCache: the calendars of a fleet, so that customers measured on the same days share the work that depends on
// the days alone.
//
// Two series of the same options share a calendar when the moments of their rows with a value are equal, all of them,
// and so are the columns that the model needs beside them: found by hash, decided by comparison. The least recently
// used calendars go when the budget is spent; a fleet in which every customer has days of its own loses nothing but the
// hash. A result never depends on what the cache holds (forecast/prophet.h: a shared Calendar gives the same bits).
//
// Thread safety: safe from any thread. Two threads that miss the same calendar at once both make it.

#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "forecast/prophet.h"

namespace chiliad::train {

struct OptionSet;  // fleet_options.h

class CalendarCache {
 public:
  static constexpr std::uint64_t kDefaultBudget = std::uint64_t{128} << 20;

  // Keeps calendars of up to `budget_bytes` together, and the newest one whatever its size.
  explicit CalendarCache(forecast::ProphetOptions options, std::uint64_t budget_bytes = kDefaultBudget);

  // The calendar of these rows' moments and columns; with `set`, for its options in the place of the cache's own.
  // Errors: as Calendar::make(); they are not kept.
  Result<forecast::Calendar> get(const forecast::PreparedRows& rows, const OptionSet* set = nullptr);

  struct Counts {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t kept_bytes = 0;
  };
  Counts counts() const;

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t set_number;  // 0: the cache's own options.
    forecast::Calendar calendar;
    std::uint64_t bytes;
  };

  // The calendar kept under the hash for that set, made the most recently used.
  std::optional<forecast::Calendar> find(std::uint64_t hash, std::uint64_t set_number);
  void keep(std::uint64_t hash, std::uint64_t set_number, const forecast::Calendar& calendar);

  const forecast::ProphetOptions options_;
  const std::vector<std::string> needed_;  // needed_columns(options_)
  const std::uint64_t budget_bytes_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ CHILIAD_GUARDED_BY(mutex_);  // Most recently used first.
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> by_hash_ CHILIAD_GUARDED_BY(mutex_);
  Counts counts_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::train
