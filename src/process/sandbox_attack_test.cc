// Programs that try to get out of their box, or to reach what is not theirs.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/box_under_test.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

// What each attempt is told by, before the program that makes them. `call` makes a system call by its number.
constexpr std::string_view kAttempts = R"(
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def told(what, result):
    print(what, errno.errorcode[ctypes.get_errno()] if result < 0 else "done", flush=True)
def call(what, number, *arguments):
    ctypes.set_errno(0)
    told(what, libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]))
def attempt(what, function, *arguments):
    try: function(*arguments); print(what, "done", flush=True)
    except OSError as e: print(what, errno.errorcode[e.errno], flush=True)
)";

class SandboxAttack : public SandboxTest {
 protected:
  void SetUp() override {
    SandboxTest::SetUp();
#ifndef __x86_64__
    GTEST_SKIP() << "system calls are made by x86-64's numbers";
#endif
  }

  std::string attempts(const std::string& program) { return attempts_of(TestBox(""), program); }
  std::string attempts_of(const TestBox& at, const std::string& program) {
    Box box = at.box;
    box.command = {"python3", "-c", std::string(kAttempts) + program};
    return run(*runner_, box).output;
  }
};

TEST_F(SandboxAttack, MountsDevicesAndNamespaces) {
  EXPECT_EQ(
      attempts(R"(
call("mount", 165, b"/proc", b"/tmp", b"proc", 0, 0)
call("umount", 166, b"/usr", 2)
call("pivot_root", 155, b"/tmp", b"/tmp")
call("chroot", 161, b"/tmp")
call("unshare of users", 272, 0x10000000)
call("unshare of mounts", 272, 0x00020000)
call("clone of users", 56, 0x10000000 | 17, 0, 0, 0, 0)
call("clone3", 435, 0, 0)
call("setns", 308, os.open("/proc/1/ns/mnt", os.O_RDONLY), 0)
call("open_tree", 428, -100, b"/", 1)
call("fsopen", 430, b"tmpfs", 0)
attempt("block device", os.mknod, "/tmp/b", 0o060666, os.makedev(254, 0))
attempt("character device", os.mknod, "/tmp/c", 0o020666, os.makedev(1, 1))
attempt("remount", lambda: open("/usr/x", "w"))
)"),
      "mount EPERM\numount EPERM\npivot_root EPERM\nchroot EPERM\nunshare of users EPERM\nunshare of mounts EPERM\n"
      "clone of users EPERM\nclone3 ENOSYS\nsetns EPERM\nopen_tree EPERM\nfsopen EPERM\nblock device EPERM\n"
      "character device EPERM\nremount EROFS\n");
}

TEST_F(SandboxAttack, TheKernelsOwnPlaces) {
  EXPECT_EQ(attempts(R"(
call("keyctl", 250, 0, -3, 1)
call("add_key", 248, b"user", b"x", b"y", 1, -3)
call("bpf", 321, 0, 0, 0)
call("perf_event_open", 298, 0, 0, -1, -1, 0)
call("userfaultfd", 323, 0)
call("io_uring_setup", 425, 1, 0)
call("init_module", 175, 0, 0, b"")
call("reboot", 169, 0xfee1dead, 672274793, 0, 0)
call("syslog", 103, 3, 0, 0)
call("open_by_handle_at", 304, -100, 0, 0)
call("settimeofday", 164, 0, 0)
for name in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
             "/proc/sys/user/max_user_namespaces", "/proc/sys/vm/drop_caches", "/proc/kcore", "/dev/mem", "/dev/kmsg",
             "/sys/kernel/uevent_helper", "/sys/fs/cgroup"):
    try: os.open(name, os.O_WRONLY); print(name, "done", flush=True)
    except OSError as e: e.errno in (errno.EACCES, errno.ENOENT, errno.EROFS) or print(name, e, flush=True)
attempt("oom", lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"))
)"),
            "keyctl EPERM\nadd_key EPERM\nbpf EPERM\nperf_event_open EPERM\nuserfaultfd EPERM\nio_uring_setup ENOSYS\n"
            "init_module EPERM\nreboot EPERM\nsyslog EPERM\nopen_by_handle_at EPERM\nsettimeofday EPERM\n"
            "oom EACCES\n");
}

TEST_F(SandboxAttack, SocketsOfRareFamilies) {
  EXPECT_EQ(attempts(R"(
for name, family, protocol in (("unix", 1, 0), ("inet", 2, 0), ("inet6", 10, 0), ("route", 16, 0), ("audit", 16, 9),
                               ("netfilter", 16, 12), ("packet", 17, 0), ("cipher", 38, 0), ("machine", 40, 0), ("key", 15, 2)):
    attempt(name, socket.socket, family, socket.SOCK_DGRAM if family != 38 else 5, protocol)
attempt("raw", socket.socket, 2, socket.SOCK_RAW, 1)
)"),
            "unix done\ninet done\ninet6 done\nroute done\naudit EPROTONOSUPPORT\nnetfilter EPROTONOSUPPORT\n"
            "packet EAFNOSUPPORT\ncipher EAFNOSUPPORT\nmachine EAFNOSUPPORT\nkey EAFNOSUPPORT\nraw EPERM\n");
}

