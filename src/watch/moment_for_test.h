// Moments in tests, by their number.

#pragma once

#include <chrono>
#include <cstdint>

#include "watch/log_sink.h"

namespace chiliad::watch {

constexpr Milliseconds at_ms(std::int64_t ms) { return Milliseconds(std::chrono::milliseconds(ms)); }

}  // namespace chiliad::watch
