// The subcommands of the one binary. Each lives in its own file, adds its options to the command line and
// sets its callback; main() runs the one that was chosen.
//
// Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but some series failed.
// Results go to standard output or a file; progress and messages to standard error.

#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"

namespace CLI {
class App;
}

namespace chiliad::app {

enum ExitCode : int { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitSomeFailed = 3 };

// Ends a subcommand with this exit code; thrown inside callbacks only (CLI11 unwinds by exceptions) and caught in
// main().
struct Exit {
  int code;
};

// Prints "chiliad: <message>" to standard error and ends the subcommand: kExitUsage for kInvalid found in options,
// else kExitFailed.
[[noreturn]] void fail(const Error& error, int exit_code = kExitFailed);

// The value, or the end of the subcommand as by fail().
template <class T>
T value_or_fail(Result<T> result, int exit_code = kExitFailed) {
  if (!result) fail(result.error(), exit_code);
  return *std::move(result);
}

}  // namespace chiliad::app
