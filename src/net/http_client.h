// HttpClient: one request, one answer, within a deadline and a limit of bytes. Through libcurl, which brings what the
// server's library has not: proxies (http_proxy, no_proxy), the system's TLS trust, a pool of kept connections.
//
// Rules the rest relies on:
//   1. No redirect is followed and nothing is tried again, but for one case: a kept connection that turns out closed
//      before an answer came. A request with may_repeat = false gets a new connection, and is sent at most once.
//   2. The answer's body is held in memory, or handed on as it arrives; never more than max_body_bytes of it.
//   3. A peer that sends nothing for ClientRequest::silence counts as failed, whatever the deadline.
//
// Source: libcurl's manual, curl_easy_setopt(3).
//
// Thread safety: send() may be called from any threads at a time; each uses a connection of its own from the pool.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/sigv4.h"

namespace chiliad::net {

struct ClientResponse;

struct ClientRequest {
  std::string method = "GET";
  std::string url = {};
  HttpFields fields = {};      // Host is made from the URL unless given.
  std::string_view body = {};  // Outlives the call.
  std::uint64_t max_body_bytes = std::uint64_t{1} << 30;
  bool use_proxy = true;
  bool may_repeat = true;
  std::chrono::seconds silence{30};  // 0: the deadline alone.
  // Takes the body's pieces as they arrive, in place of ClientResponse::body; `head` has status and fields. False: no
  // more is wanted, and send() says kConflict.
  std::function<bool(const ClientResponse& head, std::string_view piece)> take_body = {};
};

struct ClientResponse {
  int status = 0;
  HttpFields fields;  // Names in lower case.
  std::string body;

  // The first field of this lower-case name; empty when there is none.
  std::string_view field(std::string_view name) const;
};

class HttpClient {
 public:
  HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // Any status is a success here. Errors: kDeadline; kUnavailable: no connection, a broken one, a body shorter than
  // announced; kTooLarge above max_body_bytes; kConflict: take_body() said so; kForbidden: the peer's certificate is
  // not trusted. Sets *surely_not_sent when the request cannot have had an effect, since no connection came about.
  Result<ClientResponse> send(const ClientRequest& request, Deadline deadline, bool* surely_not_sent = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "Fri, 30 Aug 2015 12:36:00 GMT" and the older forms of RFC 9110. None: not a date, before 1970, beyond Instant.
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace chiliad::net
