#include "job/instance_syncs.h"

#include "job/contract.h"
#include "job/folder_sync.h"
#include "job/location.h"

namespace chiliad::job {
namespace {

using std::chrono::steady_clock;

}  // namespace

InstanceSyncs::InstanceSyncs(JobRun& job, int index, const Surroundings& around, std::string stream)
    : job_(job), around_(around), stream_(std::move(stream)) {
  const std::filesystem::path root = job.root_of(index);
  if (job.checkpoint) add(root, *checkpoint_folder(job.spec), *job.checkpoint);
  for (std::size_t i = 0; i < job.spec.outputs.size(); ++i) {
    if (job.spec.outputs[i].mode == UploadMode::kContinuous)
      add(root, *below_root(job.spec.outputs[i].local_path), job.outputs[i]);
  }
}

void InstanceSyncs::add(const std::filesystem::path& root, std::string folder, const Target& target) {
  syncs_.push_back(
      std::make_unique<FolderSync>(root, std::move(folder), target.store, target.prefix, job_.spec.volume_size_gb));
}

Result<Done> InstanceSyncs::restore(const TransferLimits& limits) {
  // Only checkpoints come back; they are the first.
  return job_.checkpoint ? syncs_.front()->restore(limits, job_.cancelled()) : Result<Done>(Done{});
}

void InstanceSyncs::start(std::function<std::vector<pid_t>()> pids) {
  if (syncs_.empty()) return;
  pids_ = std::move(pids);
  thread_ = std::thread([this] { run(); });
}

void InstanceSyncs::stop() {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Result<Done> InstanceSyncs::finish(Deadline deadline) {
  stop();
  for (const auto& sync : syncs_) {
    Result<FolderSync::Pass> pass = sync->last_pass(kUploads, deadline);
    if (!pass) return std::move(pass).error();
    for (const std::string& name : pass->left_out) note("not stored: " + name);
  }
  return Done{};
}

void InstanceSyncs::note(const std::string& text) {
  const std::string line = "chiliad: " + text;
  const watch::LogLine entry{watch::now_in_milliseconds(), line};
  around_.logs.append(log_group(job_.spec.kind), stream_, {&entry, 1});
}

bool InstanceSyncs::pause() {
  const MutexLock lock(mutex_);
  const auto until = steady_clock::now() + around_.options.sync_pause;
  while (!ended_ && steady_clock::now() < until) changed_.wait_until(mutex_, until);
  return !ended_;
}

void InstanceSyncs::run() {
  std::string last;
  while (pause()) {
    for (const auto& sync : syncs_) {
      Result<FolderSync::Pass> pass = sync->pass(pids_, kUploads, steady_clock::now() + around_.options.transfer_limit);
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

}  // namespace chiliad::job
