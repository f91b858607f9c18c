#include "hosting/event_stream.h"

#include <algorithm>
#include <cstdint>

#include "base/crc.h"

namespace chiliad::hosting {
namespace {

constexpr std::size_t kPart = std::size_t{64} << 10;
constexpr char kString = 7;  // The type of a header's value.

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += static_cast<char>(name.size());
  out += name;
  out += kString;
  out += static_cast<char>(value.size() >> 8);
  out += static_cast<char>(value.size());
  out += value;
}

}  // namespace

void append_payload_part(std::string& out, std::string_view bytes) {
  std::string headers;
  append_header(headers, ":event-type", "PayloadPart");
  append_header(headers, ":content-type", "application/octet-stream");
  append_header(headers, ":message-type", "event");
  constexpr std::size_t kPrelude = 12;
  constexpr std::size_t kCrc = 4;
  const std::size_t begin = out.size();
  append_big_endian(out, static_cast<std::uint32_t>(kPrelude + headers.size() + bytes.size() + kCrc));
  append_big_endian(out, static_cast<std::uint32_t>(headers.size()));
  append_big_endian(out, crc32(std::string_view(out).substr(begin)));
  out += headers;
  out += bytes;
  append_big_endian(out, crc32(std::string_view(out).substr(begin)));
}

std::string payload_parts(std::string_view bytes) {
  std::string out;
  do {
    append_payload_part(out, bytes.substr(0, kPart));
    bytes.remove_prefix(std::min(bytes.size(), kPart));
  } while (!bytes.empty());
  return out;
}

}  // namespace chiliad::hosting
