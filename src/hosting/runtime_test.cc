#include "hosting/runtime.h"

#include "base/crc.h"
#include "hosting/hosting_under_test.h"

namespace chiliad::hosting {
namespace {

class RuntimeTest : public HostingUnderTest {
 protected:
  void deploy_fleet() {
    buckets_.put("models", "fleet/a.tar.gz", model_archive(10));
    ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/fleet/")})));
  }
};

TEST_F(RuntimeTest, CustomAttributesComeBackAndDoublyEncodedBodiesAreAnsweredSo) {
  start();
  deploy_fleet();
  const net::HttpFields fields = {{"X-Amzn-SageMaker-Custom-Attributes", "trace=1"},
                                  {"X-Amzn-SageMaker-Inference-Id", "id-1"}};
  const net::ClientResponse answer = invoke("e", "a.tar.gz", R"("{\"period\": 1}")", fields);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("x-amzn-sagemaker-custom-attributes"), "trace=1");
  EXPECT_TRUE(answer.body.starts_with("\"{\\\"ds\\\"")) << answer.body.substr(0, 40);
  const net::ClientResponse csv = invoke("e", "a.tar.gz", kOneRow, {{"Accept", "text/csv"}});
  EXPECT_EQ(csv.field("content-type"), "text/csv");
}

TEST_F(RuntimeTest, ErrorsAreAmazons) {
  start();
  deploy_fleet();
  buckets_.put("models", "fleet/bad.tar.gz", "no archive");
  const net::ClientResponse client = invoke("e", "a.tar.gz", R"({"period": 0})");
  EXPECT_EQ(client.status, 424);
  EXPECT_EQ(client.field("x-amzn-errortype"), "ModelError");
  EXPECT_NE(client.body.find(R"("OriginalStatusCode":400)"), std::string::npos) << client.body;
  EXPECT_NE(client.body.find(R"("OriginalMessage":"'period')"), std::string::npos) << client.body;
  EXPECT_NE(
      client.body.find(R"("LogStreamArn":"arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/e")"),
      std::string::npos)
      << client.body;
  const net::ClientResponse damaged = invoke("e", "bad.tar.gz");
  EXPECT_EQ(damaged.status, 424);
  EXPECT_NE(damaged.body.find(R"("OriginalStatusCode":500)"), std::string::npos) << damaged.body;
  EXPECT_NE(logs_.text().find("/aws/sagemaker/Endpoints/e: call answered 424"), std::string::npos);
  EXPECT_EQ(invoke("nobody", "a.tar.gz").status, 400);
  EXPECT_EQ(invoke("e", "").status, 400);
  EXPECT_EQ(post("/endpoints/e/nothing", "{}").status, 404);
  EXPECT_EQ(post("/endpoints/e", "{}").status, 404);
}

TEST_F(RuntimeTest, HostileNamesAndFieldsAreRefused) {
  start();
  deploy_fleet();
  buckets_.put("models", "secret.tar.gz", model_archive(99));
  for (const char* name : {"../secret.tar.gz", "a/../../secret.tar.gz", "./a.tar.gz", "//secret.tar.gz", "a//b",
                           ".chiliad-x", "a.tar.gz/", "\xff\xfe"}) {
    EXPECT_EQ(invoke("e", name).status, 400) << name;
  }
  EXPECT_EQ(invoke("e", std::string(1025, 'a')).status, 400);
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"Enable-Explanations", "`true`"},      {"Inference-Component", "c"},
      {"Target-Container-Hostname", "h"},     {"Session-Id", "NEW_SESSION"},
      {"Inference-Id", std::string(65, 'x')}, {"Custom-Attributes", std::string(1025, 'x')},
      {"Custom-Attributes", "caf\xc3\xa9"},   {"Target-Variant", std::string(64, 'v')}};
  for (const auto& [name, value] : fields) {
    const net::ClientResponse answer = invoke("e", "a.tar.gz", kOneRow, {{"X-Amzn-SageMaker-" + name, value}});
    EXPECT_EQ(answer.status, 400) << name;
    EXPECT_EQ(answer.field("x-amzn-errortype"), "ValidationError");
  }
  EXPECT_EQ(invoke("..", "a.tar.gz").status, 400);
  EXPECT_EQ(invoke("%65", "a.tar.gz").status, 400);
}

TEST_F(RuntimeTest, BodyAboveTheLimitIsRefused) {
  start();
  deploy_fleet();
  const net::ClientResponse answer = invoke("e", "a.tar.gz", std::string(Hosting::kMaxBody + 1, ' '));
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find("exceeded 6291456 bytes"), std::string::npos) << answer.body;
}

TEST_F(RuntimeTest, PermissionIsAskedForTheModelThatIsUsed) {
  start({}, caller_who([](std::string_view action, std::string_view resource, std::string_view model) {
          return action == "sagemaker:InvokeEndpoint" &&
                 resource == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e" && model == "a.tar.gz";
        }));
  deploy_fleet();
  buckets_.put("models", "fleet/b.tar.gz", model_archive(20));
  EXPECT_EQ(invoke("e", "a.tar.gz").status, 200);
  EXPECT_EQ(invoke("e", "/a.tar.gz").status, 200);
  for (const char* name : {"b.tar.gz", "/b.tar.gz", "", "A.tar.gz", "a.tar.gz/../b.tar.gz", "none.tar.gz"}) {
    const net::ClientResponse refused = invoke("e", name);
    EXPECT_EQ(refused.status, 403) << name;
    EXPECT_EQ(refused.field("x-amzn-errortype"), "AccessDeniedException");
  }
  // Whether an endpoint exists is nobody's business either.
  EXPECT_EQ(invoke("nobody", "a.tar.gz").status, 403);
  const net::ClientResponse batch =
      post("/endpoints/e/invocations-batch", R"({"period":1,"models":["a.tar.gz","b.tar.gz"]})");
  EXPECT_NE(batch.body.find(R"({"model":"a.tar.gz","status":200)"), std::string::npos) << batch.body;
  EXPECT_NE(batch.body.find(R"({"model":"b.tar.gz","status":403,"error":"forbidden")"), std::string::npos);
}

TEST_F(RuntimeTest, StreamedAnswerIsAnEventStreamOfTheBody) {
  buckets_.put("models", "one.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/one.tar.gz")})));
  const std::string whole = post("/endpoints/e/invocations", R"({"period":1200,"freq":"h"})").body;
  const net::ClientResponse answer = post("/endpoints/e/invocations-response-stream", R"({"period":1200,"freq":"h"})");
  EXPECT_EQ(answer.field("content-type"), "application/vnd.amazon.eventstream");
  EXPECT_EQ(answer.field("x-amzn-sagemaker-content-type"), "application/json");
  const auto number = [](std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  };
  std::string joined;
  int messages = 0;
  for (std::string_view rest = answer.body; !rest.empty(); ++messages) {
    const std::uint32_t total = number(rest);
    const std::uint32_t headers = number(rest.substr(4));
    ASSERT_LE(total, rest.size());
    EXPECT_EQ(number(rest.substr(8)), crc32(rest.substr(0, 8)));
    EXPECT_EQ(number(rest.substr(total - 4)), crc32(rest.substr(0, total - 4)));
    joined += rest.substr(12 + headers, total - headers - 16);
    rest.remove_prefix(total);
  }
  EXPECT_GT(messages, 1);
  EXPECT_EQ(joined, whole);
}

