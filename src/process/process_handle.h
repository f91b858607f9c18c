// A process by a descriptor (pidfd): readable when it has ended, and never another one, whatever becomes of its number.
//
// Source: pidfd_open(2), pidfd_send_signal(2).
// Thread safety: one thread at a time; send(), has_ended() and is_reaped() may be called from several.

#pragma once

#include <sys/types.h>

#include "base/file.h"

namespace chiliad::process {

class ProcessHandle {
 public:
  // Of no process.
  ProcessHandle() = default;
  // False in a condition: there is no such process (any more).
  explicit ProcessHandle(pid_t pid);

  explicit operator bool() const { return static_cast<bool>(descriptor_); }
  int get() const { return descriptor_.get(); }
  // Also when it is of no process.
  bool has_ended() const;
  // Whether its number may be another process's by now: it has ended, and its parent has heard of it.
  bool is_reaped() const;
  // Nothing where there is no process.
  void send(int signal) const { send_to(get(), signal); }
  // To the process of such a descriptor.
  static void send_to(int descriptor, int signal);

 private:
  FileDescriptor descriptor_;
};

}  // namespace chiliad::process
