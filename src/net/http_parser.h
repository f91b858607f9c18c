// HttpParser: bytes of a connection in, one request after the other out.
//
// A thin shell around Boost.Beast's parser that puts the pieces straight into an HttpRequest: no tree of fields, no
// allocation once the request's buffers have grown.
//
//   parser.begin(request);
//   while (...) {
//     HttpParser::Progress progress = parser.feed(unread_bytes);   // may take only some of them
//     if (progress.failure_status != 0) answer with it and close;
//     if (progress.complete) handle(request), parser.begin(request);
//   }
//
// What it refuses: a head above max_head_bytes (431), a body above max_body_bytes (413, as soon as the head announces
// it), Content-Length twice or beside Transfer-Encoding, a length that is no number, a malformed field, HTTP/1.1
// without Host (400), a Transfer-Encoding other than chunked (501), versions other than HTTP/1.0 and 1.1 (505).
//
// Thread safety: one thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/http_message.h"

namespace chiliad::net {

class HttpParser {
 public:
  struct Limits {
    std::uint32_t max_head_bytes = 16 * 1024;
    std::uint64_t max_body_bytes = 6'291'456;
    std::size_t max_fields = 100;
  };

  struct Progress {
    std::size_t consumed = 0;  // Bytes taken; the rest must be offered again, with more behind it.
    bool head_complete = false;
    bool at_body = false;  // The head has just been completed and a body follows: begin(request, Bodies::kAsk).
    bool complete = false;
    bool body_refused = false;  // By the HttpBody: nothing more of this message is taken.
    int failure_status = 0;     // 0, or the status to answer before closing.
    std::string_view failure;   // One sentence for the client. A literal.
  };

  explicit HttpParser(const Limits& limits);
  HttpParser(HttpParser&&) noexcept;
  ~HttpParser();

  // kKeep: bodies go into the request, up to the limit. kAsk: feed() stops between head and body, and the caller says
  // with keep_body() or stream_body() what becomes of it.
  enum class Bodies : std::uint8_t { kKeep, kAsk };

  // Starts the next message. `request` must live until it is complete.
  void begin(HttpRequest& request, Bodies bodies = Bodies::kKeep);

  // Requires: begin(), and neither complete nor failed since.
  Progress feed(std::string_view bytes);

  // Requires: feed() has just said at_body. False: the head announced more (413).
  [[nodiscard]] bool keep_body(std::uint64_t max_bytes);
  // Any number of bytes, to `sink`, which must live until the message is complete.
  void stream_body(HttpBody& sink);
  // As the head announced it; none: it comes in chunks. Requires: the head is complete.
  std::optional<std::uint64_t> body_length() const;

  // True between the first byte of a message and its end.
  bool in_message() const;
  // The head asked to be told before it sends the body. Meaningful once the head is complete.
  bool expects_continue() const;

 private:
  class Beast;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::net
