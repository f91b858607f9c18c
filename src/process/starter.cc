#include "process/starter.h"

#include <utility>

namespace chiliad::process {

Starter::Starter() : thread_([this] { run(); }) {}

Starter::~Starter() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

Result<Process> Starter::start(const Process::Start& start) {
  const MutexLock lock(mutex_);
  while (taken_) changed_.wait(mutex_);
  taken_ = true;
  asked_ = &start;
  changed_.notify_all();
  while (!answer_) changed_.wait(mutex_);
  Result<Process> answer = *std::move(answer_);
  answer_.reset();
  taken_ = false;
  changed_.notify_all();
  return answer;
}

void Starter::run() {
  while (true) {
    const Process::Start* asked = nullptr;
    {
      const MutexLock lock(mutex_);
      while (asked_ == nullptr && !closing_) changed_.wait(mutex_);
      if (asked_ == nullptr) return;
      asked = std::exchange(asked_, nullptr);
    }
    Result<Process> answer = Process::start(*asked);
    const MutexLock lock(mutex_);
    answer_.emplace(std::move(answer));
    changed_.notify_all();
  }
}

}  // namespace chiliad::process
