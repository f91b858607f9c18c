#include "net/http_connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <limits>

#include "base/check.h"
#include "base/json_writer.h"

namespace chiliad::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::string_view kSpeakTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 60\r\nConnection: close\r\n\r\n"
    R"({"message":"This port speaks TLS: use https:// to reach it"})";
constexpr std::size_t kIdleInput = 4 * 1024;
constexpr std::size_t kLargestInput = 64 * 1024;
constexpr std::size_t kOutputPause = 64 * 1024;  // With more than this to send, requests sent ahead wait.
// A body that is not kept must bring so much within each body_timeout.
constexpr std::size_t kLeastProgress = 16 * 1024;
// The body of a request that is refused at its head is read up to this length, so that the connection can go on.
constexpr std::uint64_t kDiscardedBody = 64 * 1024;
// Bodies up to here are not worth an atomic addition.
constexpr std::uint64_t kFreeBody = 64 * 1024;
constexpr std::int64_t kLingerMs = 2'000;
constexpr std::size_t kLingerBytes = std::size_t{32} << 20;

class DiscardedBody final : public HttpBody {
 public:
  bool take(std::string_view) override { return true; }
};

}  // namespace

// ---------------------------------------------------------------------------------------------------
// HttpLoop
// ---------------------------------------------------------------------------------------------------

