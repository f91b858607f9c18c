#include "container/answer_text.h"

#include <algorithm>

namespace chiliad::container {

std::string answer_text(std::string_view body) {
  std::string text(body.substr(0, kMaxText));
  // Not in the middle of a UTF-8 character.
  while (text.size() == kMaxText && body.size() > kMaxText && !text.empty() &&
         (static_cast<unsigned char>(body[text.size()]) & 0xC0) == 0x80)
    text.pop_back();
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F; }, ' ');
  text.erase(text.find_last_not_of(" \n\t") + 1);
  return text.empty() ? "the server said nothing" : text;
}

}  // namespace chiliad::container
