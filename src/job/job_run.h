// One job while it runs, as the Runner's threads share it (job/runner.cc).
//
// Thread safety: members say which thread writes them; the rest may be used from any thread. No lock here is held
// while another is taken.

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "job/input_plan.h"
#include "job/job.h"
#include "job/record_deal.h"
#include "job/runtime.h"
#include "store/object_store.h"
#include "watch/metric_pattern.h"

namespace chiliad::job {

// Why a job's processes are ended, or were not begun.
enum class Cause : std::uint8_t { kNone, kStopped, kOverdue, kFailed, kClosing };

// A prefix of the store that the job writes to.
struct Target {
  std::string bucket;
  std::string prefix;
  std::shared_ptr<store::ObjectStore> store;
};

class JobRun {
 public:
  JobRun(Spec spec, const Runtime& runtime, bool resume, std::filesystem::path folder, watch::MetricPatterns patterns);

  const Spec spec;
  const Runtime& runtime;
  const bool resume;
  const std::filesystem::path folder;
  const watch::MetricPatterns patterns;

  // Written while the job is planned, read by its instances afterwards.
  std::shared_ptr<store::Buckets> buckets;  // In the name of the job's role.
  std::vector<PlannedInput> inputs;         // Outer folders before those inside them.
  std::optional<Target> checkpoint;
  std::optional<Target> output;  // Training.
  std::vector<Target> outputs;   // Processing, in the order of spec.outputs.
  FileDescriptor wake;           // An eventfd, readable once cancelled() is true.
  Prepared prepared;             // By the runtime.
  std::int64_t stream_time = 0;  // In the names of its log streams: seconds since 1970.
  std::uint32_t number = 0;      // Of the jobs of this server: which addresses its instances have.

  std::filesystem::path root_of(int index) const;
  // A folder of the instance's own for what its program needs beside the root.
  std::filesystem::path scratch_of(int index) const;
  // A folder of the instance's own for files that it may only read: FastFile.
  std::filesystem::path lent_of(int index) const;
  // "algo-1" at 127.1.0.1, ...: addresses of the loopback interface that no other running job of this server has.
  std::vector<process::HostName> hosts() const;
  // Outlives the server, and is removed with the job's end: for what a job that is begun anew wants to find again.
  std::filesystem::path journal() const;
  // Where the records of input i for this instance lie until it takes them.
  std::filesystem::path records_of(std::size_t input, int index) const;

  // The first cause counts (kClosing always), and with it its reason. Stopping is reported with kStopped. False when
  // there was a cause before.
  bool end_because(Cause cause, std::string reason);
  Cause cause() const;
  std::string reason() const;
  // Whether there is a cause.
  const std::atomic<bool>& cancelled() const { return cancelled_; }
  // Puts what was written before into the eventfd: call after `wake` was made.
  void wake_if_cancelled();

  // The first process of the job was started now: true for the first call.
  bool begin_running();
  std::optional<Instant> started() const;
  // When its time is over; never before it runs.
  Deadline overdue_at() const;
  // How long a program that starts now may run.
  std::chrono::seconds longest_run() const;

  // Queues a change for the observer; what may not come after Stopping is dropped, and everything once it is closing.
  void push(Phase phase, std::string message);
  void push_end(Change change);
  // Tells the observer what is queued, unless another thread is at it.
  void tell(Observer& observer);

  void add_metric(std::string_view name, double value, Instant time);
  std::vector<FinalMetric> metrics() const;

 private:
  Change change(Phase phase, std::string message) const;

  std::atomic<bool> cancelled_{false};
  mutable Mutex mutex_;
  Cause cause_ CHILIAD_GUARDED_BY(mutex_) = Cause::kNone;
  std::string reason_ CHILIAD_GUARDED_BY(mutex_);
  bool wake_made_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::optional<Instant> started_ CHILIAD_GUARDED_BY(mutex_);
  Deadline overdue_at_ CHILIAD_GUARDED_BY(mutex_) = Deadline::max();
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  bool telling_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::deque<Change> untold_ CHILIAD_GUARDED_BY(mutex_);
  std::map<std::string, FinalMetric, std::less<>> metrics_ CHILIAD_GUARDED_BY(mutex_);
};

Instant now_utc();

}  // namespace chiliad::job
