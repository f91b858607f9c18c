// How many series may fail before a run is given up, as a person writes it.
//
// Thread safety: a pure function.

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace chiliad::train {

// "N" or "P%" of `total` as the most failures that are borne; empty: any number. Errors: kInvalid.
Result<std::uint64_t> read_max_failures(const std::string& text, std::uint64_t total);

}  // namespace chiliad::train
