// Threads: twice as many workers as places, so that data moves while processes compute; each takes one instance from
// its folder to its end, the first of a job plans it before, the last stores its results. They are started as work
// comes, so that an idle server has none. One more, the clerk, ends jobs that were stopped before they began, tells of
// stops, and removes folders that an earlier server left.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <thread>

#include "base/random.h"
#include "job/contract.h"
#include "job/folder_sync.h"
#include "job/instance.h"
#include "job/job_run.h"
#include "job/location.h"
#include "job/plan.h"
#include "job/results.h"
#include "process/tree.h"
#include "store/bucket_access.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::size_t kExitMessage = 1024;
constexpr std::string_view kOldFolder = ".ended-";
constexpr std::chrono::seconds kLockWait{2};

fs::path kind_folder(const fs::path& folder, Kind kind) {
  return folder / (kind == Kind::kTraining ? "training" : "processing");
}

Result<Done> make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return system_error("make", folder, failure.value());
  return Done{};
}

// So that jobs of several servers on one machine rarely have the same addresses.
std::uint32_t first_number() {
  std::array<std::uint8_t, 2> bytes{};
  fill_random(bytes);
  return std::uint32_t{bytes[0]} << 8 | bytes[1];
}

// What an earlier server left, under another name so that starting does not wait for its removal.
Result<std::vector<fs::path>> set_aside(const fs::path& folder) {
  std::vector<fs::path> old;
  std::error_code failure;
  for (const Kind kind : {Kind::kTraining, Kind::kProcessing}) {
    const fs::path from = kind_folder(folder, kind);
    const fs::path to = folder / (std::string(kOldFolder) + random_text("abcdefghijklmnopqrstuvwxyz", 12));
    fs::rename(from, to, failure);
    if (failure && failure != std::errc::no_such_file_or_directory)
      return system_error("rename", from, failure.value());
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().filename().string().starts_with(kOldFolder)) old.push_back(entry.path());
  }
  return old;
}

}  // namespace

struct Runner::State {
  enum class Stage : std::uint8_t { kQueued, kPlanning, kRunning, kEnding };

  // A job with what the scheduler knows of it.
  struct Entry {
    explicit Entry(std::unique_ptr<JobRun> job_run) : run(std::move(job_run)) {}
    const std::unique_ptr<JobRun> run;
    // Guarded by mutex.
    Stage stage = Stage::kQueued;
    int next = 0;     // Instances that were dealt.
    int running = 0;  // Of those, the ones that have not ended.
  };
  using Job = std::shared_ptr<Entry>;
  struct Task {
    Job job;
    int index = 0;
  };

  State(RunnerOptions runner_options, std::vector<std::unique_ptr<Runtime>> all_runtimes, store::Buckets& the_buckets,
        watch::LogSink& the_logs, watch::MetricSink& the_metrics, Observer& the_observer)
      : options(std::move(runner_options)),
        runtimes(std::move(all_runtimes)),
        everything(the_buckets),
        access(options.access != nullptr ? *options.access : everything),
        observer(the_observer),
        places(options.instances),
        around{options, places, the_logs, the_metrics, the_observer} {}

  const RunnerOptions options;
  const std::vector<std::unique_ptr<Runtime>> runtimes;
  store::EveryBucket everything;
  store::BucketAccess& access;
  Observer& observer;
  Places places;
  const Surroundings around;
  FileDescriptor lock_file;
  std::vector<fs::path> old_folders;

  mutable Mutex mutex;
  Condition changed;  // Work for a worker.
  Condition for_clerk;
  bool closing CHILIAD_GUARDED_BY(mutex) = false;
  std::map<std::pair<Kind, std::string>, Job, std::less<>> jobs CHILIAD_GUARDED_BY(mutex);
  std::deque<Job> waiting CHILIAD_GUARDED_BY(mutex);  // Not begun, in the order of their coming.
  std::vector<Job> begun CHILIAD_GUARDED_BY(mutex);   // In that order; at most as many as workers.
  // Stopped ones, for the clerk: to be told of, and finished by it (true) where no instance runs that would do it.
  std::deque<std::pair<Job, bool>> stopped CHILIAD_GUARDED_BY(mutex);
  int idle CHILIAD_GUARDED_BY(mutex) = 0;
  std::uint32_t next_number CHILIAD_GUARDED_BY(mutex) = first_number();
  std::vector<std::thread> workers CHILIAD_GUARDED_BY(mutex);
  std::thread clerk;

