// HttpServer: HTTP/1.1 over TCP or TLS for a handler that answers at once or later.
//
// A few I/O threads, each with its own event loop; a connection belongs to one of them for life. One thread accepts and
// deals connections out in turn (SO_REUSEPORT would deal them by a hash, which leaves threads idle when connections are
// few, and would let a second server take half of the port unseen).
//
//   bytes --HttpParser--> HttpRequest --HttpHandler::handle()--> HttpResponse --> bytes
//              |                             |
//              |                             +--> HttpLater, answered by another thread
//              +--HttpHandler::begin()--> HttpBody: a body that is taken while it arrives
//
// Bodies are kept in memory unless the handler says otherwise once it has seen the head: an upload of any size goes
// through one buffer of 64 KiB, and the client is read only as fast as its bytes are taken. An answer may be a piece of
// a file, sent by the system without a copy, a mebibyte at most before the other connections of its thread have their
// turn.
//
// Rules the rest relies on:
//
//   1. A request whose last byte has arrived is answered: also while the server drains, also when the handler loses its
//      HttpLater (then with 500).
//   2. handle() runs on the I/O thread: all other connections of that thread wait for it. What may take long is
//   deferred. The same holds for begin() and HttpBody::take(), whose calls should be as quick as a write(2).
//   3. One connection holds at most one request and its answer; requests sent ahead (pipelining) wait unread, and the
//      answers leave in order. Memory a connection: 4 KiB while idle, the head's limit, the kept body, the answer.
//   4. A slow or silent client loses its connection when a phase takes longer than its time-out; nobody else notices.
//      A body that is not kept may take any time, but not bring less than 16 KiB within body_timeout.
//   5. Beyond max_connections a client gets 503 and is closed. Beyond max_bodies_bytes of kept bodies in all, the same.
//   6. Who sends Expect: 100-continue is told to go on only after begin() was content, and learns the answer instead
//      when it was not.
//
// Source: RFC 9112. Sockets and event loops: Boost.Asio 1.81; parsing: Boost.Beast. Heads of answers are written by
// hand into the connection's one output buffer and leave with their body in one system call.
//
// Thread safety: HttpServer and HttpLater may be used from any thread. handle() is called from several I/O threads at a
// time, for different connections.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"
#include "net/http_parser.h"

namespace chiliad::net {

// The right and the duty to answer one deferred request; a handle that may be copied. When the last copy goes without
// an answer the client gets 500 (or, in the middle of a stream, a cut connection). May outlive the server.
class HttpLater {
 public:
  // The request, until it is answered.
  const HttpRequest& request() const;

  // The whole answer. Requires: nothing was sent or begun before.
  void send(HttpResponse response);

  // An answer in pieces of unknown number: begin_stream(), write() any number of times, end_stream().
  void begin_stream(HttpResponse head);
  // Waits while more than 256 KiB are unsent. False when the client is gone: stop.
  bool write(std::string_view bytes);
  void end_stream();

