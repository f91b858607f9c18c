// Mutex, MutexLock and the annotations with which clang proves that guarded members are touched under
// their lock (-Wthread-safety is an error in the clang builds; GCC ignores the annotations).
//
//   Mutex mutex_;
//   std::size_t waiting_ CHILIAD_GUARDED_BY(mutex_) = 0;
//
// Source of the macro set: the Clang manual, "Thread Safety Analysis".

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define CHILIAD_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define CHILIAD_THREAD_ANNOTATION(x)
#endif

#define CHILIAD_CAPABILITY(x) CHILIAD_THREAD_ANNOTATION(capability(x))
#define CHILIAD_SCOPED_CAPABILITY CHILIAD_THREAD_ANNOTATION(scoped_lockable)
#define CHILIAD_GUARDED_BY(x) CHILIAD_THREAD_ANNOTATION(guarded_by(x))
#define CHILIAD_REQUIRES(...) CHILIAD_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define CHILIAD_EXCLUDES(...) CHILIAD_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define CHILIAD_ACQUIRE(...) CHILIAD_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define CHILIAD_RELEASE(...) CHILIAD_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define CHILIAD_NO_THREAD_SAFETY_ANALYSIS CHILIAD_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace chiliad {

class CHILIAD_CAPABILITY("mutex") Mutex {
 public:
  void lock() CHILIAD_ACQUIRE() { mutex_.lock(); }
  void unlock() CHILIAD_RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

class CHILIAD_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CHILIAD_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() CHILIAD_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable over Mutex. The waits may wake early: call them in a loop over the condition.
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  void wait(Mutex& mutex) CHILIAD_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  // False when the deadline has passed.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline) CHILIAD_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace chiliad
