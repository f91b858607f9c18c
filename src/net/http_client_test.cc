#include "net/http_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/deadline_for_test.h"
#include "net/scripted_server.h"

namespace chiliad::net {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

TEST(HttpClient, SendsWhatItIsGivenAndNothingElse) {
  SharedText seen;
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    seen = request;
    return connection.send(scripted_answer(200, "answer", "X-One:  a b \r\n"));
  });
  HttpClient client;
  const Result<ClientResponse> response = client.send({.method = "PUT",
                                                       .url = server.url() + "/a/../b%20c?d=",
                                                       .fields = {{"Host", "other"}, {"X-Empty", ""}, {"X-A", "b"}},
                                                       .body = "body"},
                                                      soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(seen.get(),
            "PUT /a/../b%20c?d= HTTP/1.1\r\nHost: other\r\nX-Empty:\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "answer");
  EXPECT_EQ(response->field("x-one"), "a b");
  EXPECT_EQ(response->field("absent"), "");
}

TEST(HttpClient, KeepsItsConnection) {
  std::atomic<int> connections{0};
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    thread_local bool known = false;
    if (!known) ++connections;
    known = true;
    return connection.send(scripted_answer(200, "x"));
  });
  HttpClient client;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.send({.url = server.url()}, soon()));
  EXPECT_EQ(connections, 1);
}

TEST(HttpClient, ServesManyThreads) {
  ScriptedServer server([](const std::string& request, ScriptedConnection& connection) {
    return connection.send(scripted_answer(200, request.substr(5, request.find(' ', 5) - 5)));
  });
  HttpClient client;
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(t * 100 + i);
        const Result<ClientResponse> response = client.send({.url = server.url() + "/" + name}, soon());
        if (response && response->body == name) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 160);
}

TEST(HttpClient, HandsOutEveryStatusAndFollowsNoRedirect) {
  for (const int status : {301, 404, 500}) {
    ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
      return connection.send(scripted_answer(status, "x", "Location: http://127.0.0.1:1/\r\n"));
    });
    HttpClient client;
    const Result<ClientResponse> response = client.send({.url = server.url()}, soon());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(server.requests(), 1);
  }
}

TEST(HttpClient, GivesUpAtTheDeadline) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) { return connection.stall(); });
  HttpClient client;
  const auto start = std::chrono::steady_clock::now();
  const Result<ClientResponse> response = client.send({.url = server.url()}, start + 100ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kDeadline) << response.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_EQ(client.send({.url = server.url()}, start).error().code, ErrorCode::kDeadline);
}

TEST(HttpClient, GivesUpAtTheDeadlineWhileBytesTrickle) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    if (!connection.send("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n")) return false;
    while (connection.send("x") && connection.stall(5)) {
    }
    return false;
  });
  HttpClient client;
  const Result<ClientResponse> response = client.send({.url = server.url()}, std::chrono::steady_clock::now() + 200ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kDeadline) << response.error().message;
}

TEST(HttpClient, CallsABodyShorterThanAnnouncedAFailure) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    connection.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nshort");
    return false;
  });
  HttpClient client;
  EXPECT_EQ(client.send({.url = server.url()}, soon()).error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, HoldsNoMoreThanItsLimit) {
  const std::string piece(100'000, 'x');
  ScriptedServer server([&](const std::string& request, ScriptedConnection& connection) {
    if (request.starts_with("GET /fields")) {
      connection.send("HTTP/1.1 200 X\r\n");
      while (connection.send("A: " + piece.substr(0, 1000) + "\r\n")) {
      }
      return false;
    }
    const bool honest = request.starts_with("GET /honest");
    connection.send(honest ? "HTTP/1.1 200 X\r\nContent-Length: 9000000000\r\n\r\n" : "HTTP/1.1 200 X\r\n\r\n");
    while (connection.send(piece)) {
    }
    return false;
  });
  HttpClient client;
  for (const std::string path : {"/honest", "/endless", "/fields"}) {
    const Result<ClientResponse> response =
        client.send({.url = server.url() + path, .max_body_bytes = 1'000'000}, soon());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kTooLarge) << path << response.error().message;
  }
}

