#include "app/stop_signal.h"

#include <csignal>

namespace chiliad::app {
namespace {

// A handler has nothing but globals to speak through.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void handle(int number) {
  stop_requested.store(true);
  std::signal(number, SIG_DFL);
}

}  // namespace

StopSignal::StopSignal() {
  stop_requested.store(false);
  std::signal(SIGINT, handle);
  std::signal(SIGTERM, handle);
}

StopSignal::~StopSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

const std::atomic<bool>& StopSignal::requested() const { return stop_requested; }

}  // namespace chiliad::app
