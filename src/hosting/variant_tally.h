// VariantTally: what one variant's calls are counted in, until somebody takes the sums away (reporter.h).
//
// Spread over a few slots with a lock each, so that I/O threads do not meet and every count belongs to the same calls
// as its neighbours: a slot is locked for some ten nanoseconds.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "base/mutex.h"
#include "hosting/distribution.h"

namespace chiliad::hosting {

// One call, as it is counted.
struct CallFigures {
  int status = 200;                                         // As answered.
  bool model_error = false;                                 // The model answered with an error (424).
  std::optional<std::chrono::nanoseconds> model_latency{};  // Unset: no model ran.
  std::chrono::nanoseconds overhead_latency{0};
  std::optional<bool> cache_hit{};                         // Unset: it did not come to that, or there is no cache.
  std::optional<std::chrono::nanoseconds> loading_wait{};  // How long it waited for its model.
};

class VariantTally {
 public:
  struct Sums {
    std::uint64_t invocations = 0;
    std::uint64_t errors_4xx = 0;
    std::uint64_t errors_5xx = 0;
    std::uint64_t model_errors = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_asked = 0;
    Distribution model_latency;
    Distribution overhead_latency;
    Distribution loading_wait;
  };

  void count(const CallFigures& call);

  // All since the last take().
  Sums take();

 private:
  struct alignas(64) Slot {
    Mutex mutex;
    Sums sums CHILIAD_GUARDED_BY(mutex);
  };
  std::array<Slot, 4> slots_;
};

}  // namespace chiliad::hosting
