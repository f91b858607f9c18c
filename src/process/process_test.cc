#include "process/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "process/sandbox.h"
#include "process/starter.h"
#include "process/user_namespace.h"

namespace chiliad::process {
namespace {

Process::Start shell(std::string script) { return {"/bin/sh", {"-c", std::move(script)}, {"PATH=/usr/bin:/bin"}, "/"}; }

Exit wait(Process& process) {
  ::pollfd polled{process.ended(), POLLIN, 0};
  while (::poll(&polled, 1, 60'000) < 0) {
  }
  return process.exit().value_or(Exit{-1, -1});
}

std::string output(Process& process) {
  std::string text(100'000, '\0');
  const ssize_t got = ::read(process.output(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

// SIGKILL takes effect when the kernel gets to it; whoever adopted the process may take longer to reap the zombie.
bool ends_soon(int pid) {
  const std::string path = std::string("/proc/").append(std::to_string(pid)).append("/stat");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    const Result<std::string> state = read_file(path);
    if (!state || state->find(") Z") != std::string::npos || state->find(") X") != std::string::npos) return true;
  }
  return false;
}

TEST(Process, ExitCodesAndSignalsAreTold) {
  Process seven = *Process::start(shell("exit 7"));
  EXPECT_EQ(wait(seven).code, 7);
  EXPECT_EQ(seven.exit()->code, 7);
  Process killed = *Process::start(shell("kill -TERM $$"));
  const Exit exit = wait(killed);
  EXPECT_EQ(exit.signal, SIGTERM);
  EXPECT_EQ(exit.code, 128 + SIGTERM);
}

TEST(Process, AProgramThatIsNotThereIsNamed) {
  const Result<Process> process = Process::start({"/no/such", {}, {}, "/"});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kNotFound);
  EXPECT_NE(process.error().message.find("/no/such"), std::string::npos);
}

TEST(Process, ItSeesNothingOfOurs) {
  const FileDescriptor leaked(::dup(0));
  Process process =
      *Process::start(shell("ls /proc/self/fd | wc -l; readlink /proc/self/fd/0; env | sort | grep -v ^PWD"));
  EXPECT_EQ(wait(process).code, 0);
  // 0, 1, 2 and the folder that ls reads.
  EXPECT_EQ(output(process), "4\n/dev/null\nPATH=/usr/bin:/bin\n");
}

TEST(Process, WhatItLeftInItsGroupIsKilled) {
  Process process = *Process::start(shell("sleep 600 & echo $!"));
  EXPECT_EQ(wait(process).code, 0);
  EXPECT_TRUE(ends_soon(std::stoi(output(process))));
}

TEST(Process, ItDiesWithTheProcessThatStartedIt) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    Result<Process> process = Process::start(shell("echo $$; exec sleep 600"));
    std::string pid;
    while (pid.empty()) pid = output(*process);
    static_cast<void>(!::write(ends[1], pid.data(), pid.size()));
    ::kill(::getpid(), SIGKILL);
  }
  char text[32] = {};
  ASSERT_GT(::read(ends[0], text, sizeof text - 1), 0);
  const int child = std::stoi(text);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends_soon(child));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Process, DescriptorsItIsGivenAreThreeAndSoOn) {
  const TempFolder folder = *TempFolder::make();
  std::vector<FileDescriptor> files;
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(write_file_atomically(folder.path() / name, name, Durability::kNone));
    files.push_back(*open_file(folder.path() / name, O_RDONLY));
  }
  Process::Start start = shell("cat <&3; cat <&4; cat <&5; ls /proc/self/fd | wc -l");
  // Whatever their numbers are here: also each other's.
  for (const std::size_t i : {2U, 0U, 1U}) start.descriptors.push_back(files[i].get());
  Process process = *Process::start(start);
  EXPECT_EQ(wait(process).code, 0);
  EXPECT_EQ(output(process), "cab7\n");
}

TEST(Process, LimitsAreSetAndNotRaised) {
  Process::Start start = shell("ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -n 101 2>/dev/null || echo no");
  start.limits = {{RLIMIT_NOFILE, 100}, {RLIMIT_CORE, 0}};
  Process process = *Process::start(start);
  EXPECT_EQ(wait(process).code, 0);
  EXPECT_EQ(output(process).substr(0, 10), "100\n100\n0\n");
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  EXPECT_GT(own.rlim_cur, 100U);
  start = shell("ulimit -Hn");
  start.limits = {{RLIMIT_NOFILE, std::uint64_t{1} << 62}};
  Process other = *Process::start(start);
  EXPECT_EQ(wait(other).code, 0);
  EXPECT_EQ(output(other), std::to_string(own.rlim_max) + "\n");
}

TEST(Process, WithoutPrivilegesItIsTheUserAndHasWhatItCarries) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder folder = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(folder.path() / "file", "carried\n", Durability::kNone));
  ASSERT_EQ(::mkdir((folder.path() / "own").c_str(), 0700), 0);
  ASSERT_EQ(::chown((folder.path() / "own").c_str(), 54321, 54321), 0);
  Process::Start start = shell(
      "id -u; id -G; grep CapEff /proc/self/status; ls /tmp; cat /tmp/1; echo x > /tmp/0/x && ls /tmp/0; "
      "touch /tmp/x 2>/dev/null || echo no; touch /tmp/1 2>/dev/null || echo no");
  start.unprivileged = Process::Unprivileged{54321, {folder.path() / "own", folder.path() / "file"}};
  Process process = *Process::start(start);
  EXPECT_EQ(wait(process).code, 0);
  EXPECT_EQ(output(process), "54321\n54321\nCapEff:\t0000000000000000\n0\n1\ncarried\nx\nno\nno\n");
  // Of this process's and of the host's mounts nothing changed.
  EXPECT_EQ(::geteuid(), 0U);
  EXPECT_EQ(*read_file(folder.path() / "own/x"), "x\n");
}

