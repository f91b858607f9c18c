// The life of a box. Processes, each the parent of the next:
//
//   server
//   unshare     waits; ends as its child does
//   bwrap       process 1 of an outer namespace of process numbers; dies with unshare
//   bwrap       process 1 of the box; the program can do with it as it likes, since it runs as the same user
//   program     process 2 of the box
//
// The outer namespace is there for its process 1, which nothing in the box can see or touch: when it dies, the kernel
// ends everything below. Without it a program could take process 1 of the box over (ptrace) and outlive the server.
//
// bwrap stops at reading the filter of system calls; the server writes it once it watches the processes. /bin/sh says
// that it is there, waits for the word "go" and becomes the program. If the server is killed, so is unshare, so is
// bwrap. Killed before the word: the filter is cut short, which bwrap refuses, or the word does not come and the shell
// ends.

#include "process/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/file.h"
#include "base/time.h"
#include "process/bubblewrap_arguments.h"
#include "process/lifeline.h"
#include "process/nested_process.h"
#include "process/process_tree.h"
#include "process/scratch.h"
#include "process/starter.h"
#include "process/steering.h"
#include "process/system_calls.h"
#include "process/tree.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char *kBubblewrap = "/usr/bin/bwrap", *kUnshare = "/usr/bin/unshare", *kPrlimit = "/usr/bin/prlimit";
constexpr std::chrono::seconds kStart{60};  // On a machine that has much to do.

Result<Done> find_bubblewrap() {
  if (::access(kBubblewrap, X_OK) == 0) return Done{};
  return Error{ErrorCode::kUnavailable, fmt::format("{} is not there: install the package bubblewrap", kBubblewrap)};
}

std::string proc_text(pid_t pid, const char* file) {
  const Result<std::string> text = read_file(fmt::format("/proc/{}/{}", pid, file), 64 << 10);
  return text ? *text : std::string();
}

// Since 5.14 processes are counted by user and user namespace, so a box's alone.
bool kernel_counts_processes_of_a_box() {
  utsname name{};
  int major = 0, minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 14);
}

class BubblewrapProcess final : public NestedProcess {
 public:
  BubblewrapProcess(std::shared_ptr<Starter> starter, Process process)
      : NestedProcess(std::move(starter), std::move(process)) {}

  // The steps of BubblewrapRunner::start().
  Result<Done> go_through(Steering steering, const Box& box);

 private:
  Result<Done> meet_first(Steering& steering, Deadline deadline);
  Result<Done> meet_program(Steering& steering, const Box& box, Deadline deadline);
  // Why bwrap ended: what it printed.
  Error failed(std::string_view step);
};

Error BubblewrapProcess::failed(std::string_view step) {
  const std::string words = last_words();
  const bool of_the_box = words.find("Can't chdir to") != words.npos;
  return {of_the_box ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
          fmt::format("start a box: {}", words.empty() ? step : std::string_view(words))};
}

Result<Done> BubblewrapProcess::meet_first(Steering& steering, Deadline deadline) {
  if (!steering.hears_of_child(deadline)) return failed("bwrap did not make the namespaces");
  // bwrap itself, then its child.
  const std::vector<pid_t> both = descendants(process_.pid());
  if (both.size() != 2) return failed("bwrap ended at once");
  outer_ = ProcessHandle(both[0]);
  first_ = both[1];
  // They may have ended and their numbers be others'; while the outer one lives, its child's is not.
  if (!outer_ || parent_in_stat(proc_text(both[0], "stat")) != process_.pid() || outer_.has_ended()) {
    outer_ = {};
    return failed("bwrap ended at once");
  }
  // Refused by some systems, and not needed for anything else.
  if (Result<FileDescriptor> file = open_file(fmt::format("/proc/{}/oom_score_adj", first_), O_WRONLY))
    static_cast<void>(!::write(file->get(), kFirstToBeEnded.data(), kFirstToBeEnded.size()));
  return Done{};
}

Result<Done> BubblewrapProcess::meet_program(Steering& steering, const Box& box, Deadline deadline) {
  const Lifeline::Said said = steering.lifeline().listen(deadline);
  if (said.words.empty()) return failed("the first steps were not taken");
  if (said.words == Steering::kMissing)
    return Error{ErrorCode::kInvalid, fmt::format("start a box: there is no program '{}' in it", box.command.front())};
  // It waits for our word, so the number is its own.
  program_ = ProcessHandle(said.pid);
  if (said.words != Steering::kThere || !program_) return failed("the first steps are not understood");
  if (!steering.lifeline().say_go()) return failed("the first steps ended");
  return Done{};
}

