// A line on standard error for each model that could not be loaded: callers get the reason, the operator as well.
//
// At most a line a model a minute, and kMostLines a minute in all; what goes beyond is counted and told with the next
// line. Memory: kMostLines names.
//
// Thread safety: safe from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"

namespace chiliad::app {

class FailedLoads {
 public:
  static constexpr std::size_t kMostLines = 20;

  // What to print now, with its line end; empty: nothing.
  std::string line(std::string_view model, const Error& error, std::chrono::steady_clock::time_point now);

 private:
  Mutex mutex_;
  std::chrono::steady_clock::time_point minute_ CHILIAD_GUARDED_BY(mutex_);  // When the current one began.
  std::set<std::string, std::less<>> told_ CHILIAD_GUARDED_BY(mutex_);       // In this minute.
  std::uint64_t silent_ CHILIAD_GUARDED_BY(mutex_) = 0;                      // Since the last line.
};

}  // namespace chiliad::app
