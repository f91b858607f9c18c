#include "job/instance.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "job/contract.h"
#include "job/download.h"
#include "job/folder_sync.h"
#include "job/location.h"
#include "process/process.h"
#include "watch/log_writer.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;
using process::Process;
using std::chrono::steady_clock;

constexpr int kDownloads = 8;
constexpr int kUploads = 4;
constexpr std::size_t kReason = 1024;                       // Characters of FailureReason.
constexpr std::size_t kRead = std::size_t{64} << 10;        // A pipe's size.
constexpr std::size_t kLastOutput = std::size_t{64} << 20;  // Read after the process has ended.
constexpr std::chrono::seconds kLastPassWhenClosing{10};
constexpr std::chrono::seconds kUnkillable{10};  // Waited for after SIGKILL.

// Everything that has to do with the instance's folders in the store while it runs.
class Syncs {
 public:
  Syncs(JobRun& job, int index, const Surroundings& around, std::string stream)
      : job_(job), around_(around), stream_(std::move(stream)) {
    const fs::path root = job.root_of(index);
    if (job.checkpoint) add(root, *checkpoint_folder(job.spec), *job.checkpoint);
    for (std::size_t i = 0; i < job.spec.outputs.size(); ++i) {
      if (job.spec.outputs[i].mode == UploadMode::kContinuous)
        add(root, *below_root(job.spec.outputs[i].local_path), job.outputs[i]);
    }
  }
  ~Syncs() { stop(); }

  Result<Done> restore(const TransferLimits& limits) {
    // Only checkpoints come back; they are the first.
    return job_.checkpoint ? syncs_.front()->restore(limits, job_.cancelled()) : Result<Done>(Done{});
  }

  void start() {
    if (!syncs_.empty()) thread_ = std::thread([this] { run(); });
  }

  // Ends the thread and stores the rest.
  Result<Done> finish(Deadline deadline) {
    stop();
    for (const auto& sync : syncs_) {
      Result<FolderSync::Pass> pass = sync->pass(true, kUploads, deadline);
      if (!pass) return std::move(pass).error();
      for (const std::string& name : pass->left_out) note("not stored: " + name);
    }
    return Done{};
  }

  void note(const std::string& text) {
    const std::string line = "chiliad: " + text;
    const watch::LogLine entry{watch::now_in_milliseconds(), line};
    around_.logs.append(log_group(job_.spec.kind), stream_, {&entry, 1});
  }

 private:
  void add(const fs::path& root, std::string folder, const Target& target) {
    syncs_.push_back(std::make_unique<FolderSync>(root, std::move(folder), target.store, target.prefix));
  }

