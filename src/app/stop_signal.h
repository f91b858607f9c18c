// SIGINT and SIGTERM as a flag that a long subcommand looks at: the first asks it to finish what is running and to
// leave things in order, the second ends the process at once.
//
// Thread safety: one object at a time in a process; requested() may be read from any thread.

#pragma once

#include <atomic>

namespace chiliad::app {

class StopSignal {
 public:
  StopSignal();   // From here on the signals set the flag.
  ~StopSignal();  // And from here on they end the process again.
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  const std::atomic<bool>& requested() const;
};

}  // namespace chiliad::app
