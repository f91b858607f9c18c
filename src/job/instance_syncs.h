// InstanceSyncs: what an instance keeps equal with the store while it runs: checkpoints and Continuous outputs.
//
// Thread safety: one thread at a time; it has a thread of its own between start() and finish().

#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "job/download.h"
#include "job/folder_sync.h"
#include "job/instance.h"

namespace chiliad::job {

class InstanceSyncs {
 public:
  // Lines go to the log stream `stream`.
  InstanceSyncs(JobRun& job, int index, const Surroundings& around, std::string stream);
  ~InstanceSyncs() { stop(); }

  // Checkpoints from the store. Errors: as FolderSync::restore().
  Result<Done> restore(const TransferLimits& limits);

  // Passes begin. `pids`: the processes that may have files open, now; called until stop().
  void start(std::function<std::vector<pid_t>()> pids);
  // Passes end.
  void stop();
  // Stores the rest. Errors: as FolderSync::pass().
  Result<Done> finish(Deadline deadline);

 private:
  void add(const std::filesystem::path& root, std::string folder, const Target& target);
  void note(const std::string& text);
  // False when it is over.
  bool pause();
  void run();

  JobRun& job_;
  const Surroundings& around_;
  const std::string stream_;
  std::vector<std::unique_ptr<FolderSync>> syncs_;
  std::function<std::vector<pid_t>()> pids_;
  Mutex mutex_;
  Condition changed_;
  bool ended_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace chiliad::job
