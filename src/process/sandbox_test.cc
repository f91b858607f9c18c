// What is bubblewrap's alone: the host's programs, one ordinary user, a filter of system calls, a count of processes.

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

TEST_F(Sandbox, ItWritesToItsOwnPlacesAlone) {
  const Ended ended = run_script(
      "for at in / /usr /bin /dev /proc /sys /etc/ssl/certs /run /var /opt /home /root; do touch $at/x 2>/dev/null && "
      "echo "
      "$at; done;"
      "for at in /opt/ml /tmp /var/tmp /dev/shm $HOME /etc; do touch $at/x || echo $at; done; echo done");
  EXPECT_EQ(ended.output, "done\n");
}

TEST_F(Sandbox, ProcessesAndThreadsBeyondTheLimitCannotBeStarted) {
  const std::string program =
      "import functools, os, threading, time\n"
      "print = functools.partial(print, flush=True)\n"
      "def count(start):\n"
      "  n = 1\n"
      "  try:\n"
      "    while True: start(); n += 1\n"
      "  except (OSError, RuntimeError): pass\n"
      "  return n\n"
      "def process():\n"
      "  if os.fork() == 0: time.sleep(1000)\n"
      "print(count(process))\n"
      "os.kill(-1, 9)\n"
      "while True:\n"
      "  try: os.wait()\n"
      "  except OSError: break\n"
      "print(count(threading.Thread(target=lambda: time.sleep(1000), daemon=True).start))\n"
      "print(count(lambda: threading.Thread(target=lambda: time.sleep(1000), daemon=True).start()))\n"
      "os._exit(0)";
  TestBox box("");
  box.box.command = {"python3", "-c", program};
  box.box.limits.processes = 40;
  const Ended ended = run(*runner_, box.box);
  EXPECT_EQ(ended.output, "40\n2\n39\n") << (ended.exceeded ? words_of(*ended.exceeded) : "");
}

TEST_F(Sandbox, AForkBombIsHeldAndKilled) {
  TestBox box("bomb() { bomb | bomb & }; echo ready; bomb 2>/dev/null; sleep 1000");
  box.box.limits.processes = 100;
  const auto process = start(*runner_, box.box);
  read_until(*process, "ready");
  std::size_t most = 0;
  for (int i = 0; i < 20; ++i) most = std::max(most, process->pids().size());
  EXPECT_LE(most, 100U);
  process->kill();
  EXPECT_EQ(finish(*process).exit.signal, SIGKILL);
}

TEST_F(Sandbox, WhereItCannotRunTheReasonIsTold) {
  // In a box there are no boxes: this program again, in one.
  TestBox box("");
  box.box.command = {"/opt/test", "--gtest_filter=*ExitCodesAndSignalsAreTold/bubblewrap"};
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
                        "--gtest_filter=Sandbox*:*/bubblewrap-SandboxUnprivileged.*:*ManyBoxes*:*MemoryThatIsShared*:*"
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
