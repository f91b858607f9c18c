// Calls by name, because libseccomp knows their numbers. It compares 64 bits where the kernel looks at 32, so arguments
// of 32 bits are compared under a mask; and it has no "none of these", so what is refused is listed.

#include <fmt/format.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "process/system_calls.h"

namespace chiliad::process {
namespace {

constexpr std::uint64_t kWord = 0xffff'ffff;
// The kernel's families and protocols have smaller numbers.
constexpr int kFamilies = 64, kProtocols = 32;

constexpr std::string_view kForbiddenNames =
    R"("add_key","request_key","keyctl","bpf","perf_event_open","userfaultfd","mount","umount2","pivot_root","setns",)"
    R"("open_tree","move_mount","fsopen","fsconfig","fsmount","fspick","mount_setattr","open_by_handle_at","init_module",)"
    R"("finit_module","delete_module","kexec_load","kexec_file_load","settimeofday","clock_settime","swapon","swapoff",)"
    R"("reboot","acct","quotactl","quotactl_fd","syslog","vhangup","iopl","ioperm","modify_ldt")";
constexpr std::string_view kUnknownNames = R"("io_uring_setup","io_uring_enter","io_uring_register","clone3")";

std::string masked(int argument, std::uint64_t mask, std::uint64_t value) {
  return fmt::format(R"({{"index":{},"value":{},"valueTwo":{},"op":"SCMP_CMP_MASKED_EQ"}})", argument, mask, value);
}

std::string refusal(std::string_view names, int reason, std::string_view arguments = "") {
  return fmt::format(R"({{"names":[{}],"action":"SCMP_ACT_ERRNO","errnoRet":{},"args":[{}]}},)", names, reason,
                     arguments);
}

std::string socket_refusals() {
  std::string out;
  for (int family = 0; family < kFamilies; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
    out += refusal(R"("socket")", EAFNOSUPPORT, masked(0, kWord, static_cast<std::uint64_t>(family)));
  }
  for (int protocol = 0; protocol < kProtocols; ++protocol) {
    if (protocol == NETLINK_ROUTE) continue;
    out += refusal(R"("socket")", EPROTONOSUPPORT,
                   masked(0, kWord, AF_NETLINK) + "," + masked(2, kWord, static_cast<std::uint64_t>(protocol)));
  }
  return out;
}

}  // namespace

std::string system_call_profile() {
  std::string out = R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[)";
  out += refusal(kForbiddenNames, EPERM);
  out += refusal(kUnknownNames, ENOSYS);
  out += refusal(R"("clone","unshare")", EPERM, masked(0, CLONE_NEWUSER, CLONE_NEWUSER));
  out += socket_refusals();
  out +=
      refusal(R"("shmget")", EINVAL, fmt::format(R"({{"index":1,"value":{},"op":"SCMP_CMP_GT"}})", kMaxSharedSegment));
  for (const std::uint64_t request : {std::uint64_t{TIOCSTI}, std::uint64_t{TIOCLINUX}})
    out += refusal(R"("ioctl")", EPERM, masked(1, kWord, request));
  out.back() = ']';
  return out + "}";
}

}  // namespace chiliad::process