  Result<const Runtime*> runtime_for(const Spec& spec) const;
  std::optional<Task> next_task() CHILIAD_REQUIRES(mutex);
  void add_worker() CHILIAD_REQUIRES(mutex);
  void work();
  void attend();
  void run_task(const Task& task);
  void run_gang(JobRun& job);
  void plan(JobRun& job);
  Result<Prepared> prepare(JobRun& job);
  void finish(const Job& job);
  void forget(const Job& job);
  void end(JobRun& job);
  void print(const JobRun& job, std::string_view line) const;
  Result<Done> store_outputs(JobRun& job);
  Result<std::string> store_results(JobRun& job, bool model);
  std::vector<fs::path> roots_of(const JobRun& job) const;
};

// Of several refusals the last is told: that of the runtime for programs of users, which says what to add.
Result<const Runtime*> Runner::State::runtime_for(const Spec& spec) const {
  Error refusal{ErrorCode::kInvalid, "image '" + shown(spec.image) + "': no runtime runs it"};
  for (const auto& runtime : runtimes) {
    Result<Done> claimed = runtime->claims(spec.image);
    if (claimed) return runtime.get();
    refusal = std::move(claimed).error();
  }
  return refusal;
}

// The job with the fewest running instances, the oldest among equals: one that has not begun has none.
std::optional<Runner::State::Task> Runner::State::next_task() {
  Job chosen;
  for (const Job& job : begun) {
    if (job->stage != Stage::kRunning || job->next >= job->run->spec.instance_count) continue;
    if (job->run->cancelled().load()) continue;
    if (!chosen || job->running < chosen->running) chosen = job;
  }
  if (!waiting.empty() && (!chosen || chosen->running > 0)) {
    chosen = waiting.front();
    waiting.pop_front();
    begun.push_back(chosen);
    chosen->stage = Stage::kPlanning;
  }
  if (!chosen) return std::nullopt;
  ++chosen->running;
  return Task{chosen, chosen->next++};
}

void Runner::State::add_worker() {
  if (closing) return;
  if (idle > 0 || static_cast<int>(workers.size()) >= 2 * options.instances) {
    changed.notify_one();
  } else {
    workers.emplace_back([this] { work(); });
  }
}

void Runner::State::work() {
  while (true) {
    std::optional<Task> task;
    {
      const MutexLock lock(mutex);
      ++idle;
      while (!closing && !(task = next_task())) changed.wait(mutex);
      --idle;
      if (!task) return;
    }
    run_task(*task);
  }
}

void Runner::State::run_task(const Task& task) {
  JobRun& job = *task.job->run;
  int ended = 1;
  if (task.index == 0) {
    plan(job);
    const bool together = job.prepared.together && job.spec.instance_count > 1;
    const MutexLock lock(mutex);
    task.job->stage = Stage::kRunning;
    if (together) {
      ended = task.job->running = task.job->next = job.spec.instance_count;
    } else {
      for (int i = 1; i < job.spec.instance_count && i < 2 * options.instances; ++i) add_worker();
    }
  }
  ended > 1 ? run_gang(job) : run_instance(job, task.index, around);
  {
    const MutexLock lock(mutex);
    task.job->running -= ended;
    const bool all = task.job->next == job.spec.instance_count || job.cancelled().load();
    if (task.job->running > 0 || !all) {
      changed.notify_one();
      return;
    }
    task.job->stage = Stage::kEnding;
  }
  finish(task.job);
}

// On threads of its own: all of them wait for one another, however few workers there are.
void Runner::State::run_gang(JobRun& job) {
  Places::Gang gang(job.spec.instance_count);
  std::vector<std::thread> others;
  for (int i = 1; i < gang.count; ++i)
    others.emplace_back([this, &job, &gang, i] { run_instance(job, i, around, &gang); });
  run_instance(job, 0, around, &gang);
  for (std::thread& other : others) other.join();
}

