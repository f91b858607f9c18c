// run_box: a box from its start to its end, its lines handed on, stopped when it takes too long or is not wanted any
// more.
//
// Thread safety: safe from any thread; the box dies with the thread that calls.

#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "process/box.h"

namespace chiliad::runtime {

struct BoxEnd {
  int exit_code = 0;
  std::string limit;              // Why the box was ended by its limits; empty: it was not.
  std::vector<std::string> tail;  // Its last lines, at most 200.
};

// `line` is told of each line without its end, at most 4096 bytes of it.
// Errors: as BoxRunner::start(); kDeadline: the deadline passed, or `stopped` was set.
Result<BoxEnd> run_box(process::BoxRunner& boxes, const process::Box& box,
                       const std::function<void(std::string_view line)>& line, Deadline deadline,
                       const std::atomic<bool>& stopped);

// What pip said of its failure, in one line of at most 900 characters: its lines "ERROR: ...", else its last ones.
std::string pip_failure(const std::vector<std::string>& tail);

// Whether pip failed because it reached no index, or because the disk is full: the code that an error should have.
ErrorCode pip_failure_code(const std::vector<std::string>& tail);

}  // namespace chiliad::runtime