Result<Done> BubblewrapProcess::go_through(Steering steering, const Box& box) {
  const Deadline deadline = steady_clock::now() + kStart;
  steering.close_inner_ends();
  if (Result<Done> done = meet_first(steering, deadline); !done) return done;
  if (Result<Done> done = watch(box); !done) return done;
  steering.send_filter(system_call_filter());
  return meet_program(steering, box, deadline);
}

class BubblewrapRunner final : public BoxRunner {
 public:
  Result<std::unique_ptr<BoxedProcess>> start(const Box& box) override;
  Result<Done> check() override;

 private:
  const std::shared_ptr<Starter> starter_ = std::make_shared<Starter>();
  const bool is_root_ = ::geteuid() == 0;
};

// unshare, prlimit and bwrap, each becoming or starting the next.
Process::Start command_of(const Box& box) {
  Process::Start start;
  start.program = kUnshare;
  start.arguments = {"--user", "--map-current-user", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "--"};
  if (box.limits.processes > 0 && kernel_counts_processes_of_a_box()) {
    // Counted in the outer namespace: with unshare and two of bwrap's.
    start.arguments.insert(start.arguments.end(),
                           {kPrlimit, fmt::format("--nproc={}", box.limits.processes + 3), "--"});
  }
  start.arguments.insert(start.arguments.end(), {kBubblewrap, "--args", std::to_string(Steering::kArguments), "--"});
  for (std::string& word : first_steps(box)) start.arguments.push_back(std::move(word));
  // The box's variables are none of bwrap's: it is outside.
  start.environment = {"PATH=/usr/bin:/bin"};
  start.working_folder = "/";
  start.limits = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, kOpenFiles}};
  if (box.limits.disk_bytes > 0) start.limits.push_back({RLIMIT_FSIZE, box.limits.disk_bytes});
  return start;
}

Result<std::unique_ptr<BoxedProcess>> BubblewrapRunner::start(const Box& box) {
  if (Result<Done> done = find_bubblewrap(); !done) return std::move(done).error();
  if (Result<Done> done = check_box(box); !done) return std::move(done).error();
  if (Result<Done> done = make_scratch(box); !done) return std::move(done).error();
  std::vector<Mount> mounts = scratch_mounts(box);
  mounts.insert(mounts.end(), box.mounts.begin(), box.mounts.end());
  Process::Start start = command_of(box);
  std::vector<Mount> seen_by_bubblewrap = mounts;
  if (is_root_) {
    start.unprivileged = Process::Unprivileged{kBoxOwner, {}};
    for (Mount& mount : seen_by_bubblewrap) {
      if (mount.writable) {
        if (Result<Done> given = give_to(mount.host, kBoxOwner); !given) return std::move(given).error();
      }
      start.unprivileged->carried.push_back(mount.host);
      mount.host = fmt::format("{}/{}", kCarried, start.unprivileged->carried.size() - 1);
    }
  }
  Result<std::string> arguments = bubblewrap_arguments(box, seen_by_bubblewrap);
  if (!arguments) return std::move(arguments).error();
  Result<Steering> steering = Steering::make(*arguments);
  if (!steering) return std::move(steering).error();
  start.descriptors = steering->inner_ends();
  Result<Process> process = starter_->start(start);
  if (!process) return std::move(process).error().in("start a box");
  auto boxed = std::make_unique<BubblewrapProcess>(starter_, *std::move(process));
  if (Result<Done> done = boxed->go_through(*std::move(steering), box); !done) return std::move(done).error();
  return Result<std::unique_ptr<BoxedProcess>>(std::move(boxed));
}

Result<Done> BubblewrapRunner::check() {
  if (Result<Done> done = find_bubblewrap(); !done) return done;
  // What refuses namespaces says no more than "not permitted".
  return trial_box(
      [this](const Box& box) { return start(box); },
      "boxes need user namespaces for users without privileges: see sysctl user.max_user_namespaces, "
      "kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns, or the container "
      "around this server");
}

}  // namespace

Result<Done> give_to_boxes(const std::filesystem::path& path) {
  return ::geteuid() == 0 ? give_to(path, kBoxOwner) : Result<Done>(Done{});
}

std::unique_ptr<BoxRunner> bubblewrap() { return std::make_unique<BubblewrapRunner>(); }

}  // namespace chiliad::process