void Runner::State::plan(JobRun& job) {
  const bool training = job.spec.kind == Kind::kTraining;
  std::string message = training ? "Preparing the instances for training" : "Preparing the instances for processing";
  if (job.resume) message += "; begun anew after a restart of the server";
  job.push(Phase::kStarting, std::move(message));
  job.tell(observer);
  Result<Done> done = prepare_run(job);
  if (!done) {
    job.end_because(Cause::kFailed, cut_words("InternalServerError: " + done.error().message, 1024));
    return;
  }
  job.push(Phase::kDownloading, "Downloading input data");
  job.tell(observer);
  job.buckets = access.of(job.spec.role_arn);
  done = open_targets(job, *job.buckets);
  if (!done) {
    job.end_because(Cause::kFailed, cut_words("ClientError: " + done.error().message, 1024));
    return;
  }
  done = plan_inputs(job, *job.buckets, options, steady_clock::now() + options.transfer_limit);
  if (!done) {
    job.end_because(Cause::kFailed, cut_words("ClientError: Data download failed: " + done.error().message, 1024));
    return;
  }
  if (job.cancelled().load()) return;
  Result<Prepared> prepared = prepare(job);
  if (!prepared) {
    const bool ours = prepared.error().code == ErrorCode::kUnavailable || prepared.error().code == ErrorCode::kNoSpace;
    job.end_because(Cause::kFailed,
                    cut_words((ours ? "InternalServerError: " : "ClientError: ") + prepared.error().message, 1024));
    return;
  }
  job.prepared = *std::move(prepared);
}

Result<Prepared> Runner::State::prepare(JobRun& job) {
  const auto message = [&](std::string_view what) {
    job.push(Phase::kDownloading, std::string(what));
    job.tell(observer);
  };
  const Preparation preparation{job.spec,
                                job.inputs,
                                *job.buckets,
                                job.folder,
                                [&](std::string_view line) { print(job, line); },
                                message,
                                steady_clock::now() + options.transfer_limit,
                                job.cancelled()};
  return job.runtime.prepare(preparation);
}

std::vector<fs::path> Runner::State::roots_of(const JobRun& job) const {
  std::vector<fs::path> roots;
  for (int i = 0; i < job.spec.instance_count; ++i) roots.push_back(job.root_of(i));
  return roots;
}

// To the log of the first instance.
void Runner::State::print(const JobRun& job, std::string_view line) const {
  const watch::LogLine entry{watch::now_in_milliseconds(), line};
  around.logs.append(log_group(job.spec.kind), log_stream(job, 0), {&entry, 1});
}

Result<Done> Runner::State::store_outputs(JobRun& job) {
  const Deadline deadline = steady_clock::now() + options.transfer_limit;
  for (std::size_t i = 0; i < job.spec.outputs.size(); ++i) {
    const Output& output = job.spec.outputs[i];
    if (output.mode != UploadMode::kEndOfJob) continue;
    for (const fs::path& root : roots_of(job)) {
      if (job.cause() == Cause::kClosing) return Done{};
      FolderSync sync(root, *below_root(output.local_path), job.outputs[i].store, job.outputs[i].prefix,
                      job.spec.volume_size_gb);
      Result<FolderSync::Pass> pass = sync.last_pass(kUploads, deadline);
      if (!pass) return std::move(pass).error().in("output " + shown(output.name));
      for (const std::string& what : pass->left_out) print(job, "not stored: " + what);
    }
  }
  return Done{};
}

Result<std::string> Runner::State::store_results(JobRun& job, bool model) {
  const Deadline deadline = steady_clock::now() + options.transfer_limit;
  const std::vector<fs::path> roots = roots_of(job);
  const auto store = [&](std::string_view folder, std::string_view name, bool even_empty) {
    Result<StoredResult> stored =
        store_result(job.spec, roots, job.folder, folder, name, even_empty, *job.output->store, job.output->bucket,
                     job.output->prefix, options.free_bytes, deadline);
    if (!stored) return stored;
    for (const std::string& what : stored->notes) print(job, "not stored: " + std::string(folder) + "/" + what);
    return stored;
  };
  Result<StoredResult> output = store("output/data", "output", false);
  if (!output) return std::move(output).error().in("output/data");
  if (!model || job.cause() == Cause::kClosing) return std::string();
  Result<StoredResult> stored = store("model", "model", true);
  if (!stored) return std::move(stored).error().in("model");
  return stored->uri;
}

