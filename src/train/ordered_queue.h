// OrderedQueue: results of many threads, taken out in the order of their tickets.
//
//     workers   push(7, r)  push(5, r)  push(6, r)   in any order
//     consumer  take() -> r5, r6, r7
//
// What is written from a fleet of series (the report, the journal, the CSV of all forecasts) shall not depend on the
// number of threads; so every piece of work has a ticket, counted from 0 without gaps, and the consumer gets the
// results in that order. Memory is bounded: a worker that is `capacity` tickets ahead of the consumer waits. The one
// who holds the next ticket never waits, so the queue cannot lock up.
//
// The consumer says how many results are worth waking up for: one wake-up a result cost more than the work around it
// (a fit takes some 100 us).
//
// Thread safety: push, finish and close from any threads; take by one consumer.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/time.h"

namespace chiliad::train {

template <class T>
class OrderedQueue {
 public:
  // Requires: capacity >= 1.
  explicit OrderedQueue(std::size_t capacity) : slots_(capacity) { CHILIAD_CHECK(capacity >= 1); }

  // Waits until the ticket is less than `capacity` ahead of the consumer. A closed queue drops the value.
  // Requires: each ticket is pushed at most once.
  void push(std::size_t ticket, T value) {
    MutexLock lock(mutex_);
    while (!closed_ && ticket >= next_ + slots_.size()) room_.wait(mutex_);
    if (closed_) return;
    std::optional<T>& slot = slots_[ticket % slots_.size()];
    CHILIAD_CHECK(ticket >= next_ && !slot);
    slot.emplace(std::move(value));
    const std::size_t before = ready_end_;
    while (ready_end_ < next_ + slots_.size() && slots_[ready_end_ % slots_.size()]) ++ready_end_;
    if (before < wanted_end_ && (ready_end_ >= wanted_end_ || ready_end_ == count_)) ready_.notify_one();
  }

  // Says that no ticket from `count` on will come.
  void finish(std::size_t count) {
    MutexLock lock(mutex_);
    count_ = count;
    ready_.notify_one();
  }

  // The next results in order, all that are there: waits until they are at least `at_least`, or the deadline has
  // passed, or no more will come. Requires: 1 <= at_least.
  std::vector<T> take(std::size_t at_least, Deadline deadline) {
    MutexLock lock(mutex_);
    // Half the capacity at most, so that no worker waits for room while the consumer waits for results.
    wanted_end_ = next_ + std::min(at_least, (slots_.size() + 1) / 2);
    while (ready_end_ < wanted_end_ && !closed_ && ready_end_ != count_) {
      if (!ready_.wait_until(mutex_, deadline)) break;
    }
    wanted_end_ = 0;
    std::vector<T> values;
    if (closed_) return values;
    values.reserve(ready_end_ - next_);
    for (; next_ < ready_end_; ++next_) values.push_back(*std::exchange(slots_[next_ % slots_.size()], std::nullopt));
    // The window has moved: results that came early may stand right behind.
    while (ready_end_ < next_ + slots_.size() && slots_[ready_end_ % slots_.size()]) ++ready_end_;
    if (!values.empty()) room_.notify_all();
    return values;
  }

  // Whether no more results will come.
  bool finished() {
    MutexLock lock(mutex_);
    return closed_ || next_ == count_;
  }

  // The consumer gives up: waiting and later pushes return at once and are dropped.
  void close() {
    MutexLock lock(mutex_);
    closed_ = true;
    room_.notify_all();
    ready_.notify_all();
  }

 private:
  Mutex mutex_;
  Condition room_;
  Condition ready_;
  std::vector<std::optional<T>> slots_ CHILIAD_GUARDED_BY(mutex_);
  std::size_t next_ CHILIAD_GUARDED_BY(mutex_) = 0;        // The consumer's next ticket.
  std::size_t ready_end_ CHILIAD_GUARDED_BY(mutex_) = 0;   // Tickets before it are there or taken.
  std::size_t wanted_end_ CHILIAD_GUARDED_BY(mutex_) = 0;  // Where ready_end_ must come to wake the consumer.
  std::size_t count_ CHILIAD_GUARDED_BY(mutex_) = static_cast<std::size_t>(-1);  // Tickets there will be; unknown: all.
  bool closed_ CHILIAD_GUARDED_BY(mutex_) = false;
};

}  // namespace chiliad::train