TEST(HttpClient, HandsPiecesOnWhileTheyArrive) {
  std::atomic<int> taken{0};
  ScriptedServer server([&](const std::string&, ScriptedConnection& connection) {
    connection.send("HTTP/1.1 201 X\r\nX-One: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    // The second piece is sent when the first one has been seen.
    while (taken == 0 && connection.stall(1)) {
    }
    return connection.send("6\r\nsecond\r\n0\r\n\r\n");
  });
  HttpClient client;
  std::string all;
  ClientRequest request{.url = server.url()};
  request.take_body = [&](const ClientResponse& head, std::string_view piece) {
    EXPECT_EQ(head.status, 201);
    EXPECT_EQ(head.field("x-one"), "a");
    all.append(piece).append("|");
    ++taken;
    return true;
  };
  const Result<ClientResponse> response = client.send(request, soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(all, "first|second|");
  EXPECT_EQ(response->body, "");
  request.take_body = [](const ClientResponse&, std::string_view) { return false; };
  EXPECT_EQ(client.send(request, soon()).error().code, ErrorCode::kConflict);
}

TEST(HttpClient, WaitsForASilentPeerAsLongAsItIsTold) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    return connection.stall(2'500) && connection.send(scripted_answer(200, "late"));
  });
  HttpClient client;
  EXPECT_EQ(client.send({.url = server.url(), .silence = 1s}, soon()).error().code, ErrorCode::kUnavailable);
  const Result<ClientResponse> response = client.send({.url = server.url(), .silence = 0s}, soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "late");
}

TEST(HttpClient, CallsWhatIsNoHttpAFailure) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    connection.send("SSH-2.0-OpenSSH\r\n");
    return false;
  });
  HttpClient client;
  EXPECT_EQ(client.send({.url = server.url()}, soon()).error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, KnowsWhenNothingWasSent) {
  std::string url;
  {
    ScriptedServer server([](const std::string&, ScriptedConnection&) { return false; });
    url = server.url();
    bool not_sent = true;
    EXPECT_EQ(HttpClient().send({.url = url}, soon(), &not_sent).error().code, ErrorCode::kUnavailable);
    EXPECT_FALSE(not_sent);
  }
  bool not_sent = false;
  EXPECT_EQ(HttpClient().send({.url = url}, soon(), &not_sent).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(not_sent);
}

// A kept connection takes the request, breaks, and the server is gone when it is sent once more.
TEST(HttpClient, KnowsWhenAKeptConnectionTookTheRequest) {
  ScriptedServer* others = nullptr;
  ScriptedServer server([&others](const std::string& request, ScriptedConnection& connection) {
    if (request.starts_with("GET /first")) return connection.send(scripted_answer(200, "x"));
    others->refuse_others();
    return false;
  });
  others = &server;
  HttpClient client;
  ASSERT_TRUE(client.send({.url = server.url() + "/first"}, soon()));
  bool not_sent = true;
  EXPECT_EQ(client.send({.url = server.url() + "/second"}, soon(), &not_sent).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(not_sent);
}

// The server closes each kept connection without an answer to the second request on it.
TEST(HttpClient, SendsAtMostOnceWhatMustNotBeRepeated) {
  ScriptedServer server([](const std::string&, ScriptedConnection& connection) {
    thread_local int count = 0;
    return ++count == 1 && connection.send(scripted_answer(200, "x"));
  });
  HttpClient client;
  ASSERT_TRUE(client.send({.url = server.url()}, soon()));
  EXPECT_TRUE(client.send({.url = server.url()}, soon()));  // Once more, on a new connection.
  EXPECT_EQ(server.requests(), 3);
  EXPECT_TRUE(client.send({.url = server.url(), .may_repeat = false}, soon()));
  EXPECT_EQ(server.requests(), 4);
}

TEST(HttpClient, RefusesFieldsWithLineBreaksAndOtherSchemes) {
  HttpClient client;
  EXPECT_EQ(client.send({.url = "http://127.0.0.1:1", .fields = {{"A", "b\r\nC: d"}}}, soon()).error().code,
            ErrorCode::kInvalid);
  EXPECT_FALSE(client.send({.url = "file:///etc/passwd"}, soon()));
}

TEST(ParseHttpDate, ReadsDatesOfHttp) {
  EXPECT_FALSE(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"));
  EXPECT_EQ(nanos_since_epoch(*parse_http_date("Fri, 30 Aug 2015 12:36:00 GMT")), 1440938160'000000000);
  EXPECT_FALSE(parse_http_date("soon"));
  EXPECT_FALSE(parse_http_date(""));
}

}  // namespace
}  // namespace chiliad::net
