#include "job/places.h"

#include <algorithm>

namespace chiliad::job {

bool Places::take_some(int wanted, const std::atomic<bool>& cancelled) {
  const std::uint64_t ticket = next_++;
  waiting_.push_back(ticket);
  // No deadline of its own: every job ahead has one, and cancelling calls look_again().
  while (!cancelled.load() && (free_ < wanted || waiting_.front() != ticket)) changed_.wait(mutex_);
  waiting_.remove(ticket);
  changed_.notify_all();
  if (cancelled.load()) return false;
  free_ -= wanted;
  return true;
}

bool Places::take(const std::atomic<bool>& cancelled) {
  const MutexLock lock(mutex_);
  return take_some(1, cancelled);
}

void Places::give_back() {
  const MutexLock lock(mutex_);
  ++free_;
  changed_.notify_all();
}

bool Places::take_together(Gang& gang, const std::atomic<bool>& cancelled) {
  const MutexLock lock(mutex_);
  if (++gang.arrived == gang.count) {
    const int wanted = std::min(gang.count, count_);
    if (!take_some(wanted, cancelled)) return false;
    gang.held = wanted;
    gang.begun = true;
    return true;
  }
  while (!gang.begun && !cancelled.load()) changed_.wait(mutex_);
  return gang.begun;
}

void Places::give_back(Gang& gang) {
  const MutexLock lock(mutex_);
  if (--gang.running >= gang.held) return;
  --gang.held;
  ++free_;
  changed_.notify_all();
}

void Places::look_again() {
  const MutexLock lock(mutex_);
  changed_.notify_all();
}

}  // namespace chiliad::job
