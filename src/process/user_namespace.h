// The user namespace of a container where the server is root: root inside is kBoxOwner outside, and every other user
// and group has a number that nobody else has, so that what belongs to an image's users is a stranger's on the host.
//
//     inside   0           1 ... 65535
//     outside  kBoxOwner   kBoxOthers + 1 ... kBoxOthers + 65535
//
// Source: user_namespaces(7); systemd's table of users and groups, which leaves kBoxOthers and above unused.
// Thread safety: safe from any thread.

#pragma once

#include <sys/types.h>

#include "base/file.h"
#include "base/result.h"
#include "process/starter.h"

namespace chiliad::process {

inline constexpr unsigned kBoxOthers = 0x7000'0000;

// Gives a process that has just made a user namespace of its own these users and groups.
// Requires: the caller is root. Errors: as base/file.h.
Result<Done> map_users(pid_t process);

// Such a namespace by itself, for folders that are to be seen from it (Process::IdMapped).
// Requires: the caller is root. Errors: kUnavailable: none can be made; as base/file.h.
Result<FileDescriptor> make_user_namespace(Starter& starter);

}  // namespace chiliad::process