  void stop() {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  // False when it is over.
  bool pause() {
    const MutexLock lock(mutex_);
    const auto until = steady_clock::now() + around_.options.sync_pause;
    while (!ended_ && steady_clock::now() < until) changed_.wait_until(mutex_, until);
    return !ended_;
  }

  void run() {
    std::string last;
    while (pause()) {
      for (const auto& sync : syncs_) {
        Result<FolderSync::Pass> pass =
            sync->pass(false, kUploads, steady_clock::now() + around_.options.transfer_limit);
        if (!pass && pass.error().message != last) {
          // The next pass tries again; what lasts ends the job at its last pass.
          last = pass.error().message;
          note("storing while the job runs: " + last);
        }
        if (!pass) continue;
        for (const std::string& name : pass->left_out) note("not stored: " + name);
      }
    }
  }

  JobRun& job_;
  const Surroundings& around_;
  const std::string stream_;
  std::vector<std::unique_ptr<FolderSync>> syncs_;
  Mutex mutex_;
  Condition changed_;
  bool ended_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// The process of an instance: its lines, its time, its end.
class Watch {
 public:
  Watch(JobRun& job, Process process, const Surroundings& around, const std::string& stream)
      : job_(job),
        around_(around),
        process_(std::move(process)),
        lines_(around.logs, std::string(log_group(job.spec.kind)), stream,
               [this](const watch::LogLine& line) { take_metrics(line); }) {}

  // Waits for the end. nullopt: it could not be killed.
  std::optional<process::Exit> run() {
    while (true) {
      const auto now = steady_clock::now();
      if (!asked_ && now >= job_.overdue_at()) {
        job_.end_because(Cause::kOverdue, "");
        around_.places.look_again();
      }
      if (!asked_ && job_.cancelled().load()) ask_to_end(now);
      // A server that closes does not wait as long as a job's grace.
      if (asked_ && !closing_ && job_.cause() == Cause::kClosing) ask_to_end(now);
      if (asked_ && !killed_ && now >= kill_at_) {
        process_.signal(SIGKILL);
        killed_ = true;
        kill_at_ = now + kUnkillable;
      } else if (killed_ && now >= kill_at_) {
        return std::nullopt;
      }
      wait(asked_ ? kill_at_ : job_.overdue_at(), now);
      if (const std::optional<process::Exit> exit = process_.exit()) {
        read_rest();
        return exit;
      }
    }
  }

  bool was_killed() const { return killed_; }

 private:
  void ask_to_end(steady_clock::time_point now) {
    closing_ = job_.cause() == Cause::kClosing;
    asked_ = true;
    process_.signal(SIGTERM);
    // A stopped process (SIGSTOP) would not hear it.
    process_.signal(SIGCONT);
    kill_at_ = now + (closing_ ? around_.options.closing : around_.options.grace);
  }

  void wait(Deadline until, steady_clock::time_point now) {
    std::array<::pollfd, 3> polled{{{process_.ended(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
    if (!output_ended_) polled[1].fd = process_.output();
    // Readable for good once there is a cause; a job that closes after its stop is looked at every 100 ms.
    if (!asked_) polled[2].fd = job_.wake.get();
    constexpr auto kLongest = std::chrono::milliseconds(60'000), kWhileAsked = std::chrono::milliseconds(100);
    auto pause = asked_ ? kWhileAsked : kLongest;
    if (until < now + pause) pause = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(pause.count(), 0)));
    if (ready > 0 && polled[1].revents != 0) read_some(16 * kRead);
  }

  // Up to `most` bytes; false when there are no more now.
  bool read_some(std::size_t most) {
    for (std::size_t had = 0; had < most;) {
      const ssize_t got = ::read(process_.output(), buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        output_ended_ = got == 0;
        return false;
      }
      lines_.write({buffer_.data(), static_cast<std::size_t>(got)}, watch::now_in_milliseconds());
      had += static_cast<std::size_t>(got);
    }
    return true;
  }

  // What the pipe still holds; not more than a writer that escaped the group could fill it with.
  void read_rest() {
    read_some(kLastOutput);
    lines_.finish(watch::now_in_milliseconds());
  }

  void take_metrics(const watch::LogLine& line) {
    if (job_.patterns.empty()) return;
    matches_.clear();
    job_.patterns.find(line.text, matches_);
    const std::array<watch::Dimension, 1> of{{{"TrainingJobName", job_.spec.name}}};
    for (const watch::MetricPatterns::Match& match : matches_) {
      job_.add_metric(match.name, match.value, std::chrono::time_point_cast<std::chrono::nanoseconds>(line.time));
      watch::MetricDatum datum{.name_space = "/aws/sagemaker/TrainingJobs", .name = match.name};
      datum.dimensions = of;
      datum.value = match.value;
      datum.time = line.time;
      around_.metrics.put(datum);
    }
  }

  JobRun& job_;
  const Surroundings& around_;
  Process process_;
  std::vector<watch::MetricPatterns::Match> matches_;
  watch::LogWriter lines_;
  std::array<char, kRead> buffer_;
  bool output_ended_ = false;
  bool asked_ = false, closing_ = false, killed_ = false;
  steady_clock::time_point kill_at_ = steady_clock::time_point::max();
};

// The files of a folder into another one that may stand already, without replacing any.
Result<Done> move_files(const fs::path& from, const fs::path& to) {
  Result<FolderFiles> found = scan_folder(from, "");
  if (!found) return std::move(found).error();
  for (const FoundFile& file : found->files) {
    const fs::path target = to / file.name;
    std::error_code failure;
    fs::create_directories(target.parent_path(), failure);
    if (failure) return system_error("make", target.parent_path(), failure.value());
    // link and not rename: it replaces nothing.
    if (::link((from / file.name).c_str(), target.c_str()) != 0) return system_error("make", target, errno);
  }
  std::error_code ignored;
  fs::remove_all(from, ignored);
  return Done{};
}

Result<Done> fetch_inputs(JobRun& job, int index, const TransferLimits& limits) {
  const fs::path root = job.root_of(index);
  for (std::size_t i = 0; i < job.inputs.size(); ++i) {
    const PlannedInput& input = job.inputs[i];
    if (input.distribution != Distribution::kShardedByRecord) {
      Result<Done> done = download_share(input, index, job.spec.instance_count, root, limits, job.cancelled());
      if (!done) return done;
      continue;
    }
    std::error_code failure;
    fs::create_directories(root / input.folder, failure);
    if (failure) return system_error("make", root / input.folder, failure.value());
    Result<Done> moved = move_files(job.records_of(i, index), root / input.folder);
    if (!moved) return std::move(moved).error().in("input " + shown(input.name));
  }
  return Done{};
}

void fail(JobRun& job, const Surroundings& around, std::string reason) {
  job.end_because(Cause::kFailed, cut_words(reason, kReason));
  around.places.look_again();
}

std::string failure_of(const JobRun& job, int index, const process::Exit& exit) {
  std::string words = read_words(job.root_of(index), "output/failure", kReason - 100);
  if (words.empty()) words = "see the log stream of " + host_name(index);
  std::string reason = "AlgorithmError: " + words + ", " + host_name(index);
  if (exit.signal != 0) reason += std::string(" was ended by signal ") + ::sigabbrev_np(exit.signal);
  return reason + ", exit code: " + std::to_string(exit.code);
}

// Folder, inputs, checkpoints; false when the job has a cause by then.
bool prepare(JobRun& job, int index, const Surroundings& around, Syncs& syncs) {
  const fs::path root = job.root_of(index);
  std::error_code failure;
  fs::create_directories(root, failure);
  Result<Done> done =
      failure ? Result<Done>(system_error("make", root, failure.value())) : make_instance_folder(job.spec, index, root);
  if (!done) {
    fail(job, around, "InternalServerError: " + host_name(index) + ": " + done.error().message);
    return false;
  }
  const TransferLimits limits{kDownloads, around.options.free_bytes,
                              steady_clock::now() + around.options.transfer_limit};
  done = fetch_inputs(job, index, limits);
  if (done) done = syncs.restore(limits);
  if (!done && !job.cancelled().load())
    fail(job, around, "ClientError: Data download failed: " + host_name(index) + ": " + done.error().message);
  return done && !job.cancelled().load();
}

void run_process(JobRun& job, int index, const Surroundings& around, Syncs& syncs, const std::string& stream) {
  const fs::path root = job.root_of(index);
  std::vector<std::string> contract = contract_environment(job.spec, index, job.runtime.seen_root(root));
  // For programs that see the server's folders.
  if (job.runtime.seen_root(root) == root) contract.push_back("CHILIAD_JOURNAL=" + job.journal().string());
  Result<Command> command = job.runtime.command(job.spec, root, std::move(contract));
  Result<Process> process = command ? Process::start({command->program, command->arguments, command->environment, root})
                                    : Result<Process>(std::move(command).error());
  if (!process) {
    fail(job, around, "InternalServerError: " + host_name(index) + ": " + process.error().message);
    return;
  }
  if (job.begin_running()) {
    job.push(Phase::kTraining, job.spec.kind == Kind::kTraining
                                   ? "Training image download completed. Training in progress."
                                   : "Processing in progress");
    job.tell(around.observer);
  }
  syncs.start();
  Watch watch(job, *std::move(process), around, stream);
  const std::optional<process::Exit> exit = watch.run();
  if (!exit) {
    fail(job, around, "InternalServerError: " + host_name(index) + ": the process does not end by SIGKILL");
  } else if (exit->code != 0) {
    fail(job, around, failure_of(job, index, *exit));
  }
}

}  // namespace

std::string_view log_group(Kind kind) {
  return kind == Kind::kTraining ? "/aws/sagemaker/TrainingJobs" : "/aws/sagemaker/ProcessingJobs";
}

std::string log_stream(const Spec& spec, int index) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return spec.name + "/" + host_name(index) + "-" + std::to_string(now.time_since_epoch().count());
}

void run_instance(JobRun& job, int index, const Surroundings& around) {
  if (job.cancelled().load()) return;
  const std::string stream = log_stream(job.spec, index);
  Syncs syncs(job, index, around, stream);
  if (!prepare(job, index, around, syncs)) return;
  if (!around.places.take(job.cancelled())) return;
  run_process(job, index, around, syncs, stream);
  around.places.give_back();
  const bool closing = job.cause() == Cause::kClosing;
  const auto limit = closing ? kLastPassWhenClosing : around.options.transfer_limit;
  Result<Done> stored = syncs.finish(steady_clock::now() + limit);
  if (!stored && !closing)
    fail(job, around, "ClientError: Artifact upload failed: " + host_name(index) + ": " + stored.error().message);
  if (!around.options.keep_folders && job.spec.kind == Kind::kTraining) {
    // Its data is not needed for the results, and the next instance may want the room.
    std::error_code ignored;
    fs::remove_all(job.root_of(index) / "input", ignored);
  }
}

}  // namespace chiliad::job
