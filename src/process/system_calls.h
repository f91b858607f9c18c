// The system calls that a box may not make, as a program for the kernel's filter (seccomp).
//
// Refused are those that no training script needs and whose use against the kernel or against others is known: keyrings
// (not divided by namespaces), bpf, perf_event_open, userfaultfd, io_uring, user namespaces within the box, mounts,
// modules, the clock, sockets of rare families (virtual machines' own, packets, the kernel's ciphers), big System V
// shared memory (counted by nobody). A refused call fails with EPERM or, where programs know what to do then, ENOSYS;
// nothing is killed but programs for another architecture.
//
// Source: seccomp(2), linux/filter.h; containers' default profiles.

#pragma once

#include <cstdint>
#include <string>

namespace chiliad::process {

// Segments of System V may be as large as programs use them for signs to one another.
inline constexpr std::uint32_t kMaxSharedSegment = 64 << 10;

// `struct sock_filter`s in a row, as bwrap's --seccomp reads them.
std::string system_call_filter();

// The same as a profile for container engines: JSON, as podman's --security-opt seccomp= reads it.
std::string system_call_profile();

}  // namespace chiliad::process