// Stores what is to be stored, and says how it ended.
void Runner::State::end(JobRun& job) {
  const bool training = job.spec.kind == Kind::kTraining;
  const std::string what = training ? "Training job" : "Processing job";
  Cause cause = job.cause();
  Change change;
  if (job.started() && cause != Cause::kClosing && (training || cause == Cause::kNone)) {
    job.push(Phase::kUploading, training ? "Uploading generated training model" : "Uploading processing outputs");
    job.tell(observer);
    Result<std::string> stored = Error{ErrorCode::kInvalid, ""};
    if (training) {
      stored = store_results(job, cause != Cause::kFailed);
    } else {
      Result<Done> done = store_outputs(job);
      stored = done ? Result<std::string>(std::string()) : Result<std::string>(std::move(done).error());
    }
    if (stored) {
      change.model_artifacts = *std::move(stored);
    } else {
      // A job that failed before keeps its own reason.
      job.end_because(Cause::kFailed,
                      cut_words("ClientError: Artifact upload failed: " + stored.error().message, 1024));
    }
    cause = job.cause();
  }
  if (cause == Cause::kClosing) return;
  if (!training && job.started()) {
    for (int i = 0; i < job.spec.instance_count && change.exit_message.empty(); ++i)
      change.exit_message = read_words(job.root_of(i), "output/message", kExitMessage);
  }
  switch (cause) {
    case Cause::kStopped:
      change.phase = Phase::kStopped;
      change.message = what + " stopped";
      break;
    case Cause::kOverdue:
      change.phase = Phase::kMaxRuntimeExceeded;
      change.message = what + " runtime exceeded MaxRuntimeInSeconds provided";
      break;
    case Cause::kFailed:
      change.phase = Phase::kFailed;
      change.message = what + " failed";
      change.failure_reason = job.reason();
      break;
    case Cause::kNone:
    case Cause::kClosing:
      change.phase = Phase::kCompleted;
      change.message = what + " completed";
      break;
  }
  job.push_end(std::move(change));
}

void Runner::State::finish(const Job& job) {
  end(*job->run);
  std::error_code ignored;
  if (job->run->cause() != Cause::kClosing) fs::remove_all(job->run->journal(), ignored);
  if (!options.keep_folders) static_cast<void>(process::remove_tree(job->run->folder));
  forget(job);
  job->run->tell(observer);
}

void Runner::State::forget(const Job& job) {
  const MutexLock lock(mutex);
  std::erase(begun, job);
  const auto known = jobs.find(std::pair{job->run->spec.kind, job->run->spec.name});
  if (known != jobs.end() && known->second == job) jobs.erase(known);
  changed.notify_all();
}

void Runner::State::attend() {
  for (const fs::path& folder : old_folders) {
    static_cast<void>(process::remove_tree(folder));
  }
  while (true) {
    std::pair<Job, bool> next;
    {
      const MutexLock lock(mutex);
      while (!closing && stopped.empty()) for_clerk.wait(mutex);
      if (closing) return;
      next = std::move(stopped.front());
      stopped.pop_front();
    }
    next.first->run->tell(observer);
    if (next.second) finish(next.first);
  }
}

