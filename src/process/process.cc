// vfork and not posix_spawn, because PR_SET_PDEATHSIG has to be set in the child, and not fork, which would copy the
// page tables of a server that may hold gigabytes. Between vfork and exec the child shares our memory: it makes system
// calls and nothing else. Why it could not become the program comes back through a pipe that exec closes: also where
// vfork is a fork (ThreadSanitizer makes it one).

#include "process/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace chiliad::process {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// What an unprivileged process carries, ready for the child.
struct Carried {
  std::string host;
  std::string target;
  bool is_folder = false;
  int user_namespace = -1;  // -1: not id-mapped.
  int tree = -1;            // The child's.
};

struct Child {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int parent;
  int input;   // /dev/null
  int output;  // The pipe's writing end.
  int status;  // The writing end of the pipe for errno.
  std::vector<int> descriptors;
  std::vector<Process::Limit> limits;
  std::vector<Carried> carried;
  std::optional<unsigned> user;
};

// Everything below, up to start_child(), runs in the child and returns false with errno set.

// Moves a descriptor out of the way of those that are to be 3, 4, ...
bool lift(int& fd, int above) {
  fd = ::fcntl(fd, F_DUPFD_CLOEXEC, above);
  return fd >= 0;
}

bool arrange_descriptors(Child& child) {
  const int first_free = 3 + static_cast<int>(child.descriptors.size());
  if (!lift(child.status, first_free) || !lift(child.input, first_free) || !lift(child.output, first_free))
    return false;
  for (int& fd : child.descriptors) {
    if (!lift(fd, first_free)) return false;
  }
  for (Carried& one : child.carried) {
    if (one.user_namespace >= 0 && !lift(one.user_namespace, first_free)) return false;
  }
  int next = 3;
  for (const int fd : child.descriptors) {
    if (::dup2(fd, next++) < 0) return false;
  }
  if (::dup2(child.input, 0) < 0 || ::dup2(child.output, 1) < 0 || ::dup2(child.output, 2) < 0) return false;
  if (::syscall(SYS_close_range, static_cast<unsigned>(first_free), ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    // Kernels before 5.11.
    for (int fd = first_free; fd < 65536; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return true;
}

bool apply_limits(const Child& child) {
  for (const Process::Limit& limit : child.limits) {
    // The system call: glibc's prlimit is one too, but does not promise it.
    ::rlimit64 now{};
    if (::syscall(SYS_prlimit64, 0, limit.resource, nullptr, &now) != 0) return false;
    now.rlim_max = limit.value < now.rlim_max ? limit.value : now.rlim_max;
    now.rlim_cur = now.rlim_max;
    if (::syscall(SYS_prlimit64, 0, limit.resource, &now, nullptr) != 0) return false;
  }
  return true;
}

bool take_tree(Carried& one) {
  // A mount within may be one that cannot be id-mapped.
  const bool is_id_mapped = one.user_namespace >= 0;
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (is_id_mapped ? 0U : unsigned{AT_RECURSIVE});
  one.tree = static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, one.host.c_str(), flags));
  if (one.tree < 0 || !is_id_mapped) return one.tree >= 0;
  ::mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  attributes.userns_fd = static_cast<std::uint64_t>(one.user_namespace);
  return ::syscall(SYS_mount_setattr, one.tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}

// The trees are taken before kCarried is covered: they may lie in it.
bool carry(std::vector<Carried>& carried) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  for (Carried& one : carried) {
    if (!take_tree(one)) return false;
  }
  if (::mount("tmpfs", kCarried, "tmpfs", MS_NODEV | MS_NOSUID, "mode=755") != 0) return false;
  for (const Carried& one : carried) {
    const int made = one.is_folder ? ::mkdir(one.target.c_str(), 0755)
                                   : ::open(one.target.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (made < 0) return false;
    if (::syscall(SYS_move_mount, one.tree, "", AT_FDCWD, one.target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
      return false;
  }
  return true;
}

// System calls, because glibc's functions change all threads of the process: the memory is shared, the threads are not
// the child's.
bool give_up_privileges(unsigned user) {
  return ::syscall(SYS_setgroups, 0, nullptr) == 0 && ::syscall(SYS_setresgid, user, user, user) == 0 &&
         ::syscall(SYS_setresuid, user, user, user) == 0;
}

bool set_the_stage(Child& child) {
  if (::setpgid(0, 0) != 0) return false;
  for (int number = 1; number < 32; ++number) {
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  }
  if (!arrange_descriptors(child) || !apply_limits(child)) return false;
  if (child.user && (!carry(child.carried) || !give_up_privileges(*child.user))) return false;
  // Behind the change of user, which would undo it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  // The parent may have ended before prctl().
  if (::getppid() != child.parent) ::_exit(127);
  return ::chdir(child.folder) == 0;
}

// Sets the stage and becomes the program. Returns only by _exit().
[[noreturn]] void become(Child& child) {
  if (set_the_stage(child)) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(child.program, child.arguments, child.environment);
  }
  const int reason = errno;
  static_cast<void>(!::write(child.status, &reason, sizeof reason));
  ::_exit(127);
}

// The shared stack of vfork makes locals of the caller unsafe to keep in registers: a function of its own.
__attribute__((noinline)) int start_child(Child& child) {
  sigset_t all, before;
  ::sigfillset(&all);
  // No handler of ours may run in the child while it shares our memory.
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) become(child);
  const int failed = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = failed;
  return pid;
}

Result<std::vector<Carried>> plan_to_carry(const Process::Unprivileged& unprivileged) {
  std::vector<Carried> out;
  for (const std::filesystem::path& host : unprivileged.carried) {
    struct stat info {};
    if (::stat(host.c_str(), &info) != 0) return system_error("look at", host, errno);
    out.push_back({host.string(), fmt::format("{}/{}", kCarried, out.size()), S_ISDIR(info.st_mode)});
  }
  for (const Process::IdMapped& one : unprivileged.id_mapped)
    out.push_back({one.folder.string(), fmt::format("{}/{}", kCarried, out.size()), true, one.user_namespace});
  return out;
}

}  // namespace

Result<Process> Process::start(const Start& start) {
  Result<FileDescriptor> input = open_file("/dev/null", O_RDONLY);
  if (!input) return std::move(input).error();
  int ends[2], status[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe for", start.program, errno);
  FileDescriptor reading(ends[0]), writing(ends[1]);
  if (::pipe2(status, O_CLOEXEC) != 0) return system_error("pipe for", start.program, errno);
  FileDescriptor status_reading(status[0]), status_writing(status[1]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);

  const std::string program = start.program.string(), folder = start.working_folder.string();
  std::vector<std::string> arguments = start.arguments, environment = start.environment;
  arguments.insert(arguments.begin(), start.program.filename().string());
  const std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  Child child{program.c_str(), argv.data(), envp.data(),       folder.c_str(), ::getpid(), input->get(),
              writing.get(),   status[1],   start.descriptors, start.limits,   {},         {}};
  if (start.unprivileged) {
    Result<std::vector<Carried>> carried = plan_to_carry(*start.unprivileged);
    if (!carried) return std::move(carried).error();
    child.carried = *std::move(carried);
    child.user = start.unprivileged->user;
  }
  const int pid = start_child(child);
  if (pid < 0) return system_error("start", start.program, errno);
  status_writing.reset();
  int reason = 0;
  ssize_t got = 0;
  while ((got = ::read(status_reading.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (got == sizeof reason) {
    ::waitpid(pid, nullptr, 0);
    return system_error("start", start.program, reason);
  }
  FileDescriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  if (!ended) {
    const int why = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return system_error("watch", start.program, why);
  }
  return Process(pid, std::move(ended), std::move(reading));
}

Process::Process(int pid, FileDescriptor ended, FileDescriptor output)
    : pid_(pid), ended_(std::move(ended)), output_(std::move(output)) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ended_(std::move(other.ended_)),
      output_(std::move(other.output_)),
      exit_(other.exit_) {}

Process::~Process() {
  if (pid_ <= 0 || exit_) return;
  signal(SIGKILL);
  ::pollfd wait{ended_.get(), POLLIN, 0};
  // SIGKILL cannot be refused; a process in an uninterruptible read of a dead disk is left to init after a while.
  while (::poll(&wait, 1, 10'000) < 0 && errno == EINTR) {
  }
  static_cast<void>(exit());
}

void Process::signal(int number) const {
  if (pid_ > 0 && !exit_) ::kill(-pid_, number);
}

std::optional<Exit> Process::exit() {
  if (exit_) return exit_;
  siginfo_t info{};
  // Not reaped yet: until then its number, which is its group's, is nobody else's.
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return std::nullopt;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  Exit end;
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
    end.code = 128 + end.signal;
  } else {
    end.code = WEXITSTATUS(status);
  }
  exit_ = end;
  return exit_;
}

}  // namespace chiliad::process
