// Philox4x32-10: a random function of a counter and a key, four 32-bit words at a time.
//
// Having no state, it gives each draw of a simulation the same value whichever thread makes it, in whatever order.
//
// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11
// (2011), section 3.3; the constants are the paper's.
//
// Thread safety: pure functions.

#pragma once

#include <array>
#include <cstdint>

namespace chiliad::forecast {

using PhiloxWords = std::array<std::uint32_t, 4>;

constexpr PhiloxWords philox(PhiloxWords counter, std::uint64_t key) {
  auto key_low = static_cast<std::uint32_t>(key);
  auto key_high = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key_low, static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key_high, static_cast<std::uint32_t>(first)};
    key_low += 0x9E3779B9;
    key_high += 0xBB67AE85;
  }
  return counter;
}

// 53 random bits of two words as a number strictly between 0 and 1.
constexpr double philox_uniform(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;  // 52 bits and a half: never 0, never 1.
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace chiliad::forecast
