// Box: a program in isolation, as a value, and the two halves of running one: BoxRunner starts it (sandbox.h by
// bubblewrap, podman.h by podman), BoxedProcess is what then runs.
//
//     host                                         inside
//     mounts[i].host                               mounts[i].inside, writable or not
//     scratch/{tmp,var_tmp,shm,home,etc}           /tmp  /var/tmp  /dev/shm  kBoxHome  /etc (with the system's files)
//     /usr /bin /sbin /lib*, a few of /etc         the same, read-only
//     -                                            /proc of its own process ids, a minimal /dev, nothing else
//
// Rules the rest relies on:
//   1. A box sees what is listed above and no other file, no process of the host and no other box. The network is the
//      host's: whoever must not be reached from a box asks for a key.
//   2. It writes to its writable mounts and to its scratch folder alone; both are counted against limits.disk_bytes.
//   3. When its program has ended, however it ended, nothing of the box runs any more once exit() has told so; also
//      when the server is ended by SIGKILL.
//   4. Inside, the program is user kBoxUser without capabilities; new privileges cannot be had.
// doc/isolation.md says what a box can reach, and what is not protected. podman.h says where its boxes differ.
//
// Thread safety: a Box is a value; BoxRunner's methods may be called from any threads; a BoxedProcess belongs to one
// thread at a time, but terminate(), kill(), pids(), resident_bytes() and exceeded() may be called from others
// meanwhile.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "process/process.h"

namespace chiliad::process {

// Who the program is inside. Not 0: programs that believe to be root change owners and fail.
inline constexpr unsigned kBoxUser = 1000;
inline constexpr std::string_view kBoxUserName = "sagemaker";
// HOME, unless the environment says otherwise.
inline constexpr std::string_view kBoxHome = "/home/sagemaker";

struct Mount {
  // A folder or a file; a link is followed. Requires: it does not lie in a folder that a box could write, unless that
  // is a writable mount of the same box: there links are refused.
  std::filesystem::path host;
  std::string inside;  // Absolute, without "." and "..".
  bool writable = false;
};

// A line of /etc/hosts.
struct HostName {
  std::string name;
  std::string address;
};

// 0: no limit.
struct BoxLimits {
  // Of all processes together: what is resident or swapped out, shared memory once, and files in memory held open.
  std::uint64_t memory_bytes = 0;
  // Blocks of all files in the scratch folder and the writable mounts (at least 4096 bytes a file or folder), and of
  // files that were removed but are still open.
  std::uint64_t disk_bytes = 0;
  // Processes and threads. More cannot be started: fork() fails with EAGAIN.
  int processes = 0;
};

struct Box {
  std::vector<std::string> command;      // The first is looked up in the environment's PATH, inside.
  std::vector<std::string> environment;  // "NAME=value": all of it, but for HOME.
  std::string working_folder = "/";      // Inside. Empty: the image's own, "/" where there is no image.
  std::vector<Mount> mounts;             // Outer folders before those inside them.
  std::filesystem::path scratch;         // An empty folder of the host's that belongs to this box alone.
  std::string host_name;                 // "algo-1"; empty: "localhost".
  std::vector<HostName> hosts;           // Beside localhost and, unless listed, host_name: both are 127.0.0.1.
  BoxLimits limits;
  // podman alone:
  std::string image;               // Which one.
  bool image_entry_point = false;  // The command is what the image's own entry point is given; empty: the image's own.
};

// Of every box: files that a process may have open, and its oom_score_adj, by which the kernel ends processes of boxes
// before it ends the server.
inline constexpr std::uint64_t kOpenFiles = 65536;
inline constexpr std::string_view kFirstToBeEnded = "500";

// Why a box was ended by its limits.
struct Exceeded {
  enum class Limit : std::uint8_t { kMemory, kDisk, kProcesses };
  Limit limit;
  std::uint64_t used;     // Bytes, or processes and threads.
  std::uint64_t allowed;  // Likewise.
};

// "it used 2.1 GB of memory, 1.0 GB are allowed".
std::string words_of(const Exceeded& exceeded);

class BoxedProcess {
 public:
  // Kills what still runs.
  virtual ~BoxedProcess() = default;

  // A descriptor that is readable when everything in the box has ended.
  virtual int ended() const = 0;
  // Standard output and error of the program: a pipe's end, not blocking.
  virtual int output() const = 0;

  // SIGTERM to the program itself, and SIGCONT, so that a stopped one hears it. A program that does not handle it ends.
  virtual void terminate() = 0;
  // SIGKILL to everything in the box.
  virtual void kill() = 0;

  // How the program ended, if everything in the box has ended; from then on the same answer. What a program tells by
  // 128 + n is not told from death by signal n.
  virtual std::optional<Exit> exit() = 0;
  // The limit for which the box was ended; nullopt: for none.
  virtual std::optional<Exceeded> exceeded() const = 0;

  // The host's numbers of the box's processes, now.
  virtual std::vector<pid_t> pids() const = 0;
  // Memory of them all, resident or swapped out: what several share is counted once. Cost: reading page tables,
  // about 1 ms a GB.
  virtual std::uint64_t resident_bytes() const = 0;
};

class BoxRunner {
 public:
  virtual ~BoxRunner() = default;

  // Returns when the program has been started. The runner may be destroyed before the process.
  // Errors: kInvalid: the box contradicts the rules above, a mount's host path or the program is not there; kNotFound:
  // the image is not here; kConflict: scratch is not empty; kUnavailable: it cannot run here or now, with what the
  // system said.
  virtual Result<std::unique_ptr<BoxedProcess>> start(const Box& box) = 0;

  // Whether boxes can run here: starts one. Errors: kUnavailable: the reason and what to do.
  virtual Result<Done> check() = 0;
};

// What a runner's check() does: starts a box for the program `true` by `start` and waits for its end. `needs` is said
// behind what `start` said. Errors: kUnavailable: it did not start, or did not end well.
using StartBox = std::function<Result<std::unique_ptr<BoxedProcess>>(const Box&)>;
Result<Done> trial_box(const StartBox& start, std::string_view needs);

}  // namespace chiliad::process