 private:
  friend class HttpExchange;
  struct State;
  explicit HttpLater(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// What handle() may do besides filling the response.
class HttpExchange {
 public:
  // For a handler that has deferred and has another one fill the response on another thread: defer() gives `later`
  // out again.
  HttpExchange(HttpLater later, HttpBody* body) : body_(body), later_(std::move(later)) {}

  // The answer comes later; what handle() wrote into the response is ignored. Requires: called once at most.
  HttpLater defer();
  bool deferred() const { return deferred_; }

  // Where the body went; null when it was kept or there was none. Lives until the request is answered.
  HttpBody* body() const { return body_; }
  // What body() says from now on: for a handler before another one, whose HttpBody stands around the other's.
  void show_body(HttpBody* body) { body_ = body; }

 private:
  friend class HttpConnection;
  HttpExchange(class HttpConnection& connection, HttpBody* body) : connection_(&connection), body_(body) {}
  class HttpConnection* connection_ = nullptr;  // Null: later_ is set.
  HttpBody* body_;
  std::optional<HttpLater> later_;
  bool deferred_ = false;
};

class HttpHandler {
 public:
  // What becomes of a body.
  struct BodyPlan {
    std::unique_ptr<HttpBody> sink;  // Takes it; null: it is kept in HttpRequest::body().
    std::uint64_t max_bytes = 0;     // Of a kept one; 0: HttpParser::Limits say it. More is answered with 413.
    // The answer is known already and stands in `response`; the body is not read, or, when it is short, thrown away.
    bool refused = false;
  };

  virtual ~HttpHandler() = default;

  // The head of a request has arrived and a body follows (not for Content-Length: 0). `head` is the request that
  // handle() will get, its body still empty. By default every body is kept.
  virtual BodyPlan begin(const HttpRequest& head, HttpResponse& response);

  // Fills `response` (status 200, no body at first) or defers. `request` lives until it is answered.
  virtual void handle(const HttpRequest& request, HttpResponse& response, HttpExchange& exchange) = 0;

  // Fills the answer to a request that was refused before it was complete (HttpParser, time-outs, limits); the
  // connection is closed after it. The request holds what had arrived. By default {"message": ...}.
  virtual void refuse(const HttpRequest& request, int status, std::string_view reason, HttpResponse& response);
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // An IPv4 or IPv6 address.
  std::uint16_t port = 0;             // 0: any free one.
  int threads = 1;                    // >= 1.
  std::size_t max_connections = 10'000;
  HttpParser::Limits limits;
  std::uint64_t max_bodies_bytes = std::uint64_t{256} << 20;
  std::chrono::milliseconds head_timeout{10'000};   // From the first byte of a head to its last.
  std::chrono::milliseconds body_timeout{60'000};   // From then to the last byte of a kept body.
  std::chrono::milliseconds write_timeout{30'000};  // Without progress.
  std::chrono::milliseconds idle_timeout{75'000};   // Between requests.
  // PEM files, both or none: with them the port speaks TLS and nothing else (net/tls.h). Read once, at the start.
  std::filesystem::path certificate_chain;
  std::filesystem::path private_key;
  // Called on the I/O thread for each answer that was handed to the socket; unset: nothing.
  std::function<void(const HttpRequest&, int status, std::size_t body_bytes)> on_answer;
  // Called on an I/O thread when connections cannot be accepted (out of descriptors or memory), at most once a minute;
  // the server goes on trying. Unset: the counter alone tells it.
  std::function<void(const Error&)> on_accept_failure;
};

class HttpServer {
 public:
  struct Counters {
    std::uint64_t connections = 0;          // Now.
    std::uint64_t accepted = 0;             // Since the start,
    std::uint64_t refused_connections = 0;  // of these answered 503 because there were too many,
    std::uint64_t timed_out = 0;            // closed by a time-out (idle ones do not count),
    std::uint64_t refused_requests = 0;     // and requests refused before the handler saw them.
    std::uint64_t failed_handshakes = 0;    // Connections that did not come to speak TLS.
    std::uint64_t failed_accepts = 0;       // Times that none could be accepted: no descriptors, no memory.
  };

  // Listens and answers from now on. `handler` must outlive the server.
  // Errors: kInvalid: not an address, an option outside its range, a certificate or key that is none; kConflict: the
  // port is taken; kForbidden;
  //         kUnavailable. Each names address and port.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler& handler);

  // Closes at once whatever is still open.
  ~HttpServer();

  std::uint16_t port() const;
  Counters counters() const;

  // Ends in peace: takes the connections that the system already accepted, closes the port, answers what is running and
  // what still arrives on open connections (each with Connection: close), closes connections that stay silent for a
  // second. Returns when all are gone, or after `at_most`; the number that were cut off then.
  std::uint64_t drain(std::chrono::milliseconds at_most);

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::net
