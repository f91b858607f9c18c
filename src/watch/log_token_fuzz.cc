// Any text as each kind of token, and as a filter pattern: what is accepted, written again, is read the same.

#include <cstdint>
#include <string>

#include "base/check.h"
#include "watch/filter_pattern.h"
#include "watch/log_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad::watch;  // NOLINT
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto token = read_event_token(text)) CHILIAD_CHECK(write_token(*token) == text);
  if (const auto name = read_name_token(text)) CHILIAD_CHECK(write_name_token(*name) == text);
  if (const auto time = read_time_token(text)) CHILIAD_CHECK(time->id >= 0);
  if (const auto position = read_search_token(text)) {
    CHILIAD_CHECK(position->streams.size() <= LogStore::kSearchedTogether);
    const auto again = read_search_token(write_token(*position));
    CHILIAD_CHECK(again && again->streams.size() == position->streams.size());
  }
  if (const auto pattern = FilterPattern::parse(text)) (void)pattern->matches(text);
  return 0;
}
