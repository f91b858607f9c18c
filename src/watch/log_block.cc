#include "watch/log_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace chiliad::watch {
namespace {

// Beyond these a time is no time: about 30,000 years.
constexpr std::int64_t kMaxMillis = std::int64_t{1} << 50;

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> read_varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 63 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::int64_t bounded(std::int64_t millis) { return std::clamp(millis, -kMaxMillis, kMaxMillis); }

}  // namespace

void append_log_event(std::string& block, const StoredEvent& event) {
  const std::int64_t time = bounded(event.time.time_since_epoch().count());
  const std::int64_t delay = bounded(event.ingested.time_since_epoch().count()) - time;
  const std::string_view text = event.text.substr(0, kMaxLineBytes);
  for (int shift = 0; shift < 64; shift += 8) {
    block += static_cast<char>(static_cast<std::uint64_t>(time) >> shift);
  }
  append_varint(block, (static_cast<std::uint64_t>(delay) << 1) ^ (delay < 0 ? ~std::uint64_t{0} : 0));
  append_varint(block, text.size());
  block += text;
}

Result<std::vector<StoredEvent>> read_log_block(std::string_view block) {
  std::vector<StoredEvent> events;
  for (std::size_t at = 0; at < block.size();) {
    const auto damaged = [start = at](std::string_view why) {
      return Error{ErrorCode::kCorrupt, fmt::format("log block: event at byte {}: {}", start, why)};
    };
    if (block.size() - at < 8) return damaged("it is cut off");
    std::uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 8) {
      bits |= std::uint64_t{static_cast<unsigned char>(block[at++])} << shift;
    }
    const auto time = static_cast<std::int64_t>(bits);
    const std::optional<std::uint64_t> zigzag = read_varint(block, at);
    const std::optional<std::uint64_t> size = read_varint(block, at);
    if (!zigzag || !size) return damaged("it is cut off");
    const auto delay = static_cast<std::int64_t>((*zigzag >> 1) ^ ((*zigzag & 1) != 0 ? ~std::uint64_t{0} : 0));
    if (time != bounded(time) || delay < -2 * kMaxMillis || delay > 2 * kMaxMillis) return damaged("no such time");
    if (*size > kMaxLineBytes || *size > block.size() - at) return damaged("its text is longer than possible");
    const Milliseconds when{std::chrono::milliseconds(time)};
    events.push_back({when, when + std::chrono::milliseconds(delay), block.substr(at, *size)});
    at += *size;
  }
  return events;
}

}  // namespace chiliad::watch