void HttpLoop::start_clock() {
  timer.expires_after(kTick);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void HttpLoop::tick() {
  now_ms += kTick.count();
  for (auto at = connections.begin(); at != connections.end();) {
    const std::shared_ptr<HttpConnection> connection = *at++;  // on_tick() may remove it from the list.
    connection->on_tick();
  }
  start_clock();
}

void HttpLoop::begin_draining() {
  draining = true;
  for (auto at = connections.begin(); at != connections.end();) {
    const std::shared_ptr<HttpConnection> connection = *at++;
    connection->on_draining();
  }
}

void HttpLoop::close_all() {
  timer.cancel();
  while (!connections.empty()) {
    const std::shared_ptr<HttpConnection> connection = connections.front();
    connection->close();
  }
}

// ---------------------------------------------------------------------------------------------------
// HttpConnection: life
// ---------------------------------------------------------------------------------------------------

HttpConnection::HttpConnection(HttpLoop& loop, tcp::socket socket, std::string peer)
    : loop_(loop), socket_(std::move(socket)), parser_(loop.shared->options.limits) {
  request_.peer_ = std::move(peer);
  loop_.shared->connections.fetch_add(1, std::memory_order_relaxed);
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::start(std::list<std::shared_ptr<HttpConnection>>::iterator place) {
  place_ = place;
  boost::system::error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  begin_message();
  if (loop_.shared->tls) {
    request_.secure_ = true;
    tls_ = std::make_unique<TlsSession>(loop_.shared->tls, socket_.native_handle());
    enter(Phase::kHandshake);
    shake_hands();
  } else {
    begin_serving();
  }
}

void HttpConnection::shake_hands() {
  const TlsSession::Outcome outcome = tls_->handshake();
  switch (outcome) {
    case TlsSession::Outcome::kDone: begin_serving(); return;
    case TlsSession::Outcome::kWantsToRead:
    case TlsSession::Outcome::kWantsToWrite: wait_for_tls(outcome, &HttpConnection::shake_hands); return;
    case TlsSession::Outcome::kPlainHttp: {
      boost::system::error_code ignored;
      socket_.send(asio::buffer(kSpeakTls), 0, ignored);
      break;
    }
    case TlsSession::Outcome::kEnded: break;
  }
  loop_.shared->failed_handshakes.fetch_add(1, std::memory_order_relaxed);
  close();
}

void HttpConnection::begin_serving() {
  enter(Phase::kIdle);
  // A client that connects and says nothing has as long as one that sends its head slowly.
  deadline_ms_ = loop_.now_ms + loop_.shared->options.head_timeout.count();
  read();
}

void HttpConnection::close() {
  if (!open_) return;
  open_ = false;
  boost::system::error_code ignored;
  if (tls_) tls_->shutdown();
  socket_.close(ignored);
  if (stream_) {
    const MutexLock lock(stream_->mutex);
    stream_->gone = true;
    stream_->room.notify_all();
  }
  HttpShared& shared = *loop_.shared;
  if (charged_bytes_ > 0) shared.bodies_bytes.fetch_sub(charged_bytes_, std::memory_order_relaxed);
  charged_bytes_ = 0;
  file_.reset();
  if (!deferred_) body_.reset();  // Otherwise whoever is to answer may still be at it.
  {
    const MutexLock lock(shared.mutex);
    shared.connections.fetch_sub(1, std::memory_order_relaxed);
    shared.connection_closed.notify_all();
  }
  loop_.connections.erase(place_);  // Callers hold a reference of their own.
}

void HttpConnection::enter(Phase phase) {
  phase_ = phase;
  const HttpServerOptions& options = loop_.shared->options;
  std::int64_t allowed = 0;
  switch (phase) {
    case Phase::kIdle: allowed = draining() ? HttpLoop::kDrainSilenceMs : options.idle_timeout.count(); break;
    case Phase::kHandshake:
    case Phase::kHead: allowed = options.head_timeout.count(); break;
    case Phase::kBody:
      allowed = options.body_timeout.count();
      body_progress_ = 0;
      break;
    case Phase::kWriting: allowed = options.write_timeout.count(); break;
    case Phase::kLingering: allowed = kLingerMs; break;
    case Phase::kHandling: deadline_ms_ = std::numeric_limits<std::int64_t>::max(); return;
  }
  deadline_ms_ = loop_.now_ms + allowed;
}

void HttpConnection::on_tick() {
  if (loop_.now_ms < deadline_ms_) return;
  switch (phase_) {
    case Phase::kHead:
    case Phase::kBody:
      loop_.shared->timed_out.fetch_add(1, std::memory_order_relaxed);
      refuse(408, "The request took too long to arrive");
      if (flush()) linger();
      return;
    case Phase::kHandshake:
    case Phase::kWriting: loop_.shared->timed_out.fetch_add(1, std::memory_order_relaxed); break;
    default: break;
  }
  close();
}

void HttpConnection::on_draining() {
  if (phase_ == Phase::kIdle) enter(Phase::kIdle);  // With the shorter patience of a draining server.
}

// ---------------------------------------------------------------------------------------------------
// HttpConnection: reading
// ---------------------------------------------------------------------------------------------------

void HttpConnection::read() {
  if (reading_ || !open_) return;
  if (input_begin_ == input_end_) {
    input_begin_ = input_end_ = 0;
    if (input_.size() != kIdleInput && !parser_.in_message()) {
      input_.resize(kIdleInput);
      input_.shrink_to_fit();
    }
  } else if (input_begin_ > 0) {
    input_.erase(0, input_begin_);
    input_end_ -= input_begin_;
    input_begin_ = 0;
    input_.resize(std::max(kIdleInput, input_.capacity()));
  }
  if (input_end_ == input_.size() || (phase_ == Phase::kBody && input_.size() < kLargestInput)) {
    input_.resize(std::min(std::max(input_.size() * 4, kIdleInput), kLargestInput));
  }
  CHILIAD_CHECK(input_end_ < input_.size());
  reading_ = true;
  if (tls_) {
    if (tls_->may_have_more()) {
      asio::post(loop_.context, [self = shared_from_this()] { self->read_tls(); });
    } else {
      wait_for_tls(TlsSession::Outcome::kWantsToRead, &HttpConnection::read_tls);
    }
    return;
  }
  socket_.async_read_some(asio::buffer(input_.data() + input_end_, input_.size() - input_end_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

// Calls `then` when the socket is ready for it.
void HttpConnection::wait_for_tls(TlsSession::Outcome outcome, void (HttpConnection::*then)()) {
  const auto direction =
      outcome == TlsSession::Outcome::kWantsToWrite ? tcp::socket::wait_write : tcp::socket::wait_read;
  socket_.async_wait(direction, [self = shared_from_this(), then](const boost::system::error_code& error) {
    if (!self->open_) return;
    if (error) {
      self->close();
    } else {
      (*self.*then)();
    }
  });
}

void HttpConnection::read_tls() {
  if (!open_) return;
  const TlsSession::Moved moved = tls_->read(input_.data() + input_end_, input_.size() - input_end_);
  switch (moved.outcome) {
    case TlsSession::Outcome::kDone: on_read({}, moved.bytes); return;
    case TlsSession::Outcome::kWantsToRead:
    case TlsSession::Outcome::kWantsToWrite: wait_for_tls(moved.outcome, &HttpConnection::read_tls); return;
    default: on_read(asio::error::eof, 0); return;
  }
}

void HttpConnection::on_read(const boost::system::error_code& error, std::size_t bytes) {
  reading_ = false;
  if (!open_) return;
  if (error) {
    close();
    return;
  }
  if (phase_ == Phase::kLingering) {
    lingered_bytes_ += bytes;
    if (lingered_bytes_ > kLingerBytes) {
      close();
    } else {
      read();
    }
    return;
  }
  input_end_ += bytes;
  if (phase_ == Phase::kBody && body_) {
    body_progress_ += bytes;
    if (body_progress_ >= kLeastProgress) enter(Phase::kBody);
  }
  run();
}

// Answers what has arrived, sends, and goes on reading; stops where it has to wait.
void HttpConnection::run() {
  bool more = true;
  while (more) {
    more = answer_unread();
    const bool was_deferred = deferred_;
    if (!flush() || !open_) return;
    more = more || (was_deferred && !deferred_);  // A stream ended: what was sent ahead of its end comes next.
    if (close_after_flush_) {
      linger();
      return;
    }
    if (deferred_) {
      enter(Phase::kHandling);
      return;
    }
  }
  if (!parser_.in_message()) enter(Phase::kIdle);
  read();
}

// True when it stopped because enough is waiting to be sent, with bytes left to read.
bool HttpConnection::answer_unread() {
  while (!deferred_ && !close_after_flush_ && input_begin_ < input_end_) {
    if (output_.size() >= kOutputPause || !tail_.empty() || file_) return true;
    const HttpParser::Progress progress = parser_.feed({input_.data() + input_begin_, input_end_ - input_begin_});
    input_begin_ += progress.consumed;
    if (progress.failure_status != 0) {
      refuse(progress.failure_status, progress.failure);
      return false;
    }
    if (!charge_body()) {
      refuse(503, "Too many large requests are arriving at this moment: try again later");
      return false;
    }
    if (progress.complete || progress.body_refused) {
      answer();
      continue;
    }
    if (progress.at_body) {
      begin_body();
      continue;
    }
    if (input_end_ - input_begin_ >= kLargestInput) {
      // The parser takes a chunk's head or a trailer only when it has all of it: this one will never fit.
      refuse(400, "A chunk's head or a trailer is too long");
      return false;
    }
    const Phase phase = progress.head_complete ? Phase::kBody : Phase::kHead;
    if (phase_ != phase && parser_.in_message()) enter(phase);
    return false;
  }
  return false;
}

// The head is there: asks what becomes of the body.
void HttpConnection::begin_body() {
  const HttpServerOptions& options = loop_.shared->options;
  response_.clear();
  HttpHandler::BodyPlan plan = loop_.shared->handler->begin(request_, response_);
  const bool waits = parser_.expects_continue() && input_begin_ == input_end_ && !request_.http_1_0();
  if (plan.refused) {
    const std::optional<std::uint64_t> length = parser_.body_length();
    // Who waits to be told may send the body or the next request now: the two cannot be told apart.
    if (waits || !length || *length > kDiscardedBody) {
      response_.close = true;
      append(response_);
      return;
    }
    answered_early_ = true;
    plan.sink = std::make_unique<DiscardedBody>();
  }
  body_ = std::move(plan.sink);
  if (body_) {
    parser_.stream_body(*body_);
  } else if (!parser_.keep_body(plan.max_bytes > 0 ? plan.max_bytes : options.limits.max_body_bytes)) {
    refuse(413, "The request's body is too large");
    return;
  }
  if (waits) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
  enter(Phase::kBody);
}

bool HttpConnection::charge_body() {
  const std::uint64_t size = request_.body().size();
  if (size <= kFreeBody || size <= charged_bytes_) return true;
  HttpShared& shared = *loop_.shared;
  const std::uint64_t before = shared.bodies_bytes.fetch_add(size - charged_bytes_, std::memory_order_relaxed);
  const std::uint64_t after = before + size - charged_bytes_;
  charged_bytes_ = size;
  return after <= shared.options.max_bodies_bytes;
}

// ---------------------------------------------------------------------------------------------------
// HttpConnection: answering
// ---------------------------------------------------------------------------------------------------

void HttpConnection::answer() {
  if (answered_early_) {
    append(response_);
    return;
  }
  response_.clear();
  HttpExchange exchange(*this, body_.get());
  loop_.shared->handler->handle(request_, response_, exchange);
  if (!exchange.deferred_) {
    append(response_);
  } else {
    deferred_ = true;
  }
}

void HttpConnection::refuse(int status, std::string_view reason) {
  loop_.shared->refused_requests.fetch_add(1, std::memory_order_relaxed);
  response_.clear();
  response_.status = status;
  loop_.shared->handler->refuse(request_, status, reason, response_);
  response_.close = true;
  append(response_);
}

// Makes ready for the next request.
void HttpConnection::begin_message() {
  parser_.begin(request_, HttpParser::Bodies::kAsk);
  body_.reset();
  answered_early_ = false;
}

}  // namespace chiliad::net
