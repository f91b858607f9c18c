// Whose sockets listen at a port of this host: a box shares the host's network, so that any program may have taken the
// port at which a model server is expected, and answer in its place.
//
// Rules the rest relies on: a socket counts as the box's when one of its processes has it open. Where that cannot be
// seen it is a stranger's.
//
// Source: proc(5): /proc/net/tcp, /proc/net/tcp6, /proc/<pid>/fd.
// Thread safety: safe from any thread.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chiliad::container {

enum class Listeners : std::uint8_t {
  kNone,     // Nobody listens, or the kernel's tables cannot be read.
  kOwn,      // Only sockets that these processes have open.
  kForeign,  // Another program's too, or only.
};

// What is so now, at every address of the host, IPv4 and IPv6. Cost: reading the host's tables of connections and the
// processes' descriptors, about 1 ms.
Listeners listeners_at(std::uint16_t port, std::span<const pid_t> processes);

// The inodes of the sockets that listen at a port, in one text of /proc/net/tcp or tcp6.
std::vector<std::uint64_t> listeners_in(std::string_view table, std::uint16_t port);

}  // namespace chiliad::container
