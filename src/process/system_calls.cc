#include "process/system_calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chiliad::process {
namespace {

constexpr std::uint32_t kX32Bit = 0x40000000;

class Filter {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  // Ends with `verdict` if the loaded word is / has one of the bits of / is at least `value`, else goes on.
  void if_equal(std::uint32_t value, std::uint32_t verdict) { branch(BPF_JEQ, value, verdict); }
  void unless_equal(std::uint32_t value, std::uint32_t verdict) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
    program_.back().jt = 1;
    end(verdict);
  }
  void unless_any(std::uint32_t bits, std::uint32_t verdict) {
    add(BPF_JMP | BPF_JSET | BPF_K, bits);
    program_.back().jt = 1;
    end(verdict);
  }
  void if_any(std::uint32_t bits, std::uint32_t verdict) { branch(BPF_JSET, bits, verdict); }
  void if_at_least(std::uint32_t value, std::uint32_t verdict) { branch(BPF_JGE, value, verdict); }
  void end(std::uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }

  // What `within` adds is for this call alone and ends with a verdict or allows.
  template <class Within>
  void for_call(long number, Within within) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number));
    const std::size_t test = program_.size() - 1;
    within();
    end(SECCOMP_RET_ALLOW);
    program_[test].jf = static_cast<std::uint8_t>(program_.size() - test - 1);
  }

  std::string bytes() const {
    return {reinterpret_cast<const char*>(program_.data()), program_.size() * sizeof(sock_filter)};
  }

 private:
  void branch(std::uint16_t how, std::uint32_t value, std::uint32_t verdict) {
    add(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value);
    program_.back().jf = 1;
    end(verdict);
  }
  void add(std::uint16_t code, std::uint32_t k) { program_.push_back({code, 0, 0, k}); }

  std::vector<sock_filter> program_;
};

constexpr std::uint32_t fail(int reason) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(reason); }

// The low word of an argument: both architectures are little-endian.
constexpr std::size_t low_of(std::size_t argument) { return offsetof(seccomp_data, args) + 8 * argument; }
constexpr std::size_t high_of(std::size_t argument) { return low_of(argument) + 4; }

constexpr long kForbidden[] = {
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_setns,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_acct,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_syslog,
    SYS_vhangup,
#ifdef __x86_64__
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};

// Programs fall back to what was before these. clone3 and openat2 have their flags where a filter cannot look.
constexpr long kUnknown[] = {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_clone3, SYS_openat2};

constexpr std::uint32_t kSetId = S_ISUID | S_ISGID;

// Calls and which of their arguments is a mode of files. fchmodat2 is younger than Debian 12's headers.
struct ModeCall {
  long number;
  std::size_t mode;
};
constexpr ModeCall kModeCalls[] = {
#ifdef __x86_64__
    {SYS_chmod, 1},  {SYS_creat, 1},    {SYS_mkdir, 1},   {SYS_mknod, 1},
#endif
    {SYS_fchmod, 1}, {SYS_fchmodat, 2}, {SYS_mkdirat, 2}, {SYS_mknodat, 2}, {452, 2}};
struct OpenCall {
  long number;
  std::size_t flags;
};
constexpr OpenCall kOpenCalls[] = {
#ifdef __x86_64__
    {SYS_open, 1},
#endif
    {SYS_openat, 2}};

// Outside a box a program that takes on its owner's rights would give those to whoever starts it.
void add_modes(Filter& filter) {
  for (const OpenCall& call : kOpenCalls) {
    filter.for_call(call.number, [&] {
      filter.load(low_of(call.flags));
      // No file is made, so there is no mode.
      filter.unless_any(O_CREAT | (O_TMPFILE & ~O_DIRECTORY), SECCOMP_RET_ALLOW);
      filter.load(low_of(call.flags + 1));
      filter.if_any(kSetId, fail(EPERM));
    });
  }
  for (const ModeCall& call : kModeCalls) {
    filter.for_call(call.number, [&] {
      filter.load(low_of(call.mode));
      filter.if_any(kSetId, fail(EPERM));
    });
  }
}

void add_calls(Filter& filter) {
  // The most frequent first: the kernel remembers which calls are allowed whatever their arguments, not these.
  add_modes(filter);
  for (const long number : kForbidden) filter.if_equal(static_cast<std::uint32_t>(number), fail(EPERM));
  for (const long number : kUnknown) filter.if_equal(static_cast<std::uint32_t>(number), fail(ENOSYS));
  for (const long number : {static_cast<long>(SYS_clone), static_cast<long>(SYS_unshare)}) {
    filter.for_call(number, [&] {
      filter.load(low_of(0));
      filter.if_any(CLONE_NEWUSER, fail(EPERM));
    });
  }
  filter.for_call(SYS_socket, [&] {
    filter.load(low_of(0));
    for (const int family : {AF_UNIX, AF_INET, AF_INET6})
      filter.if_equal(static_cast<std::uint32_t>(family), SECCOMP_RET_ALLOW);
    filter.unless_equal(AF_NETLINK, fail(EAFNOSUPPORT));
    // The list of interfaces and nothing else.
    filter.load(low_of(2));
    filter.unless_equal(NETLINK_ROUTE, fail(EPROTONOSUPPORT));
  });
  filter.for_call(SYS_shmget, [&] {
    filter.load(high_of(1));
    filter.if_at_least(1, fail(EINVAL));
    filter.load(low_of(1));
    filter.if_at_least(kMaxSharedSegment + 1, fail(EINVAL));
  });
  // Typing into a terminal that others read.
  filter.for_call(SYS_ioctl, [&] {
    filter.load(low_of(1));
    filter.if_equal(TIOCSTI, fail(EPERM));
    filter.if_equal(TIOCLINUX, fail(EPERM));
  });
}

}  // namespace

std::string system_call_filter() {
  Filter filter;
#if defined(__x86_64__) || defined(__aarch64__)
  filter.load(offsetof(seccomp_data, arch));
#ifdef __x86_64__
  filter.unless_equal(AUDIT_ARCH_X86_64, SECCOMP_RET_KILL_PROCESS);
#else
  filter.unless_equal(AUDIT_ARCH_AARCH64, SECCOMP_RET_KILL_PROCESS);
#endif
  filter.load(offsetof(seccomp_data, nr));
#ifdef __x86_64__
  filter.if_at_least(kX32Bit, fail(ENOSYS));
#endif
  add_calls(filter);
#endif
  filter.end(SECCOMP_RET_ALLOW);
  return filter.bytes();
}

}  // namespace chiliad::process
