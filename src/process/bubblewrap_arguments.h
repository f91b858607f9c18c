// What bwrap is told for a box: the file system that it builds, the namespaces, the environment.
//
// Thread safety: safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "process/box.h"

namespace chiliad::process {

// `mounts`: all of them, in order, with `host` as bwrap finds it.
// Errors: kInvalid: more variables than bwrap takes.
Result<std::string> bubblewrap_arguments(const Box& box, const std::vector<Mount>& mounts);

// The program's first steps: /bin/sh says that it is there, waits for the word and becomes the program. Without the
// word (the server has ended) nothing of the program runs.
std::vector<std::string> first_steps(const Box& box);

}  // namespace chiliad::process