TEST(Process, WithoutPrivilegesItDiesWithTheProcessThatStartedItToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    Process::Start start = shell("echo $$; exec sleep 600");
    start.unprivileged = Process::Unprivileged{54321, {}};
    Result<Process> process = Process::start(start);
    std::string pid;
    while (pid.empty()) pid = output(*process);
    static_cast<void>(!::write(ends[1], pid.data(), pid.size()));
    ::kill(::getpid(), SIGKILL);
  }
  char text[32] = {};
  ASSERT_GT(::read(ends[0], text, sizeof text - 1), 0);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends_soon(std::stoi(text)));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Process, WhatAnUnprivilegedProcessCarriesIsWhatItSees) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder hidden = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(hidden.path() / "file", "text\n", Durability::kNone));
  std::filesystem::create_directory(hidden.path() / "folder");
  Process::Start start = shell("ls $0; cat $0/0; ls -A $0/1; ls -d /proc/self; ls " + hidden.path().string() +
                               " 2>/dev/null; id -u; id -G");
  start.arguments.push_back(kCarried);
  start.unprivileged = {61000, {hidden.path() / "file", hidden.path() / "folder"}, {}};
  Process process = *Process::start(start);
  EXPECT_EQ(wait(process).code, 0);
  EXPECT_EQ(output(process), "0\n1\ntext\n/proc/self\n61000\n61000\n");
}

TEST(Process, AnIdMappedFolderIsReadByWhomTheNamespaceNamesItsOwnerAndNotWritten) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder folder = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(folder.path() / "roots", "text\n", Durability::kNone));
  ASSERT_TRUE(write_file_atomically(folder.path() / "others", "", Durability::kNone));
  ASSERT_EQ(::chmod((folder.path() / "roots").c_str(), 0600), 0);
  ASSERT_EQ(::chown((folder.path() / "others").c_str(), 33, 33), 0);
  Starter starter;
  const Result<FileDescriptor> users = make_user_namespace(starter);
  ASSERT_TRUE(users) << users.error().message;
  Process::Start start =
      shell("cat $0/0/roots; stat -c %u $0/0/roots $0/0/others; touch $0/0/new 2>/dev/null || echo no");
  start.arguments.push_back(kCarried);
  start.unprivileged = {kBoxOwner, {}, {{folder.path(), users->get()}}};
  Process process = *Process::start(start);
  wait(process);
  EXPECT_EQ(output(process), "text\n61000\n" + std::to_string(kBoxOthers + 33) + "\nno\n");
  struct stat info {};
  ASSERT_EQ(::stat((folder.path() / "roots").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 0U);
}

}  // namespace
}  // namespace chiliad::process
