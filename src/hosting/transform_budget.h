// TransformBudget: what the large records of all transform jobs may take of memory, together. A thread takes a share
// before it reads such a record on, gives it back when the record is answered, and waits meanwhile rather than fails;
// it never takes a second one while it holds one, so that nobody waits for himself or in a circle.
//
// Thread safety: all methods may be called from any thread; a Share belongs to one thread at a time.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace chiliad::hosting {

class TransformBudget {
 public:
  explicit TransformBudget(std::uint64_t bytes) : bytes_(bytes), free_(bytes) {}

  class Share {
   public:
    Share(Share&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->give_back(bytes_);
    }

   private:
    friend class TransformBudget;
    Share(TransformBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}
    TransformBudget* budget_;
    std::uint64_t bytes_;
  };

  // Waits until `bytes` are free, first come, first served; who wants more than there is gets all of it, alone. Unset
  // when *ending was set: call look_again() after that.
  std::optional<Share> take(std::uint64_t bytes, const std::atomic<bool>& ending);
  void look_again();

  // The most that was ever taken at once; how many wait.
  std::uint64_t peak() const;
  std::size_t waiting() const;

 private:
  void give_back(std::uint64_t bytes);

  const std::uint64_t bytes_;
  mutable Mutex mutex_;
  Condition changed_;
  std::uint64_t free_ CHILIAD_GUARDED_BY(mutex_);
  std::uint64_t peak_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::uint64_t next_ CHILIAD_GUARDED_BY(mutex_) = 0;
  std::list<std::uint64_t> waiting_ CHILIAD_GUARDED_BY(mutex_);  // Tickets.
};

}  // namespace chiliad::hosting
