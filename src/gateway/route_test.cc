#include "gateway/route.h"

#include <gtest/gtest.h>

#include "net/request_under_test.h"

namespace chiliad::gateway {
namespace {

using Kind = Route::Kind;

class NoJson final : public aws::JsonService {
  aws::JsonAnswer call(std::string_view, const aws::Json&, const aws::Call&) override { return aws::Json(); }
};
class NoHttp final : public aws::HttpService {
  void handle(const aws::Call&) override {}
};

class Routes : public ::testing::Test {
 protected:
  Routes() {
    services_.json = {{"SageMaker", "sagemaker", &json_},
                      {"Logs_20140328", "logs", &json_},
                      {"GraniteServiceVersion20100801", "monitoring", &json_}};
    services_.query = {{"sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", &http_},
                       {"iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", &http_},
                       {"monitoring", "2010-08-01", "http://monitoring.amazonaws.com/doc/2010-08-01/", &http_}};
    services_.runtime = &http_;
    services_.objects = &http_;
  }
  Route route(std::string_view method, std::string_view target, net::HttpFields fields = {},
              std::string_view body = "") {
    fields.emplace_back("Host", "127.0.0.1:8080");
    request_ = net::request_of(net::text_of_request(method, target, fields, body));
    return route_of(request_, services_);
  }
  // The kind and what the signature must be for, as text.
  std::string told(std::string_view method, std::string_view target, net::HttpFields fields = {}) {
    const Route found = route(method, target, std::move(fields));
    constexpr std::string_view kNames[] = {"json", "query", "form", "runtime", "s3", "ping", "metrics", "unknown"};
    std::string text(kNames[static_cast<std::size_t>(found.kind)]);
    if (!found.signing_name.empty()) text.append(" ").append(found.signing_name);
    return text;
  }
  static net::HttpFields signed_for(std::string_view service) {
    return {{"Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/" + std::string(service) +
                                  "/aws4_request, SignedHeaders=host, Signature=00"}};
  }
  static net::HttpFields with_target(std::string_view target) { return {{"X-Amz-Target", std::string(target)}}; }

