// How boxes end, and that nothing of them stays.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "process/box_under_test.h"
#include "process/process_tree.h"

namespace chiliad::process {
namespace {

class BoxEnd : public BoxTest {
 protected:
  BoxEnd() : BoxTest(CHILIAD_SOURCE_DIR) {}
  // Starts a box from a process of its own and kills that; whether all in the box are gone soon.
  bool dies_with_its_starter(const std::string& script, std::string_view words);
};
INSTANTIATE_TEST_SUITE_P(Runners, BoxEnd, kRunnerKinds, name_of_kind);

// The kernel has reaped it, or whoever adopted it is about to.
bool is_gone(pid_t pid) {
  const Result<std::string> stat = read_file(std::string("/proc/").append(std::to_string(pid)).append("/stat"));
  return !stat || stat->find(") Z") != std::string::npos || stat->find(") X") != std::string::npos;
}

std::size_t entries(const char* folder) {
  std::error_code ignored;
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder, ignored), {}));
}

TEST_P(BoxEnd, ExitCodesAndSignalsAreTold) {
  EXPECT_EQ(run_script("exit 7").exit.code, 7);
  const Exit exit = run_script("kill -SEGV $$").exit;
  EXPECT_EQ(exit.signal, SIGSEGV);
  EXPECT_EQ(exit.code, 128 + SIGSEGV);
}

TEST_P(BoxEnd, SigtermReachesTheProgramAndItsHandlerRuns) {
  const TestBox box = make_box("trap 'echo handled; exit 3' TERM; echo ready; while :; do sleep 0.01; done");
  const auto process = start(*runner_, box.box);
  EXPECT_EQ(read_until(*process, "ready"), "ready\n");
  process->terminate();
  const Ended ended = finish(*process);
  EXPECT_EQ(ended.output, "handled\n");
  EXPECT_EQ(ended.exit.code, 3);
  EXPECT_EQ(ended.exit.signal, 0);
}

TEST_P(BoxEnd, SigtermEndsAProgramThatDoesNotHandleIt) {
  const TestBox box = make_box("echo ready; exec sleep 1000");
  const auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  process->terminate();
  EXPECT_EQ(finish(*process).exit.signal, SIGTERM);
}

TEST_P(BoxEnd, SigtermReachesAStoppedProgram) {
  const TestBox box = make_box("trap 'exit 3' TERM; echo ready; kill -STOP $$; while :; do sleep 0.01; done");
  const auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  process->terminate();
  EXPECT_EQ(finish(*process).exit.code, 3);
}

TEST_P(BoxEnd, KillEndsAllOfItWhateverTheyIgnoreAndWhereverTheyWent) {
  const TestBox box = make_box(
      "trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1000 & sleep 1000' &) ; sleep 1000 & echo "
      "ready; "
      "while :; do sleep 0.01; done");
  const auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  std::vector<pid_t> pids;
  while (pids.size() < 4) pids = process->pids();
  process->terminate();
  EXPECT_FALSE(process->exit());
  process->kill();
  EXPECT_EQ(finish(*process).exit.signal, SIGKILL);
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
  EXPECT_TRUE(process->pids().empty());
}

TEST_P(BoxEnd, ADaemonEndsWithTheProgram) {
  const TestBox box = make_box(
      "setsid sh -c 'trap \"\" TERM HUP; echo daemon; sleep 1000' & sleep 0.1; while ! [ -e stop ]; do sleep 0.01; "
      "done");
  const auto process = start(*runner_, box.box);
  read_until(*process, "daemon");
  std::vector<pid_t> pids = process->pids();
  EXPECT_GE(pids.size(), 3U);
  std::ofstream(box.folder() / "stop").put('x');
  EXPECT_EQ(finish(*process).exit.code, 0);
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
}

TEST_P(BoxEnd, TheBoxEndsWithItsObject) {
  const TestBox box = make_box("sleep 1000 & echo ready; wait");
  auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  const std::vector<pid_t> pids = process->pids();
  process.reset();
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
}

TEST_P(BoxEnd, TheBoxOutlivesTheThreadThatAskedForItAndTheRunner) {
  const TestBox box = make_box("echo ready; read line < /opt/ml/go; echo $line");
  ASSERT_EQ(::mkfifo((box.folder() / "go").c_str(), 0666), 0);
  std::unique_ptr<BoxedProcess> process;
  std::thread([&] { process = start(*runner_, box.box); }).join();
  runner_.reset();
  read_until(*process, "ready");
  std::ofstream(box.folder() / "go") << "alive\n";
  EXPECT_EQ(finish(*process).output, "alive\n");
}

