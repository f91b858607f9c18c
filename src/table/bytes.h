// Where a table's bytes come from: a function, so that table/ reads files, sockets and memory without knowing them.
//
// Thread safety: as the function behind it; readers call it from the thread that reads rows.

#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/result.h"

namespace chiliad::table {

// Fills the front of `into` (never empty) and returns how many bytes it put there; 0 is the end, and stays so.
using PullBytes = std::function<Result<std::size_t>(std::span<char> into)>;

}  // namespace chiliad::table
