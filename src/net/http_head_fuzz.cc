// Any bytes as one connection's stream, read as HttpConnection reads: into a buffer with an end, in pieces whose sizes
// the input chooses, the unread rest moved to the front. Requests are parsed until the first refusal. Checks that
// nothing is taken that was not offered, that the limits hold, and that the requests found depend neither on how the
// bytes were cut nor on whether bodies are kept or taken as they come: two servers in a row that see different requests
// in the same bytes can be played off against each other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/http_parser.h"

namespace {

using chiliad::net::HttpParser;
using chiliad::net::HttpRequest;

constexpr std::size_t kBuffer = 4096;  // More than a head may have: what does not fit never will.

constexpr std::size_t kMaxBody = 512;

class Sink final : public chiliad::net::HttpBody {
 public:
  bool take(std::string_view bytes) override {
    text += bytes;
    return text.size() <= kMaxBody;
  }
  std::string text;
};

std::string text_of(const HttpRequest& request, std::string_view body) {
  std::string text;
  for (const std::string_view part :
       {request.method(), request.target(), request.field("content-type"), request.field("host"), body}) {
    text.append(part).append(1, '\0');
  }
  text += std::to_string(request.field_count()) + (request.keep_alive() ? " kept" : " closed");
  return text;
}

// The requests of a stream that arrives in pieces of `step` bytes, bodies kept or taken as they come.
std::vector<std::string> requests_of(std::string_view stream, std::size_t step, HttpParser::Bodies bodies) {
  HttpParser::Limits limits;
  limits.max_head_bytes = 2048;
  limits.max_body_bytes = kMaxBody;
  HttpParser parser(limits);
  HttpRequest request;
  parser.begin(request, bodies);
  Sink sink;
  std::vector<std::string> found;
  std::vector<char> unread;  // On the heap and no longer than its bytes: a look beyond them is seen.
  while (!stream.empty()) {
    const std::size_t piece = std::min({step, stream.size(), kBuffer - unread.size()});
    std::vector<char> longer(unread);
    longer.insert(longer.end(), stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(piece));
    unread = std::move(longer);
    unread.shrink_to_fit();
    stream.remove_prefix(piece);
    while (!unread.empty()) {
      const HttpParser::Progress progress = parser.feed({unread.data(), unread.size()});
      CHILIAD_CHECK(progress.consumed <= unread.size());
      CHILIAD_CHECK(request.body().size() <= limits.max_body_bytes);
      CHILIAD_CHECK(request.field_count() <= limits.max_fields);
      if (progress.failure_status != 0) {
        CHILIAD_CHECK(progress.failure_status >= 400 && !progress.failure.empty());
        return found;
      }
      unread.erase(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(progress.consumed));
      if (progress.body_refused) return found;
      if (progress.at_body) {
        CHILIAD_CHECK(bodies == HttpParser::Bodies::kAsk && request.body().empty());
        parser.stream_body(sink);
        continue;
      }
      if (!progress.complete) break;
      CHILIAD_CHECK(progress.head_complete && progress.consumed > 0);
      CHILIAD_CHECK(bodies == HttpParser::Bodies::kKeep || request.body().empty());
      found.push_back(text_of(request, bodies == HttpParser::Bodies::kKeep ? request.body() : sink.text));
      sink.text.clear();
      if (!request.keep_alive()) return found;  // What comes behind the last request is nobody's.
      parser.begin(request, bodies);
    }
    if (unread.size() == kBuffer) return found;
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<std::string> pieces = requests_of(stream, std::size_t{1} + data[0], HttpParser::Bodies::kAsk);
  const std::vector<std::string> whole = requests_of(stream, kBuffer, HttpParser::Bodies::kKeep);
  // One of them may be refused earlier, for heads are limited by the bytes that the parser sees at a time.
  const std::size_t both = std::min(pieces.size(), whole.size());
  CHILIAD_CHECK(std::equal(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(both), whole.begin()));
  return 0;
}
