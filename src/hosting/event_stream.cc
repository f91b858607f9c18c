#include "hosting/event_stream.h"

#include <algorithm>
#include <cstdint>

#include "base/crc.h"
#include "base/json_writer.h"

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

void append_message(std::string& out, std::string_view headers, std::string_view bytes) {
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

}  // namespace

void append_payload_part(std::string& out, std::string_view bytes) {
  std::string headers;
  append_header(headers, ":event-type", "PayloadPart");
  append_header(headers, ":content-type", "application/octet-stream");
  append_header(headers, ":message-type", "event");
  append_message(out, headers, bytes);
}

void append_payload_parts(std::string& out, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPart)))
    append_payload_part(out, bytes.substr(0, kPart));
}

void append_stream_error(std::string& out, std::string_view code, std::string_view message) {
  std::string headers;
  append_header(headers, ":exception-type", "ModelStreamError");
  append_header(headers, ":content-type", "application/json");
  append_header(headers, ":message-type", "exception");
  JsonWriter json;
  json.begin_object().key("ErrorCode").string(code).key("Message").string(message).end_object();
  append_message(out, headers, std::move(json).take());
}

std::string payload_parts(std::string_view bytes) {
  std::string out;
  append_payload_parts(out, bytes);
  if (out.empty()) append_payload_part(out, bytes);
  return out;
}

}  // namespace chiliad::hosting
