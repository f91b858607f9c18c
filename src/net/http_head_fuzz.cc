// Any bytes as one connection's stream: requests are parsed until the first refusal, in pieces whose sizes the input
// chooses. Checks that nothing is taken that was not offered and that the limits hold.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/http_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + data[0];
  chiliad::net::HttpParser::Limits limits;
  limits.max_head_bytes = 2048;
  limits.max_body_bytes = 512;
  chiliad::net::HttpParser parser(limits);
  chiliad::net::HttpRequest request;
  parser.begin(request);
  std::string unread;
  for (std::size_t at = 0; at < text.size(); at += step) {
    unread.append(text.substr(at, step));
    while (!unread.empty()) {
      const auto progress = parser.feed(unread);
      CHILIAD_CHECK(progress.consumed <= unread.size());
      CHILIAD_CHECK(request.body().size() <= limits.max_body_bytes);
      CHILIAD_CHECK(request.field_count() <= limits.max_fields);
      if (progress.failure_status != 0) return 0;
      unread.erase(0, progress.consumed);
      if (!progress.complete) break;
      (void)request.field("content-type");
      parser.begin(request);
    }
    if (unread.size() > limits.max_head_bytes + 512) return 0;
  }
  return 0;
}
