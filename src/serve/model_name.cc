#include "serve/model_name.h"

#include <cstdint>

namespace chiliad::serve {
namespace {

constexpr std::size_t kMaxBytes = 1024;

Error refuse(std::string_view reason) { return Error{ErrorCode::kInvalid, "model name " + std::string(reason)}; }

// Bytes of the well-formed UTF-8 sequence at text[at]; 0 when there is none.
std::size_t sequence_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(at);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond the last code point show in the second byte.
  if (first == 0xE0 && byte(at + 1) < 0xA0) return 0;
  if (first == 0xED && byte(at + 1) >= 0xA0) return 0;
  if (first == 0xF0 && byte(at + 1) < 0x90) return 0;
  if (first == 0xF4 && byte(at + 1) >= 0x90) return 0;
  return length;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Done> check_model_name(std::string_view name) {
  if (name.empty()) return refuse("is empty");
  if (name.size() > kMaxBytes) return refuse("is longer than 1024 bytes");
  for (std::size_t at = 0; at < name.size();) {
    const auto byte = static_cast<unsigned char>(name[at]);
    if (byte < 0x20 || byte == 0x7F) return refuse("holds a control character");
    const std::size_t length = sequence_bytes(name, at);
    if (length == 0) return refuse("is not UTF-8");
    at += length;
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty()) return refuse("has a '/' at its start, at its end, or two in a row");
    if (part == "." || part == "..") return refuse("has a part '.' or '..'");
    if (part.starts_with(".chiliad-")) return refuse("has a part that starts with '.chiliad-'");
    begin = end + 1;
  }
  return Done{};
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Error{ErrorCode::kInvalid, "a '%' in the address is not followed by two digits"};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace chiliad::serve
