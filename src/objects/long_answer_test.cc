#include "objects/long_answer.h"

#include <gtest/gtest.h>

#include "objects/s3_under_test.h"

namespace chiliad::objects {
namespace {

// What the work ends with.
net::HttpResponse conflict() {
  net::HttpResponse response;
  response.status = 409;
  response.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error/>";
  return response;
}

class LongHandler : public net::HttpHandler {
 public:
  explicit LongHandler(std::chrono::milliseconds patience) : answers_(patience) {}
  void handle(const net::HttpRequest& request, net::HttpResponse&, net::HttpExchange& exchange) override {
    net::HttpResponse head;
    head.add_field("x-amz-request-id", "id-1");
    std::shared_ptr<LongAnswer> answer = answers_.begin(exchange.defer(), head);
    if (request.path() == "/quick") answer->end(conflict());
    if (request.path() == "/slow") slow = std::move(answer);
    // Any other: the work is lost.
  }

  std::shared_ptr<LongAnswer> slow;  // Set before the first blank comes.

 private:
  LongAnswers answers_;
};

std::string ask(std::string_view path, std::chrono::milliseconds patience) {
  LongHandler handler(patience);
  const auto server = net::HttpServer::start({}, handler);
  EXPECT_TRUE(server);
  RawClient client((*server)->port());
  client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string got;
  if (path == "/slow") {
    got = client.read_until("1\r\n \r\n");  // A chunk of one blank.
    handler.slow->end(conflict());
  }
  return got + client.read_until("what never comes");
}

TEST(LongAnswer, InTimeHasItsStatus) {
  const std::string answer = ask("/quick", std::chrono::seconds(60));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 409 ")) << answer;
}

TEST(LongAnswer, LateHasBlanksBetweenDeclarationAndDocument) {
  const std::string answer = ask("/slow", std::chrono::milliseconds(20));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_NE(answer.find("x-amz-request-id: id-1\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("<?xml"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("<?xml"), answer.rfind("<?xml")) << answer;
  EXPECT_NE(answer.find("<Error/>"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("0\r\n\r\n")) << answer;
}

TEST(LongAnswer, WorkThatIsLostIs500) {
  EXPECT_TRUE(ask("/lost", std::chrono::seconds(60)).starts_with("HTTP/1.1 500 "));
}

}  // namespace
}  // namespace chiliad::objects
