// Random bytes from the system, for secrets and for names that nobody shall guess.
//
// Source: getrandom(2): never blocks once the system's pool is filled, which it is before any service starts.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chiliad {

// Fills `out`. A system without random bytes ends the process: no secret may be made without them.
void fill_random(std::span<std::uint8_t> out);

// `count` characters drawn evenly from `alphabet`. Requires: 1 to 256 characters in it.
std::string random_text(std::string_view alphabet, std::size_t count);

}  // namespace chiliad
