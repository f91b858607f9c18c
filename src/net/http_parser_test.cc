#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace chiliad::net {
namespace {

// Feeds the text `step` bytes at a time, what was not taken again with more behind it, as a connection does.
HttpParser::Progress feed_in_steps(HttpParser& parser, std::string_view text, std::size_t step, std::size_t& used) {
  std::string unread;
  HttpParser::Progress progress;
  used = 0;
  for (std::size_t at = 0; at < text.size(); at += step) {
    unread.append(text.substr(at, step));
    progress = parser.feed(unread);
    used += progress.consumed;
    unread.erase(0, progress.consumed);
    if (progress.complete || progress.failure_status != 0) break;
  }
  return progress;
}

int status_of(std::string_view text, const HttpParser::Limits& limits = {}) {
  HttpParser parser(limits);
  HttpRequest request;
  parser.begin(request);
  std::size_t used = 0;
  const HttpParser::Progress progress = feed_in_steps(parser, text, text.size(), used);
  return progress.failure_status != 0 ? progress.failure_status : progress.complete ? 200 : 0;
}

constexpr std::string_view kPost =
    "POST /endpoints/e/invocations HTTP/1.1\r\nHost: x\r\nX-Amzn-SageMaker-Target-Model: 8.tar.gz\r\n"
    "Content-Length: 13\r\n\r\n{\"period\": 7}";

TEST(HttpParser, ReadsARequestInPiecesOfAnySize) {
  for (std::size_t step = 1; step <= kPost.size(); ++step) {
    HttpParser parser({});
    HttpRequest request;
    parser.begin(request);
    std::size_t used = 0;
    const HttpParser::Progress progress = feed_in_steps(parser, kPost, step, used);
    ASSERT_TRUE(progress.complete) << step;
    EXPECT_EQ(used, kPost.size());
    EXPECT_EQ(request.method(), "POST");
    EXPECT_EQ(request.target(), "/endpoints/e/invocations");
    EXPECT_EQ(request.field("x-amzn-sagemaker-target-model"), "8.tar.gz");
    EXPECT_EQ(request.field("Accept"), "");
    EXPECT_EQ(request.body(), "{\"period\": 7}");
    EXPECT_TRUE(request.keep_alive());
  }
}

TEST(HttpParser, LeavesTheNextRequestAlone) {
  const std::string two = std::string(kPost) + "GET /ping HTTP/1.0\r\n\r\n";
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  const HttpParser::Progress first = parser.feed(two);
  ASSERT_TRUE(first.complete);
  ASSERT_EQ(first.consumed, kPost.size());
  parser.begin(request);
  const HttpParser::Progress second = parser.feed(std::string_view(two).substr(first.consumed));
  ASSERT_TRUE(second.complete);
  EXPECT_EQ(request.target(), "/ping");
  EXPECT_EQ(request.body(), "");
  EXPECT_FALSE(request.keep_alive());
  EXPECT_TRUE(request.http_1_0());
}

TEST(HttpParser, JoinsTheChunksOfABody) {
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  std::size_t used = 0;
  const std::string text =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
      "4;name=value\r\n{\"pe\r\n9\r\nriod\": 7}\r\n0\r\nTrailer: t\r\n\r\n";
  const HttpParser::Progress progress = feed_in_steps(parser, text, 3, used);
  ASSERT_TRUE(progress.complete);
  EXPECT_EQ(request.body(), "{\"period\": 7}");
  EXPECT_TRUE(parser.expects_continue());
}

TEST(HttpParser, ReadsAnEmptyChunkedBodyByteByByte) {
  HttpParser parser({});
  HttpRequest request;
  parser.begin(request);
  std::size_t used = 0;
  const std::string text = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_TRUE(feed_in_steps(parser, text, 1, used).complete);
  EXPECT_EQ(used, text.size());
  EXPECT_EQ(request.body(), "");
}

TEST(HttpParser, RefusesWhatCouldBeReadInTwoWays) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), 400);
}

TEST(HttpParser, RefusesMalformedHeads) {
  EXPECT_EQ(status_of("\x16\x03\x01 TLS\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET  HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHo st: x\r\n\r\n"), 400);
}

TEST(HttpParser, KeepsItsLimits) {
  HttpParser::Limits limits;
  limits.max_head_bytes = 256;
  limits.max_body_bytes = 10;
  limits.max_fields = 4;
  EXPECT_EQ(status_of("GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", limits), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(300, 'a') + "\r\n\r\n", limits), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n", limits), 431);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n", limits), 413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", limits), 413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789", limits), 200);
}

TEST(HttpParser, LimitsAHeadThatTricklesIn) {
  HttpParser::Limits limits;
  limits.max_head_bytes = 256;
  HttpParser parser(limits);
  HttpRequest request;
  parser.begin(request);
  std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 50; ++i) text += "Field: 0123456789\r\n";
  std::size_t used = 0;
  EXPECT_EQ(feed_in_steps(parser, text, 7, used).failure_status, 431);
}

TEST(HttpResponse, AValueCannotStartAFieldOfItsOwn) {
  HttpResponse response;
  response.add_field("X-Name", "a\r\nSet-Cookie: b");
  EXPECT_EQ(response.fields, "X-Name: a  Set-Cookie: b\r\n");
}

}  // namespace
}  // namespace chiliad::net
