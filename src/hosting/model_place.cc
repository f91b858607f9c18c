#include "hosting/model_place.h"

#include <utility>

namespace chiliad::hosting {

void LoadTally::downloaded(std::chrono::nanoseconds time) {
  const MutexLock lock(mutex_);
  figures_.downloading.add(time);
}

void LoadTally::loaded(std::chrono::nanoseconds time) {
  const MutexLock lock(mutex_);
  figures_.loading.add(time);
}

void LoadTally::unloaded(std::chrono::nanoseconds time) {
  const MutexLock lock(mutex_);
  figures_.unloading.add(time);
}

LoadFigures LoadTally::take() {
  LoadFigures taken;
  const MutexLock lock(mutex_);
  std::swap(taken, figures_);
  return taken;
}

}  // namespace chiliad::hosting
