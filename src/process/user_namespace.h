// User namespaces for containers: who root and the other users inside are outside, and how a command comes to be root
// of one. Where the server is root, root inside is kBoxOwner outside, and every other user and group has a number that
// nobody else has, so that what belongs to an image's users is a stranger's on the host.
//
//     inside   0           1 ... 65535
//     outside  kBoxOwner   kBoxOthers + 1 ... kBoxOthers + 65535
//
// Where it is not, root inside is the server's user, and the others are the user's subordinates, one range behind the
// other as podman has them: newuidmap and newgidmap of the PATH write them.
//
//     server                                   command
//     Process::start()                    -->  unshare --user; says "there"
//     map_users() by the number that spoke
//     "go"                                -->  is root there; wishes to die with its parent once more; goes on
//
// No process of these waits for another one but for the server, by a pipe or a Lifeline that ends with the server.
//
// Source: user_namespaces(7), newuidmap(1), subuid(5); systemd's table of users and groups, which leaves kBoxOthers and
// above unused.
// Thread safety: safe from any thread.

#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "process/process.h"
#include "process/starter.h"

namespace chiliad::process {

inline constexpr unsigned kBoxOthers = 0x7000'0000;

// Arguments of /usr/bin/unshare for a command that is to be root of a user namespace of its own. It speaks at
// descriptor 3, the inner end of a Lifeline, and goes on when it has its users and is told so. A server that ends in
// the moment after that is not seen: the command asks once more by itself.
std::vector<std::string> words_in_user_namespace(std::vector<std::string> command);

// Gives a process that has just made a user namespace of its own its users and groups.
// Errors: kUnavailable: the server's user has no subordinates, or newuidmap or newgidmap refuse; as base/file.h.
Result<Done> map_users(pid_t process);

// Starts a command in such a namespace, where it lives no longer than the calling thread; `start` names it, without
// descriptors. Where no namespace can be made the command has ended, and its output says why.
// Requires: the caller is not root. Errors: as map_users() and Process::start().
Result<Process> start_in_user_namespace(const Process::Start& start);

// Ranges of subuid(5) for a user, by its name or its number: "first count", in the file's order. Lines that are none,
// ranges that leave what a user's number can be or overlap an earlier one, and what is more than the kernel takes are
// left out.
struct Subordinates {
  unsigned first;
  unsigned count;
};
std::vector<Subordinates> parse_subordinates(std::string_view text, std::string_view name, unsigned number);

// A namespace by itself, for folders that are to be seen from it (Process::IdMapped).
// Requires: the caller is root. Errors: kUnavailable: none can be made; as base/file.h.
Result<FileDescriptor> make_user_namespace(Starter& starter);

}  // namespace chiliad::process
