#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/file.h"
#include "gateway/authentication.h"
#include "net/credentials.h"
#include "net/http_client.h"
#include "net/http_test_client.h"
#include "net/sigv4.h"
#include "net/uri.h"

namespace chiliad::gateway {
namespace {

namespace sigv4 = net::sigv4;
using net::HttpFields;

constexpr auto kSeconds = [](sigv4::Time time) { return std::chrono::system_clock::time_point(time); };

// Answers what it was called with. "Wait" waits for `open`, "Fail" is an error.
class EchoJson final : public aws::JsonService {
 public:
  aws::JsonAnswer call(std::string_view operation, const aws::Json& input, const aws::Call& call) override {
    ++calls;
    if (operation == "Wait") {
      entered.set_value();
      open.get_future().wait();
    }
    if (operation == "Fail") return aws::ApiError{400, "ValidationException", "No such thing"};
    if (operation == "Nothing") return aws::Json();
    return aws::Json{{"Operation", operation},           {"Input", input},        {"Caller", call.caller.arn()},
                     {"Key", call.caller.access_key_id}, {"Region", call.region}, {"Ip", call.caller.source_ip},
                     {"Agent", call.caller.user_agent},  {"Id", call.request_id}};
  }
  std::atomic<int> calls{0};
  std::promise<void> entered;
  std::promise<void> open;
};

// Answers the caller and the body; on a form with Late=1 from another thread.
class EchoQuery final : public aws::HttpService {
 public:
  ~EchoQuery() override {
    if (thread_.joinable()) thread_.join();
  }
  void handle(const aws::Call& call) override {
    call.response.content_type = "text/plain";
    const std::string answer = call.caller.arn() + " " + call.request.body();
    if (call.request.body().find("Late=1") == std::string::npos) {
      call.response.body = answer;
      return;
    }
    net::HttpLater later = call.exchange.defer();
    thread_ = std::thread([later, answer]() mutable {
      net::HttpResponse response;
      response.body = "late " + answer;
      later.send(std::move(response));
    });
  }

