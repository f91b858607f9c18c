// CallQueue: calls to one server, so many at a time; others wait, in their order, no longer than their deadlines.
//
// Threads are started as calls need them, and stay.
//
// Thread safety: submit() may be called from any thread.

#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"

namespace chiliad::container {

class CallQueue {
 public:
  // Called once: true: on a thread that may wait; false: its deadline passed while it waited, or the queue ends.
  using Call = std::function<void(bool in_time)>;

  CallQueue(int most_at_a_time, std::size_t most_waiting);
  // Finishes what runs; calls what waits with false.
  ~CallQueue();
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;

  // False when too much waits: then `call` is not called.
  [[nodiscard]] bool submit(Deadline deadline, Call call);

 private:
  struct Waiting {
    Deadline deadline;
    Call call;
  };
  void work();
  void watch();

  const std::size_t most_at_a_time_;
  const std::size_t most_waiting_;
  Mutex mutex_;
  Condition call_waits_;
  Condition clock_;
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::size_t idle_ CHILIAD_GUARDED_BY(mutex_) = 0;  // Threads that wait for a call.
  std::list<Waiting> waiting_ CHILIAD_GUARDED_BY(mutex_);
  Deadline next_look_ CHILIAD_GUARDED_BY(mutex_) = Deadline::max();
  std::vector<std::thread> threads_ CHILIAD_GUARDED_BY(mutex_);
  std::thread watch_;
};

}  // namespace chiliad::container
