// The files of src/runtime that are part of the binary: runtimes.toml and python/*.py, by cmake/Embed.cmake.
//
// Thread safety: constants.

#pragma once

#include <span>
#include <string_view>

namespace chiliad::runtime {

struct ShippedFile {
  std::string_view name;  // "runtimes.toml", "python/chiliad_serve_models.py"
  std::string_view text;
};

// By name.
std::span<const ShippedFile> shipped_files();

// The text of a file that is known to be there.
std::string_view shipped_file(std::string_view name);

}  // namespace chiliad::runtime
