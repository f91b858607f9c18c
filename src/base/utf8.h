// UTF-8, one code point at a time, for writers whose input may be anything.
//
// Source: RFC 3629.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string_view>

namespace chiliad {

inline constexpr std::uint32_t kReplacementCharacter = 0xFFFD;
inline constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

// The code point that starts at text[at]; U+FFFD with one byte when it is malformed, overlong or a surrogate.
// Requires: at < text.size().
CodePoint decode_utf8(std::string_view text, std::size_t at);

// Shortest forms only, no surrogates, at most U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace chiliad
