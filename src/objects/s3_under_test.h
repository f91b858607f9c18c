// For tests: the S3 face on a free port over a store in a temporary folder, without signatures; who may do what is told
// by a function.
//
// Thread safety: one thread at a time.

#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>

#include "base/file.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "objects/service.h"

namespace chiliad::objects {

// "s3:GetObject", "arn:aws:s3:::bucket/key".
using May = std::function<bool(std::string_view action, std::string_view resource)>;

class S3UnderTest : public net::HttpHandler {
 public:
  explicit S3UnderTest(S3ServiceOptions options = {}) {
    Result<TempFolder> folder = TempFolder::make();
    if (!folder) throw std::runtime_error(folder.error().message);
    folder_ = std::make_unique<TempFolder>(std::move(*folder));
    store::BucketStoreOptions small_parts;
    small_parts.least_part_bytes = 4;
    Result<std::shared_ptr<store::BucketStore>> opened = store::BucketStore::open(folder_->path(), small_parts);
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
    service_ = std::make_unique<S3Service>(store_, std::move(options));
    Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::start({}, *this);
    if (!server) throw std::runtime_error(server.error().message);
    server_ = std::move(*server);
    authorizer_ = std::make_shared<ByFunction>(*this);
  }
  ~S3UnderTest() override { server_.reset(); }

  // Everything is allowed at first.
  May may = [](std::string_view, std::string_view) { return true; };
  store::BucketStore& store() { return *store_; }
  std::uint16_t port() const { return server_->port(); }

  net::ClientResponse send(std::string_view method, std::string_view target, std::string_view body = {},
                           net::HttpFields fields = {}) {
    const Result<net::ClientResponse> answer =
        client_.send({.method = std::string(method),
                      .url = "http://127.0.0.1:" + std::to_string(server_->port()) + std::string(target),
                      .fields = std::move(fields),
                      .body = body},
                     std::chrono::steady_clock::now() + std::chrono::seconds(60));
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : net::ClientResponse();
  }

  BodyPlan begin(const net::HttpRequest& head, net::HttpResponse& response) override {
    aws::add_s3_request_id(response, "id-1");
    return service_->begin({caller(), "us-east-1", head, response, "id-1", {}});
  }
  void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override {
    aws::add_s3_request_id(response, "id-1");
    service_->handle({caller(), "us-east-1", request, response, exchange, "id-1", {}});
  }

 private:
  class ByFunction : public aws::Authorizer {
   public:
    explicit ByFunction(const S3UnderTest& test) : test_(test) {}
    aws::Decision decide(const aws::Caller&, std::string_view action, std::string_view resource,
                         const aws::Conditions&) const override {
      return test_.may(action, resource) ? aws::Decision::kAllowed : aws::Decision::kNotAllowed;
    }

   private:
    const S3UnderTest& test_;
  };

  const aws::Caller& caller() {
    caller_.who = who_;
    caller_.authorizer = authorizer_;
    return caller_;
  }

  std::unique_ptr<TempFolder> folder_;
  std::shared_ptr<store::BucketStore> store_;
  std::unique_ptr<S3Service> service_;
  std::shared_ptr<const aws::Principal> who_ = std::make_shared<aws::Principal>(aws::Principal{
      aws::Principal::Kind::kUser, "arn:aws:iam::123456789012:user/alice", "123456789012", "AIDA", "alice", {}, {}});
  std::shared_ptr<const aws::Authorizer> authorizer_;
  aws::Caller caller_;
  std::unique_ptr<net::HttpServer> server_;
  net::HttpClient client_;
};

// A client that says what it likes, when it likes.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void send(std::string_view bytes) {
    EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  // What comes until `text` is in it, or the server closes.
  std::string read_until(std::string_view text) {
    std::string got;
    char buffer[4096];
    while (got.find(text) == std::string::npos) {
      const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (size <= 0) break;
      got.append(buffer, static_cast<std::size_t>(size));
    }
    return got;
  }

 private:
  FileDescriptor socket_;
};

// What stands between <name> and </name>, the first time.
inline std::string element(std::string_view xml, std::string_view name) {
  const std::string open = std::string("<").append(name).append(">");
  const std::size_t begin = xml.find(open);
  const std::size_t end = xml.find(std::string("</").append(name).append(">"));
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

}  // namespace chiliad::objects
