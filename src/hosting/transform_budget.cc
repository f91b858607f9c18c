#include "hosting/transform_budget.h"

namespace chiliad::hosting {

std::optional<TransformBudget::Share> TransformBudget::take(std::uint64_t bytes, const std::atomic<bool>& ending) {
  bytes = std::min(bytes, bytes_);
  const MutexLock lock(mutex_);
  const std::uint64_t ticket = next_++;
  waiting_.push_back(ticket);
  // No deadline of its own: each share ahead goes with a record, and calls for records have one.
  while (!ending && (free_ < bytes || waiting_.front() != ticket)) changed_.wait(mutex_);
  waiting_.remove(ticket);
  changed_.notify_all();
  if (ending) return std::nullopt;
  free_ -= bytes;
  peak_ = std::max(peak_, bytes_ - free_);
  return Share(*this, bytes);
}

void TransformBudget::look_again() {
  const MutexLock lock(mutex_);
  changed_.notify_all();
}

std::uint64_t TransformBudget::peak() const {
  const MutexLock lock(mutex_);
  return peak_;
}

std::size_t TransformBudget::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

void TransformBudget::give_back(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  free_ += bytes;
  changed_.notify_all();
}

}  // namespace chiliad::hosting
