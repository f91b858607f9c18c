// What a foreign server says of a failure, made fit for a message: at most kMaxText bytes, no control characters.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

namespace chiliad::container {

inline constexpr std::size_t kMaxText = 4096;

// Of a body that is JSON or text; line breaks stay. "the server said nothing" for an empty one.
std::string answer_text(std::string_view body);

}  // namespace chiliad::container
