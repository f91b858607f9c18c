#include "job/instance.h"

#include <string.h>
#include <unistd.h>

#include "job/contract.h"
#include "job/download.h"
#include "job/instance_syncs.h"
#include "job/location.h"
#include "job/pipe_feed.h"
#include "job/process_watch.h"
#include "process/tree.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr int kDownloads = 8;
constexpr std::size_t kReason = 1024;  // Characters of FailureReason.
constexpr std::chrono::seconds kLastPassWhenClosing{10};
constexpr std::chrono::minutes kStart{10};  // Of one program, the server's port to be opened included.

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

// Files that are lent may be read by everybody, copies too once this is done: a box of a server that is root runs as
// another user, and what is mounted read-only is not given to it.
Result<Done> make_readable(const fs::path& folder) {
  constexpr fs::perms kFolder = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                fs::perms::others_read | fs::perms::others_exec;
  constexpr fs::perms kRead = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  std::error_code failure;
  fs::permissions(folder, kFolder, failure);
  for (fs::recursive_directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    const fs::file_status status = at->symlink_status(failure);
    if (failure) break;
    if (fs::is_directory(status)) {
      fs::permissions(at->path(), kFolder, failure);
    } else if ((status.permissions() & fs::perms::others_read) == fs::perms::none) {
      fs::permissions(at->path(), kRead, failure);
    }
    if (failure) break;
  }
  if (failure) return system_error("make readable", folder, failure.value());
  return Done{};
}

// To a folder outside of the root, which becomes a mount that can only be read.
Result<Done> lend_input(JobRun& job, int index, const PlannedInput& input, const TransferLimits& limits) {
  const fs::path seen = job.root_of(index) / input.folder;
  std::error_code failure;
  fs::create_directories(seen, failure);
  if (failure) return system_error("make", seen, failure.value());
  const fs::path lent = job.lent_of(index);
  Result<Done> done = download_share(input, index, job.spec.instance_count, lent, limits, job.cancelled());
  return done ? make_readable(lent / input.folder) : std::move(done);
}

// Files that were lent are second names of the store's: nobody is to find and change them later.
struct LentFiles {
  const fs::path folder;
  ~LentFiles() { static_cast<void>(process::remove_tree(folder)); }
};

