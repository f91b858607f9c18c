// Many threads do pieces of work, one takes the results in order: the frame of what is done to a whole fleet.
//
// Thread safety: a function; it uses threads of its own.

#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "train/ordered_queue.h"

namespace chiliad::train {

// How many results are worth waking the taker for.
inline constexpr std::size_t kWakeUp = 32;

// Calls make(i) for 0 <= i < count from `threads` threads and take(make(i)) from this one, in order. At most
// `capacity` results wait. Ends early, with what was begun, when `stop` is set or take() returns false.
// Requires: threads >= 1, capacity >= 1; make() may be called from any thread.
template <class Make, class Take>
void work_in_order(std::size_t count, int threads, std::size_t capacity, const std::atomic<bool>& stop,
                   const Make& make, const Take& take) {
  OrderedQueue<decltype(make(std::size_t{0}))> results(capacity);
  std::atomic<std::size_t> next{0};
  std::atomic<int> running{threads};
  std::atomic<bool> halt{false};
  const auto work = [&] {
    while (!stop.load(std::memory_order_relaxed) && !halt.load(std::memory_order_relaxed)) {
      const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) break;
      results.push(i, make(i));
    }
    // The last one out knows how many tickets were handed out: each that was taken has been pushed.
    if (--running == 0) results.finish(next < count ? next.load() : count);
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  while (!results.finished()) {
    for (auto& result : results.take(kWakeUp, std::chrono::steady_clock::now() + std::chrono::milliseconds(50))) {
      if (take(std::move(result))) continue;
      halt = true;
      results.close();
      break;
    }
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace chiliad::train
