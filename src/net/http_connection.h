// HttpConnection and HttpLoop: the two moving parts of HttpServer. Included by http_server.cc, http_connection.cc and
// http_answer.cc alone, because it brings in Boost.Asio.
//
// A connection runs through these phases, all on its loop's thread:
//
//   (handshake -->) idle --first byte--> head --blank line--> body --last byte--> handling --> writing --> idle
//                                                                                  `-----> lingering --> closed
//
// Lingering: after an answer that ends the connection the other direction is read and thrown away for a moment, because
// closing with unread bytes would make the system reset the connection and the client lose the answer.
//
// Thread safety: the loop's thread alone, but for the members marked atomic and HttpStream.

#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "net/http_server.h"
#include "net/tls.h"

namespace chiliad::net {

// What all loops of a server share.
struct HttpShared {
  HttpServerOptions options;
  HttpHandler* handler = nullptr;
  std::shared_ptr<const TlsContext> tls;  // Null: plain TCP.
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> refused_requests{0};
  std::atomic<std::uint64_t> failed_handshakes{0};
  std::atomic<std::uint64_t> failed_accepts{0};
  std::atomic<std::uint64_t> bodies_bytes{0};
  Mutex mutex;
  Condition connection_closed;
  bool listening_ended CHILIAD_GUARDED_BY(mutex) = false;
};

class HttpConnection;

// One thread's event loop, its connections, and a clock that is good to a fifth of a second: every connection has a
// deadline in that clock, looked at five times a second, so that a request costs no timer.
struct HttpLoop : std::enable_shared_from_this<HttpLoop> {
  explicit HttpLoop(std::shared_ptr<HttpShared> its_shared) : shared(std::move(its_shared)) {}
  void start_clock();
  void begin_draining();
  void close_all();

  static constexpr std::chrono::milliseconds kTick{200};
  static constexpr std::int64_t kDrainSilenceMs = 1'000;

  std::shared_ptr<HttpShared> shared;
  boost::asio::io_context context{1};
  boost::asio::steady_timer timer{context};
  std::list<std::shared_ptr<HttpConnection>> connections;
  std::int64_t now_ms = 0;
  bool draining = false;

 private:
  void tick();
};

// The bytes of a streamed answer between the thread that makes them and the loop that sends them.
struct HttpStream {
  static constexpr std::size_t kMaxUnsent = 256 * 1024;
  Mutex mutex;
  Condition room;
  std::string pending CHILIAD_GUARDED_BY(mutex);     // Not yet seen by the loop.
  std::size_t unsent CHILIAD_GUARDED_BY(mutex) = 0;  // Pending or in the output buffer.
  bool posted CHILIAD_GUARDED_BY(mutex) = false;     // The loop has been told.
  bool ended CHILIAD_GUARDED_BY(mutex) = false;
  bool gone CHILIAD_GUARDED_BY(mutex) = false;  // The connection is closed.
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpLoop& loop, boost::asio::ip::tcp::socket socket, std::string peer);
  ~HttpConnection();

  // Requires: it stands in loop.connections at `place`.
  void start(std::list<std::shared_ptr<HttpConnection>>::iterator place);
  void close();
  void on_tick();
  void on_draining();

  // For HttpLater, on the loop's thread.
  void finish(HttpResponse& response);
  void begin_stream(HttpResponse& head, std::shared_ptr<HttpStream> stream);
  void send_pending();
  void abandon();

  HttpLoop& loop() { return loop_; }
  bool is_open() const { return open_; }
  const HttpRequest& request() const { return request_; }

 private:
  enum class Phase : std::uint8_t { kHandshake, kIdle, kHead, kBody, kHandling, kWriting, kLingering };

  void enter(Phase phase);
  void shake_hands();
  void begin_serving();
  void read();
  void wait_for_tls(TlsSession::Outcome outcome, void (HttpConnection::*then)());
  void read_tls();
  void on_read(const boost::system::error_code& error, std::size_t bytes);
  void run();
  bool answer_unread();
  void begin_body();
  void begin_message();
  void answer();
  void refuse(int status, std::string_view reason);
  bool charge_body();
  void append(HttpResponse& response);
  bool flush();
  bool flush_file();
  bool write_output();
  std::size_t send_some(boost::system::error_code& error);
  void wait_until_writable();
  void finish_stream();
  void linger();
  bool draining() const { return loop_.draining; }

  HttpLoop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;  // Null: plain TCP.
  std::list<std::shared_ptr<HttpConnection>>::iterator place_;
  HttpParser parser_;
  HttpRequest request_;
  HttpResponse response_;

  std::string input_;  // Bytes [input_begin_, input_end_) are unread.
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::string output_;  // Bytes from output_sent_ on are unsent, then those of tail_.
  std::size_t output_sent_ = 0;
  std::string tail_;  // A large body, moved here instead of copied.
  std::size_t tail_sent_ = 0;
  std::shared_ptr<const void> tail_held_;
  std::shared_ptr<const HttpFile> file_;  // Bytes from file_sent_ on are unsent, after those.
  std::uint64_t file_sent_ = 0;

  std::unique_ptr<HttpBody> body_;  // Where the request's body goes.
  std::size_t body_progress_ = 0;   // What it has brought since the deadline was set.
  std::shared_ptr<HttpStream> stream_;
  std::size_t stream_unsent_ = 0;    // Bytes of stream_ in output_.
  std::uint64_t charged_bytes_ = 0;  // Of shared->bodies_bytes.
  std::int64_t deadline_ms_ = 0;     // In the loop's clock; INT64_MAX: none.
  std::size_t lingered_bytes_ = 0;
  Phase phase_ = Phase::kIdle;
  std::atomic<bool> open_{true};
  bool waiting_to_write_ = false;
  bool reading_ = false;
  bool deferred_ = false;
  bool stream_ending_ = false;
  bool close_after_flush_ = false;
  bool answered_early_ = false;  // response_ holds the answer to a request whose body is being thrown away.
};

}  // namespace chiliad::net