  NoJson json_;
  NoHttp http_;
  Services services_;
  net::HttpRequest request_;
};

TEST_F(Routes, FollowTheTarget) {
  EXPECT_EQ(told("POST", "/", with_target("SageMaker.DescribeEndpoint")), "json sagemaker");
  EXPECT_EQ(route("POST", "/", with_target("SageMaker.DescribeEndpoint")).operation, "DescribeEndpoint");
  EXPECT_EQ(told("POST", "/", with_target("Logs_20140328.GetLogEvents")), "json logs");
  EXPECT_EQ(told("POST", "/", with_target("GraniteServiceVersion20100801.GetMetricData")), "json monitoring");
  // Before the scope and the path: what is signed for another service is refused later.
  net::HttpFields both = signed_for("s3");
  both.emplace_back("X-Amz-Target", "SageMaker.ListModels");
  EXPECT_EQ(told("POST", "/endpoints/e/invocations", both), "json sagemaker");
  for (const std::string_view none : {"SageMaker", "Sagemaker.X", "EC2.X", ".", "SageMaker.A.B"}) {
    EXPECT_EQ(told("POST", "/", with_target(none)), "unknown") << none;
    EXPECT_EQ(route("POST", "/", with_target(none)).protocol, Protocol::kJson);
  }
}

TEST_F(Routes, FollowTheScopeOfTheSignature) {
  EXPECT_EQ(told("POST", "/", signed_for("sts")), "query sts");
  EXPECT_EQ(told("POST", "/", signed_for("iam")), "query iam");
  EXPECT_EQ(told("POST", "/", signed_for("monitoring")), "query monitoring");
  EXPECT_EQ(told("POST", "/endpoints/e/invocations", signed_for("sagemaker")), "runtime sagemaker");
  EXPECT_EQ(told("PUT", "/endpoints/e", signed_for("s3")), "s3 s3");
  EXPECT_EQ(told("GET", "/metrics", signed_for("s3")), "s3 s3");
  EXPECT_EQ(told("POST", "/", signed_for("logs")), "unknown");
  EXPECT_EQ(told("GET", "/", signed_for("lambda")), "unknown");
  EXPECT_EQ(route("GET", "/", signed_for("lambda")).protocol, Protocol::kRestJson);
  net::HttpFields form = signed_for("ec2");
  form.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(route("POST", "/", form).protocol, Protocol::kQuery);
}

TEST_F(Routes, FollowTheScopeOfAPresignedQuery) {
  const std::string credential = "X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2F";
  EXPECT_EQ(told("GET", "/b/k?X-Amz-Algorithm=x&" + credential + "s3%2Faws4_request"), "s3 s3");
  EXPECT_EQ(told("GET", "/?Action=GetCallerIdentity&" + credential + "sts%2Faws4_request"), "query sts");
  EXPECT_EQ(told("GET", "/b/k?X-Amz-Credential=AKIA/1/2/sts/3"), "query sts");
}

TEST_F(Routes, FollowThePathWhenNothingIsSigned) {
  EXPECT_EQ(told("POST", "/endpoints/e/invocations"), "runtime sagemaker");
  EXPECT_EQ(told("GET", "/endpoints"), "runtime sagemaker");
  EXPECT_EQ(told("GET", "/endpointsandmore"), "s3 s3");
  EXPECT_EQ(told("GET", "/ping"), "ping");
  EXPECT_EQ(told("GET", "/metrics?x=y"), "metrics");
  EXPECT_EQ(told("PUT", "/ping"), "s3 s3");
  EXPECT_EQ(told("GET", "/ping/x"), "s3 s3");
  EXPECT_EQ(told("GET", "/"), "s3 s3");
  EXPECT_EQ(told("DELETE", "/bucket/a/b"), "s3 s3");
  EXPECT_EQ(told("POST", "/", {{"Content-Type", "Application/X-WWW-Form-Urlencoded"}}), "form");
  EXPECT_EQ(told("POST", "/b", {{"Content-Type", "application/x-www-form-urlencoded"}}), "s3 s3");
}

TEST_F(Routes, ANonsenseSignatureIsNoScope) {
  for (const std::string_view text :
       {"Basic abc", "AWS4-HMAC-SHA256", "Credential=", "Credential=a/b/c", "Credential=a/b/c/s3"}) {
    EXPECT_EQ(told("GET", "/bucket", {{"Authorization", std::string(text)}}), "s3 s3") << text;
  }
}

TEST_F(Routes, AnUnsignedFormIsToldByItsVersion) {
  EXPECT_EQ(query_service("Action=GetRole&Version=2010-05-08&RoleName=r", services_)->signing_name, "iam");
  EXPECT_EQ(query_service("Version=2011-06-15", services_)->signing_name, "sts");
  EXPECT_EQ(query_service("Action=GetRole", services_), nullptr);
  EXPECT_EQ(query_service("Version=2011-06-15&Version=2010-05-08", services_), nullptr);
}

TEST_F(Routes, WithoutAServiceThereIsNoWayToIt) {
  services_.runtime = nullptr;
  services_.objects = nullptr;
  EXPECT_EQ(told("POST", "/endpoints/e/invocations"), "unknown");
  EXPECT_EQ(told("GET", "/bucket"), "unknown");
  EXPECT_EQ(told("GET", "/bucket", signed_for("s3")), "unknown");
}

TEST_F(Routes, HeadsOfTwoMeaningsAreFound) {
  const auto wrong = [&](std::string_view target, net::HttpFields fields = {}) {
    const Route found = route("GET", target, std::move(fields));
    return !wrong_with_head(request_, found).empty();
  };
  EXPECT_FALSE(wrong("/endpoints/e/invocations"));
  EXPECT_FALSE(wrong("/endpoints/e/"));
  EXPECT_FALSE(wrong("/endpoints/a..b/invocations"));
  for (const std::string_view path : {"/endpoints//invocations", "/endpoints/a/../b", "/endpoints/./e", "/endpoints/..",
                                      "/endpoints/%2e%2e/b", "/endpoints/.%2E/b", "/endpoints/e//"}) {
    EXPECT_TRUE(wrong(path)) << path;
  }
  // S3's keys may be all that.
  EXPECT_FALSE(wrong("/bucket//a/../b", signed_for("s3")));
  EXPECT_TRUE(wrong("/b", {{"host", "other"}}));
  EXPECT_TRUE(wrong("/b", {{"x-amz-security-token", "a"}, {"X-Amz-Security-Token", "a"}}));
  EXPECT_TRUE(wrong("/b", {{"X-Amz-Target", "SageMaker.X"}, {"X-Amz-Target", "SageMaker.Y"}}));
  EXPECT_FALSE(wrong("/b", {{"Accept", "a"}, {"Accept", "b"}}));
}

}  // namespace
}  // namespace chiliad::gateway
