// The same work on many things by a few threads of its own: downloads, uploads.
//
// Thread safety: a function; `work` is called from several threads at a time.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace chiliad::job {

// work(0) to work(count - 1), on at most `threads` threads, this one among them. After an error no further ones are
// begun; of several errors the one with the least index is returned.
template <class Work>
Result<Done> each_in_parallel(std::size_t count, int threads, const Work& work) {
  struct {
    Mutex mutex;
    std::size_t index CHILIAD_GUARDED_BY(mutex) = SIZE_MAX;
    std::optional<Error> error CHILIAD_GUARDED_BY(mutex);
  } failure;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto run = [&] {
    while (!failed.load(std::memory_order_relaxed)) {
      const std::size_t i = next.fetch_add(1);
      if (i >= count) return;
      Result<Done> done = work(i);
      if (done) continue;
      failed.store(true);
      const MutexLock lock(failure.mutex);
      if (i < failure.index) {
        failure.index = i;
        failure.error = std::move(done).error();
      }
    }
  };
  // A thread costs as much as a few small files.
  const std::size_t helpers = std::min(static_cast<std::size_t>(std::max(threads, 1)) - 1, count / 8);
  std::vector<std::thread> threads_of_its_own;
  for (std::size_t i = 0; i < helpers; ++i) threads_of_its_own.emplace_back(run);
  run();
  for (std::thread& thread : threads_of_its_own) thread.join();
  const MutexLock lock(failure.mutex);
  if (failure.error) return std::move(*failure.error);
  return Done{};
}

}  // namespace chiliad::job
