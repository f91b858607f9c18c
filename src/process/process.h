// Process: a program in a process group of its own, with what it prints in one pipe, that cannot outlive us.
//
// Promises: standard input is /dev/null; standard output and error are one pipe whose other end is output(); every
// other descriptor is closed but those it is given; signal handlers, masks and ignored signals are as at login; the
// process dies by SIGKILL when the thread that started it ends (PR_SET_PDEATHSIG), so by whatever signal this process
// ends; when it has ended, what it left in its group is killed before its number can be anybody else's. Starting costs
// a vfork: about 1 ms.
//
// Source: vfork(2), prctl(2), pidfd_open(2), close_range(2), waitid(2), open_tree(2), move_mount(2).
//
// Thread safety: one thread at a time; the thread that calls start() must live until the process has ended.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::process {

struct Exit {
  int code = 0;    // Of exit(); 128 + signal when a signal ended it, as shells count.
  int signal = 0;  // 0: it ended by exit().
};

// Where an unprivileged process finds what it carries: kCarried/0, kCarried/1, ...
inline constexpr const char* kCarried = "/tmp";

class Process {
 public:
  // setrlimit(2), soft and hard alike; a hard limit below is kept.
  struct Limit {
    int resource;
    std::uint64_t value;
  };
  // A folder, read-only and without what is mounted in it, where user n's files belong to whom the user namespace (a
  // descriptor) calls n.
  struct IdMapped {
    std::filesystem::path folder;
    int user_namespace = -1;
  };
  // For a process of root's that must not be root: it runs as this user and group, without others and without
  // capabilities, in a mount namespace where kCarried has what is carried and nothing else: files and folders that the
  // user could not reach by their paths. Those id-mapped are numbered behind the others.
  struct Unprivileged {
    unsigned user;
    std::vector<std::filesystem::path> carried;
    std::vector<IdMapped> id_mapped = {};
  };
  struct Start {
    std::filesystem::path program;
    std::vector<std::string> arguments;    // Without the program's name.
    std::vector<std::string> environment;  // "NAME=value"; nothing is inherited.
    std::filesystem::path working_folder;
    std::vector<int> descriptors = {};  // Are 3, 4, ... in the process; the caller's stay the caller's.
    std::vector<Limit> limits = {};
    std::optional<Unprivileged> unprivileged = {};
  };

  // Errors: kNotFound, kForbidden, kUnavailable: the program cannot be started; its name and the reason are in it.
  static Result<Process> start(const Start& start);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  // Kills and reaps what still runs.
  ~Process();

  int pid() const { return pid_; }
  // Readable when the process has ended.
  int ended() const { return ended_.get(); }
  // The pipe's end, not blocking.
  int output() const { return output_.get(); }

  // To every process of the group.
  void signal(int number) const;

  // How it ended, if it has; then the rest of its group is gone too. Once it gave an answer it gives the same again.
  std::optional<Exit> exit();

 private:
  Process(int pid, FileDescriptor ended, FileDescriptor output);

  int pid_;
  FileDescriptor ended_;
  FileDescriptor output_;
  std::optional<Exit> exit_;
};

}  // namespace chiliad::process
