// The folder that a box has to itself, and what it finds there: temporary folders, a home, and an /etc with the few
// files that programs look for. The same for every kind of runner.
//
//     scratch/tmp      /tmp             empty
//     scratch/var_tmp  /var/tmp         empty
//     scratch/shm      /dev/shm         empty
//     scratch/home     kBoxHome         empty
//     scratch/etc      /etc             passwd, group, hosts, hostname, nsswitch.conf, resolv.conf
//
// Thread safety: safe from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "process/box.h"

namespace chiliad::process {

// Whether it is made of letters, digits and the characters of `more`, one at least.
bool is_word(std::string_view text, std::string_view more);

// Whether the box can be started at all, before anything is made.
// Errors: kInvalid: no command; a path that is not absolute or has "..", a name or address that would be more than a
// word in /etc/hosts, a variable without '=' or with a zero byte, a mount's host path that is not there.
Result<Done> check_box(const Box& box);

// Makes the folders and files above. Requires: check_box() passed.
// Errors: kConflict: scratch is not empty; as base/file.h.
Result<Done> make_scratch(const Box& box);

// Where they go. Requires: make_scratch() passed.
std::vector<Mount> scratch_mounts(const Box& box);

// The box's environment with HOME.
std::vector<std::string> environment_of(const Box& box);

}  // namespace chiliad::process
