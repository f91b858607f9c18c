#include "app/failed_loads.h"

#include <fmt/format.h>

namespace chiliad::app {

std::string FailedLoads::line(std::string_view model, const Error& error, std::chrono::steady_clock::time_point now) {
  const MutexLock lock(mutex_);
  if (told_.empty() || now - minute_ >= std::chrono::minutes(1)) {
    minute_ = now;
    told_.clear();
  }
  if (told_.size() >= kMostLines || !told_.emplace(model).second) {
    ++silent_;
    return {};
  }
  std::string line = fmt::format("chiliad: model '{}' cannot be loaded: {}", model, error.message);
  if (silent_ > 0) line += fmt::format(" (and {} failed loads more since the last such line)", silent_);
  silent_ = 0;
  return line + '\n';
}

}  // namespace chiliad::app
