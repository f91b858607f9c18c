// Bodies that are taken while they arrive, and answers from files.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"
#include "net/http_server.h"
#include "net/http_test_client.h"

namespace chiliad::net {
namespace {

using std::chrono::milliseconds;
using Client = HttpTestClient;

// What has happened to the bodies of a handler.
struct Seen {
  std::atomic<int> begun{0};
  std::atomic<int> gone{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::size_t> largest_piece{0};
};

class CountingBody final : public HttpBody {
 public:
  CountingBody(Seen& seen, std::uint64_t most) : seen_(seen), most_(most) { ++seen_.begun; }
  ~CountingBody() override { ++seen_.gone; }
  bool take(std::string_view bytes) override {
    seen_.bytes += bytes.size();
    seen_.largest_piece = std::max(seen_.largest_piece.load(), bytes.size());
    text += bytes;
    return text.size() <= most_;
  }
  std::string text;

 private:
  Seen& seen_;
  const std::uint64_t most_;
};

// PUT /stream, /limited (at most 10 bytes) and /later take the body; /refused refuses it; /kept keeps up to
// 5 bytes. GET /file answers from `file`.
class BodyHandler final : public HttpHandler {
 public:
  ~BodyHandler() override {
    if (thread_.joinable()) thread_.join();
  }
  BodyPlan begin(const HttpRequest& head, HttpResponse& response) override {
    BodyPlan plan;
    if (head.path() == "/refused") {
      plan.refused = true;
      response.status = 403;
      response.body = "no";
    } else if (head.path() == "/kept") {
      plan.max_bytes = 5;
    } else {
      plan.sink = std::make_unique<CountingBody>(seen, head.path() == "/limited" ? 10 : UINT64_MAX);
    }
    return plan;
  }
  void handle(const HttpRequest& request, HttpResponse& response, HttpExchange& exchange) override {
    if (request.path() == "/file") {
      response.file = file;
      return;
    }
    if (request.path() == "/long-ago") {
      response.head_content_length = std::uint64_t{5} << 30;
      return;
    }
    auto* body = dynamic_cast<CountingBody*>(exchange.body());
    EXPECT_EQ(body == nullptr, request.path() == "/kept" || request.method() == "GET");
    if (request.path() == "/later") {
      HttpLater later = exchange.defer();
      entered.set_value();
      thread_ = std::thread([this, later, body]() mutable {
        open.get_future().wait();
        HttpResponse answer;
        answer.body = body->text;
        later.send(std::move(answer));
      });
      return;
    }
    response.body = body != nullptr ? body->text : request.body();
    if (request.field_count() > 2) response.add_field("X-Fields", std::to_string(request.field_count()));
  }

  Seen seen;
  std::shared_ptr<HttpFile> file;
  std::promise<void> entered;
  std::promise<void> open;

