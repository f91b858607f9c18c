#include "runtime/builds.h"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace chiliad::runtime {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kLines = 5000;
constexpr std::size_t kFailures = 1000;
constexpr std::chrono::milliseconds kLook{50};  // At `cancelled`, which nobody notifies of.

struct Failure {
  Error error;
  steady_clock::time_point until;
};

Error closing_error() { return Error{ErrorCode::kUnavailable, "the server is closing"}; }

}  // namespace

struct Builds::Work {
  Build build;
  std::atomic<bool> stopped{false};
  // The rest under State::mutex.
  int waiters = 0;
  std::size_t first_line = 0;  // The number of lines.front().
  std::deque<std::string> lines;
  std::optional<Result<Done>> end;
};

struct Builds::State {
  Mutex mutex;
  Condition changed;
  int places CHILIAD_GUARDED_BY(mutex) = 0;
  bool closing CHILIAD_GUARDED_BY(mutex) = false;
  std::map<std::string, std::shared_ptr<Work>> works CHILIAD_GUARDED_BY(mutex);
  std::deque<std::shared_ptr<Work>> queue CHILIAD_GUARDED_BY(mutex);
  std::map<std::string, Failure> failures CHILIAD_GUARDED_BY(mutex);
  int threads CHILIAD_GUARDED_BY(mutex) = 0;
  int waiting CHILIAD_GUARDED_BY(mutex) = 0;  // Threads within wait().
  std::chrono::milliseconds failure_kept{};

  std::optional<Error> kept_failure(const std::string& name) CHILIAD_REQUIRES(mutex) {
    const auto now = steady_clock::now();
    std::erase_if(failures, [&](const auto& pair) { return pair.second.until <= now; });
    const auto found = failures.find(name);
    return found == failures.end() ? std::nullopt : std::optional(found->second.error);
  }

  void finish(const std::string& name, const std::shared_ptr<Work>& work, Result<Done> end) CHILIAD_REQUIRES(mutex) {
    if (!end && end.error().code != ErrorCode::kDeadline && failures.size() < kFailures) {
      failures.insert_or_assign(name, Failure{end.error(), steady_clock::now() + failure_kept});
    }
    work->end = std::move(end);
    if (const auto found = works.find(name); found != works.end() && found->second == work) works.erase(found);
    changed.notify_all();
  }

  // Waits for a place, builds, tells.
  void run(const std::string& name, const std::shared_ptr<Work>& work) CHILIAD_EXCLUDES(mutex) {
    {
      const MutexLock lock(mutex);
      queue.push_back(work);
      while (!work->stopped && (places == 0 || queue.front() != work)) changed.wait(mutex);
      std::erase(queue, work);
      if (work->stopped) return finish(name, work, Error{ErrorCode::kDeadline, "it was stopped before it began"});
      --places;
      changed.notify_all();
    }
    Result<Done> end = work->build([&](std::string_view line) { add_line(*work, line); }, work->stopped);
    const MutexLock lock(mutex);
    ++places;
    finish(name, work, std::move(end));
  }

  void add_line(Work& work, std::string_view line) CHILIAD_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    work.lines.emplace_back(line);
    if (work.lines.size() > kLines) {
      work.lines.pop_front();
      ++work.first_line;
    }
    changed.notify_all();
  }

  void start(const std::string& name, const std::shared_ptr<Work>& work) CHILIAD_REQUIRES(mutex) {
    ++threads;
    std::thread([this, name, work] {
      run(name, work);
      const MutexLock lock(mutex);
      --threads;
      changed.notify_all();
    }).detach();
  }

  // Nobody is to join it from now on.
  void stop(const std::string& name, const std::shared_ptr<Work>& work) CHILIAD_REQUIRES(mutex) {
    work->stopped = true;
    if (const auto found = works.find(name); found != works.end() && found->second == work) works.erase(found);
    changed.notify_all();
  }
};

Builds::Builds(int at_a_time, std::chrono::milliseconds failure_kept) : state_(std::make_unique<State>()) {
  const MutexLock lock(state_->mutex);
  state_->places = std::max(1, at_a_time);
  state_->failure_kept = failure_kept;
}

Builds::~Builds() {
  State& state = *state_;
  const MutexLock lock(state.mutex);
  state.closing = true;
  for (const auto& [name, work] : state.works) work->stopped = true;
  state.changed.notify_all();
  while (state.threads > 0 || state.waiting > 0) state.changed.wait(state.mutex);
}

Result<Done> Builds::wait(const std::string& name, Build build, const Lines& lines, Deadline deadline,
                          const std::atomic<bool>& cancelled) {
  State& state = *state_;
  std::shared_ptr<Work> work;
  {
    const MutexLock lock(state.mutex);
    if (state.closing) return closing_error();
    if (std::optional<Error> failure = state.kept_failure(name)) return *std::move(failure);
    std::shared_ptr<Work>& found = state.works[name];
    if (!found) {
      found = std::make_shared<Work>();
      found->build = std::move(build);
      state.start(name, found);
    }
    work = found;
    ++work->waiters;
    ++state.waiting;
  }
  Result<Done> end = follow(name, work, lines, deadline, cancelled);
  const MutexLock lock(state.mutex);
  if (--work->waiters == 0 && !work->end) state.stop(name, work);
  --state.waiting;
  state.changed.notify_all();
  if (!end && state.closing) return closing_error();
  return end;
}

// Hands lines on until the work ends or the waiter has to go.
Result<Done> Builds::follow(const std::string& name, const std::shared_ptr<Work>& work, const Lines& lines,
                            Deadline deadline, const std::atomic<bool>& cancelled) {
  State& state = *state_;
  std::size_t next = 0;
  for (;;) {
    std::vector<std::string> fresh;
    std::optional<Result<Done>> end;
    bool closing = false;
    {
      const MutexLock lock(state.mutex);
      next = std::max(next, work->first_line);
      fresh.assign(work->lines.begin() + static_cast<std::ptrdiff_t>(next - work->first_line), work->lines.end());
      next += fresh.size();
      end = work->end;
      closing = state.closing;
      if (!end && !closing && fresh.empty()) {
        state.changed.wait_until(state.mutex, std::min(deadline, steady_clock::now() + kLook));
      }
    }
    for (const std::string& line : fresh) lines(line);
    if (end) return *std::move(end);
    if (closing) return closing_error();
    if (cancelled.load()) return Error{ErrorCode::kDeadline, name + ": the build was cancelled"};
    if (steady_clock::now() >= deadline) return Error{ErrorCode::kDeadline, name + ": it was not built in time"};
  }
}

}  // namespace chiliad::runtime
