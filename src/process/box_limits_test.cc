// Limits of boxes, by programs that go beyond them.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "process/box_under_test.h"

namespace chiliad::process {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

class BoxLimitsTest : public BoxTest {
 protected:
  BoxLimitsTest() : BoxTest(CHILIAD_SOURCE_DIR) {}
  // Runs a Python program.
  Ended run_python(std::string program, const BoxLimits& limits) {
    TestBox box = make_box("");
    box.box.command = {"python3", "-c", std::move(program)};
    box.box.limits = limits;
    return run(*runner_, box.box);
  }
};

INSTANTIATE_TEST_SUITE_P(Runners, BoxLimitsTest, kRunnerKinds, name_of_kind);

void expect_ended_for(const Ended& ended, Exceeded::Limit limit) {
  EXPECT_EQ(ended.exit.signal, SIGKILL) << ended.output;
  ASSERT_TRUE(ended.exceeded) << ended.output;
  EXPECT_EQ(ended.exceeded->limit, limit) << words_of(*ended.exceeded);
  EXPECT_GT(ended.exceeded->used, ended.exceeded->allowed);
}

TEST_P(BoxLimitsTest, MemoryOfAProgram) {
  expect_ended_for(run_python("a = []\nwhile True: a.append(bytearray(1 << 20))", {.memory_bytes = 200 * kMegabyte}),
                   Exceeded::Limit::kMemory);
}

TEST_P(BoxLimitsTest, DiskInManyFiles) {
  expect_ended_for(
      run_python("for i in range(100000):\n"
                 "  with open(('/tmp/%d', '/opt/ml/%d', '/dev/shm/%d')[i % 3] % i, 'wb') as f: f.write(bytes(1 << 20))",
                 {.disk_bytes = 100 * kMegabyte}),
      Exceeded::Limit::kDisk);
}

TEST_P(BoxLimitsTest, AFileCannotBeLargerThanTheDisk) {
  const Ended ended = run_python(
      "import os\nf = os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)\n"
      "try: os.truncate(f, 200000000)\nexcept OSError as e: print(e.strerror)",
      {.disk_bytes = 100 * kMegabyte});
  EXPECT_EQ(ended.output, "File too large\n");
}

TEST_P(BoxLimitsTest, AProgramWithinItsLimitsIsLeftAlone) {
  const Ended ended =
      run_python("import time\na = bytearray(50 << 20)\nopen('/tmp/x', 'wb').write(a)\ntime.sleep(1.2)\nprint('end')",
                 {.memory_bytes = 200 * kMegabyte, .disk_bytes = 100 * kMegabyte, .processes = 10});
  EXPECT_EQ(ended.output, "end\n");
  EXPECT_EQ(ended.exit.code, 0);
  EXPECT_FALSE(ended.exceeded);
}

TEST_P(BoxLimitsTest, ResidentBytesAreTheTreesTogether) {
  const TestBox box = make_box(
      "python3 -c 'a = bytearray(50 << 20); print(\"one\", flush=True); input()' < /opt/ml/wait & "
      "python3 -c 'a = bytearray(50 << 20); print(\"two\", flush=True); input()' < /opt/ml/wait & wait");
  ASSERT_EQ(::mkfifo((box.folder() / "wait").c_str(), 0666), 0);
  const FileDescriptor open(::open((box.folder() / "wait").c_str(), O_RDWR | O_CLOEXEC));
  const auto process = start(*runner_, box.box);
  std::string seen;
  while (seen.find("one") == seen.npos || seen.find("two") == seen.npos) seen += read_until(*process, "\n");
  const std::uint64_t bytes = process->resident_bytes();
  EXPECT_GT(bytes, 2 * (std::uint64_t{50} << 20));
  EXPECT_LT(bytes, 180 * kMegabyte);
}

// How things are counted, which is the same for every runner and is seen soonest with the quickest.
class BoxCounting : public BoxLimitsTest {};
INSTANTIATE_TEST_SUITE_P(Runners, BoxCounting, testing::Values(RunnerKind::kBubblewrap), name_of_kind);

TEST_P(BoxCounting, MemoryOfAllItsProcessesTogether) {
  expect_ended_for(run_python("import os, time\n"
                              "for i in range(8):\n"
                              "  if os.fork() == 0: a = bytearray(40 << 20); time.sleep(1000)\n"
                              "time.sleep(1000)",
                              {.memory_bytes = 200 * kMegabyte}),
                   Exceeded::Limit::kMemory);
}

TEST_P(BoxCounting, MemoryThatIsSharedCountsOnce) {
  const Ended ended = run_python(
      "import os, time\n"
      "a = bytearray(100 << 20)\n"
      "for i in range(8):\n"
      "  if os.fork() == 0: time.sleep(1.2); os._exit(0)\n"
      "for i in range(8): os.wait()\n"
      "print('end')",
      {.memory_bytes = 300 * kMegabyte});
  EXPECT_EQ(ended.output, "end\n");
  EXPECT_FALSE(ended.exceeded);
}

TEST_P(BoxCounting, MemoryInFilesWithoutANameCounts) {
  expect_ended_for(run_python("import os, time\n"
                              "files = [os.memfd_create('x') for i in range(1000)]\n"
                              "for f in files: os.write(f, bytes(1 << 20))\n"
                              "time.sleep(60)",
                              {.memory_bytes = 200 * kMegabyte}),
                   Exceeded::Limit::kMemory);
}

TEST_P(BoxCounting, DiskInFilesThatAreRemovedAndOpen) {
  expect_ended_for(
      run_python("import os\nfiles = []\n"
                 "while True:\n"
                 "  f = open('/tmp/x', 'wb'); os.unlink('/tmp/x'); f.write(bytes(1 << 20)); f.flush(); files.append(f)",
                 {.disk_bytes = 100 * kMegabyte}),
      Exceeded::Limit::kDisk);
}

TEST_P(BoxCounting, EmptyFilesAndFoldersCount) {
  expect_ended_for(
      run_python("import os\nfor i in range(1000000): os.mkdir('/tmp/%d' % i)", {.disk_bytes = 10 * kMegabyte}),
      Exceeded::Limit::kDisk);
}

TEST_P(BoxCounting, FoldersNestedWithoutEndCount) {
  expect_ended_for(run_python("import os, time\n"
                              "for i in range(1000): os.mkdir('d'); os.chdir('d')\n"
                              "for i in range(100000): os.mkdir(str(i))\n"
                              "time.sleep(1000)",
                              {.disk_bytes = 10 * kMegabyte}),
                   Exceeded::Limit::kDisk);
}

}  // namespace
}  // namespace chiliad::process