TEST_F(RuntimeTest, MetricsHaveAmazonsNamesAndDimensions) {
  start();
  deploy_fleet();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(invoke("e", "a.tar.gz").status, 200);
  EXPECT_EQ(invoke("e", "none.tar.gz").status, 400);
  EXPECT_EQ(invoke("e", "a.tar.gz", "{}").status, 424);
  stop();
  EXPECT_EQ(metrics_.of("Invocations", "e", "v").sum, 6);
  EXPECT_EQ(metrics_.of("Invocation4XXErrors", "e", "v").sum, 2);
  EXPECT_EQ(metrics_.of("Invocation4XXErrors", "e", "v").count, 6);
  EXPECT_EQ(metrics_.of("Invocation5XXErrors", "e", "v").sum, 0);
  EXPECT_EQ(metrics_.of("InvocationModelErrors", "e", "v").sum, 1);
  EXPECT_EQ(metrics_.of("ModelLatency", "e", "v").count, 4);
  EXPECT_EQ(metrics_.of("ModelLatency", "e", "v").unit, "Microseconds");
  EXPECT_EQ(metrics_.of("ModelLatency", "e", "v").name_space, "AWS/SageMaker");
  EXPECT_EQ(metrics_.of("OverheadLatency", "e", "v").count, 6);
  EXPECT_EQ(metrics_.of("ModelCacheHit", "e", "v").sum, 3);
  EXPECT_EQ(metrics_.of("ModelCacheHit", "e", "v").count, 5);
  EXPECT_EQ(metrics_.of("ModelLoadingWaitTime", "e", "v").count, 2);
  EXPECT_EQ(metrics_.of("ModelDownloadingTime", "e", "v").count, 1);
  EXPECT_EQ(metrics_.of("ModelLoadingTime", "e", "v").count, 1);
  EXPECT_EQ(metrics_.of("LoadedModelCount", "e", "v").name_space, "/aws/sagemaker/Endpoints");
}

}  // namespace
}  // namespace chiliad::hosting
