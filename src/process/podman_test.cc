// What is podman's alone: images, their variables and entry points, a file system that can be written.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <string>

#include "process/box_under_test.h"
#include "process/process_tree.h"
#include "process/sandbox.h"
#include "process/user_namespace.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

class Podman : public BoxTest {
 protected:
  Podman() : BoxTest(CHILIAD_SOURCE_DIR) {}
  TestBox make_python(std::string program) const {
    TestBox box = make_box("");
    box.box.command = {"python3", "-c", std::move(program)};
    return box;
  }
};
INSTANTIATE_TEST_SUITE_P(Runners, Podman, testing::Values(RunnerKind::kPodman), name_of_kind);

// Whether a process of the host has the word in its command line.
bool is_on_a_command_line(const std::string& word) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const Result<std::string> line = read_file(entry.path() / "cmdline", 1 << 20);
    if (line && line->find(word) != line->npos) return true;
  }
  return false;
}

TEST_P(Podman, AnImageThatIsNotHereIsNamedWithWhatToDo) {
  TestBox box = make_box("true");
  box.box.image = "registry.example/team/no-such:1";
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(
      process.error().message,
      "the image registry.example/team/no-such:1 is not here: `podman pull registry.example/team/no-such:1` fetches "
      "it, `buildah bud -t registry.example/team/no-such:1 FOLDER` builds it from a folder's Containerfile, as the "
      "user of the server");
}

TEST_P(Podman, TheImagesEntryPointTakesTheCommandOrTheImagesOwn) {
  TestBox box = make_box("");
  box.box.image_entry_point = true;
  box.box.command = {"train", "a b"};
  EXPECT_EQ(run(*runner_, box.box).output, "<entry><train><a b>");
  TestBox other = make_box("");
  other.box.image_entry_point = true;
  other.box.command = {};
  EXPECT_EQ(run(*runner_, other.box).output, "<entry><image>");
}

TEST_P(Podman, AnEmptyWorkingFolderIsTheImages) {
  TestBox box = make_box("pwd");
  box.box.working_folder = "";
  EXPECT_EQ(run(*runner_, box.box).output, "/srv\n");
}

