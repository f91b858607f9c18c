// Whether somebody still writes a file: what a program keeps open for writing is not finished, however long it rests.
//
// The kernel is asked by a lease: it gives one for reading only when nobody has the file open for writing or mapped so.
// Where it gives none to us (the file is another user's, the file system has no leases) the descriptors of the
// processes that can have it open are looked through.
//
// Source: fcntl(2), F_SETLEASE; proc(5). Thread safety: safe from any thread.

#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "base/file.h"

namespace chiliad::job {

// `file` is open for reading. `pids` is called only where there is no lease. Cost: two system calls.
bool is_written(const FileDescriptor& file, const std::function<std::vector<pid_t>()>& pids);

// The second way alone: whether one of the processes has it open for writing. What cannot be looked at has not.
bool has_writer(const FileDescriptor& file, const std::vector<pid_t>& pids);

}  // namespace chiliad::job
