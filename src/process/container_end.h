// Sees to it that a container is over soon after its process 1 has ended, whatever podman does. `podman run` comes back
// when the container's monitor has written how process 1 ended and `podman container cleanup` has put the container
// away; each of these programs can stand still, over a lock of theirs or a slow disk. None of what they still do is
// needed: the container's mounts go with their namespace.
//
//     process 1 ends
//         how it ended is read from what the kernel keeps of it until the monitor reaps it, and from the monitor's file
//     kPatience later      podman has not come back: the container is ended. Where nobody knows how process 1 ended:
//     kLongPatience later
//
// Source: conmon(8), --exit-dir; proc(5), /proc/pid/stat.
// Thread safety: one thread at a time; code() from any.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "base/mutex.h"
#include "base/result.h"
#include "process/process_handle.h"

namespace chiliad::process {

class ContainerEnd {
 public:
  static constexpr std::chrono::seconds kPatience{5}, kLongPatience{60};

  struct Watched {
    // Process 1; 0: it ended before it was seen.
    pid_t first = 0;
    // Of what ends last; lives as long as the watch.
    int ended = -1;
    // Where the monitor writes.
    std::filesystem::path exits;
    // Called once at most, from the watch's thread, after code() tells what is known.
    std::function<void()> end;
  };

  // Errors: as base/file.h: no descriptor for it.
  static Result<std::unique_ptr<ContainerEnd>> start(Watched watched);
  ~ContainerEnd();

  // How process 1 ended, as shells count, where the container had to be ended and it is known.
  std::optional<int> code() const CHILIAD_EXCLUDES(mutex_);

 private:
  ContainerEnd(Watched watched, ProcessHandle first, FileDescriptor stop);

  void run();
  // Whether process 1 has ended before all of it.
  bool outlives_first() const;
  // Whether all of it has ended, or the watch is to.
  bool is_over_within(std::chrono::milliseconds pause) const;
  std::optional<int> find_code() const;

  const Watched watched_;
  const ProcessHandle first_;
  const FileDescriptor stop_;
  mutable Mutex mutex_;
  std::optional<int> code_ CHILIAD_GUARDED_BY(mutex_);
  std::thread thread_;
};

// The monitor's file in a folder that holds those of one container: its name is the container's, 64 hexadecimal digits,
// its text the code. nullopt: there is none, or none of the monitor's.
std::optional<int> code_in_exits(const std::filesystem::path& folder);

// What the text of /proc/<pid>/stat says of a process that has ended. nullopt: it has not, or the text is none of the
// kernel's.
std::optional<int> code_in_stat(std::string_view stat);

}  // namespace chiliad::process
