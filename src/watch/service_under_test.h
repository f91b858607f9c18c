// A service behind a server, as the gateway calls it, for tests: a caller with rights, requests, answers.

#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "aws/service.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace chiliad::watch {

class ServiceUnderTest final : public net::HttpHandler {
 public:
  using Rule = std::function<aws::Decision(std::string_view action, std::string_view resource)>;
  struct Answer {
    int status = 0;
    aws::Json body;    // Of JSON calls.
    std::string text;  // Of others.
    std::string code() const {
      const std::string* type = aws::string_member(body, "__type");
      return type == nullptr ? std::string() : *type;
    }
    std::string message() const {
      const std::string* message = aws::string_member(body, "message");
      return message == nullptr ? std::string() : *message;
    }
  };

  // One of the two may be null. Everything is allowed at first.
  ServiceUnderTest(aws::JsonService* json, aws::HttpService* http) : json_(json), http_(http) {
    caller_.who = std::make_shared<const aws::Principal>(aws::Principal{
        aws::Principal::Kind::kUser, "arn:aws:iam::123456789012:user/alice", "123456789012", "AIDA", "alice", {}, {}});
    allow([](std::string_view, std::string_view) { return aws::Decision::kAllowed; });
    Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::start({}, *this);
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(server).operator*();
  }

  void allow(Rule rule) { caller_.authorizer = std::make_shared<Authorizer>(std::move(rule)); }

  Answer call(std::string_view operation, const aws::Json& input) {
    const std::string body = aws::json_text(input);
    Answer answer = send("POST", "/", {{"X-Amz-Target", "Target." + std::string(operation)}}, body);
    Result<aws::Json> parsed = aws::parse_json(answer.text);
    EXPECT_TRUE(parsed) << answer.text;
    if (parsed) answer.body = std::move(parsed).operator*();
    return answer;
  }

  Answer send(std::string method, std::string_view path, net::HttpFields fields, std::string_view body) {
    net::ClientRequest request;
    request.method = std::move(method);
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + std::string(path);
    request.fields = std::move(fields);
    request.body = body;
    request.use_proxy = false;
    const Result<net::ClientResponse> response =
        client_.send(request, std::chrono::steady_clock::now() + std::chrono::seconds(60));
    EXPECT_TRUE(response) << response.error().message;
    if (!response) return {};
    return {response->status, {}, response->body};
  }

  std::uint16_t port() const { return server_->port(); }

  void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override {
    const aws::Call call{.caller = caller_,
                         .region = "us-east-1",
                         .request = request,
                         .response = response,
                         .exchange = exchange,
                         .request_id = "the-request"};
    const std::string_view target = request.field("x-amz-target");
    if (target.empty()) return http_->handle(call);
    Result<aws::Json> input = aws::parse_json(request.body());
    EXPECT_TRUE(input);
    aws::JsonAnswer answer = json_->call(target.substr(target.find('.') + 1), *input, call);
    if (const auto* error = std::get_if<aws::ApiError>(&answer)) {
      response.status = error->status;
      response.body = aws::json_error_body(*error);
      if (!request.field("x-amzn-query-mode").empty())
        response.add_field("x-amzn-query-error", error->code + ";Sender");
    } else {
      response.body = aws::json_text(std::get<aws::Json>(answer));
    }
  }

 private:
  class Authorizer final : public aws::Authorizer {
   public:
    explicit Authorizer(Rule rule) : rule_(std::move(rule)) {}
    aws::Decision decide(const aws::Caller&, std::string_view action, std::string_view resource,
                         const aws::Conditions&) const override {
      return rule_(action, resource);
    }

   private:
    Rule rule_;
  };

  aws::JsonService* json_;
  aws::HttpService* http_;
  aws::Caller caller_;
  net::HttpClient client_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace chiliad::watch