TEST_F(SandboxAttack, MemoryThatNobodyCounts) {
  EXPECT_EQ(attempts(R"(
call("small segment", 29, 0, 65536, 0o1600)
call("large segment", 29, 0, 65537, 0o1600)
call("very large segment", 29, 0, 1 << 32, 0o1600)
attempt("file at the root", lambda: open("/x", "w"))
attempt("file in /dev", lambda: open("/dev/x", "w"))
attempt("file in /run", lambda: open("/run/x", "w"))
)"),
            "small segment done\nlarge segment EINVAL\nvery large segment EINVAL\nfile at the root EROFS\n"
            "file in /dev EROFS\nfile in /run EROFS\n");
}

TEST_F(SandboxAttack, ProgramsThatGiveTheirOwnersRights) {
  const TestBox box("");
  EXPECT_EQ(attempts_of(box, R"(
open("f", "w"); os.mkdir("d")
attempt("chmod", os.chmod, "f", 0o4755)
attempt("chmod of a folder", os.chmod, "d", 0o2755)
call("fchmodat", 268, -100, b"f", 0o4755)
call("fchmodat2", 452, -100, b"f", 0o4755, 0)
call("openat", 257, -100, b"g", os.O_CREAT | os.O_WRONLY, 0o4755)
call("openat of an old file", 257, -100, b"f", os.O_RDONLY, 0o4755)
call("openat of a file without a name", 257, -100, b".", os.O_TMPFILE | os.O_WRONLY, 0o4755)
call("open", 2, b"g", os.O_CREAT | os.O_WRONLY, 0o6755)
call("creat", 85, b"g", 0o4755)
call("mknod", 133, b"g", 0o104755, 0)
call("openat2", 437, -100, b"g", 0, 0)
attempt("chmod for all", os.chmod, "f", 0o1777)
)"),
            "chmod EPERM\nchmod of a folder EPERM\nfchmodat EPERM\nfchmodat2 EPERM\nopenat EPERM\n"
            "openat of an old file done\nopenat of a file without a name EPERM\nopen EPERM\ncreat EPERM\nmknod EPERM\n"
            "openat2 ENOSYS\nchmod for all done\n");
  for (const fs::directory_entry& entry : fs::directory_iterator(box.folder()))
    EXPECT_EQ(entry.status().permissions() & (fs::perms::set_uid | fs::perms::set_gid), fs::perms::none);
}

TEST_F(SandboxAttack, SetuidProgramsGiveNothing) {
  EXPECT_EQ(run_script("test -u /usr/bin/su && grep -vc ' [^ ]*nosuid' /proc/self/mountinfo").output, "0\n");
}

TEST_F(SandboxAttack, ProcessesOutsideAndWhatTheyKnow) {
  EXPECT_EQ(attempts("server = " + std::to_string(::getpid()) + R"(
attempt("kill", os.kill, server, 0)
attempt("its environment", lambda: open("/proc/%d/environ" % server))
attempt("its root", os.listdir, "/proc/1/root/root")
call("pidfd_open", 434, server, 0)
call("kcmp", 312, server, server, 0, 0, 0)
print([e for e in open("/proc/1/environ").read().split("\0") if e])
print(os.getppid(), sorted(int(p) for p in os.listdir("/proc") if p.isdigit()))
)"),
            "kill ESRCH\nits environment ENOENT\nits root ENOENT\npidfd_open ESRCH\nkcmp ESRCH\n"
            "['PATH=/usr/bin:/bin']\n1 [1, 2]\n");
}

TEST_F(SandboxAttack, SecondNamesForFilesOutside) {
  EXPECT_EQ(attempts(R"(
open("own", "w").close()
attempt("a program", os.link, "/usr/bin/env", "/opt/ml/env")
attempt("a file of /etc", os.link, "/etc/services", "/opt/ml/services")
attempt("into another folder", os.link, "own", "/tmp/own")
attempt("by a descriptor", lambda: os.link("/proc/self/fd/%d" % os.open("/usr/bin/env", os.O_RDONLY), "/opt/ml/env", follow_symlinks=True))
attempt("move", os.rename, "own", "/tmp/own")
)"),
            "a program EXDEV\na file of /etc EXDEV\ninto another folder EXDEV\nby a descriptor EXDEV\nmove EXDEV\n");
}

