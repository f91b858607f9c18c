// Letters of ASCII, whatever the locale.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

namespace chiliad {

// A to Z become a to z; other bytes stay.
inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace chiliad
