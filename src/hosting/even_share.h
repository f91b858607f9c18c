// Shares of calls that are even in every stretch of them, without a random number.

#pragma once

#include <cstdint>

namespace chiliad::hosting {

// Where the n-th call falls in the range of its type: multiples of the golden ratio's fraction, which no stretch of
// calls leaves a gap in.
constexpr std::uint64_t even_share(std::uint64_t n) { return n * 0x9E3779B97F4A7C15; }

}  // namespace chiliad::hosting
