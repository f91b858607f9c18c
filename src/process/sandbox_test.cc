// What a program in a box sees and may, and what not.

#include "process/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/box_under_test.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

class Sandbox : public SandboxTest {};

TEST_F(Sandbox, ItSeesTheListedFoldersAndNothingElse) {
  EXPECT_EQ(run_script("ls -A / | tr '\\n' ' '").output,
            "bin dev etc home lib lib32 lib64 opt proc run sbin sys tmp usr var ");
  EXPECT_EQ(run_script("ls -A /root /home /srv /mnt /media /boot 2>/dev/null; ls -A /home/* /var /opt").output,
            "/home:\nsagemaker\n/home/sagemaker:\n\n/opt:\nml\n\n/var:\nrun\ntmp\n");
}

TEST_F(Sandbox, AFileOfTheServersIsNotThere) {
  const TempFolder secret = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(secret.path() / "key", "secret", Durability::kNone));
  const std::string path = (secret.path() / "key").string();
  EXPECT_EQ(run_script("cat " + path + " 2>&1; cat /etc/shadow /proc/1/root" + path + " 2>&1; true").output,
            "cat: " + path +
                ": No such file or directory\ncat: /etc/shadow: No such file or directory\ncat: /proc/1/root" + path +
                ": No such file or directory\n");
}

TEST_F(Sandbox, ItSeesItsOwnProcessesAlone) {
  const Ended ended =
      run_script("echo $$; ls -d /proc/[0-9]* | wc -l; kill -0 " + std::to_string(::getpid()) + " 2>&1");
  // bwrap, the shell, ls and wc.
  EXPECT_TRUE(ended.output.starts_with("2\n4\n")) << ended.output;
  EXPECT_NE(ended.output.find("No such process"), std::string::npos) << ended.output;
}

