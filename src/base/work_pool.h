// WorkPool: a few threads for what would hold up an I/O thread, with a queue that has an end.
//
// Thread safety: submit() may be called from any thread.

#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace chiliad {

class WorkPool {
 public:
  WorkPool(int threads, std::size_t max_waiting);
  ~WorkPool();

  // Finishes what runs and drops what waits; nothing is taken from then on.
  void stop();

  // False when too much waits: then `work` will not run.
  [[nodiscard]] bool submit(std::function<void()> work);

 private:
  void run();

  const std::size_t max_waiting_;
  Mutex mutex_;
  Condition work_waits_;
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> queue_ CHILIAD_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace chiliad