TEST_F(SandboxAttack, ALinkInAMountDoesNotLeadTheNextBoxAstray) {
  const TempFolder other = *TempFolder::make(), target = *TempFolder::make();
  fs::permissions(other.path(), fs::perms(0755));
  TestBox box("rm -rf input; ln -s " + target.path().string() + " input");
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  ASSERT_TRUE(remove_tree(box.box.scratch));
  fs::create_directory(box.box.scratch);
  box.box.mounts.push_back({other.path(), "/opt/ml/input/data", false});
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(fs::is_empty(target.path()));
}

TEST_F(SandboxAttack, AFolderThatIsALinkNowIsNotMounted) {
  const TempFolder target = *TempFolder::make();
  TestBox box("");
  fs::create_directory(box.folder() / "env");
  box.box.mounts.push_back({box.folder() / "env", "/opt/env", true});
  box.box.command = {"sh", "-c", "mv env old; ln -s " + target.path().string() + " env"};
  // A mount point cannot be moved: another box, without the mount, can.
  Box first = box.box;
  first.mounts.pop_back();
  EXPECT_EQ(run(*runner_, first).exit.code, 0);
  ASSERT_TRUE(fs::is_symlink(box.folder() / "env"));
  ASSERT_TRUE(remove_tree(box.box.scratch));
  fs::create_directory(box.box.scratch);
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  struct stat info {};
  ASSERT_EQ(::stat(target.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, ::geteuid());
}

TEST_F(SandboxAttack, WhereWeAreRootAFileWithASecondNameIsNotGivenAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder other = *TempFolder::make();
  const TestBox box("true");
  ASSERT_TRUE(write_file_atomically(other.path() / "object", "text", Durability::kNone));
  fs::create_hard_link(other.path() / "object", box.folder() / "input");
  const auto process = runner_->start(box.box);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kInvalid);
  struct stat info {};
  ASSERT_EQ(::stat((other.path() / "object").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, ::geteuid());
}

TEST_F(SandboxAttack, WhereWeAreRootALinkIsGivenAwayAndNotWhatItPointsAt) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder other = *TempFolder::make();
  const TestBox box("true");
  ASSERT_TRUE(write_file_atomically(other.path() / "key", "text", Durability::kNone));
  fs::create_symlink(other.path() / "key", box.folder() / "link");
  fs::create_directory_symlink(other.path(), box.folder() / "folder");
  EXPECT_EQ(run(*runner_, box.box).exit.code, 0);
  for (const char* name : {"", "key"}) {
    struct stat info {};
    ASSERT_EQ(::stat((other.path() / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, ::geteuid());
  }
}

TEST_F(SandboxAttack, HostsFilesAndVariablesThatAreMoreThanAWord) {
  TestBox box("true");
  box.box.hosts = {{"algo-2\n127.0.0.1 evil", "127.0.0.2"}};
  EXPECT_EQ(runner_->start(box.box).error().code, ErrorCode::kInvalid);
  box.box.hosts = {};
  box.box.environment = {std::string("A=b\0--bind\0/\0/x", 16)};
  EXPECT_EQ(runner_->start(box.box).error().code, ErrorCode::kInvalid);
  box.box.environment = {"PATH=/usr/bin:/bin"};
  box.box.mounts.push_back({"/root", "/opt/../x", false});
  EXPECT_EQ(runner_->start(box.box).error().code, ErrorCode::kInvalid);
}

TEST_F(SandboxAttack, AProgramPreloadedIntoTheFirstStepsStartsNothingEarlier) {
  // It runs in the shell of the first steps, before the word; what it prints is all that it can.
  TestBox box("echo program");
  box.box.environment.push_back("BASH_ENV=/opt/ml/early");
  box.box.environment.push_back("ENV=/opt/ml/early");
  ASSERT_TRUE(write_file_atomically(box.folder() / "early", "echo early", Durability::kNone));
  EXPECT_EQ(run(*runner_, box.box).output, "program\n");
}

TEST_F(SandboxAttack, DiskInFilesThatAreMappedAndHaveNoNameAndNoDescriptor) {
  TestBox box("");
  box.box.command = {"python3", "-c",
                     "import mmap, os\nmaps = []\n"
                     "while True:\n"
                     "  f = os.open('/tmp/x', os.O_CREAT | os.O_RDWR); os.unlink('/tmp/x'); os.truncate(f, 5 << 20)\n"
                     "  m = mmap.mmap(f, 5 << 20); os.close(f); m[:] = bytes(5 << 20); maps.append(m)\n"};
  box.box.limits.disk_bytes = 100'000'000;
  const Ended ended = run(*runner_, box.box);
  ASSERT_TRUE(ended.exceeded) << ended.output;
  EXPECT_EQ(ended.exceeded->limit, Exceeded::Limit::kDisk);
}

}  // namespace
}  // namespace chiliad::process
