// One chain's random numbers: a stream of a counter-based generator (forecast/philox.h), so that a chain draws the same
// whichever thread runs it.
//
// Source: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates" (1958).
//
// Thread safety: one thread at a time an object.

#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "forecast/philox.h"

namespace chiliad::sample {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint32_t chain) : seed_(seed), chain_(chain) {}

  // Strictly between 0 and 1.
  double uniform() {
    if (has_second_) {
      has_second_ = false;
      return second_;
    }
    const auto low = static_cast<std::uint32_t>(next_), high = static_cast<std::uint32_t>(next_ >> 32);
    ++next_;
    const forecast::PhiloxWords words = forecast::philox({low, high, chain_, kPurpose}, seed_);
    second_ = forecast::philox_uniform(words[2], words[3]);
    has_second_ = true;
    return forecast::philox_uniform(words[0], words[1]);
  }

  // Mean 0, standard deviation 1.
  double normal() {
    if (has_normal_) {
      has_normal_ = false;
      return normal_;
    }
    const double radius = std::sqrt(-2 * std::log(uniform())), angle = 2 * std::numbers::pi * uniform();
    normal_ = radius * std::sin(angle);
    has_normal_ = true;
    return radius * std::cos(angle);
  }

 private:
  static constexpr std::uint32_t kPurpose = 0x4e555453;  // Other counters than those of simulated futures.

  std::uint64_t seed_;
  std::uint32_t chain_;
  std::uint64_t next_ = 0;
  bool has_second_ = false, has_normal_ = false;
  double second_ = 0, normal_ = 0;
};

}  // namespace chiliad::sample
