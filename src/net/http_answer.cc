// HttpConnection: from an answer to bytes on the wire.
//
// Answers gather in output_ and leave in one system call; a large body follows from where it was made (tail_), a file
// from the file itself. run() is called again whenever the socket takes more.

#include <sys/sendfile.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <cerrno>

#include "base/check.h"
#include "net/http_connection.h"

namespace chiliad::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kKeptOutput = 128 * 1024;
// Bodies up to here are copied behind their head, so that answers to requests sent ahead leave together.
constexpr std::size_t kCopiedBody = 16 * 1024;
// The same of a file: reading costs no more system calls than sendfile(2), and one packet carries all.
constexpr std::uint64_t kCopiedFile = 32 * 1024;
constexpr std::size_t kFilePiece = 256 * 1024;
constexpr std::uint64_t kTlsFilePiece = 64 * 1024;
// Then other connections have their turn.
constexpr std::uint64_t kFileTurn = std::uint64_t{1} << 20;

// Appends bytes of the file's piece to `out`. False: it is shorter than it was, or cannot be read.
bool append_file(std::string& out, const HttpFile& file, std::uint64_t begin, std::uint64_t size) {
  std::size_t at = out.size();
  const std::size_t end = at + size;
  out.resize(end);
  off_t from = static_cast<off_t>(file.offset + begin);
  while (at < end) {
    const ssize_t got = ::pread(file.descriptor.get(), out.data() + at, end - at, from);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
    from += got;
  }
  return true;
}

}  // namespace

// Writes the answer to request_ behind what is waiting to be sent, and makes ready for the next request.
void HttpConnection::append(HttpResponse& response) {
  if (!request_.keep_alive() || draining()) response.close = true;
  const bool is_head = request_.method() == "HEAD";
  const std::uint64_t size = response.file ? response.file->length : response.body.size();
  const std::uint64_t announced = is_head ? response.head_content_length.value_or(size) : size;
  append_response_head(output_, response, &announced, request_.http_1_0());
  if (is_head || response.status == 204 || response.status == 304) {
    // A HEAD is answered as a GET without the body.
  } else if (response.file && size > kCopiedFile) {
    file_ = std::move(response.file);
    file_sent_ = 0;
  } else if (response.file) {
    if (!append_file(output_, *response.file, 0, size)) {
      close();  // The head may be on its way already.
      close_after_flush_ = true;
      return;
    }
  } else if (size <= kCopiedBody) {
    output_ += response.body;
  } else {
    tail_ = std::move(response.body);
    tail_sent_ = 0;
    tail_held_ = std::move(response.held);
  }
  response.held.reset();
  const HttpShared& shared = *loop_.shared;
  if (shared.options.on_answer) shared.options.on_answer(request_, response.status, size);
  close_after_flush_ = response.close;
  if (charged_bytes_ > 0) loop_.shared->bodies_bytes.fetch_sub(charged_bytes_, std::memory_order_relaxed);
  charged_bytes_ = 0;
  begin_message();
}

// True when everything is sent. False: it waits for the socket and run() will be called again, or it is closed.
bool HttpConnection::flush() {
  if (waiting_to_write_ || !open_) return false;
  if (!write_output()) return false;
  if (file_ && !flush_file()) return false;
  if (stream_) finish_stream();
  return open_;
}

// Hands bytes of output_ and tail_ to the socket, without waiting; how many it took.
std::size_t HttpConnection::send_some(boost::system::error_code& error) {
  const std::string_view output = std::string_view(output_).substr(output_sent_);
  const std::string_view tail = std::string_view(tail_).substr(tail_sent_);
  if (tls_) {
    const TlsSession::Moved moved = tls_->write(output.empty() ? tail : output);
    if (moved.outcome == TlsSession::Outcome::kDone) return moved.bytes;
    error = asio::error::connection_reset;
    if (moved.outcome == TlsSession::Outcome::kWantsToWrite) error = asio::error::would_block;
    return 0;
  }
  // A file that follows fills the packet that the head begins.
  const tcp::socket::message_flags flags = file_ ? MSG_MORE : 0;
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(output), asio::buffer(tail)};
  return tail_.empty() ? socket_.send(buffers[0], flags, error) : socket_.send(buffers, flags, error);
}

// The same of output_ and tail_.
bool HttpConnection::write_output() {
  while (output_sent_ < output_.size() || tail_sent_ < tail_.size()) {
    boost::system::error_code error;
    const std::size_t sent = send_some(error);
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
  if (output_.capacity() > kKeptOutput) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
  output_sent_ = 0;
  if (!tail_.empty()) std::string().swap(tail_);
  tail_held_.reset();
  tail_sent_ = 0;
  return true;
}

// The same of file_.
bool HttpConnection::flush_file() {
  std::uint64_t in_this_turn = 0;
  while (tls_ && file_sent_ < file_->length) {
    if (in_this_turn >= kFileTurn) {
      wait_until_writable();
      return false;
    }
    const std::uint64_t size = std::min<std::uint64_t>(file_->length - file_sent_, kTlsFilePiece);
    if (!append_file(output_, *file_, file_sent_, size)) {
      close();
      return false;
    }
    file_sent_ += size;
    in_this_turn += size;
    if (!write_output()) return false;
  }
  while (file_sent_ < file_->length) {
    off_t from = static_cast<off_t>(file_->offset + file_sent_);
    const std::uint64_t left = file_->length - file_sent_;
    const ssize_t sent = ::sendfile(socket_.native_handle(), file_->descriptor.get(), &from,
                                    static_cast<std::size_t>(std::min<std::uint64_t>(left, kFilePiece)));
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0 && !(sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))) {
      close();  // The client is gone, or the file ends early: the client sees that the answer is cut short.
      return false;
    }
    if (sent > 0) {
      file_sent_ += static_cast<std::uint64_t>(sent);
      in_this_turn += static_cast<std::uint64_t>(sent);
    }
    if (file_sent_ < file_->length && (sent < 0 || in_this_turn >= kFileTurn)) {
      wait_until_writable();
      return false;
    }
  }
  file_.reset();
  return true;
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
  if (tls_) tls_->shutdown();
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
  begin_message();
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
