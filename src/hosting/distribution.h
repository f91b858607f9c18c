// Distribution: what CloudWatch keeps of several values (a statistic set), counted up by many threads.
//
// Thread safety: Distribution is a value. Distributions of several kinds share the lock of whoever holds them.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace chiliad::hosting {

struct Distribution {
  std::uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;

  void add(double value) {
    min = count == 0 ? value : std::min(min, value);
    max = count == 0 ? value : std::max(max, value);
    sum += value;
    ++count;
  }
  void add(std::chrono::nanoseconds time) { add(static_cast<double>(time.count()) / 1000.0); }  // In microseconds.
  void add(const Distribution& other) {
    if (other.count == 0) return;
    min = count == 0 ? other.min : std::min(min, other.min);
    max = count == 0 ? other.max : std::max(max, other.max);
    sum += other.sum;
    count += other.count;
  }
};

}  // namespace chiliad::hosting
