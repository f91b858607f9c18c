// The entries of a runtimes.toml as they stand there; doc/runtimes.md has the format.
//
// Strict: whatever is not understood is an error that names file, line, runtime and key, because a misspelt key that is
// ignored would leave a person with the built-in value and no word about it.
//
// Thread safety: pure functions.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/catalog.h"

namespace chiliad::runtime {

// `known` are the entries that `like`, and an entry of the same name, take from; those above in the text are known too.
// Errors: kInvalid, as Catalog::parse().
Result<std::vector<Entry>> read_entries(std::string_view text, std::string_view file, std::span<const Entry> known);

}  // namespace chiliad::runtime
