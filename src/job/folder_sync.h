// FolderSync: a folder of an instance on its way to a prefix of the store: checkpoints and Continuous outputs while the
// job runs, outputs at its end.
//
// Promises
//   1. While the job runs, only files that nobody has open for writing and that did not change from one pass to the
//      next are stored; the last pass stores all. An object is replaced whole, so a reader of the store never sees a
//      part. A file that is written again in place just while it is stored is stored again after that.
//   2. Nothing is deleted in the store.
//   3. What restore() brought, and what a pass stored, is not stored again until it changes (size, time or inode).
//
// Memory: about 150 bytes a file. Thread safety: one thread at a time; passes use threads of their own.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "job/download.h"
#include "job/folder_scan.h"
#include "store/object_store.h"

namespace chiliad::job {

inline constexpr int kUploads = 4;  // At a time, of one instance.

class FolderSync {
 public:
  // `root`/`folder` against the keys below `prefix` ("" or without a '/' at its end). `volume_size_gb`: what may be
  // stored at a time (check_size_to_store()).
  FolderSync(std::filesystem::path root, std::string folder, std::shared_ptr<store::ObjectStore> store,
             std::string prefix, int volume_size_gb);

  // Store -> folder, which is empty. Errors: kInvalid: a key that cannot be a file's name; kTooLarge: more than
  // kMaxFolderFiles; kNoSpace; those of the store; kUnavailable: *cancel was set.
  Result<Done> restore(const TransferLimits& limits, const std::atomic<bool>& cancel);

  struct Pass {
    std::uint64_t stored = 0;
    std::vector<std::string> left_out;  // As FolderFiles has it; each name in the first pass only that meets it.
  };
  // Folder -> store, of a job that runs: `pids` are the processes that may have files open (as is_written() has it).
  // Errors: those of scan_folder(), check_size_to_store() and the store; what was stored before the error counts as
  // stored.
  Result<Pass> pass(const std::function<std::vector<pid_t>()>& pids, int threads, Deadline deadline);
  // The same for one that has ended.
  Result<Pass> last_pass(int threads, Deadline deadline);

 private:
  struct Known {
    FileStamp stored;
    FileStamp seen;
    bool is_stored = false;
  };
  using Due = std::vector<std::pair<const FoundFile*, Known*>>;

  // What is to be stored of `found`; what was left out is moved into `pass`.
  Due find_due(FolderFiles& found, bool last, Pass& pass);
  Result<Done> store(const FoundFile& file, Known& known, const std::function<std::vector<pid_t>()>* pids,
                     Deadline deadline, std::atomic<std::uint64_t>& stored);
  // `pids` null: the job has ended.
  Result<Pass> pass_over(const std::function<std::vector<pid_t>()>* pids, int threads, Deadline deadline);
  std::string key_of(std::string_view name) const;
  // Of a job that makes and removes files without end.
  void forget_gone(const std::vector<FoundFile>& files);

  const std::filesystem::path root_;
  const std::string folder_;
  const std::shared_ptr<store::ObjectStore> store_;
  const std::string prefix_;
  const int volume_size_gb_;
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<std::string, bool> told_;  // Left-out messages.
};

}  // namespace chiliad::job