TEST_P(Podman, TheEnvironmentIsTheImagesUnderTheBoxes) {
  TestBox box = make_python(
      "import os\n"
      "for name, value in sorted(os.environ.items()):\n"
      "  if name not in ('HOSTNAME', 'TERM', 'container', 'LC_CTYPE', 'PWD'): print((name, value if len(value) < 99 "
      "else "
      "len(value)))");
  box.box.environment = {"PATH=/usr/bin:/bin",
                         "A=b c=d 'q' \"r\" $PATH",
                         "FROM_BOTH=box",
                         "EMPTY=",
                         "odd.name-x=1",
                         "LINES=1\n2\n",
                         "#=3",
                         "LONG=" + std::string(100'000, 'x')};
  EXPECT_EQ(
      run(*runner_, box.box).output,
      "('#', '3')\n('A', 'b c=d \\'q\\' \"r\" $PATH')\n('EMPTY', '')\n('FROM_BOTH', 'box')\n('FROM_IMAGE', 'image')\n"
      "('HOME', '/root')\n('LINES', '1\\n2\\n')\n('LONG', 100000)\n('PATH', '/usr/bin:/bin')\n"
      "('odd.name-x', '1')\n");
}

TEST_P(Podman, VariablesAreSeenByNobodyElse) {
  TestBox box = make_box("echo ready; sleep 1000");
  box.box.environment = {"PATH=/usr/bin:/bin", "KEY=a-word-that-is-secret", "LINES=a-word-that-is-secret\ntoo"};
  const auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  EXPECT_TRUE(is_on_a_command_line("echo ready"));
  EXPECT_FALSE(is_on_a_command_line("a-word-that-is-secret"));
  EXPECT_FALSE(fs::exists(box.box.scratch / "podman" / "variables"));
  EXPECT_FALSE(fs::exists(box.box.scratch / "podman" / "secrets"));
  struct stat info {};
  ASSERT_EQ(::stat((box.box.scratch / "podman").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_P(Podman, ItIsRootOverItsOwnUsersAlone) {
  // CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID.
  EXPECT_EQ(
      run_script(
          "id -u; id -G; grep -E '^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status; "
          "mount -t tmpfs none /mnt 2>/dev/null || echo no mounts; hostname other 2>/dev/null || echo no names; "
          "unshare --user true 2>/dev/null || echo no namespaces; echo 1 2>/dev/null >/proc/sys/vm/drop_caches || "
          "echo no settings")
          .output,
      "0\n0\nCapPrm:\t00000000000000eb\nCapEff:\t00000000000000eb\nCapBnd:\t00000000000000eb\n"
      "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nno mounts\nno names\nno namespaces\nno settings\n");
}

TEST_P(Podman, AServerMayGiveItsRightsAwayAndTheHostHasNoSuchUser) {
  const TestBox box = make_python(
      "import os\nos.chown('/opt/ml', 33, 33)\nos.setgid(33)\nos.setuid(33)\nopen('/opt/ml/x', "
      "'w').close()\nprint(os.getuid())");
  EXPECT_EQ(run(*runner_, box.box).output, "33\n");
  struct stat info {};
  ASSERT_EQ(::stat((box.folder() / "x").c_str(), &info), 0);
  if (::geteuid() == 0) {
    EXPECT_EQ(info.st_uid, kBoxOthers + 33);
  }
  EXPECT_NE(info.st_uid, 33U);
}

TEST_P(Podman, WhatItWritesInTheImageIsItsOwnAndCountsAsDisk) {
  const std::string script =
      "[ ! -e /usr/new ] && echo new >/usr/new && echo more >>/etc/passwd && rm -r /usr/bin/ls && cat /usr/new";
  EXPECT_EQ(run_script(script).output, "new\n");
  EXPECT_EQ(run_script(script).output, "new\n");
  TestBox box = make_python("for i in range(10000):\n  with open('/srv/%d' % i, 'wb') as f: f.write(bytes(1 << 20))");
  box.box.limits.disk_bytes = 100'000'000;
  const Ended ended = run(*runner_, box.box);
  ASSERT_TRUE(ended.exceeded) << ended.output;
  EXPECT_EQ(ended.exceeded->limit, Exceeded::Limit::kDisk);
}

TEST_P(Podman, MoreProcessesThanAllowedEndIt) {
  TestBox box =
      make_python("import os, time\nfor i in range(120):\n  if os.fork() == 0: time.sleep(1000)\ntime.sleep(1000)");
  box.box.limits.processes = 100;
  const Ended ended = run(*runner_, box.box);
  EXPECT_EQ(ended.exit.signal, SIGKILL) << ended.output;
  ASSERT_TRUE(ended.exceeded);
  EXPECT_EQ(ended.exceeded->limit, Exceeded::Limit::kProcesses);
}

TEST_P(Podman, AForkBombIsHeld) {
  TestBox box = make_box("bomb() { bomb | bomb & }; echo ready; bomb 2>/dev/null; sleep 1000");
  box.box.limits.processes = 100;
  const auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  std::size_t most = 0;
  for (int i = 0; i < 20; ++i) most = std::max(most, process->pids().size());
  EXPECT_LE(most, 200U);
  process->kill();
  finish(*process);
  EXPECT_TRUE(process->pids().empty());
}

TEST_P(Podman, OrphansAreReaped) {
  EXPECT_EQ(run_script("(sh -c 'sleep 0 & exec sleep 0.2' &) ; sleep 0.5; ls -d /proc/[0-9]* | wc -l").output, "4\n");
}

// Its monitor's sockets lie there, and have addresses of 107 bytes; else podman waits 20 s for each container's end.
TEST_P(Podman, PodmanKnowsItsFolderByAShortNameHoweverDeepTheScratchFolderLies) {
  TestBox box = make_box("echo done");
  box.box.scratch = box.home() / std::string(100, 'x') / std::string(100, 'y');
  fs::create_directories(box.box.scratch);
  EXPECT_EQ(run(*runner_, box.box).output, "done\n");
  const std::string text = *read_file(box.box.scratch / "podman" / "containers.conf", 1 << 20);
  const std::size_t begin = text.find("tmp_dir = \""), end = text.find("/run/libpod\"", begin);
  ASSERT_NE(end, text.npos) << text;
  EXPECT_LT(end - begin, 40U) << text;
}

// Podman's processes around a program: podman and the container's monitor have one parent, the monitor's child is
// process 1, the program's parent.
struct Around {
  pid_t podman = 0, monitor = 0;
};

Around around(const BoxedProcess& process) {
  const auto text = [](pid_t pid, const char* file) {
    const Result<std::string> read = read_file(fs::path("/proc") / std::to_string(pid) / file);
    return read ? *read : std::string();
  };
  const auto parent = [&](pid_t pid) { return parent_in_stat(text(pid, "stat")); };
  Around found;
  found.monitor = parent(parent(process.pids().at(0)));
  EXPECT_EQ(text(found.monitor, "comm"), "conmon\n");
  for (const pid_t pid : descendants(parent(found.monitor))) {
    if (text(pid, "comm") == "podman\n") found.podman = pid;
  }
  EXPECT_NE(found.podman, 0);
  return found;
}

// A program that ends by `last` when it is let go, after process `which` was halted.
Ended end_beside_halted(BoxRunner& runner, TestBox box, pid_t Around::*which, const std::string& last) {
  box.box.command = {"sh", "-c", "echo ready; until [ -e /opt/ml/go ]; do sleep 0.01; done; echo go; " + last};
  const auto process = start(runner, box.box);
  std::string output = read_until(*process, "ready\n");
  const pid_t halted = around(*process).*which;
  if (halted <= 1) return {};
  ::kill(halted, SIGSTOP);
  EXPECT_TRUE(write_file_atomically(box.folder() / "go", "", Durability::kNone));
  Ended ended = finish(*process);
  EXPECT_EQ(::kill(halted, 0), -1);
  ended.output = output + ended.output;
  return ended;
}

TEST_P(Podman, ItsProgramHasEndedThoughPodmanStandsStill) {
  const Ended ended = end_beside_halted(*runner_, make_box(""), &Around::podman, "exit 7");
  EXPECT_EQ(ended.output, "ready\ngo\n");
  EXPECT_EQ(ended.exit.code, 7);
  EXPECT_EQ(ended.exit.signal, 0);
}

TEST_P(Podman, ItsProgramHasEndedThoughTheMonitorStandsStill) {
  const Ended ended = end_beside_halted(*runner_, make_box(""), &Around::monitor, "kill -TERM $$");
  EXPECT_EQ(ended.output, "ready\ngo\n");
  EXPECT_EQ(ended.exit.code, 128 + SIGTERM);
  EXPECT_EQ(ended.exit.signal, SIGTERM);
}

TEST_P(Podman, APathThatPodmanCannotBeToldIsRefused) {
  const TempFolder other = *TempFolder::make();
  TestBox box = make_box("true");
  box.box.mounts.push_back({other.path(), "/data,x", false});
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace chiliad::process
