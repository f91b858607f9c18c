// TopList: which names come up most, in memory that does not grow with the number of names.
//
// The Space-Saving method: a fixed number of counters; a name without one takes over the smallest, whose count it
// inherits as its possible error. Every name whose true count is above total / capacity is in the list, and no count is
// too low, nor too high by more than its error.
//
// Source: Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in data streams", 2005.
//
// Thread safety: all methods may be called from any threads at a time. Cost of add(): one lock and a search of the
// smallest counter when the name is new; meant for loads, drops and errors, not for every request.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace chiliad::serve {

class TopList {
 public:
  struct Counted {
    std::string name;
    std::uint64_t count = 0;
    std::uint64_t error = 0;  // count - error <= true count <= count.
  };

  explicit TopList(std::size_t capacity = 256) : capacity_(capacity) {}

  void add(std::string_view name, std::uint64_t count = 1);

  // All counters, largest first; equal ones by name.
  std::vector<Counted> counted() const;

 private:
  const std::size_t capacity_;
  mutable Mutex mutex_;
  std::vector<Counted> counters_ CHILIAD_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::size_t> places_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::serve
