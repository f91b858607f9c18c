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

// Memory, also what of it is swapped out; what several share counts at each: an upper bound. Cost: 10 us a process.
std::uint64_t memory_upper_bound(std::span<const pid_t> processes);

struct Memory {
  std::uint64_t bytes = 0;            // What several share counts once.
  std::uint64_t of_shared_files = 0;  // Of these: mapped files in memory.
};
// Where the proportional figure of a process cannot be read, its upper bound. Cost: about 1 ms a GB.
Memory proportional_memory(std::span<const pid_t> processes);

// Files that have no name any more and are open: nobody who walks folders sees them.
struct Unnamed {
  std::uint64_t memory_bytes = 0;  // In memory (memfd_create).
  std::uint64_t disk_bytes = 0;
};
// Cost: about 3 us a descriptor; at most kMaxDescriptors are looked at.
Unnamed unnamed_files(std::span<const pid_t> processes);

// The same for files of the disk that are mapped to be written: the length of the mappings, since their blocks cannot
// be asked for. A file that is open as well is in both figures. Cost: about 1 us a mapping.
std::uint64_t unnamed_mapped_files(std::span<const pid_t> processes);
// The same for one text of /proc/<pid>/maps.
std::uint64_t unnamed_bytes_in_maps(std::string_view maps);
inline constexpr int kMaxDescriptors = 100'000;

}  // namespace chiliad::process
