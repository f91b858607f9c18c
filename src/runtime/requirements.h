// Requirements: a requirements.txt as far as this program has to understand it: can it be installed away from its
// folder?
//
// Lines are joined at a backslash, comments and blanks go. What remains is handed to pip, which knows the rest.
//
// Source: pip's documentation, "Requirements File Format".
//
// Thread safety: pure functions.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chiliad::runtime {

struct Requirements {
  std::string text;  // The lines that pip is to read, each with its end; empty: there are none.
  // Every line is plain ASCII and says all by itself: no other file of its folder (-r, -e, ./x, dist/x.whl), no
  // variable.
  bool self_contained = true;
};

// A text above this size is not self-contained.
inline constexpr std::size_t kRequirementsBytes = std::size_t{256} << 10;

// Bytes that are no text of pip's stay as they are: pip says what is wrong with them.
Requirements read_requirements(std::string_view text);

}  // namespace chiliad::runtime
