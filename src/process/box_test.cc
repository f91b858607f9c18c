// What a program in a box sees and may, whatever the box is made by.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/box_under_test.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

class BoxedProgram : public BoxTest {
 protected:
  BoxedProgram() : BoxTest(CHILIAD_SOURCE_DIR) {}
};
INSTANTIATE_TEST_SUITE_P(Runners, BoxedProgram, kRunnerKinds, name_of_kind);

TEST_P(BoxedProgram, AFileOfTheServersIsNotThere) {
  const TempFolder secret = *TempFolder::make();
  ASSERT_TRUE(write_file_atomically(secret.path() / "key", "secret", Durability::kNone));
  const std::string path = (secret.path() / "key").string();
  EXPECT_EQ(run_script("cat " + path + " 2>&1; cat /etc/shadow /proc/1/root" + path + " 2>&1; true").output,
            "cat: " + path +
                ": No such file or directory\ncat: /etc/shadow: No such file or directory\ncat: /proc/1/root" + path +
                ": No such file or directory\n");
}

TEST_P(BoxedProgram, ItSeesItsOwnProcessesAlone) {
  const Ended ended = run_script("set -- /proc/[0-9]*; echo $#; kill -0 " + std::to_string(::getpid()) + " 2>&1");
  // Process 1 and the shell.
  EXPECT_TRUE(ended.output.starts_with("2\n")) << ended.output;
  EXPECT_NE(ended.output.find("No such process"), std::string::npos) << ended.output;
}

TEST_P(BoxedProgram, DescriptorsOfOursAreNotInherited) {
  const FileDescriptor leaked(::dup(2));
  // 0, 1, 2 and the folder that ls reads.
  EXPECT_EQ(run_script("ls /proc/self/fd | wc -l; readlink /proc/self/fd/0").output, "4\n/dev/null\n");
}

TEST_P(BoxedProgram, WhatItWroteIsOursToReadAndRemove) {
  const TestBox box = make_box("mkdir -p a/b; echo text > a/b/c; chmod 000 a/b/c a/b a; echo text > /tmp/t");
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  EXPECT_EQ(*read_file(box.box.scratch / "tmp/t"), "text\n");
  EXPECT_TRUE(remove_tree(box.folder()));
  EXPECT_FALSE(fs::exists(box.folder()));
}

TEST_P(BoxedProgram, WhereWeAreRootItsFilesAreAnotherUsersAndOursBecomeIts) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TestBox box = make_box("echo more >> input; touch own");
  ASSERT_TRUE(write_file_atomically(box.folder() / "input", "text", Durability::kNone));
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  for (const char* name : {"input", "own", ""}) {
    struct stat info {};
    ASSERT_EQ(::stat((box.folder() / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, kBoxOwner) << name;
    EXPECT_EQ(info.st_gid, kBoxOwner) << name;
  }
}

TEST_P(BoxedProgram, AReadOnlyMountIsReadOnlyAndFilesAndLinksAreMountedToo) {
  const TempFolder other = *TempFolder::make();
  fs::permissions(other.path(), fs::perms(0755));
  ASSERT_TRUE(write_file_atomically(other.path() / "file", "text\n", Durability::kNone));
  fs::create_symlink(other.path() / "file", other.path() / "link");
  TestBox box =
      make_box("cat /data/file /etc/one /opt/two; touch /data/x 2>&1; echo x 2>/dev/null > /etc/one || echo no");
  box.box.mounts.push_back({other.path(), "/data", false});
  box.box.mounts.push_back({other.path() / "file", "/etc/one", false});
  box.box.mounts.push_back({other.path() / "link", "/opt/two", false});
  EXPECT_EQ(run(*runner_, box.box).output,
            "text\ntext\ntext\ntouch: cannot touch '/data/x': Read-only file system\nno\n");
}

TEST_P(BoxedProgram, AMountInsideAMountIsSeen) {
  const TempFolder other = *TempFolder::make();
  fs::permissions(other.path(), fs::perms(0755));
  ASSERT_TRUE(write_file_atomically(other.path() / "file", "text\n", Durability::kNone));
  TestBox box = make_box("cat /opt/ml/input/data/file; touch /opt/ml/input/x && echo written");
  box.box.mounts.push_back({other.path(), "/opt/ml/input/data", false});
  EXPECT_EQ(run(*runner_, box.box).output, "text\nwritten\n");
}

TEST_P(BoxedProgram, TwoBoxesDoNotSeeEachOthersFilesOrProcesses) {
  const std::string script =
      "for at in /tmp /var/tmp /dev/shm $HOME /opt/ml; do ls -A $at; echo mine > $at/model.json; done;"
      "echo wrote; sleep 1000 & wait";
  const TestBox one = make_box(script), two = make_box(script);
  const auto first = start(*runner_, one.box), second = start(*runner_, two.box);
  EXPECT_EQ(read_until(*first, "wrote"), "wrote\n");
  EXPECT_EQ(read_until(*second, "wrote"), "wrote\n");
  for (const TestBox* box : {&one, &two}) {
    for (const char* part : {"tmp", "var_tmp", "shm"})
      EXPECT_EQ(*read_file(box->box.scratch / part / "model.json"), "mine\n");
  }
  std::vector<pid_t> mine, others;
  while (mine.size() < 2 || others.size() < 2) mine = first->pids(), others = second->pids();
  EXPECT_EQ(mine.size(), 2U);
  EXPECT_EQ(others.size(), 2U);
  EXPECT_NE(mine, others);
}

TEST_P(BoxedProgram, ItsNameAndTheOthersResolve) {
  TestBox box = make_box(
      "hostname; getent hosts algo-1 algo-2 localhost | while read a b c; do echo $a $b; done; python3 -c "
      "'import socket; print(socket.gethostbyname(\"algo-2\"))'");
  box.box.host_name = "algo-1";
  box.box.hosts = {{"algo-1", "127.0.0.1"}, {"algo-2", "127.0.0.2"}};
  EXPECT_EQ(run(*runner_, box.box).output, "algo-1\n127.0.0.1 algo-1\n127.0.0.2 algo-2\n::1 localhost\n127.0.0.2\n");
}

TEST_P(BoxedProgram, AProgramThatIsNotThereIsNamed) {
  TestBox box = make_box("");
  box.box.command = {"no-such-program"};
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  EXPECT_NE(process.error().message.find("no-such-program"), std::string::npos) << process.error().message;
}

TEST_P(BoxedProgram, AWorkingFolderThatIsNotThereIsNamed) {
  TestBox box = make_box("true");
  box.box.working_folder = "/no/such";
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  EXPECT_NE(process.error().message.find("/no/such"), std::string::npos) << process.error().message;
}

TEST_P(BoxedProgram, AScratchFolderIsNotUsedTwice) {
  const TestBox box = make_box("true");
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kConflict);
}

TEST_P(BoxedProgram, TheCommandsWordsArriveAsTheyAre) {
  TestBox box = make_box("");
  box.box.command = {"printf", "<%s>", "a b", "", "$HOME", "'\"\\", "--x=1"};
  EXPECT_EQ(run(*runner_, box.box).output, "<a b><><$HOME><'\"\\><--x=1>");
}

}  // namespace
}  // namespace chiliad::process