Result<Done> fetch_inputs(JobRun& job, int index, const TransferLimits& limits) {
  const fs::path root = job.root_of(index);
  for (std::size_t i = 0; i < job.inputs.size(); ++i) {
    const PlannedInput& input = job.inputs[i];
    if (input.mode == InputMode::kPipe) continue;
    if (input.mode == InputMode::kFastFile) {
      if (Result<Done> done = lend_input(job, index, input, limits); !done) return done;
      continue;
    }
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

std::string failure_of(const JobRun& job, int index, const process::Exit& exit,
                       const std::optional<process::Exceeded>& exceeded) {
  std::string words = read_words(job.root_of(index), "output/failure", kReason - 200);
  if (words.empty()) words = "see the log stream of " + host_name(index);
  std::string reason = "AlgorithmError: " + words + ", " + host_name(index);
  if (exceeded) return reason + " was ended: " + process::words_of(*exceeded);
  if (exit.signal != 0) reason += std::string(" was ended by signal ") + ::sigabbrev_np(exit.signal);
  return reason + ", exit code: " + std::to_string(exit.code);
}

// Folder, inputs, checkpoints; false when the job has a cause by then.
bool prepare(JobRun& job, int index, const Surroundings& around, InstanceSyncs& syncs) {
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

Result<Started> start_program(JobRun& job, int index, const Surroundings& around) {
  Start start;
  start.index = index;
  start.root = job.root_of(index);
  start.scratch = job.scratch_of(index);
  const std::string seen = job.runtime.seen_root(start.root);
  start.contract = contract_environment(job.spec, index, seen);
  // For programs that see the server's folders.
  if (seen == start.root) start.contract.push_back("CHILIAD_JOURNAL=" + job.journal().string());
  start.hosts = job.hosts();
  for (const PlannedInput& input : job.inputs) {
    if (input.mode == InputMode::kFastFile)
      start.mounts.push_back({job.lent_of(index) / input.folder, seen + "/" + input.folder, false});
  }
  start.keys_for = job.longest_run() + std::chrono::ceil<std::chrono::seconds>(around.options.grace);
  start.deadline = steady_clock::now() + kStart;
  std::error_code failure;
  fs::create_directories(start.scratch, failure);
  if (failure) return system_error("make", start.scratch, failure.value());
  return job.runtime.start(job.spec, job.prepared, start);
}

void run_program(JobRun& job, int index, const Surroundings& around, InstanceSyncs& syncs, const std::string& stream) {
  PipeFeeds pipes(job, index, around.options.free_bytes, [&](const std::string& reason) {
    fail(job, around, "ClientError: Data download failed: " + host_name(index) + ": " + reason);
  });
  if (Result<Done> opened = pipes.open(); !opened) {
    fail(job, around, "InternalServerError: " + host_name(index) + ": " + opened.error().message);
    return;
  }
  Result<Started> started = start_program(job, index, around);
  if (!started) {
    // What the request names is not there in the box, or the role is no longer.
    const bool of_the_request =
        started.error().code == ErrorCode::kInvalid || started.error().code == ErrorCode::kForbidden;
    fail(job, around,
         (of_the_request ? "ClientError: " : "InternalServerError: ") + host_name(index) + ": " +
             started.error().message);
    return;
  }
  process::BoxedProcess& process = *started->process;
  if (job.begin_running()) {
    job.push(Phase::kTraining, job.spec.kind == Kind::kTraining
                                   ? "Training image download completed. Training in progress."
                                   : "Processing in progress");
    job.tell(around.observer);
  }
  syncs.start([&process] { return process.pids(); });
  ProcessWatch watch(job, process, around, stream);
  const std::optional<process::Exit> exit = watch.run();
  syncs.stop();
  pipes.stop();
  const std::optional<process::Exceeded> exceeded = process.exceeded();
  if (!exit) {
    fail(job, around, "InternalServerError: " + host_name(index) + ": the process does not end by SIGKILL");
  } else if (exit->code != 0 || exceeded) {
    fail(job, around, failure_of(job, index, *exit, exceeded));
  }
}

}  // namespace

std::string_view log_group(Kind kind) {
  return kind == Kind::kTraining ? "/aws/sagemaker/TrainingJobs" : "/aws/sagemaker/ProcessingJobs";
}

std::string log_stream(const JobRun& job, int index) {
  return job.spec.name + "/" + host_name(index) + "-" + std::to_string(job.stream_time);
}

void run_instance(JobRun& job, int index, const Surroundings& around, Places::Gang* gang) {
  if (job.cancelled().load()) return;
  const std::string stream = log_stream(job, index);
  const LentFiles lent{job.lent_of(index)};
  InstanceSyncs syncs(job, index, around, stream);
  if (!prepare(job, index, around, syncs)) return;
  if (gang != nullptr ? !around.places.take_together(*gang, job.cancelled()) : !around.places.take(job.cancelled()))
    return;
  run_program(job, index, around, syncs, stream);
  gang != nullptr ? around.places.give_back(*gang) : around.places.give_back();
  const bool closing = job.cause() == Cause::kClosing;
  const auto limit = closing ? kLastPassWhenClosing : around.options.transfer_limit;
  Result<Done> stored = syncs.finish(steady_clock::now() + limit);
  if (!stored && !closing)
    fail(job, around, "ClientError: Artifact upload failed: " + host_name(index) + ": " + stored.error().message);
  if (around.options.keep_folders) return;
  // Neither is needed for the results, and the next instance may want the room.
  static_cast<void>(process::remove_tree(job.scratch_of(index)));
  if (job.spec.kind == Kind::kTraining) static_cast<void>(process::remove_tree(job.root_of(index) / "input"));
}

}  // namespace chiliad::job
