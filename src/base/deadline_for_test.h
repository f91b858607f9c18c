// Deadlines that a test never meets, unless something hangs.

#pragma once

#include <chrono>

#include "base/time.h"

namespace chiliad {

inline Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::minutes(5); }

}  // namespace chiliad
