// Watches what a process and its descendants use and ends them when it is more than allowed. For limits that the
// kernel cannot be asked to keep without control groups of one's own.
//
//     memory    looked at again when the rest could have been filled at 4 GB/s a processor, at least once a second:
//     first an upper
//               bound that is cheap, the true figure when that is over
//     disk      folders are walked when the file system has lost as many bytes as were left to the box, and now and
//     then threads   counted with the memory
//
// Rules the rest relies on: what is used beyond a limit before the watch sees it is what can be filled in the pauses
// above plus the length of a walk of the folders, which the disk limit bounds (tree.h). A walk is followed by a pause
// of three times its length.
//
// Thread safety: one thread at a time; exceeded() from any.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "base/result.h"
#include "process/box.h"

namespace chiliad::process {

class LimitWatch {
 public:
  struct Watched {
    pid_t root = 0;  // Its descendants count, itself does not.
    // Readable when root has ended: the watch ends then, before the number can be another's. Lives as long as the
    // watch.
    int ended = -1;
    std::vector<std::filesystem::path> folders;  // That the box can write to.
    BoxLimits limits;
    std::function<void()> end;  // Called once, from the watch's thread, after exceeded() tells why.
  };

  // Errors: kUnavailable: no descriptor for it.
  static Result<std::unique_ptr<LimitWatch>> start(Watched watched);
  ~LimitWatch();

  std::optional<Exceeded> exceeded() const CHILIAD_EXCLUDES(mutex_);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct FileSystem {
    std::filesystem::path folder;  // One of those on it.
    std::uint64_t free_at_walk = 0;
  };
  LimitWatch(Watched watched, FileDescriptor stop);

  void run();
  bool look_at_memory();
  bool is_within_memory();
  bool look_at_disk();
  bool walk_folders();
  std::uint64_t lost_since_walk() const;
  bool is_over() const;
  void end_for(Exceeded::Limit limit, std::uint64_t used, std::uint64_t allowed) CHILIAD_EXCLUDES(mutex_);

  const Watched watched_;
  const FileDescriptor stop_;
  // Of the thread.
  std::vector<FileSystem> file_systems_;
  std::vector<pid_t> processes_;
  std::uint64_t memory_used_ = 0, disk_used_ = 0;
  Time next_memory_{}, next_disk_{}, next_walk_{}, next_routine_walk_{};
  mutable Mutex mutex_;
  std::optional<Exceeded> exceeded_ CHILIAD_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace chiliad::process
