// Places: the room on the machine that instances wait for, given in the order in which it was asked for.
//
// A gang, the instances of a job that talk to one another, gets its places at once and not before all of it is ready. A
// gang larger than the machine gets all places: it runs alone, more processes than there are cores.
//
// Thread safety: safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <list>

#include "base/mutex.h"

namespace chiliad::job {

class Places {
 public:
  // The instances that start together. Lives until the last has given its place back.
  struct Gang {
    explicit Gang(int size) : count(size), running(size) {}
    const int count;
    // Guarded by the Places' mutex.
    int running;      // That have not given back.
    int arrived = 0;  // That are ready.
    int held = 0;     // Places.
    bool begun = false;
  };

  explicit Places(int count) : count_(count), free_(count) {}

  // Waits for a place; false when the job is cancelled first.
  bool take(const std::atomic<bool>& cancelled);
  void give_back();

  // Waits until all of the gang have called this and have their places; false, and no place, when cancelled first.
  bool take_together(Gang& gang, const std::atomic<bool>& cancelled);
  // Once for each that got true.
  void give_back(Gang& gang);

  // To be called after a job was cancelled.
  void look_again();

 private:
  bool take_some(int wanted, const std::atomic<bool>& cancelled) CHILIAD_REQUIRES(mutex_);

  const int count_;
  Mutex mutex_;
  Condition changed_;
  int free_ CHILIAD_GUARDED_BY(mutex_);
  std::uint64_t next_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::list<std::uint64_t> waiting_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::job
