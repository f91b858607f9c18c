#include "store/key.h"

#include <cstdint>
#include <string>

#include "base/utf8.h"

namespace chiliad::store {
namespace {

std::string_view wrong_with_part(std::string_view part) {
  if (part.empty()) return "an empty part";
  if (part == "." || part == "..") return "a part that is '.' or '..'";
  if (part.starts_with(".chiliad-")) return "a part that starts with '.chiliad-'";
  return {};
}

// A key in a message: what is not printable in hex, and one that is too long not in full.
std::string shown(std::string_view key) {
  const std::size_t length = key.size() > kLongestKey ? 200 : key.size();
  std::string out;
  for (const char c : key.substr(0, length)) {
    if (c >= ' ' && c != '\x7F') {
      out.push_back(c);
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<std::uint8_t>(c);
      out.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return length < key.size() ? out + "..." : out;
}

}  // namespace

bool is_key_part(std::string_view name) { return wrong_with_part(name).empty() && is_utf8(name); }

std::string_view wrong_with_key(std::string_view key) {
  if (key.empty()) return "empty";
  if (key.size() > kLongestKey) return "longer than 1024 bytes";
  if (key.find('\0') != std::string_view::npos) return "a NUL in it";
  if (!is_utf8(key)) return "not UTF-8";
  for (std::size_t start = 0; start <= key.size();) {
    const std::size_t end = std::min(key.find('/', start), key.size());
    const std::string_view wrong = wrong_with_part(key.substr(start, end - start));
    if (!wrong.empty()) return wrong;
    start = end + 1;
  }
  return {};
}

Result<Done> check_key(std::string_view key, std::string_view location) {
  const std::string_view wrong = wrong_with_key(key);
  if (wrong.empty()) return Done{};
  // With quotes even where it is empty: that is what is wrong with it.
  return Error{ErrorCode::kInvalid, std::string(wrong)}.in("key '" + shown(key) + "'").in(location);
}

Error about_key(std::string_view location, std::string_view key, Error error) {
  if (!key.empty()) error = std::move(error).in("key '" + shown(key) + "'");
  return std::move(error).in(location);
}

}  // namespace chiliad::store