 private:
  std::thread thread_;
};

class Sink final : public net::HttpBody {
 public:
  bool take(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  std::string text;
};

// PUT streams, POST keeps at most 100 bytes, /refuse refuses at the head.
class EchoObjects final : public aws::HttpService {
 public:
  net::HttpHandler::BodyPlan begin(const aws::HeadCall& call) override {
    ++heads;
    net::HttpHandler::BodyPlan plan;
    if (call.request.path() == "/refuse") {
      call.response.status = 409;
      call.response.body = "refused";
      plan.refused = true;
    } else if (call.request.method() == "PUT") {
      plan.sink = std::make_unique<Sink>();
    } else {
      plan.max_bytes = 100;
    }
    return plan;
  }
  void handle(const aws::Call& call) override {
    ++calls;
    const auto* sink = dynamic_cast<Sink*>(call.exchange.body());
    call.response.content_type = "text/plain";
    call.response.body = call.caller.arn() + (sink == nullptr ? " kept " : " streamed ");
    call.response.body += sink == nullptr ? call.request.body() : sink->text;
    if (call.signature.claim != nullptr) call.response.add_field("X-Hash", call.signature.claim->payload_hash);
  }
  std::atomic<int> heads{0};
  std::atomic<int> calls{0};
};

class EchoRuntime final : public aws::HttpService {
 public:
  void handle(const aws::Call& call) override {
    call.response.body.append(call.request.path()).append(" ");
    call.response.body.append(call.request.field("x-amzn-sagemaker-target-model")).append(" ");
    call.response.body.append(call.request.body());
  }
};

class Gateways : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = identity::Directory::open(folder_->path() / "state");
    ASSERT_TRUE(directory) << directory.error().message;
    directory_ = std::move(*directory);
    const auto key = directory_->first_key(folder_->path() / "credentials");
    ASSERT_TRUE(key && *key);
    credentials_ = {(*key)->access_key_id, (*key)->secret_access_key, "", {}};
    services_.json = {{"SageMaker", "sagemaker", &json_}, {"GraniteServiceVersion20100801", "monitoring", &json_}};
    services_.query = {{"sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", &query_},
                       {"iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", &query_}};
    services_.runtime = &runtime_;
    services_.objects = &objects_;
    start();
  }
  void start() {
    server_.reset();
    gateway_ = std::make_unique<Gateway>(*directory_, services_, options_);
    auto server = net::HttpServer::start(server_options("127.0.0.1", 0, 1), *gateway_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::string host() const { return "127.0.0.1:" + std::to_string(server_->port()); }

  struct Sent {
    std::string method = "POST";
    std::string path = "/";
    std::string query = {};
    std::string service = "sagemaker";
    std::string region = "us-east-1";
    HttpFields fields = {};
    std::string body = {};
    std::chrono::seconds late{0};
    std::string hash = {};  // Of the payload; empty: the body's.
  };
  // The fields of the request as it is signed.
  HttpFields signed_fields(const Sent& sent) const {
    HttpFields fields = sent.fields;
    fields.insert(fields.begin(), {"Host", host()});
    const sigv4::Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::string hash = sent.hash.empty() ? hex(sha256(sent.body)) : sent.hash;
    sigv4::sign(credentials_, {now - sent.late, sent.region, sent.service}, sent.method, sent.path, sent.query, hash,
                fields);
    return fields;
  }
  net::ClientResponse send(const Sent& sent, HttpFields fields) {
    net::ClientRequest request;
    request.method = sent.method;
    request.url = "http://" + host() + sent.path + (sent.query.empty() ? "" : "?") + sent.query;
    request.fields = std::move(fields);
    request.body = sent.body;
    request.use_proxy = false;
    auto response = client_.send(request, std::chrono::steady_clock::now() + std::chrono::seconds(60));
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : net::ClientResponse();
  }
  net::ClientResponse call(const Sent& sent) { return send(sent, signed_fields(sent)); }
  net::ClientResponse call_json(std::string_view target, std::string body) {
    Sent sent;
    sent.fields = {{"X-Amz-Target", std::string(target)}, {"Content-Type", "application/x-amz-json-1.1"}};
    sent.body = std::move(body);
    return call(sent);
  }
  // Bytes as they are; everything until the server closes.
  std::string raw(const std::string& bytes) {
    net::HttpTestClient client(server_->port());
    client.send(bytes);
    return client.read_all();
  }
  // A request's text with the fields in their order, Connection: close.
  static std::string text_of(const Sent& sent, const HttpFields& fields) {
    std::string text = sent.method + " " + sent.path + (sent.query.empty() ? "" : "?") + sent.query + " HTTP/1.1\r\n";
    for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
    return text + "Content-Length: " + std::to_string(sent.body.size()) + "\r\nConnection: close\r\n\r\n" + sent.body;
  }

  Result<TempFolder> folder_ = TempFolder::make();
  std::unique_ptr<identity::Directory> directory_;
  net::Credentials credentials_;
  EchoJson json_;
  EchoQuery query_;
  EchoRuntime runtime_;
  EchoObjects objects_;
  Services services_;
  GatewayOptions options_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<net::HttpServer> server_;
  net::HttpClient client_;
};

// ---------------------------------------------------------------------------------------------------
// Each protocol's good case
// ---------------------------------------------------------------------------------------------------

TEST_F(Gateways, AJsonServiceIsCalledWithTheCallerAndTheInput) {
  Sent sent;
  sent.fields = {{"X-Amz-Target", "SageMaker.DescribeEndpoint"}, {"User-Agent", "a test"}};
  sent.body = R"({"EndpointName":"e"})";
  const net::ClientResponse answer = call(sent);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.field("content-type"), "application/x-amz-json-1.1");
  const auto body = aws::parse_json(answer.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(*aws::string_member(*body, "Operation"), "DescribeEndpoint");
  EXPECT_EQ((*body)["Input"]["EndpointName"], "e");
  EXPECT_EQ(*aws::string_member(*body, "Key"), credentials_.access_key_id);
  EXPECT_TRUE(aws::string_member(*body, "Caller")->starts_with("arn:aws:"));
  EXPECT_EQ(*aws::string_member(*body, "Region"), "us-east-1");
  EXPECT_EQ(*aws::string_member(*body, "Ip"), "127.0.0.1");
  EXPECT_EQ(*aws::string_member(*body, "Agent"), "a test");
  EXPECT_EQ(*aws::string_member(*body, "Id"), answer.field("x-amzn-requestid"));
  EXPECT_EQ(answer.field("x-amzn-requestid").size(), 36u);
}

TEST_F(Gateways, TheAnswerHasTheVersionOfTheProtocolThatWasAskedFor) {
  Sent sent;
  sent.service = "monitoring";
  sent.fields = {{"X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics"},
                 {"Content-Type", "application/x-amz-json-1.0"},
                 {"x-amzn-query-mode", "true"}};
  EXPECT_EQ(call(sent).field("content-type"), "application/x-amz-json-1.0");
  sent.fields[0].second = "GraniteServiceVersion20100801.Fail";
  const net::ClientResponse failed = call(sent);
  EXPECT_EQ(failed.status, 400);
  EXPECT_EQ(failed.field("x-amzn-query-error"), "ValidationException;Sender");
  EXPECT_EQ(failed.body, R"({"__type":"ValidationException","message":"No such thing"})");
  EXPECT_EQ(failed.field("x-amzn-requestid").size(), 36u);
}

TEST_F(Gateways, AnOperationMayTakeAndAnswerNothing) {
  const net::ClientResponse answer = call_json("SageMaker.Nothing", "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
}

TEST_F(Gateways, AQueryServiceMayAnswerAtOnceOrLater) {
  Sent sent;
  sent.service = "sts";
  sent.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
  sent.body = "Action=GetCallerIdentity&Version=2011-06-15";
  EXPECT_TRUE(call(sent).body.ends_with(":user/chiliad " + sent.body));
  sent.body += "&Late=1";
  EXPECT_TRUE(call(sent).body.starts_with("late arn:aws:iam::"));
}

TEST_F(Gateways, TheRuntimeGetsItsBody) {
  Sent sent;
  sent.path = "/endpoints/e/invocations";
  sent.fields = {{"X-Amzn-SageMaker-Target-Model", "8.tar.gz"}};
  sent.body = R"({"period":7})";
  const net::ClientResponse answer = call(sent);
  EXPECT_EQ(answer.body, R"(/endpoints/e/invocations 8.tar.gz {"period":7})");
  EXPECT_EQ(answer.field("x-amzn-requestid").size(), 36u);
}

TEST_F(Gateways, BodiesForS3AreStreamedToItsOwnSink) {
  Sent sent;
  sent.method = "PUT";
  sent.path = "/bucket/a%20key";
  sent.service = "s3";
  sent.body.assign(9'000'000, 'b');  // More than is ever kept.
  const net::ClientResponse answer = call(sent);
  ASSERT_EQ(answer.status, 200) << answer.body.substr(0, 500);
  EXPECT_TRUE(answer.body.ends_with("user/chiliad streamed " + sent.body));
  EXPECT_EQ(answer.field("x-hash"), hex(sha256(sent.body)));
  EXPECT_EQ(answer.field("x-amz-request-id").size(), 36u);
  EXPECT_FALSE(answer.field("x-amz-id-2").empty());
  sent.method = "POST";
  sent.body = "short";
  EXPECT_TRUE(call(sent).body.ends_with(" kept short"));
  sent.body.assign(101, 'l');
  const net::ClientResponse large = call(sent);
  EXPECT_EQ(large.status, 413);
  EXPECT_NE(large.body.find("<Code>EntityTooLarge</Code>"), std::string::npos) << large.body;
  sent.method = "GET";
  sent.body = "";
  EXPECT_TRUE(call(sent).body.ends_with(" kept "));
}

TEST_F(Gateways, AServiceMayRefuseAtTheHead) {
  Sent sent;
  sent.method = "PUT";
  sent.path = "/refuse";
  sent.service = "s3";
  sent.body = "not wanted";
  const net::ClientResponse answer = call(sent);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "refused");
  EXPECT_EQ(answer.field("x-amz-request-id").size(), 36u);
  EXPECT_EQ(objects_.calls, 0);
}

TEST_F(Gateways, PingAndMetricsNeedNoSignature) {
  EXPECT_TRUE(raw("GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
  options_.metrics = [](std::string& text) { text += "more 1\n"; };
  start();
  call_json("SageMaker.ListModels", "{}");
  const std::string metrics = raw("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(metrics.find("chiliad_gateway_calls_total{protocol=\"json\"} 1\n"), std::string::npos) << metrics;
  EXPECT_TRUE(metrics.ends_with("more 1\n"));
}

// ---------------------------------------------------------------------------------------------------
// Who is not let in, in each protocol's words
// ---------------------------------------------------------------------------------------------------

// The same request to four services; `change` spoils what is sent.
struct Refused {
  int status;
  std::string code;
};

class GatewayRefusals : public Gateways {
 protected:
  // Sends it and finds the code where the protocol's clients look for it.
  Refused json(Sent sent, const HttpFields& fields) {
    const net::ClientResponse answer = send(sent, fields);
    const auto body = aws::parse_json(answer.body);
    EXPECT_TRUE(body && aws::string_member(*body, "__type")) << answer.body;
    EXPECT_EQ(answer.field("x-amzn-requestid").size(), 36u);
    return {answer.status, body ? *aws::string_member(*body, "__type") : ""};
  }
  Refused xml(Sent sent, const HttpFields& fields) {
    const net::ClientResponse answer = send(sent, fields);
    const std::size_t begin = answer.body.find("<Code>") + 6;
    EXPECT_NE(answer.body.find("<RequestId>"), std::string::npos) << answer.body;
    return {answer.status, answer.body.substr(begin, answer.body.find("</Code>") - begin)};
  }
  Refused rest(Sent sent, const HttpFields& fields) {
    const net::ClientResponse answer = send(sent, fields);
    const auto body = aws::parse_json(answer.body);
    EXPECT_TRUE(body && aws::string_member(*body, "message")) << answer.body;
    return {answer.status, std::string(answer.field("x-amzn-errortype"))};
  }

  static Sent json_request() {
    Sent sent;
    sent.fields = {{"X-Amz-Target", "SageMaker.ListModels"}};
    sent.body = "{}";
    return sent;
  }
  static Sent query_request() {
    Sent sent;
    sent.service = "sts";
    sent.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
    sent.body = "Action=GetCallerIdentity&Version=2011-06-15";
    return sent;
  }
  static Sent runtime_request() {
    Sent sent;
    sent.path = "/endpoints/e/invocations";
    sent.body = "x";
    return sent;
  }
  static Sent s3_request() {
    Sent sent;
    sent.method = "PUT";
    sent.path = "/bucket/key";
    sent.service = "s3";
    sent.body = "object";
    return sent;
  }
  // As signed, but for what `change` does to the request before, and `spoil` to the fields after signing.
  template <class Change, class Spoil>
  void expect(const Change& change, const Spoil& spoil, const Refused& of_json, const Refused& of_query,
              const Refused& of_runtime, const Refused& of_s3) {
    const auto one = [&](Sent sent, auto ask, const Refused& wanted, const char* name) {
      change(sent);
      HttpFields fields = signed_fields(sent);
      spoil(fields);
      const Refused got = (this->*ask)(sent, fields);
      EXPECT_EQ(got.status, wanted.status) << name;
      EXPECT_EQ(got.code, wanted.code) << name;
    };
    one(json_request(), &GatewayRefusals::json, of_json, "JSON");
    one(query_request(), &GatewayRefusals::xml, of_query, "Query");
    one(runtime_request(), &GatewayRefusals::rest, of_runtime, "runtime");
    one(s3_request(), &GatewayRefusals::xml, of_s3, "S3");
    EXPECT_EQ(json_.calls, 0);
    EXPECT_EQ(objects_.calls, 0);
    EXPECT_EQ(objects_.heads, 0);
  }
};

constexpr auto kUnchanged = [](auto&) {};

void replace(HttpFields& fields, std::string_view name, std::string_view from, std::string_view to) {
  for (auto& [field, value] : fields) {
    const std::size_t at = value.find(from);
    if (field == name && at != std::string::npos) value.replace(at, from.size(), to);
  }
}

TEST_F(GatewayRefusals, AnUnknownKey) {
  expect([&](Sent&) { credentials_.access_key_id = "AKIAUNKNOWNUNKNOWN00"; }, kUnchanged,
         {400, "UnrecognizedClientException"}, {403, "InvalidClientTokenId"}, {403, "UnrecognizedClientException"},
         {403, "InvalidAccessKeyId"});
}

TEST_F(GatewayRefusals, AWrongSecret) {
  expect([&](Sent&) { credentials_.secret_access_key += "x"; }, kUnchanged, {400, "InvalidSignatureException"},
         {403, "SignatureDoesNotMatch"}, {403, "InvalidSignatureException"}, {403, "SignatureDoesNotMatch"});
}

TEST_F(GatewayRefusals, AnotherRegion) {
  expect([](Sent& sent) { sent.region = "eu-west-1"; }, kUnchanged, {400, "InvalidSignatureException"},
         {403, "SignatureDoesNotMatch"}, {403, "InvalidSignatureException"}, {400, "AuthorizationHeaderMalformed"});
}

TEST_F(GatewayRefusals, AClockThatIsOff) {
  for (const auto late : {std::chrono::seconds(1000), std::chrono::seconds(-1000)}) {
    expect([&](Sent& sent) { sent.late = late; }, kUnchanged, {400, "InvalidSignatureException"},
           {403, "SignatureDoesNotMatch"}, {403, "InvalidSignatureException"}, {403, "RequestTimeTooSkewed"});
  }
}

TEST_F(GatewayRefusals, AnAuthorizationThatIsNone) {
  expect(kUnchanged, [](HttpFields& fields) { replace(fields, "Authorization", "Signature=", "Sign="); },
         {400, "IncompleteSignatureException"}, {400, "IncompleteSignature"}, {400, "IncompleteSignatureException"},
         {400, "AuthorizationHeaderMalformed"});
}

TEST_F(GatewayRefusals, AnAlteredSignature) {
  expect(kUnchanged,
         [](HttpFields& fields) {
           char& last = fields.back().second.back();
           last = last == '0' ? '1' : '0';
         },
         {400, "InvalidSignatureException"}, {403, "SignatureDoesNotMatch"}, {403, "InvalidSignatureException"},
         {403, "SignatureDoesNotMatch"});
}

TEST_F(GatewayRefusals, ASessionTokenThatNobodyGave) {
  expect([&](Sent&) { credentials_.session_token = "not-a-token"; }, kUnchanged, {400, "UnrecognizedClientException"},
         {403, "InvalidClientTokenId"}, {403, "UnrecognizedClientException"}, {400, "InvalidToken"});
}

TEST_F(GatewayRefusals, AFieldPutInOnTheWay) {
  expect(kUnchanged, [](HttpFields& fields) { fields.emplace_back("X-Amz-Meta-Evil", "1"); },
         {400, "InvalidSignatureException"}, {403, "SignatureDoesNotMatch"}, {403, "InvalidSignatureException"},
         {403, "AccessDenied"});
}

TEST_F(GatewayRefusals, NoSignatureAtAll) {
  Sent sent = json_request();
  HttpFields fields = sent.fields;
  Refused got = json(sent, fields);
  EXPECT_EQ(got.code, "MissingAuthenticationTokenException");
  EXPECT_EQ(got.status, 400);
  sent = query_request();
  got = xml(sent, sent.fields);
  EXPECT_EQ(got.code, "MissingAuthenticationToken");
  EXPECT_EQ(got.status, 403);
  sent = runtime_request();
  got = rest(sent, sent.fields);
  EXPECT_EQ(got.code, "MissingAuthenticationTokenException");
  EXPECT_EQ(got.status, 403);
  // S3 has a policy for everybody: it decides.
  sent = s3_request();
  EXPECT_EQ(send(sent, {}).body, "* streamed object");
}

TEST_F(GatewayRefusals, ARequestForOneServiceDoesNotReachAnother) {
  Sent sent = json_request();
  sent.service = "s3";
  Refused got = json(sent, signed_fields(sent));
  EXPECT_EQ(got.code, "InvalidSignatureException");
  // Signed for the runtime, led to the control plane by a field.
  sent = runtime_request();
  HttpFields fields = signed_fields(sent);
  fields.emplace_back("X-Amz-Target", "SageMaker.DeleteEndpoint");
  got = json(sent, fields);
  EXPECT_EQ(got.code, "InvalidSignatureException");
  EXPECT_EQ(json_.calls, 0);
}

TEST_F(GatewayRefusals, AnAlteredBody) {
  Sent sent = json_request();
  HttpFields fields = signed_fields(sent);
  sent.body = "[]";
  EXPECT_EQ(json(sent, fields).code, "InvalidSignatureException");
  sent = runtime_request();
  fields = signed_fields(sent);
  sent.body = "y";
  EXPECT_EQ(rest(sent, fields).code, "InvalidSignatureException");
}

TEST_F(GatewayRefusals, AModelThatSomebodyElseChose) {
  Sent sent = runtime_request();
  HttpFields fields = signed_fields(sent);
  fields.emplace_back("X-Amzn-SageMaker-Target-Model", "another-customers.tar.gz");
  const Refused got = rest(sent, fields);
  EXPECT_EQ(got.status, 403);
  EXPECT_EQ(got.code, "InvalidSignatureException");
}

TEST_F(GatewayRefusals, S3TellsTheRegionThatItExpects) {
  Sent sent = s3_request();
  sent.region = "eu-west-1";
  EXPECT_NE(call(sent).body.find("<Region>us-east-1</Region>"), std::string::npos);
}

TEST_F(GatewayRefusals, ARefusedUploadIsNotInvited) {
  Sent sent = s3_request();
  sent.fields = {{"Expect", "100-continue"}};
  credentials_.secret_access_key += "x";
  std::string text = text_of(sent, signed_fields(sent));
  text.resize(text.size() - sent.body.size());
  EXPECT_TRUE(raw(text).starts_with("HTTP/1.1 403 "));
}

// ---------------------------------------------------------------------------------------------------
// What is signed is what is used
// ---------------------------------------------------------------------------------------------------

TEST_F(Gateways, PathsThatAreSignedAsOthersAreRefused) {
  Sent sent;
  sent.path = "/endpoints/mine/invocations";
  sent.body = "x";
  const HttpFields fields = signed_fields(sent);
  for (const char* path : {"/endpoints/other/../mine/invocations", "/endpoints//mine/invocations",
                           "/endpoints/./mine/invocations", "/endpoints/%2e/mine/invocations"}) {
    sent.path = path;
    const std::string answer = raw(text_of(sent, fields));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << path << answer;
    EXPECT_NE(answer.find("x-amzn-ErrorType: ValidationError"), std::string::npos) << answer;
  }
  // An encoded slash is another path.
  sent.path = "/endpoints%2Fmine/invocations";
  EXPECT_TRUE(raw(text_of(sent, fields)).starts_with("HTTP/1.1 4"));
}

TEST_F(Gateways, S3PathsAreTakenLiterally) {
  Sent sent;
  sent.method = "GET";
  sent.service = "s3";
  sent.path = "/bucket/a/../b";
  EXPECT_TRUE(raw(text_of(sent, signed_fields(sent))).starts_with("HTTP/1.1 200 "));
  sent.path = "/bucket/b";
  const HttpFields fields = signed_fields(sent);
  for (const char* path : {"/bucket/a/../b", "/bucket//b", "/bucket/./b", "/bucket/b/", "/bucket/b?versionId=1"}) {
    sent.path = path;
    EXPECT_TRUE(raw(text_of(sent, fields)).starts_with("HTTP/1.1 403 ")) << path;
  }
}

TEST_F(Gateways, FieldsGivenTwiceAreRefused) {
  Sent sent;
  sent.fields = {{"X-Amz-Target", "SageMaker.ListModels"}};
  sent.body = "{}";
  for (const auto& [name, value] : HttpFields{{"Host", "other"},
                                              {"X-Amz-Target", "SageMaker.DeleteModel"},
                                              {"X-Amz-Date", "20260101T000000Z"},
                                              {"Content-Type", "x"}}) {
    HttpFields fields = signed_fields(sent);
    fields.insert(fields.begin(), {name, value});
    if (name == "Content-Type") fields.insert(fields.begin(), {name, value});
    const std::string answer = raw(text_of(sent, fields));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << name << answer;
  }
  HttpFields fields = signed_fields(sent);
  fields.push_back(fields.back());  // Authorization.
  EXPECT_NE(raw(text_of(sent, fields)).find("IncompleteSignatureException"), std::string::npos);
  EXPECT_EQ(json_.calls, 0);
}

TEST_F(Gateways, APresignedAddressServesUntilItEnds) {
  const sigv4::Time signed_at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::atomic<std::int64_t> after{0};
  options_.clock = [&] { return kSeconds(signed_at) + std::chrono::seconds(after); };
  start();
  Sent sent;
  sent.method = "GET";
  sent.path = "/bucket/key";
  sent.query = sigv4::presigned_query(credentials_, {signed_at, "us-east-1", "s3"}, "GET", host(), sent.path,
                                      "response-content-type=text%2Fplain", std::chrono::seconds(100));
  EXPECT_EQ(send(sent, {}).status, 200);
  after = 99;
  EXPECT_EQ(send(sent, {}).status, 200);
  sent.path = "/bucket/key2";
  EXPECT_EQ(send(sent, {}).status, 403);
  sent.path = "/bucket/key";
  after = 102;
  const net::ClientResponse ended = send(sent, {});
  EXPECT_EQ(ended.status, 403);
  EXPECT_NE(ended.body.find("<Message>Request has expired</Message>"), std::string::npos);
  after = 0;
  sent.query += "&versionId=1";
  EXPECT_EQ(send(sent, {}).status, 403);
  sent.method = "DELETE";
  EXPECT_EQ(send(sent, {}).status, 403);
}

// ---------------------------------------------------------------------------------------------------
// Bodies and operations
// ---------------------------------------------------------------------------------------------------

TEST_F(Gateways, WhatIsNoJsonObjectIsNamed) {
  for (const char* body : {"{", "[]", "1", "\"x\"", "{\"a\":1}{"}) {
    const net::ClientResponse answer = call_json("SageMaker.ListModels", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_NE(answer.body.find("SerializationException"), std::string::npos) << answer.body;
  }
  EXPECT_NE(call_json("SageMaker.ListModels", std::string(100, '[')).body.find("nested deeper"), std::string::npos);
  EXPECT_EQ(json_.calls, 0);
}

TEST_F(Gateways, ACompressedBodyIsTheRequestThatItHolds) {
  Sent sent;
  sent.fields = {{"X-Amz-Target", "SageMaker.DescribeEndpoint"}, {"Content-Encoding", "gzip"}};
  sent.body = std::string(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07\x00\x00\x00",
      27);
  const auto body = aws::parse_json(call(sent).body);
  ASSERT_TRUE(body);
  EXPECT_EQ((*body)["Input"], (aws::Json{{"a", 1}}));
  sent.body.pop_back();
  const net::ClientResponse cut = call(sent);
  EXPECT_EQ(cut.status, 400);
  EXPECT_NE(cut.body.find("gzip: damaged or cut off"), std::string::npos) << cut.body;
}

TEST_F(Gateways, UnknownOperationsAndServicesAreNamed) {
  net::ClientResponse answer = call_json("Nobody.DescribeThings", "{}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find(R"("__type":"UnknownOperationException")"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("Nobody.DescribeThings"), std::string::npos);
  Sent sent;
  sent.service = "ec2";
  sent.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
  sent.body = "Action=DescribeInstances&Version=2016-11-15";
  EXPECT_NE(call(sent).body.find("<Code>InvalidAction</Code>"), std::string::npos);
  sent.service = "lambda";
  sent.fields = {};
  sent.path = "/2015-03-31/functions";
  EXPECT_EQ(call(sent).field("x-amzn-errortype"), "UnknownOperationException");
}

TEST_F(Gateways, ABodyThatIsTooLargeIsRefusedInTheServicesWords) {
  options_.max_json_bytes = 10;
  options_.max_invocation_bytes = 10;
  start();
  const net::ClientResponse json = call_json("SageMaker.ListModels", R"({"a":"0123456789"})");
  EXPECT_EQ(json.status, 413);
  EXPECT_NE(json.body.find(R"("__type":"RequestEntityTooLargeException")"), std::string::npos) << json.body;
  Sent sent;
  sent.path = "/endpoints/e/invocations";
  sent.body.assign(11, 'x');
  const net::ClientResponse runtime = call(sent);
  EXPECT_EQ(runtime.status, 413);
  EXPECT_EQ(runtime.field("x-amzn-errortype"), "ValidationError");
}

TEST_F(Gateways, AHeadThatIsNoneIsRefused) {
  for (const char* bytes : {"GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/3.0\r\nHost: x\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    const std::string answer = raw(bytes);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5")) << bytes << answer;
    EXPECT_NE(answer.find("equest"), std::string::npos) << answer;
  }
}

TEST_F(Gateways, WhoComesWhileAllThreadsAreBusyIsThrottled) {
  options_.threads = 1;
  options_.max_waiting = 1;
  start();
  std::future<net::ClientResponse> running =
      std::async(std::launch::async, [&] { return call_json("SageMaker.Wait", "{}"); });
  json_.entered.get_future().wait();
  Sent sent;
  sent.fields = {{"X-Amz-Target", "SageMaker.ListModels"}};
  sent.body = "{}";
  // One of the two finds room to wait, the other does not.
  net::HttpTestClient a(server_->port());
  net::HttpTestClient b(server_->port());
  a.send(text_of(sent, signed_fields(sent)));
  b.send(text_of(sent, signed_fields(sent)));
  net::HttpTestClient& refused = a.hears_before(b) ? a : b;
  net::HttpTestClient& waits = &refused == &a ? b : a;
  EXPECT_NE(refused.read_all().find(R"("__type":"ThrottlingException")"), std::string::npos);
  // The runtime does not wait for them.
  Sent invoke;
  invoke.path = "/endpoints/e/invocations";
  EXPECT_EQ(call(invoke).status, 200);
  json_.open.set_value();
  EXPECT_EQ(running.get().status, 200);
  EXPECT_TRUE(waits.read_all().starts_with("HTTP/1.1 200 "));
}

// ---------------------------------------------------------------------------------------------------
// Without signatures
// ---------------------------------------------------------------------------------------------------

class GatewayWithoutAuth : public Gateways {
 protected:
  void SetUp() override {
    options_.no_auth = true;
    Gateways::SetUp();
  }
};

TEST_F(GatewayWithoutAuth, EverybodyIsTheTrustedUser) {
  Sent sent;
  sent.fields = {{"X-Amz-Target", "SageMaker.ListModels"}};
  sent.body = "{}";
  EXPECT_NE(send(sent, sent.fields).body.find(directory_->trusted()->who()->arn), std::string::npos);
  credentials_.secret_access_key = "wrong";
  sent.region = "eu-west-1";
  EXPECT_NE(call(sent).body.find(R"("Region":"us-east-1")"), std::string::npos);
  Sent form;
  form.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
  form.body = "Action=GetRole&Version=2010-05-08";
  EXPECT_TRUE(send(form, form.fields).body.ends_with(form.body));
  form.body = "Action=GetRole&Version=1999-01-01";
  EXPECT_NE(send(form, form.fields).body.find("<Code>InvalidAction</Code>"), std::string::npos);
  Sent put;
  put.method = "PUT";
  put.path = "/bucket/key";
  put.service = "s3";
  put.body = "x";
  EXPECT_TRUE(call(put).body.ends_with(" streamed x"));
}

TEST_F(GatewayWithoutAuth, PagesFromElsewhereAreRefused) {
  const auto status = [&](const std::string& host, const std::string& more) {
    return raw("POST / HTTP/1.1\r\nHost: " + host + "\r\n" + more +
               "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\nConnection: close\r\n\r\n"
               "Action=X&Version=2010-05-0")
        .substr(9, 3);
  };
  EXPECT_EQ(status("evil.example:8080", ""), "403");
  EXPECT_EQ(status("localhost.evil.example", ""), "403");
  EXPECT_EQ(status("127.0.0.1:80", "Origin: https://evil.example\r\n"), "403");
  EXPECT_EQ(status("127.0.0.1:80", "Origin: null\r\n"), "403");
  EXPECT_EQ(status("127.0.0.1:80", "Origin: http://localhost:3000\r\n"), "400");  // An unknown Version.
  EXPECT_EQ(status("[::1]:80", ""), "400");
}

TEST(GatewayAddresses, OnlyThisMachinesOwnMayDoWithoutSignatures) {
  for (const char* address : {"127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(may_listen_without_auth(address)) << address;
  }
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "192.168.1.1", "::ffff:10.0.0.1", "", "localhost.evil"}) {
    const Result<Done> refused = may_listen_without_auth(address);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, ErrorCode::kForbidden);
  }
  EXPECT_TRUE(is_local_host("localhost:8080"));
  EXPECT_TRUE(is_local_host("bucket.localhost"));
  EXPECT_FALSE(is_local_host("notlocalhost"));
  EXPECT_FALSE(is_local_host("[::2]:1"));
  EXPECT_FALSE(is_local_host(""));
}

}  // namespace
}  // namespace chiliad::gateway
