#include "container/call_queue.h"

#include <algorithm>
#include <utility>

namespace chiliad::container {
namespace {

using std::chrono::steady_clock;

}  // namespace

CallQueue::CallQueue(int most_at_a_time, std::size_t most_waiting)
    : most_at_a_time_(static_cast<std::size_t>(most_at_a_time)),
      most_waiting_(most_waiting),
      watch_([this] { watch(); }) {}

CallQueue::~CallQueue() {
  std::list<Waiting> left;
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
    threads.swap(threads_);
    call_waits_.notify_all();
    clock_.notify_all();
  }
  watch_.join();
  for (std::thread& thread : threads) thread.join();
  for (const Waiting& one : left) one.call(false);
}

bool CallQueue::submit(Deadline deadline, Call call) {
  const MutexLock lock(mutex_);
  if (stopping_ || waiting_.size() >= most_waiting_) return false;
  waiting_.push_back({deadline, std::move(call)});
  if (idle_ < waiting_.size() && threads_.size() < most_at_a_time_) threads_.emplace_back([this] { work(); });
  call_waits_.notify_one();
  if (deadline < next_look_) {
    next_look_ = deadline;
    clock_.notify_one();
  }
  return true;
}

void CallQueue::work() {
  for (;;) {
    Call call;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (waiting_.empty() && !stopping_) call_waits_.wait(mutex_);
      --idle_;
      if (stopping_) return;
      call = std::move(waiting_.front().call);
      waiting_.pop_front();
    }
    call(true);
  }
}

// Calls back those whose time is up.
void CallQueue::watch() {
  for (;;) {
    std::list<Waiting> late;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && steady_clock::now() < next_look_) {
        if (next_look_ == Deadline::max()) {
          clock_.wait(mutex_);
        } else {
          clock_.wait_until(mutex_, next_look_);
        }
      }
      if (stopping_) return;
      next_look_ = Deadline::max();
      const steady_clock::time_point now = steady_clock::now();
      for (auto one = waiting_.begin(); one != waiting_.end();) {
        const auto next = std::next(one);
        if (one->deadline <= now) {
          late.splice(late.end(), waiting_, one);
        } else {
          next_look_ = std::min(next_look_, one->deadline);
        }
        one = next;
      }
    }
    for (const Waiting& one : late) one.call(false);
  }
}

}  // namespace chiliad::container