TEST_P(BoxEnd, OutputLargerThanThePipeArrivesWhole) {
  const Ended ended = run_script("head -c 5000000 /dev/zero | tr '\\0' x; echo end >&2");
  EXPECT_EQ(ended.exit.code, 0);
  EXPECT_EQ(ended.output.size(), 5'000'004U);
  EXPECT_TRUE(ended.output.ends_with("xend\n"));
}

TEST_P(BoxEnd, ABoxThatCannotBeStartedLeavesNothing) {
  TestBox box = make_box("true");
  box.box.working_folder = "/no/such";
  // The runner keeps what it learned.
  ASSERT_EQ(run_script("true").exit.code, 0);
  const std::size_t descriptors = entries("/proc/self/fd");
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(runner_->start(box.box));
    ASSERT_TRUE(remove_tree(box.box.scratch));
    std::filesystem::create_directory(box.box.scratch);
  }
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
  EXPECT_TRUE(descendants(::getpid()).empty());
}

TEST_P(BoxEnd, ManyBoxesLeaveNoProcessMountOrDescriptor) {
  ASSERT_EQ(run_script("true").exit.code, 0);
  const std::size_t descriptors = entries("/proc/self/fd");
  for (int i = 0; i < (is_podman() ? 10 : 100); ++i) {
    const TestBox box = make_box("sleep 100 & exit 5");
    ASSERT_EQ(run(*runner_, box.box).exit.code, 5);
    EXPECT_EQ(read_file("/proc/self/mountinfo")->find(box.home().string()), std::string::npos);
  }
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
  EXPECT_TRUE(descendants(::getpid()).empty());
}

bool BoxEnd::dies_with_its_starter(const std::string& script, std::string_view words) {
  const TestBox box = make_box(script);
  int ends[2];
  if (::pipe(ends) != 0) return false;
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  const pid_t starter = ::fork();
  if (starter == 0) {
    const std::unique_ptr<BoxRunner> runner = make_runner();
    const auto process = start(*runner, box.box);
    if (read_until(*process, words).find(words) == std::string::npos) ::_exit(1);
    const std::vector<pid_t> pids = process->pids();
    static_cast<void>(!::write(writing.get(), pids.data(), pids.size() * sizeof(pid_t)));
    ::kill(::getpid(), SIGKILL);
  }
  writing.reset();
  pid_t pids[16];
  const ssize_t got = ::read(reading.get(), pids, sizeof pids);
  ::waitpid(starter, nullptr, 0);
  if (got < static_cast<ssize_t>(sizeof(pid_t))) return false;
  const std::span<const pid_t> all(pids, static_cast<std::size_t>(got) / sizeof(pid_t));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (std::all_of(all.begin(), all.end(), is_gone)) return true;
  }
  return false;
}

TEST_P(BoxEnd, TheBoxDiesWithAStarterThatIsKilled) {
  runner_.reset();
  EXPECT_TRUE(dies_with_its_starter("trap '' TERM HUP; setsid sleep 1000 & echo ready; sleep 1000", "ready"));
}

TEST_P(BoxEnd, AlsoWhenTheProgramTookProcessOneOfTheBoxOver) {
  runner_.reset();
  // By ptrace it makes process 1 forget that it is to die with bwrap (prctl(PR_SET_PDEATHSIG, 0)).
  EXPECT_TRUE(dies_with_its_starter(R"(python3 -c '
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
ATTACH, GETREGS, SETREGS, SINGLESTEP, POKE, PEEK, DETACH = 16, 12, 13, 9, 4, 1, 17
if libc.ptrace(ATTACH, 1, 0, 0) != 0: print("no ptrace ready", flush=True); time.sleep(1000)
os.waitpid(1, 0x40000000)
regs = (ctypes.c_ulonglong * 27)(); old = (ctypes.c_ulonglong * 27)()
libc.ptrace(GETREGS, 1, 0, ctypes.addressof(old)); ctypes.memmove(regs, old, ctypes.sizeof(old))
# The instruction before the stop is a system call: again, as prctl(1, 0).
regs[10] = regs[15] = 157; regs[14] = 1; regs[13] = 0; regs[16] -= 2
libc.ptrace(SETREGS, 1, 0, ctypes.addressof(regs)); libc.ptrace(SINGLESTEP, 1, 0, 0); os.waitpid(1, 0x40000000)
libc.ptrace(GETREGS, 1, 0, ctypes.addressof(regs))
libc.ptrace(SETREGS, 1, 0, ctypes.addressof(old)); libc.ptrace(DETACH, 1, 0, 0)
print("prctl answered", regs[10], "ready", flush=True); time.sleep(1000)' & sleep 1000)",
                                    "prctl answered 0 ready"));
}

}  // namespace
}  // namespace chiliad::process
