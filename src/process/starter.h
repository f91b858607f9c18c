// A thread that starts processes for all others and lives as long as any of them: a process dies with the thread that
// started it, and whoever asks for one may be a thread that ends before.
//
// Thread safety: safe from any thread.

#pragma once

#include <optional>
#include <thread>

#include "base/mutex.h"
#include "process/process.h"

namespace chiliad::process {

class Starter {
 public:
  Starter();
  // Whatever it started and still runs is killed.
  ~Starter();

  // As Process::start(), whose start it awaits.
  Result<Process> start(const Process::Start& start) CHILIAD_EXCLUDES(mutex_);

 private:
  void run() CHILIAD_EXCLUDES(mutex_);

  Mutex mutex_;
  Condition changed_;
  // Of the caller whose turn it is.
  const Process::Start* asked_ CHILIAD_GUARDED_BY(mutex_) = nullptr;
  bool taken_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::optional<Result<Process>> answer_ CHILIAD_GUARDED_BY(mutex_);
  bool closing_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace chiliad::process
