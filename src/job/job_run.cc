#include "job/job_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include "job/contract.h"

namespace chiliad::job {
namespace {

// A century does not fit a steady clock's nanoseconds everywhere; a year is enough for "no limit".
constexpr std::chrono::hours kLongestRun{24 * 366};

}  // namespace

Instant now_utc() { return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()); }

JobRun::JobRun(Spec spec_of_it, const Runtime& runtime_of_it, bool is_resume, std::filesystem::path folder_of_it,
               watch::MetricPatterns patterns_of_it)
    : spec(std::move(spec_of_it)),
      runtime(runtime_of_it),
      resume(is_resume),
      folder(std::move(folder_of_it)),
      patterns(std::move(patterns_of_it)) {}

std::filesystem::path JobRun::root_of(int index) const { return folder / host_name(index); }

std::filesystem::path JobRun::scratch_of(int index) const { return folder / "scratch" / host_name(index); }

std::filesystem::path JobRun::lent_of(int index) const { return folder / "lent" / host_name(index); }

std::vector<process::HostName> JobRun::hosts() const {
  std::vector<process::HostName> out;
  // 127.0.x.y is left to others; check_spec() lets no job have more than 100 instances.
  const std::uint32_t high = 1 + number / 256 % 254, low = number % 256;
  for (int i = 0; i < spec.instance_count; ++i)
    out.push_back({host_name(i), fmt::format("127.{}.{}.{}", high, low, i + 1)});
  return out;
}

std::filesystem::path JobRun::journal() const {
  return folder.parent_path().parent_path() / "journals" / folder.parent_path().filename() / spec.name;
}

std::filesystem::path JobRun::records_of(std::size_t input, int index) const {
  return folder / "records" / std::to_string(input) / std::to_string(index + 1);
}

bool JobRun::end_because(Cause cause, std::string reason) {
  const MutexLock lock(mutex_);
  if (cause == Cause::kClosing) {
    // Whatever it was about to become: the next server begins it anew.
    cause_ = cause;
  } else {
    if (cause_ != Cause::kNone) return false;
    cause_ = cause;
    reason_ = std::move(reason);
    if (cause == Cause::kStopped) {
      stopping_ = true;
      untold_.push_back(change(Phase::kStopping, spec.kind == Kind::kTraining ? "Stopping the training job"
                                                                              : "Stopping the processing job"));
    }
  }
  cancelled_.store(true);
  if (wake_made_) {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake.get(), &one, sizeof one));
  }
  return true;
}

void JobRun::wake_if_cancelled() {
  const MutexLock lock(mutex_);
  wake_made_ = true;
  const std::uint64_t one = 1;
  if (cause_ != Cause::kNone) static_cast<void>(!::write(wake.get(), &one, sizeof one));
}

Cause JobRun::cause() const {
  const MutexLock lock(mutex_);
  return cause_;
}

std::string JobRun::reason() const {
  const MutexLock lock(mutex_);
  return reason_;
}

bool JobRun::begin_running() {
  const MutexLock lock(mutex_);
  if (started_) return false;
  started_ = now_utc();
  const auto now = std::chrono::steady_clock::now();
  overdue_at_ = now + std::min<std::chrono::seconds>(spec.max_runtime, kLongestRun);
  return true;
}

std::optional<Instant> JobRun::started() const {
  const MutexLock lock(mutex_);
  return started_;
}

Deadline JobRun::overdue_at() const {
  const MutexLock lock(mutex_);
  return overdue_at_;
}

std::chrono::seconds JobRun::longest_run() const {
  const Deadline at = overdue_at();
  if (at == Deadline::max()) return std::min<std::chrono::seconds>(spec.max_runtime, kLongestRun);
  return std::max(std::chrono::seconds{0},
                  std::chrono::ceil<std::chrono::seconds>(at - std::chrono::steady_clock::now()));
}

Change JobRun::change(Phase phase, std::string message) const {
  Change out;
  out.kind = spec.kind;
  out.job_name = spec.name;
  out.phase = phase;
  out.time = now_utc();
  out.message = std::move(message);
  return out;
}

void JobRun::push(Phase phase, std::string message) {
  const MutexLock lock(mutex_);
  if (stopping_ || cause_ == Cause::kClosing) return;
  untold_.push_back(change(phase, std::move(message)));
}

void JobRun::push_end(Change end) {
  Change full = change(end.phase, std::move(end.message));
  full.failure_reason = std::move(end.failure_reason);
  full.exit_message = std::move(end.exit_message);
  full.model_artifacts = std::move(end.model_artifacts);
  full.metrics = metrics();
  full.started = started();
  const MutexLock lock(mutex_);
  untold_.push_back(std::move(full));
}

void JobRun::tell(Observer& observer) {
  while (true) {
    Change next;
    {
      const MutexLock lock(mutex_);
      if (telling_ || untold_.empty()) return;
      telling_ = true;
      next = std::move(untold_.front());
      untold_.pop_front();
    }
    observer.changed(next);
    const MutexLock lock(mutex_);
    telling_ = false;
  }
}

void JobRun::add_metric(std::string_view name, double value, Instant time) {
  const MutexLock lock(mutex_);
  const auto known = metrics_.find(name);
  if (known != metrics_.end()) {
    known->second.value = value;
    known->second.time = time;
  } else {
    metrics_.emplace(std::string(name), FinalMetric{std::string(name), value, time});
  }
}

std::vector<FinalMetric> JobRun::metrics() const {
  const MutexLock lock(mutex_);
  std::vector<FinalMetric> out;
  for (const auto& [name, metric] : metrics_) out.push_back(metric);
  return out;
}

}  // namespace chiliad::job
