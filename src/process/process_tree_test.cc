#include "process/process_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "process/process.h"

namespace chiliad::process {
namespace {

// A copy of this process, with its descriptors.
class Child {
 public:
  Child() {
    if (pid == 0) {
      while (true) ::pause();
    }
  }
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }

  const pid_t pid = ::fork();
};

// A program that has printed "ready": another one than this, whose threads and memory are a sanitizer's too.
Process running(std::string python) {
  Process process = *Process::start({"/usr/bin/python3", {"-c", std::move(python)}, {"PATH=/usr/bin:/bin"}, "/"});
  std::string text;
  ::pollfd polled{process.output(), POLLIN, 0};
  while (text.find("ready") == text.npos && ::poll(&polled, 1, 60'000) > 0) {
    char part[100];
    const ssize_t got = ::read(process.output(), part, sizeof part);
    if (got <= 0) break;
    text.append(part, static_cast<std::size_t>(got));
  }
  EXPECT_NE(text.find("ready"), text.npos) << text;
  return process;
}

TEST(ProcessTree, DescendantsAreFoundAtAnyDepthWithTheirThreads) {
  const Process process = running(
      "import os, threading, time\n"
      "if os.fork() == 0:\n"
      "  if os.fork() == 0:\n"
      "    threading.Thread(target=lambda: time.sleep(1000)).start()\n"
      "    print('ready', flush=True)\n"
      "  time.sleep(1000)\n"
      "time.sleep(1000)");
  const std::vector<pid_t> found = descendants(process.pid());
  EXPECT_EQ(found.size(), 2U);
  EXPECT_EQ(std::count(found.begin(), found.end(), process.pid()), 0);
  EXPECT_EQ(thread_count(found), 3);
}

TEST(ProcessTree, AParentIsReadBehindAnyName) {
  EXPECT_EQ(parent_in_stat("7 (sh) S 5 7 7 0"), 5);
  EXPECT_EQ(parent_in_stat("7 (a) S 9 () S 5 7 7"), 5);
  EXPECT_EQ(parent_in_stat("7 ()"), 0);
  EXPECT_EQ(parent_in_stat(") "), 0);
  EXPECT_EQ(parent_in_stat(""), 0);
}

TEST(ProcessTree, MemoryThatIsSharedCountsOnceInTheProportionalFigure) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const Process process = running(
      "import os, time\n"
      "shared = bytearray(64 << 20)\n"
      "if os.fork() != 0 and os.fork() != 0: print('ready', flush=True)\n"
      "time.sleep(1000)");
  const std::vector<pid_t> both = descendants(process.pid());
  ASSERT_EQ(both.size(), 2U);
  // A third each is theirs.
  EXPECT_GT(memory_upper_bound(both), 2 * kBytes);
  EXPECT_LT(proportional_memory(both).bytes, kBytes);
  EXPECT_GT(proportional_memory(both).bytes, kBytes / 2);
}

TEST(ProcessTree, AProcessThatIsGoneCountsNothing) {
  const std::vector<pid_t> gone = {999'999'999};
  EXPECT_EQ(memory_upper_bound(gone), 0U);
  EXPECT_EQ(proportional_memory(gone).bytes, 0U);
  EXPECT_EQ(unnamed_files(gone).disk_bytes, 0U);
  EXPECT_EQ(unnamed_mapped_files(gone), 0U);
  EXPECT_EQ(thread_count(gone), 0);
}

TEST(ProcessTree, OpenFilesWithoutANameCountOnceWhoeverHoldsThem) {
  const TempFolder folder = *TempFolder::make();
  FileDescriptor file = *open_file(folder.path() / "x", O_RDWR | O_CREAT);
  ASSERT_TRUE(write_all(file, std::string(1 << 20, 'x'), "x"));
  const FileDescriptor memory(::memfd_create("x", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(memory, std::string(2 << 20, 'x'), "memory"));
  const Child one, two;
  const std::vector<pid_t> both = {one.pid, two.pid};
  EXPECT_EQ(unnamed_files(both).disk_bytes, 0U);
  ASSERT_EQ(::unlink((folder.path() / "x").c_str()), 0);
  EXPECT_GE(unnamed_files(both).disk_bytes, 1U << 20);
  EXPECT_LT(unnamed_files(both).disk_bytes, 2U << 20);
  EXPECT_GE(unnamed_files(both).memory_bytes, 2U << 20);
  EXPECT_LT(unnamed_files(both).memory_bytes, 3U << 20);
}

TEST(ProcessTree, MappingsOfFilesWithoutANameAreRead) {
  constexpr std::string_view kLine = "7f0000000000-7f0000100000 rw-s 00000000 fe:00 1234                       ";
  const auto with = [&](std::string_view path) { return std::string(kLine).append(path).append("\n"); };
  EXPECT_EQ(unnamed_bytes_in_maps(with("/tmp/x (deleted)")), 1U << 20);
  EXPECT_EQ(unnamed_bytes_in_maps(with("/tmp/x (deleted)") + with("/tmp/x (deleted)")), 1U << 20);
  EXPECT_EQ(unnamed_bytes_in_maps(with("/tmp/x /memfd: (deleted)")), 1U << 20);
  EXPECT_EQ(unnamed_bytes_in_maps(with("/tmp/x")), 0U);
  EXPECT_EQ(unnamed_bytes_in_maps(with("/memfd:x (deleted)") + with("/dev/zero (deleted)") + with("")), 0U);
  EXPECT_EQ(unnamed_bytes_in_maps("7f0000000000-7f0000100000 rw-p 00000000 fe:00 1234   /usr/lib/x.so (deleted)\n"),
            0U);
  EXPECT_EQ(unnamed_bytes_in_maps("-\n\n rw-s\nx"), 0U);
}

}  // namespace
}  // namespace chiliad::process
