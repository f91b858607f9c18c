// Builds: work that many may wait for and that is done once; each waiter hears its lines from the first on.
//
//     wait("layer-1", ...) --+                          +-- lines, Done or Error
//     wait("layer-1", ...) --+--> one thread: build() --+
//
// Rules the rest relies on:
//   1. While a build of a name runs, all that wait for the name wait for that one. It is told to stop when the last of
//      them has gone.
//   2. At most `at_a_time` builds run; others begin in the order of their start.
//   3. A build that failed is not begun again for `failure_kept`: who waits for its name meanwhile gets its error.
//      kDeadline is not kept: somebody stopped it.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::runtime {

class Builds {
 public:
  using Lines = std::function<void(std::string_view line)>;
  // Runs on a thread of its own and ends soon when `stopped` is set.
  using Build = std::function<Result<Done>(const Lines& lines, const std::atomic<bool>& stopped)>;

  Builds(int at_a_time, std::chrono::milliseconds failure_kept);
  // Stops all builds and waits for their end; who waits for one gets kUnavailable.
  ~Builds();

  // Begins `build` unless one of this name runs, and waits for its end. `lines` is called on this thread: the first
  // lines of a build that had begun come at once, if it printed more than a few thousand its last ones. Errors: the
  // build's; kDeadline: the deadline passed or `cancelled` was set; kUnavailable: this object is closing.
  Result<Done> wait(const std::string& name, Build build, const Lines& lines, Deadline deadline,
                    const std::atomic<bool>& cancelled);

 private:
  struct Work;
  struct State;
  Result<Done> follow(const std::string& name, const std::shared_ptr<Work>& work, const Lines& lines, Deadline deadline,
                      const std::atomic<bool>& cancelled);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::runtime