Result<std::unique_ptr<Runner>> Runner::open(RunnerOptions options, std::vector<std::unique_ptr<Runtime>> runtimes,
                                             store::Buckets& buckets, watch::LogSink& logs, watch::MetricSink& metrics,
                                             Observer& observer) {
  if (options.instances <= 0) options.instances = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::error_code failure;
  options.folder = fs::absolute(options.folder, failure);
  if (Result<Done> made = make_folder(options.folder); !made) return std::move(made).error();
  auto state = std::make_unique<State>(std::move(options), std::move(runtimes), buckets, logs, metrics, observer);
  const fs::path lock_path = state->options.folder / ".lock";
  Result<FileDescriptor> lock_file = open_file(lock_path, O_RDWR | O_CREAT);
  if (!lock_file) return std::move(lock_file).error();
  // Processes of a server that was just killed hold its lock until they have died too, a moment later.
  const Deadline deadline = steady_clock::now() + kLockWait;
  while (::flock(lock_file->get(), LOCK_EX | LOCK_NB) != 0) {
    if (steady_clock::now() >= deadline)
      return Error{ErrorCode::kConflict, lock_path.string() + ": another server runs its jobs in this folder"};
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  state->lock_file = *std::move(lock_file);
  if (!state->options.keep_folders) {
    Result<std::vector<fs::path>> old = set_aside(state->options.folder);
    if (!old) return std::move(old).error();
    state->old_folders = *std::move(old);
  }
  State& running = *state;
  running.clerk = std::thread([&running] { running.attend(); });
  return std::unique_ptr<Runner>(new Runner(std::move(state)));
}

Runner::Runner(std::unique_ptr<State> state) : state_(std::move(state)) {}

Runner::~Runner() {
  std::vector<State::Job> all;
  std::vector<std::thread> workers;
  {
    const MutexLock lock(state_->mutex);
    state_->closing = true;
    for (const auto& [key, job] : state_->jobs) all.push_back(job);
    workers.swap(state_->workers);
    state_->changed.notify_all();
    state_->for_clerk.notify_all();
  }
  for (const State::Job& job : all) job->run->end_because(Cause::kClosing, "");
  state_->places.look_again();
  for (std::thread& worker : workers) worker.join();
  state_->clerk.join();
}

Result<Done> Runner::check(const Spec& spec) const {
  Result<const Runtime*> runtime = state_->runtime_for(spec);
  if (!runtime) return std::move(runtime).error();
  if (Result<Done> done = check_spec(spec); !done) return done;
  if (Result<Done> done = (*runtime)->check(spec); !done) return done;
  return state_->access.check(spec.role_arn);
}

Result<Done> Runner::start(Spec spec, bool resume) {
  if (Result<Done> good = check(spec); !good) return good;
  const Runtime& runtime = **state_->runtime_for(spec);
  Result<watch::MetricPatterns> patterns = metric_patterns(spec);
  if (!patterns) return std::move(patterns).error();
  const fs::path folder = kind_folder(state_->options.folder, spec.kind) / spec.name;
  const std::pair key{spec.kind, spec.name};
  auto entry = std::make_shared<State::Entry>(
      std::make_unique<JobRun>(std::move(spec), runtime, resume, folder, *std::move(patterns)));
  const MutexLock lock(state_->mutex);
  if (state_->closing) return Error{ErrorCode::kUnavailable, "the server is closing"};
  entry->run->number = state_->next_number++;
  if (!state_->jobs.emplace(key, entry).second)
    return Error{ErrorCode::kConflict, "job '" + key.second + "': one of this name has not ended"};
  state_->waiting.push_back(std::move(entry));
  state_->add_worker();
  return Done{};
}

Result<Done> Runner::stop(Kind kind, std::string_view name) {
  State::Job job;
  {
    const MutexLock lock(state_->mutex);
    const auto known = state_->jobs.find(std::pair{kind, std::string(name)});
    if (known == state_->jobs.end()) return Error{ErrorCode::kNotFound, "job '" + shown(name) + "': runs no more"};
    job = known->second;
  }
  if (!job->run->end_because(Cause::kStopped, "")) return Done{};
  state_->places.look_again();
  const MutexLock lock(state_->mutex);
  const bool nobody_runs =
      std::erase(state_->waiting, job) > 0 || (job->stage == State::Stage::kRunning && job->running == 0);
  if (nobody_runs) job->stage = State::Stage::kEnding;
  state_->stopped.emplace_back(std::move(job), nobody_runs);
  state_->for_clerk.notify_one();
  return Done{};
}

std::size_t Runner::active() const {
  const MutexLock lock(state_->mutex);
  return state_->jobs.size();
}

}  // namespace chiliad::job
