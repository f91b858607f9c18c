#include "base/work_pool.h"

namespace chiliad {

WorkPool::WorkPool(int threads, std::size_t max_waiting) : max_waiting_(max_waiting) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkPool::~WorkPool() { stop(); }

void WorkPool::stop() {
  std::deque<std::function<void()>> dropped;  // Let go outside of the lock: it may own anything.
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
    work_waits_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool WorkPool::submit(std::function<void()> work) {
  const MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= max_waiting_) return false;
  queue_.push_back(std::move(work));
  work_waits_.notify_one();
  return true;
}

void WorkPool::run() {
  for (;;) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) work_waits_.wait(mutex_);
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace chiliad