 private:
  std::thread thread_;
};

std::unique_ptr<HttpServer> started(HttpHandler& handler, HttpServerOptions options = {}) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::start(std::move(options), handler);
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

std::string put(std::string_view target, std::string_view body, std::string_view fields = "") {
  return "PUT " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// Bytes that show when some are missing or moved.
std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 2654435761U >> 13) % 26);
  return text;
}

TEST(HttpStreaming, ABodyOfAnySizeGoesThroughOneSmallBuffer) {
  BodyHandler handler;
  HttpServerOptions options;
  options.limits.max_body_bytes = 1000;
  options.max_bodies_bytes = 1000;  // Of kept bodies.
  const auto server = started(handler, options);
  Client client(server->port());
  const std::string body = pattern(20'000'000);
  client.send(put("/stream", body));
  EXPECT_EQ(client.read_until("\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(client.read_bytes(body.size()) == body);
  EXPECT_LE(handler.seen.largest_piece, 64u * 1024);
  client.send(put("/stream", "again"));
  EXPECT_TRUE(client.read_until("again").ends_with("\r\n\r\nagain"));
  EXPECT_EQ(handler.seen.gone, 2);
}

TEST(HttpStreaming, ChunksAreTakenOutOfTheirFrameAndTrailersAreNoFields) {
  BodyHandler handler;
  const auto server = started(handler);
  for (const std::size_t step : {1u, 7u, 1000u}) {
    Client client(server->port());
    const std::string request =
        "PUT /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n8;x=y\r\n, stream\r\n0\r\nX-Amz-Forged: 1\r\n\r\n";
    for (std::size_t at = 0; at < request.size(); at += step) client.send(request.substr(at, step));
    const std::string answer = client.read_until("stream");
    EXPECT_TRUE(answer.ends_with("\r\n\r\nhello, stream")) << answer;
    EXPECT_EQ(answer.find("X-Fields"), std::string::npos) << answer;
  }
}

TEST(HttpStreaming, TheClientIsInvitedOnlyWhenTheHeadWasAccepted) {
  BodyHandler handler;
  const auto server = started(handler);
  Client good(server->port());
  good.send("PUT /stream HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(good.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  good.send("ok");
  EXPECT_TRUE(good.read_until("ok").ends_with("\r\n\r\nok"));
  Client bad(server->port());
  bad.send("PUT /refused HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  const std::string answer = bad.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(HttpStreaming, AShortBodyThatIsRefusedIsReadPast) {
  BodyHandler handler;
  const auto server = started(handler);
  Client client(server->port());
  client.send(put("/refused", "GET /smuggled HTTP/1.1\r\n\r\n") + put("/stream", "next"));
  const std::string answers = client.read_until("next");
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 403 ")) << answers;
  EXPECT_NE(answers.find("\r\n\r\nnoHTTP/1.1 200 OK"), std::string::npos) << answers;
  EXPECT_EQ(handler.seen.begun, 1);
}

TEST(HttpStreaming, ALongBodyThatIsRefusedEndsTheConnectionAndTheClientLearnsWhy) {
  BodyHandler handler;
  const auto server = started(handler);
  Client client(server->port());
  client.send(put("/refused", std::string(5'000'000, 'b')));
  const std::string answer = client.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ") && answer.ends_with("\r\n\r\nno")) << answer;
}

TEST(HttpStreaming, ABodyMayRefuseItsRest) {
  BodyHandler handler;
  const auto server = started(handler);
  Client client(server->port());
  client.send("PUT /limited HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\nmore than ten");
  const std::string answer = client.read_all();
  EXPECT_TRUE(answer.ends_with("Connection: close\r\n\r\nmore than ten")) << answer;
  EXPECT_EQ(handler.seen.gone, 1);
}

TEST(HttpStreaming, AKeptBodyMayHaveALimitOfItsOwn) {
  BodyHandler handler;
  const auto server = started(handler);
  Client client(server->port());
  client.send(put("/kept", "12345"));
  EXPECT_TRUE(client.read_until("12345").ends_with("\r\n\r\n12345"));
  client.send(put("/kept", "123456"));
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 413 "));
  Client chunked(server->port());
  chunked.send("PUT /kept HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n3\r\n456\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.read_all().starts_with("HTTP/1.1 413 "));
}

TEST(HttpStreaming, ABodyIsDroppedWhenItsClientGoes) {
  BodyHandler handler;
  const auto server = started(handler);
  {
    Client client(server->port());
    client.send("PUT /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc");
    while (handler.seen.bytes < 3) std::this_thread::yield();
  }
  while (handler.seen.gone == 0) std::this_thread::yield();
}

TEST(HttpStreaming, ABodyLivesUntilALateAnswerThoughTheClientIsGone) {
  BodyHandler handler;
  const auto server = started(handler);
  {
    Client client(server->port());
    client.send(put("/later", "body"));
    handler.entered.get_future().wait();
  }
  // A second request shows that the first connection's end was seen by the only thread.
  Client other(server->port());
  other.send(put("/kept", "x", "Connection: close\r\n"));
  other.read_all();
  EXPECT_EQ(handler.seen.gone, 0);
  handler.open.set_value();
  while (handler.seen.gone == 0) std::this_thread::yield();
}

TEST(HttpStreaming, ALongUploadLivesAsLongAsItMovesAndASilentOneDies) {
  BodyHandler handler;
  HttpServerOptions options;
  options.body_timeout = milliseconds(600);
  const auto server = started(handler, options);
  Client moving(server->port());
  Client silent(server->port());
  const std::string head = "PUT /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  moving.send(head);
  silent.send(head + "5\r\nhel");
  std::promise<void> never;
  const std::string piece = "8000\r\n" + std::string(0x8000, 'm') + "\r\n";
  for (int i = 0; i < 40; ++i) {
    moving.send(piece);
    never.get_future().wait_for(milliseconds(50));
    never = {};
  }
  moving.send("0\r\n\r\n");
  EXPECT_TRUE(moving.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(silent.read_all().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(server->counters().timed_out, 1u);
}

class HttpFiles : public ::testing::Test {
 protected:
  void make(std::size_t size, std::uint64_t offset, std::uint64_t length) {
    text_ = pattern(size);
    std::ofstream(path()) << text_;
    handler_.file = std::make_shared<HttpFile>();
    handler_.file->descriptor = *open_file(path(), O_RDONLY);
    handler_.file->offset = offset;
    handler_.file->length = length;
  }
  std::filesystem::path path() const { return folder_->path() / "f"; }

  Result<TempFolder> folder_ = TempFolder::make();
  std::string text_;
  BodyHandler handler_;
};

TEST_F(HttpFiles, AreSentWholeAndInPieces) {
  for (const std::size_t size : {0u, 1u, 13'000u, 32'768u, 32'769u, 5'000'000u}) {
    for (const std::size_t offset : {std::size_t{0}, size / 3}) {
      make(size, offset, size - offset);
      const auto server = started(handler_);
      Client client(server->port());
      client.send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n");
      const std::string head = client.read_until("\r\n\r\n");
      EXPECT_NE(head.find("Content-Length: " + std::to_string(size - offset) + "\r\n"), std::string::npos) << head;
      EXPECT_TRUE(client.read_bytes(size - offset) == text_.substr(offset)) << size;
    }
  }
}

TEST_F(HttpFiles, SentAheadRequestsAreAnsweredInTheirOrder) {
  make(1'000'000, 0, 1'000'000);
  const auto server = started(handler_);
  Client client(server->port());
  client.send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n" + put("/stream", "between") +
              "GET /file HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_all();
  const std::size_t first = all.find(text_);
  ASSERT_NE(first, std::string::npos);
  const std::size_t between = all.find("\r\n\r\nbetween", first + text_.size());
  ASSERT_NE(between, std::string::npos);
  EXPECT_TRUE(all.ends_with(text_));
  EXPECT_GT(all.rfind(text_), between);
}

TEST_F(HttpFiles, AHeadTellsTheLengthAndSendsNothing) {
  make(1'000'000, 0, 1'000'000);
  const auto server = started(handler_);
  Client client(server->port());
  client.send("HEAD /file HTTP/1.1\r\nHost: t\r\n\r\nHEAD /long-ago HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_NE(all.find("Content-Length: 1000000\r\n\r\nHTTP/1.1 200 OK\r\n"), std::string::npos) << all;
  EXPECT_NE(all.find("Content-Length: 5368709120\r\n"), std::string::npos) << all;
}

TEST_F(HttpFiles, AClientThatDoesNotReadLosesItsConnectionAndOthersDoNotWait) {
  make(50'000'000, 0, 50'000'000);
  HttpServerOptions options;
  options.write_timeout = milliseconds(1000);
  const auto server = started(handler_, options);
  Client lazy(server->port());
  lazy.send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n");
  Client other(server->port());
  other.send(put("/stream", "quick"));
  EXPECT_TRUE(other.read_until("quick").ends_with("quick"));
  while (server->counters().timed_out == 0) std::this_thread::yield();
}

TEST_F(HttpFiles, AFileThatBecameShorterCutsTheAnswer) {
  for (const std::size_t size : {20'000u, 200'000u}) {
    make(size, 0, size + 10);
    const auto server = started(handler_);
    Client client(server->port());
    client.send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_LT(client.read_all().size(), size + 200);
  }
}

}  // namespace
}  // namespace chiliad::net
