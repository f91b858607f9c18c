// Tokens of the Logs calls: where to go on, as text that a client gives back unread.
//
//   event token    "f/<28 digits: stream><28 digits: event>/s": forwards from that event; "b/...": backwards before it
//   list token     "n.<name in hex>" or "t.<time>.<id>": behind that group or stream
//   search token   "s.<more: 0 or 1>.<last name in hex>.<id>-<event>_<id>-<event>_..."
//
// Whatever a client sends instead is answered with "invalid": tokens are hostile input.
//
// Thread safety: pure functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "watch/log_store.h"

namespace chiliad::watch {

struct EventToken {
  bool forward = true;
  std::int64_t stream_id = 0;
  std::int64_t event = 0;
};

std::string write_token(const EventToken& token);
std::optional<EventToken> read_event_token(std::string_view text);

std::string write_name_token(std::string_view name);
std::optional<std::string> read_name_token(std::string_view text);

std::string write_time_token(const StreamPosition& position);
std::optional<StreamPosition> read_time_token(std::string_view text);

std::string write_token(const SearchPosition& position);
std::optional<SearchPosition> read_search_token(std::string_view text);

}  // namespace chiliad::watch
