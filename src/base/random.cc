#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace chiliad {

void fill_random(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t count = ::getrandom(out.data(), out.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    CHILIAD_CHECK(count > 0);
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

std::string random_text(std::string_view alphabet, std::size_t count) {
  CHILIAD_CHECK(!alphabet.empty() && alphabet.size() <= 256);
  // Bytes from the incomplete last round are dropped: they would favour the first characters.
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string text;
  text.reserve(count);
  std::array<std::uint8_t, 64> bytes{};
  while (text.size() < count) {
    fill_random(bytes);
    for (const std::uint8_t byte : bytes) {
      if (byte < fair && text.size() < count) text.push_back(alphabet[byte % alphabet.size()]);
    }
  }
  return text;
}

}  // namespace chiliad
