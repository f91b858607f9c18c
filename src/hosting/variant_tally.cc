#include "hosting/variant_tally.h"

#include <atomic>
#include <cstddef>

namespace chiliad::hosting {
namespace {

std::size_t slot_of_thread(std::size_t slots) {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine % slots;
}

}  // namespace

void VariantTally::count(const CallFigures& call) {
  Slot& slot = slots_[slot_of_thread(slots_.size())];
  const MutexLock lock(slot.mutex);
  Sums& sums = slot.sums;
  ++sums.invocations;
  if (call.status >= 500) {
    ++sums.errors_5xx;
  } else if (call.status >= 400) {
    ++sums.errors_4xx;
  }
  if (call.model_error) ++sums.model_errors;
  if (call.cache_hit) {
    ++sums.cache_asked;
    if (*call.cache_hit) ++sums.cache_hits;
  }
  if (call.model_latency) sums.model_latency.add(*call.model_latency);
  sums.overhead_latency.add(call.overhead_latency);
  if (call.loading_wait) sums.loading_wait.add(*call.loading_wait);
}

VariantTally::Sums VariantTally::take() {
  Sums all;
  for (Slot& slot : slots_) {
    Sums some;
    {
      const MutexLock lock(slot.mutex);
      std::swap(some, slot.sums);
    }
    all.invocations += some.invocations;
    all.errors_4xx += some.errors_4xx;
    all.errors_5xx += some.errors_5xx;
    all.model_errors += some.model_errors;
    all.cache_hits += some.cache_hits;
    all.cache_asked += some.cache_asked;
    all.model_latency.add(some.model_latency);
    all.overhead_latency.add(some.overhead_latency);
    all.loading_wait.add(some.loading_wait);
  }
  return all;
}

}  // namespace chiliad::hosting
