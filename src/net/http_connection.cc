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

constexpr std::size_t kIdleInput = 4 * 1024;
constexpr std::size_t kLargestInput = 64 * 1024;
// Bodies up to here are copied behind their head, so that answers to requests sent ahead leave together.
constexpr std::size_t kCopiedBody = 16 * 1024;
constexpr std::size_t kOutputPause = 64 * 1024;
// Bodies up to here are not worth an atomic addition.
constexpr std::uint64_t kFreeBody = 64 * 1024;
constexpr std::int64_t kLingerMs = 2'000;
constexpr std::size_t kLingerBytes = std::size_t{32} << 20;

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

HttpConnection::HttpConnection(HttpLoop& loop, tcp::socket socket)
    : loop_(loop), socket_(std::move(socket)), parser_(loop.shared->options.limits) {
  loop_.shared->connections.fetch_add(1, std::memory_order_relaxed);
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::start(std::list<std::shared_ptr<HttpConnection>>::iterator place) {
  place_ = place;
  boost::system::error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  parser_.begin(request_);
  enter(Phase::kIdle);
  // A client that connects and says nothing has as long as one that sends its head slowly.
  deadline_ms_ = loop_.now_ms + loop_.shared->options.head_timeout.count();
  read();
}

void HttpConnection::close() {
  if (!open_) return;
  open_ = false;
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (stream_) {
    const MutexLock lock(stream_->mutex);
    stream_->gone = true;
    stream_->room.notify_all();
  }
  HttpShared& shared = *loop_.shared;
  if (charged_bytes_ > 0) shared.bodies_bytes.fetch_sub(charged_bytes_, std::memory_order_relaxed);
  charged_bytes_ = 0;
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
    case Phase::kHead: allowed = options.head_timeout.count(); break;
    case Phase::kBody: allowed = options.body_timeout.count(); break;
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
  socket_.async_read_some(asio::buffer(input_.data() + input_end_, input_.size() - input_end_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
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
    if (output_.size() >= kOutputPause || !tail_.empty()) return true;
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
    if (progress.complete) {
      answer();
      continue;
    }
    if (progress.head_complete && parser_.expects_continue() && !said_continue_) {
      said_continue_ = true;
      output_ += "HTTP/1.1 100 Continue\r\n\r\n";
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
  response_.clear();
  HttpExchange exchange(*this);
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

// Writes the answer to request_ behind what is waiting to be sent, and makes ready for the next request.
void HttpConnection::append(HttpResponse& response) {
  if (!request_.keep_alive() || draining()) response.close = true;
  const std::size_t size = response.body.size();
  append_response_head(output_, response, &size, request_.http_1_0());
  if (request_.method() == "HEAD") {
    // A HEAD is answered as a GET without the body.
  } else if (size <= kCopiedBody) {
    output_ += response.body;
  } else {
    tail_ = std::move(response.body);
    tail_sent_ = 0;
  }
  const HttpShared& shared = *loop_.shared;
  if (shared.options.on_answer) shared.options.on_answer(request_, response.status, size);
  close_after_flush_ = response.close;
  if (charged_bytes_ > 0) loop_.shared->bodies_bytes.fetch_sub(charged_bytes_, std::memory_order_relaxed);
  charged_bytes_ = 0;
  said_continue_ = false;
  parser_.begin(request_);
}

// True when everything is sent. False: it waits for the socket and run() will be called again, or it is closed.
bool HttpConnection::flush() {
  if (waiting_to_write_ || !open_) return false;
  while (output_sent_ < output_.size() || tail_sent_ < tail_.size()) {
    const std::array<asio::const_buffer, 2> buffers = {
        asio::const_buffer(output_.data() + output_sent_, output_.size() - output_sent_),
        asio::const_buffer(tail_.data() + tail_sent_, tail_.size() - tail_sent_)};
    boost::system::error_code error;
    const std::size_t sent = tail_.empty() ? socket_.write_some(buffers[0], error) : socket_.write_some(buffers, error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      wait_until_writable();
      return false;
    }
    if (error) {
      close();
      return false;
    }
    const std::size_t of_output = std::min(sent, output_.size() - output_sent_);
    output_sent_ += of_output;
    tail_sent_ += sent - of_output;
  }
  if (output_.capacity() > 2 * kOutputPause) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
  output_sent_ = 0;
  if (!tail_.empty()) std::string().swap(tail_);
  tail_sent_ = 0;
  if (stream_) finish_stream();
  return open_;
}

void HttpConnection::wait_until_writable() {
  waiting_to_write_ = true;
  enter(Phase::kWriting);
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    self->waiting_to_write_ = false;
    if (!self->open_) return;
    if (error) {
      self->close();
    } else {
      self->run();
    }
  });
}

void HttpConnection::linger() {
  if (!open_) return;
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  enter(Phase::kLingering);
  input_begin_ = input_end_ = 0;
  read();
}

// ---------------------------------------------------------------------------------------------------
// HttpConnection: answers from elsewhere
// ---------------------------------------------------------------------------------------------------

void HttpConnection::finish(HttpResponse& response) {
  if (!open_) return;
  deferred_ = false;
  append(response);
  run();
}

void HttpConnection::begin_stream(HttpResponse& head, std::shared_ptr<HttpStream> stream) {
  stream_ = std::move(stream);
  if (!open_) {
    const MutexLock lock(stream_->mutex);
    stream_->gone = true;
    stream_->room.notify_all();
    return;
  }
  // HTTP/1.0 knows no chunks: there the answer ends with the connection.
  if (!request_.keep_alive() || draining() || request_.http_1_0()) head.close = true;
  append_response_head(output_, head, nullptr, request_.http_1_0());
  close_after_flush_ = false;
  response_.close = head.close;
  response_.status = head.status;
  if (flush()) enter(Phase::kHandling);
}

// Takes over what the producer has left in the stream.
void HttpConnection::send_pending() {
  if (!open_ || !stream_) return;
  std::string bytes;
  {
    const MutexLock lock(stream_->mutex);
    bytes.swap(stream_->pending);
    stream_->posted = false;
    stream_ending_ = stream_->ended;
  }
  if (!bytes.empty()) {
    if (!request_.http_1_0()) {
      std::array<char, 24> size{};
      const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
      output_.append(size.data(), static_cast<std::size_t>(length));
    }
    output_ += bytes;
    if (!request_.http_1_0()) output_ += "\r\n";
    stream_unsent_ += bytes.size();
  }
  if (stream_ending_ && !request_.http_1_0()) output_ += "0\r\n\r\n";
  if (flush() && open_) {
    if (deferred_) {
      enter(Phase::kHandling);
    } else if (close_after_flush_) {
      linger();
    } else {
      run();
    }
  }
}

// Everything taken over so far is sent: makes room for the producer, or ends the answer.
void HttpConnection::finish_stream() {
  {
    const MutexLock lock(stream_->mutex);
    stream_->unsent -= stream_unsent_;
    stream_->room.notify_all();
  }
  stream_unsent_ = 0;
  if (!stream_ending_) return;
  const HttpShared& shared = *loop_.shared;
  if (shared.options.on_answer) shared.options.on_answer(request_, response_.status, 0);
  stream_.reset();
  stream_ending_ = false;
  deferred_ = false;
  close_after_flush_ = response_.close || draining();
  said_continue_ = false;
  parser_.begin(request_);
}

// The last HttpLater went without an answer.
void HttpConnection::abandon() {
  if (!open_) return;
  if (stream_) {
    close();  // The client sees that the answer is cut short.
    return;
  }
  HttpResponse response;
  response.status = 500;
  response.body = R"({"message":"The request was given up"})";
  finish(response);
}

}  // namespace chiliad::net
