#include "net/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

#include "base/check.h"

namespace chiliad::net {
namespace {

namespace http = boost::beast::http;
using BeastError = boost::beast::error_code;
using BeastString = boost::beast::string_view;

std::string_view plain(BeastString text) { return {text.data(), text.size()}; }

struct Refusal {
  int status;
  std::string_view sentence;
};

Refusal refusal_of(const BeastError& error) {
  if (error == http::error::header_limit) return {431, "The request's head is too large"};
  if (error == http::error::body_limit) return {413, "The request's body is too large"};
  if (error == http::error::bad_version) return {505, "Only HTTP/1.0 and HTTP/1.1 are spoken here"};
  if (error == http::error::bad_method) return {400, "The request's method is malformed"};
  if (error == http::error::bad_target) return {400, "The request's target is malformed"};
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length) {
    return {400, "Content-Length is malformed, given twice, or given beside Transfer-Encoding"};
  }
  if (error == http::error::bad_transfer_encoding)
    return {501, "Transfer-Encoding is not chunked, or stands beside Content-Length"};
  if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension) {
    return {400, "The body's chunks are malformed"};
  }
  return {400, "The request's head is malformed"};
}

}  // namespace

// Beast's hooks are protected members of a class; this one copies what they are given into the request.
class HttpParser::Beast final : public http::basic_parser<true> {
 public:
  Beast(const Limits& limits, HttpRequest& request) : limits_(limits), request_(request) {
    header_limit(limits.max_head_bytes);
    body_limit(limits.max_body_bytes);
    eager(true);
  }
  bool expects_continue() const { return expects_continue_; }
  bool has_host() const { return has_host_; }
  void stream_to(HttpBody& sink) { sink_ = &sink; }
  bool body_refused() const { return body_refused_; }

 protected:
  void on_request_impl(http::verb, BeastString method, BeastString target, int version, BeastError&) override {
    request_.method_ = request_.keep(plain(method));
    request_.target_ = request_.keep(plain(target));
    request_.http_1_0_ = version == 10;
  }
  void on_field_impl(http::field field, BeastString name, BeastString value, BeastError& error) override {
    if (is_header_done()) return;  // A trailer's.
    // Beast limits the bytes it sees at a time; a head that trickles in is limited here.
    if (request_.fields_.size() >= limits_.max_fields ||
        request_.head_.size() + name.size() + value.size() > limits_.max_head_bytes) {
      error = http::make_error_code(http::error::header_limit);
      return;
    }
    if (field == http::field::expect) expects_continue_ = boost::beast::iequals(value, "100-continue");
    if (field == http::field::host) has_host_ = true;
    if (field == http::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
      error = http::make_error_code(http::error::bad_transfer_encoding);
      return;
    }
    HttpRequest::Field kept;
    kept.name = request_.keep(plain(name));
    kept.value = request_.keep(plain(value));
    request_.fields_.push_back(kept);
  }
  std::size_t on_body_impl(BeastString bytes, BeastError& error) override { return take(bytes, error); }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastString bytes, BeastError& error) override {
    return take(bytes, error);
  }
  void on_response_impl(int, BeastString, int, BeastError&) override {}
  void on_header_impl(BeastError&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
  void on_chunk_header_impl(std::uint64_t, BeastString, BeastError&) override {}
  void on_finish_impl(BeastError&) override {}

 private:
  std::size_t take(BeastString bytes, BeastError& error) {
    if (sink_ == nullptr) {
      request_.body_.append(bytes.data(), bytes.size());
    } else if (!bytes.empty() && !sink_->take(plain(bytes))) {
      body_refused_ = true;
      error = http::make_error_code(http::error::end_of_stream);
    }
    return bytes.size();
  }

  const Limits& limits_;
  HttpRequest& request_;
  HttpBody* sink_ = nullptr;
  bool body_refused_ = false;
  bool expects_continue_ = false;
  bool has_host_ = false;
};

struct HttpParser::State {
  Limits limits;
  HttpRequest* request = nullptr;
  std::optional<Beast> beast;
  bool ask = false;  // Stop before the next body.
};

HttpParser::HttpParser(const Limits& limits) : state_(std::make_unique<State>()) { state_->limits = limits; }
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser::~HttpParser() = default;

void HttpParser::begin(HttpRequest& request, Bodies bodies) {
  request.clear();
  state_->request = &request;
  state_->beast.emplace(state_->limits, request);
  state_->ask = bodies == Bodies::kAsk;
  if (state_->ask) {
    state_->beast->eager(false);
    state_->beast->body_limit(boost::none);
  }
}

bool HttpParser::keep_body(std::uint64_t max_bytes) {
  state_->beast->body_limit(max_bytes);
  return body_length().value_or(0) <= max_bytes;
}

void HttpParser::stream_body(HttpBody& sink) { state_->beast->stream_to(sink); }

std::optional<std::uint64_t> HttpParser::body_length() const {
  const auto length = state_->beast->content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

HttpParser::Progress HttpParser::feed(std::string_view bytes) {
  CHILIAD_CHECK(state_->beast && !state_->beast->is_done());
  Beast& beast = *state_->beast;
  Progress progress;
  // Empty lines before a request are skipped, as RFC 9112 section 2.2 asks.
  if (!beast.got_some()) {
    while (progress.consumed < bytes.size() && (bytes[progress.consumed] == '\r' || bytes[progress.consumed] == '\n')) {
      ++progress.consumed;
    }
    bytes.remove_prefix(progress.consumed);
    if (bytes.empty()) return progress;
  }
  // Beast 1.81 asserts that it never sees less than the five bytes of "0\r\n\r\n" once it has seen the last chunk's
  // line; the rest of a chunked body is never shorter.
  constexpr std::size_t kShortestRest = 5;
  if (beast.is_header_done() && beast.chunked() && bytes.size() < kShortestRest) {
    progress.head_complete = true;
    return progress;
  }
  BeastError error;
  progress.consumed += beast.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  progress.head_complete = beast.is_header_done();
  if (beast.body_refused()) {
    progress.body_refused = true;
    state_->request->keep_alive_ = false;
    state_->request->received_at_ = std::chrono::steady_clock::now();
    return progress;
  }
  if (error && error != http::error::need_more) {
    const Refusal refusal = refusal_of(error);
    progress.failure_status = refusal.status;
    progress.failure = refusal.sentence;
    return progress;
  }
  if (progress.head_complete && !beast.has_host() && !state_->request->http_1_0_) {
    progress.failure_status = 400;
    progress.failure = "The request has no Host field";
    return progress;
  }
  if (state_->ask && progress.head_complete && !beast.is_done()) {
    state_->ask = false;
    beast.eager(true);
    progress.at_body = true;
    // What is decided now may depend on it.
    state_->request->received_at_ = std::chrono::steady_clock::now();
  }
  if (beast.is_done()) {
    progress.complete = true;
    state_->request->keep_alive_ = beast.keep_alive();
    state_->request->received_at_ = std::chrono::steady_clock::now();
  }
  return progress;
}

bool HttpParser::in_message() const { return state_->beast && state_->beast->got_some() && !state_->beast->is_done(); }

bool HttpParser::expects_continue() const { return state_->beast && state_->beast->expects_continue(); }

}  // namespace chiliad::net
