// What a foreign server answers and prints, on its way into messages: short, without control characters.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "container/answer_text.h"
#include "container/last_lines.h"

namespace {

bool is_clean(std::string_view text, std::string_view allowed) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && allowed.find(c) == std::string_view::npos) || byte == 0x7F) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = chiliad::container::answer_text(bytes);
  CHILIAD_CHECK(!text.empty() && text.size() <= chiliad::container::kMaxText && is_clean(text, "\n\t"));
  // In pieces whose lengths the input chooses.
  chiliad::container::LastLines lines;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t piece = 1 + static_cast<unsigned char>(rest.front()) % 64;
    lines.add(rest.substr(0, piece));
    rest.remove_prefix(std::min(rest.size(), piece));
  }
  const std::string last = lines.text();
  CHILIAD_CHECK(last.size() <= chiliad::container::LastLines::kMaxBytes && is_clean(last, ""));
  return 0;
}
