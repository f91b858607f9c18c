#include "hosting/answer_memory.h"

#include <algorithm>

namespace chiliad::hosting {

bool AnswerMemory::take(std::uint64_t more) {
  if (used_.fetch_add(more) + more <= bytes_) return true;
  used_.fetch_sub(more);
  return false;
}

bool AnswerMemory::Hold::append(std::string& body, std::string_view piece, std::uint64_t expected_bytes) {
  const std::uint64_t size = body.size() + piece.size();
  if (size > held_) {
    // Doubled, but not beyond what the server announced: an announcement alone takes no room.
    std::uint64_t wanted = std::max<std::uint64_t>(2 * held_, size);
    if (expected_bytes >= size) wanted = std::min(wanted, expected_bytes);
    if (!owner_->take(wanted - held_)) return false;
    held_ = wanted;
    body.reserve(wanted);
  }
  body += piece;
  return true;
}

}  // namespace chiliad::hosting
