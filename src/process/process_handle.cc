#include "process/process_handle.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "process/lifeline.h"

namespace chiliad::process {

ProcessHandle::ProcessHandle(pid_t pid) : descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))) {}

bool ProcessHandle::has_ended() const {
  return !descriptor_ || readable_before(descriptor_.get(), std::chrono::steady_clock::now());
}

bool ProcessHandle::is_reaped() const {
  return !descriptor_ || (::syscall(SYS_pidfd_send_signal, descriptor_.get(), 0, nullptr, 0U) != 0 && errno == ESRCH);
}

void ProcessHandle::send_to(int descriptor, int signal) {
  if (descriptor >= 0) ::syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0U);
}

}  // namespace chiliad::process
