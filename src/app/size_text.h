// Sizes as people write them on a command line and as messages show them: "256M", "1G", "12.4 MB".
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::app {

// Reads a number of bytes: digits, with an optional fraction where a unit follows, and an optional unit K, M, G or T
// (of either case, also written KB or KiB). Units are powers of 1024, as in the memory limits of systemd and the JVM.
// "65536", "256M", "1.5G".
// Errors: kInvalid: anything else, and what does not fit 64 bits; the message quotes the text.
Result<std::uint64_t> parse_size(std::string_view text);

// At most four significant digits and a unit of the same 1024 steps: "0 B", "731 B", "12.4 MB", "3 GB".
std::string format_size(std::uint64_t bytes);

// A count with a comma each three digits: "365,000".
std::string format_count(std::uint64_t count);

}  // namespace chiliad::app
