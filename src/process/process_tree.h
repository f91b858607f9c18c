// What a process and its descendants use, as /proc tells it: their numbers, memory, threads, files without a name.
//
// Rules the rest relies on: every number is a snapshot of things that move; a process that ends meanwhile counts
// nothing. Whatever a program does to its own /proc entries, its resident bytes are seen.
//
// Source: proc(5).
// Thread safety: safe from any thread.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chiliad::process {

// All descendants of a process, itself left out, parents before children. Cost: about 10 us a process of the host.
std::vector<pid_t> descendants(pid_t of);

// The parent's number in the text of /proc/<pid>/stat; 0: it has none or the text is none of the kernel's.
pid_t parent_in_stat(std::string_view stat);

// Threads of these processes together.
int thread_count(std::span<const pid_t> processes);

// Resident bytes; memory that several share counts at each: an upper bound. Cost: 10 us a process.
std::uint64_t resident_upper_bound(std::span<const pid_t> processes);

struct Resident {
  std::uint64_t bytes = 0;            // Memory that several share counts once.
  std::uint64_t of_shared_files = 0;  // Of these: mapped files in memory.
};
// Where the proportional figure of a process cannot be read, its resident bytes. Cost: about 1 ms a GB.
Resident proportional_resident(std::span<const pid_t> processes);

// Files that have no name any more and are open: nobody who walks folders sees them.
struct Unnamed {
  std::uint64_t memory_bytes = 0;  // In memory (memfd_create).
  std::uint64_t disk_bytes = 0;
};
// Cost: about 3 us a descriptor; at most kMaxDescriptors are looked at.
Unnamed unnamed_files(std::span<const pid_t> processes);
inline constexpr int kMaxDescriptors = 100'000;

}  // namespace chiliad::process