TEST_F(Sandbox, ItIsAnOrdinaryUserWithoutCapabilities) {
  EXPECT_EQ(
      run_script("id -un; id -u; id -G; grep -E '^(CapEff|CapPrm|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status")
          .output,
      "sagemaker\n1000\n1000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
      "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
}

TEST_F(Sandbox, TheEnvironmentIsTheBoxesAloneEvenItsOddNames) {
  TestBox box("");
  box.box.command = {"python3", "-c",
                     "import os; os.environ.pop('LC_CTYPE', 0); print(*sorted(os.environ.items()), sep='\\n')"};
  box.box.environment = {"PATH=/usr/bin:/bin", "A=b c=d", "odd.name-x=1\n2", "EMPTY="};
  EXPECT_EQ(
      run(*runner_, box.box).output,
      "('A', 'b c=d')\n('EMPTY', '')\n('HOME', '/home/sagemaker')\n('PATH', '/usr/bin:/bin')\n('PWD', '/opt/ml')\n"
      "('odd.name-x', '1\\n2')\n");
}

TEST_F(Sandbox, AVariableOfTheBoxIsNoneOfBubblewrapsOwn) {
  // ld.so of a program outside would load the library of the box's choice and print an error about it.
  TestBox box("echo here");
  box.box.environment.push_back("LD_PRELOAD=/no/such.so");
  const Ended ended = run(*runner_, box.box);
  EXPECT_EQ(ended.output.find("/usr/bin/bwrap"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("here"), std::string::npos);
}

TEST_F(Sandbox, DescriptorsOfOursAreNotInherited) {
  const FileDescriptor leaked(::dup(2));
  // 0, 1, 2 and the folder that ls reads.
  EXPECT_EQ(run_script("ls /proc/self/fd | wc -l; readlink /proc/self/fd/0").output, "4\n/dev/null\n");
}

TEST_F(Sandbox, ItWritesToItsOwnPlacesAlone) {
  const Ended ended = run_script(
      "for at in / /usr /bin /dev /proc /sys /etc/ssl/certs /run /var /opt /home /root; do touch $at/x 2>/dev/null && "
      "echo "
      "$at; done;"
      "for at in /opt/ml /tmp /var/tmp /dev/shm $HOME /etc; do touch $at/x || echo $at; done; echo done");
  EXPECT_EQ(ended.output, "done\n");
}

TEST_F(Sandbox, WhatItWroteIsOursToReadAndRemove) {
  const TestBox box("mkdir -p a/b; echo text > a/b/c; chmod 000 a/b/c a/b a; echo $HOSTNAME > /tmp/t");
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  EXPECT_EQ(*read_file(box.box.scratch / "tmp/t"), "\n");
  EXPECT_TRUE(remove_tree(box.folder()));
  EXPECT_FALSE(fs::exists(box.folder()));
}

TEST_F(Sandbox, WhereWeAreRootItsFilesAreAnotherUsersAndOursBecomeIts) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TestBox box("echo more >> input; touch own");
  ASSERT_TRUE(write_file_atomically(box.folder() / "input", "text", Durability::kNone));
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  for (const char* name : {"input", "own", ""}) {
    struct stat info {};
    ASSERT_EQ(::stat((box.folder() / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, kBoxOwner) << name;
    EXPECT_EQ(info.st_gid, kBoxOwner) << name;
  }
}

TEST_F(Sandbox, AReadOnlyMountIsReadOnlyAndFilesAndLinksAreMountedToo) {
  const TempFolder other = *TempFolder::make();
  fs::permissions(other.path(), fs::perms(0755));
  ASSERT_TRUE(write_file_atomically(other.path() / "file", "text\n", Durability::kNone));
  fs::create_symlink(other.path() / "file", other.path() / "link");
  TestBox box("cat /data/file /etc/one /opt/two; touch /data/x 2>&1; echo x 2>/dev/null > /etc/one || echo no");
  box.box.mounts.push_back({other.path(), "/data", false});
  box.box.mounts.push_back({other.path() / "file", "/etc/one", false});
  box.box.mounts.push_back({other.path() / "link", "/opt/two", false});
  EXPECT_EQ(run(*runner_, box.box).output,
            "text\ntext\ntext\ntouch: cannot touch '/data/x': Read-only file system\nno\n");
}

TEST_F(Sandbox, AMountInsideAMountIsSeen) {
  const TempFolder other = *TempFolder::make();
  fs::permissions(other.path(), fs::perms(0755));
  ASSERT_TRUE(write_file_atomically(other.path() / "file", "text\n", Durability::kNone));
  TestBox box("cat /opt/ml/input/data/file; touch /opt/ml/input/x && echo written");
  box.box.mounts.push_back({other.path(), "/opt/ml/input/data", false});
  EXPECT_EQ(run(*runner_, box.box).output, "text\nwritten\n");
}

TEST_F(Sandbox, TwoBoxesDoNotSeeEachOthersFilesOrProcesses) {
  const std::string script =
      "for at in /tmp /var/tmp /dev/shm $HOME /opt/ml; do ls -A $at; echo mine > $at/model.json; done;"
      "echo wrote; sleep 1000 & wait";
  const TestBox one(script), two(script);
  const auto first = start(*runner_, one.box), second = start(*runner_, two.box);
  EXPECT_EQ(read_until(*first, "wrote"), "wrote\n");
  EXPECT_EQ(read_until(*second, "wrote"), "wrote\n");
  for (const TestBox* box : {&one, &two}) {
    for (const char* part : {"tmp", "var_tmp", "shm", "home"})
      EXPECT_EQ(*read_file(box->box.scratch / part / "model.json"), "mine\n");
  }
  std::vector<pid_t> mine, others;
  while (mine.size() < 2 || others.size() < 2) mine = first->pids(), others = second->pids();
  EXPECT_EQ(mine.size(), 2U);
  EXPECT_EQ(others.size(), 2U);
  EXPECT_NE(mine, others);
}

TEST_F(Sandbox, ItsNameAndTheOthersResolve) {
  TestBox box(
      "hostname; getent hosts algo-1 algo-2 localhost | awk '{print $1, $2}'; python3 -c "
      "'import socket; print(socket.gethostbyname(\"algo-2\"))'");
  box.box.host_name = "algo-1";
  box.box.hosts = {{"algo-1", "127.0.0.1"}, {"algo-2", "127.0.0.2"}};
  EXPECT_EQ(run(*runner_, box.box).output, "algo-1\n127.0.0.1 algo-1\n127.0.0.2 algo-2\n::1 localhost\n127.0.0.2\n");
}

TEST_F(Sandbox, AProgramThatIsNotThereIsNamed) {
  TestBox box("");
  box.box.command = {"no-such-program"};
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  EXPECT_NE(process.error().message.find("no-such-program"), std::string::npos) << process.error().message;
}

TEST_F(Sandbox, AWorkingFolderThatIsNotThereIsNamed) {
  TestBox box("true");
  box.box.working_folder = "/no/such";
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  EXPECT_NE(process.error().message.find("/no/such"), std::string::npos) << process.error().message;
}

TEST_F(Sandbox, AScratchFolderIsNotUsedTwice) {
  const TestBox box("true");
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kConflict);
}

TEST_F(Sandbox, TheCommandsWordsArriveAsTheyAre) {
  TestBox box("");
  box.box.command = {"printf", "<%s>", "a b", "", "$HOME", "'\"\\", "--x=1"};
  EXPECT_EQ(run(*runner_, box.box).output, "<a b><><$HOME><'\"\\><--x=1>");
}

TEST_F(Sandbox, WhereItCannotRunTheReasonIsTold) {
  // In a box there are no boxes: this program again, in one.
  TestBox box("");
  box.box.command = {"/opt/test", "--gtest_filter=SandboxEnd.ExitCodesAndSignalsAreTold"};
  box.box.mounts.push_back({fs::read_symlink("/proc/self/exe"), "/opt/test", false});
  const Ended ended = run(*runner_, box.box);
  EXPECT_NE(ended.output.find("boxes need user namespaces"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("SKIPPED"), std::string::npos) << ended.output;
}

// The same as a user without privileges: this program again, as one.
TEST(SandboxUnprivileged, TheSamePassesForAUserWithoutPrivileges) {
  if (::geteuid() != 0) GTEST_SKIP() << "it is what runs already";
  constexpr unsigned kUser = 12345;
  const TempFolder folder = *TempFolder::make();
  ASSERT_EQ(::chown(folder.path().c_str(), kUser, kUser), 0);
  // Reached where they are carried to, wherever the tree has been built.
  Process process =
      *Process::start({std::string(kCarried) + "/0",
                       {"--gtest_brief=1",
                        "--gtest_filter=Sandbox*-SandboxUnprivileged.*:*AHundredBoxes*:*MemoryThatIsShared*:*"
                        "WithinItsLimits*:*FilesAndFolders*"},
                       {"TMPDIR=" + std::string(kCarried) + "/1", "PATH=/usr/bin:/bin"},
                       "/",
                       {},
                       {},
                       Process::Unprivileged{kUser, {fs::read_symlink("/proc/self/exe"), folder.path()}}});
  std::string output;
  ::pollfd polled[] = {{process.ended(), POLLIN, 0}, {process.output(), POLLIN, 0}};
  while (polled[0].revents == 0 && ::poll(polled, 2, 300'000) > 0) {
    char part[4096];
    const ssize_t got = ::read(process.output(), part, sizeof part);
    if (got > 0) output.append(part, static_cast<std::size_t>(got));
    if (got == 0) polled[1].fd = -1;
  }
  const std::optional<Exit> exit = process.exit();
  ASSERT_TRUE(exit) << output;
  EXPECT_EQ(exit->code, 0) << output;
}

}  // namespace
}  // namespace chiliad::process
