#include "watch/log_token.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/number.h"
#include "watch/log_store.h"

namespace chiliad::watch {
namespace {

constexpr std::size_t kDigits = 28;

std::string hex_of(std::string_view text) {
  return hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2 != 0 || text.size() > 2 * kMaxLogName) return std::nullopt;
  std::string out;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

// Digits alone: no sign, no blank.
std::optional<std::int64_t> natural(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return parse_integer(text);
}

// What stands before the first `mark`, which is taken away with it; all if there is none.
std::string_view take(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return piece;
}

}  // namespace

std::string write_token(const EventToken& token) {
  return fmt::format("{}/{:028}{:028}/s", token.forward ? 'f' : 'b', token.stream_id, token.event);
}

std::optional<EventToken> read_event_token(std::string_view text) {
  if (text.size() != 2 + 2 * kDigits + 2 || !text.ends_with("/s")) return std::nullopt;
  if (!text.starts_with("f/") && !text.starts_with("b/")) return std::nullopt;
  const std::optional<std::int64_t> stream = natural(text.substr(2, kDigits));
  const std::optional<std::int64_t> event = natural(text.substr(2 + kDigits, kDigits));
  if (!stream || !event) return std::nullopt;
  return EventToken{text[0] == 'f', *stream, *event};
}

std::string write_name_token(std::string_view name) { return fmt::format("n.{}", hex_of(name)); }

std::optional<std::string> read_name_token(std::string_view text) {
  if (!text.starts_with("n.")) return std::nullopt;
  return unhex(text.substr(2));
}

std::string write_time_token(const StreamPosition& position) {
  return fmt::format("t.{}.{}", position.last_time, position.id);
}

std::optional<StreamPosition> read_time_token(std::string_view text) {
  if (!text.starts_with("t.")) return std::nullopt;
  std::string_view rest = text.substr(2);
  const std::optional<std::int64_t> time = parse_integer(take(rest, '.'));
  const std::optional<std::int64_t> id = natural(rest);
  if (!time || !id) return std::nullopt;
  return StreamPosition{{}, *time, *id};
}

std::string write_token(const SearchPosition& position) {
  std::string text = fmt::format("s.{}.{}.", position.more_streams ? 1 : 0, hex_of(position.last_name));
  for (const SearchPosition::Stream& stream : position.streams) {
    text += fmt::format("{}{}-{}", text.back() == '.' ? "" : "_", stream.id, stream.next);
  }
  return text;
}

std::optional<SearchPosition> read_search_token(std::string_view text) {
  if (!text.starts_with("s.")) return std::nullopt;
  std::string_view rest = text.substr(2);
  const std::string_view more = take(rest, '.');
  std::optional<std::string> name = unhex(take(rest, '.'));
  if ((more != "0" && more != "1") || !name) return std::nullopt;
  SearchPosition position{{}, *std::move(name), more == "1"};
  while (!rest.empty()) {
    std::string_view pair = take(rest, '_');
    const std::optional<std::int64_t> id = natural(take(pair, '-'));
    const std::optional<std::int64_t> next = natural(pair);
    if (!id || !next || position.streams.size() == LogStore::kSearchedTogether) return std::nullopt;
    position.streams.push_back({*id, *next});
  }
  return position;
}

}  // namespace chiliad::watch
