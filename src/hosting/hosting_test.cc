#include "hosting/hosting.h"

#include <thread>

#include "hosting/hosting_under_test.h"

namespace chiliad::hosting {
namespace {

class HostingTest : public HostingUnderTest {};

TEST_F(HostingTest, MultiModelEndpointAnswersFromEachModelOfItsPrefix) {
  buckets_.put("models", "fleet/a.tar.gz", model_archive(10));
  buckets_.put("models", "fleet/eu/b.tar.gz", model_archive(20));
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("AllTraffic", "s3://models/fleet/")})));
  for (int i = 0; i < 2; ++i) {
    const net::ClientResponse a = invoke("e", "a.tar.gz");
    EXPECT_EQ(a.status, 200) << a.body;
    EXPECT_NEAR(yhat_of(a.body), 10, 1e-6);
    EXPECT_EQ(a.field("content-type"), "application/json");
    EXPECT_EQ(a.field("x-amzn-invoked-production-variant"), "AllTraffic");
    EXPECT_FALSE(a.field("x-amzn-requestid").empty());
    EXPECT_NEAR(yhat_of(invoke("e", "/eu/b.tar.gz").body), 20, 1e-6);
  }
}

TEST_F(HostingTest, ModelPutWhileTheEndpointRunsIsServedAndReplacedAtOnce) {
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/fleet/")})));
  EXPECT_EQ(invoke("e", "a.tar.gz").status, 400);
  for (const double level : {10.0, 20.0, 30.0}) {
    buckets_.put("models", "fleet/a.tar.gz", model_archive(level));
    EXPECT_NEAR(yhat_of(invoke("e", "a.tar.gz").body), level, 1e-6);
  }
  buckets_.remove("models", "fleet/a.tar.gz");
  const net::ClientResponse gone = invoke("e", "a.tar.gz");
  EXPECT_EQ(gone.status, 400);
  EXPECT_EQ(gone.field("x-amzn-errortype"), "ValidationError");
  EXPECT_NE(gone.body.find("key: fleet/a.tar.gz"), std::string::npos) << gone.body;
}

TEST_F(HostingTest, SingleModelStaysWhatWasDeployed) {
  buckets_.put("models", "one.tar.gz", model_archive(5));
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/one.tar.gz")})));
  buckets_.put("models", "one.tar.gz", model_archive(6));
  EXPECT_NEAR(yhat_of(invoke("e", "").body), 5, 1e-6);
  const net::ClientResponse named = invoke("e", "one.tar.gz");
  EXPECT_EQ(named.status, 400);
  EXPECT_NE(named.body.find("not a multi-model endpoint"), std::string::npos);
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/one.tar.gz")})));
  EXPECT_NEAR(yhat_of(invoke("e", "").body), 6, 1e-6);
}

TEST_F(HostingTest, DeployFailsWithTheReason) {
  buckets_.put("models", "bad.tar.gz", "no archive");
  start();
  EndpointPlan foreign = endpoint_of("e", {variant_of("v", "s3://models/")});
  foreign.variants[0].model.image = "repo/sagemaker-scikit-learn:1.0";
  const std::map<std::string, EndpointPlan> cases = {
      {"no such bucket: nobody", endpoint_of("e", {variant_of("v", "s3://nobody/x/")})},
      {"no such bucket: nobody2", endpoint_of("e", {variant_of("v", "s3://nobody2/x.tar.gz")})},
      {"Failed to load model m-v from s3://models/bad.tar.gz",
       endpoint_of("e", {variant_of("v", "s3://models/bad.tar.gz")})},
      {"expected s3://bucket/key", endpoint_of("e", {variant_of("v", "https://models/x/")})},
      {"two variants are named v",
       endpoint_of("e", {variant_of("v", "s3://models/"), variant_of("v", "s3://models/")})},
      {"endpoints run images whose name ends in 'chiliad-prophet'", foreign}};
  for (const auto& [reason, plan] : cases) {
    const Result<Done> done = deploy(plan);
    ASSERT_FALSE(done) << reason;
    EXPECT_NE(done.error().message.find(reason), std::string::npos) << done.error().message;
    EXPECT_FALSE(hosting_->describe("e"));
  }
  EXPECT_NE(logs_.text().find("/aws/sagemaker/Endpoints/e: endpoint configuration config-e failed"), std::string::npos);
}

TEST_F(HostingTest, FailedUpdateLeavesWhatWasInService) {
  buckets_.put("models", "fleet/a.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/fleet/")})));
  EXPECT_FALSE(deploy(endpoint_of("e", {variant_of("v", "s3://nobody/fleet/")})));
  EXPECT_NEAR(yhat_of(invoke("e", "a.tar.gz").body), 10, 1e-6);
  EXPECT_EQ(hosting_->describe("e")->variants.size(), 1u);
}

TEST_F(HostingTest, ResumedEndpointIsThereWhileTheStoreIsNot) {
  buckets_.put("models", "fleet/a.tar.gz", model_archive(10));
  start();
  buckets_.down = true;
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/fleet/")}), true));
  EXPECT_EQ(invoke("e", "a.tar.gz").status, 503);
  buckets_.down = false;
  EXPECT_NEAR(yhat_of(invoke("e", "a.tar.gz").body), 10, 1e-6);
}

TEST_F(HostingTest, UpdatesUnderLoadFailNoCall) {
  for (const char* model : {"a/m.tar.gz", "b/m.tar.gz"}) {
    buckets_.put("models", model, model_archive(model[0] == 'a' ? 10 : 20));
  }
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/a/")})));
  std::atomic<bool> ending{false};
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!ending) {
        const net::ClientResponse answer = invoke("e", "m.tar.gz");
        const double level = answer.status == 200 ? yhat_of(answer.body) : 0;
        (std::abs(level - 10) < 1e-6 || std::abs(level - 20) < 1e-6 ? good : bad)++;
      }
    });
  }
  for (int i = 0; i < 60; ++i) {
    while (good + bad < 5 * i) std::this_thread::yield();  // Calls come in between.
    ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", i % 2 == 0 ? "s3://models/b/" : "s3://models/a/")})));
    ASSERT_TRUE(hosting_->set_weights("e", std::vector<VariantChange>{{"v", double(1 + i % 3), {}}}));
  }
  ending = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(bad, 0);
  EXPECT_GE(good, 5 * 59);
  EXPECT_NEAR(yhat_of(invoke("e", "m.tar.gz").body), 10, 1e-6);
}

TEST_F(HostingTest, VariantsShareCallsByWeight) {
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("big", "s3://models/", 3), variant_of("small", "s3://models/", 1),
                                       variant_of("none", "s3://models/", 0)})));
  buckets_.put("models", "m.tar.gz", model_archive(10));
  std::map<std::string, int> counts;
  for (int i = 0; i < 200; ++i) {
    counts[std::string(invoke("e", "m.tar.gz").field("x-amzn-invoked-production-variant"))]++;
  }
  EXPECT_NEAR(counts["big"], 150, 3);
  EXPECT_NEAR(counts["small"], 50, 3);
  EXPECT_EQ(counts["none"], 0);
  const net::HttpFields none = {{"X-Amzn-SageMaker-Target-Variant", "none"}};
  EXPECT_EQ(invoke("e", "m.tar.gz", kOneRow, none).field("x-amzn-invoked-production-variant"), "none");
  const net::HttpFields other = {{"X-Amzn-SageMaker-Target-Variant", "other"}};
  EXPECT_EQ(invoke("e", "m.tar.gz", kOneRow, other).status, 400);

  const std::vector<VariantChange> changes = {{"big", 0.0, {}}, {"none", 1.0, 4}};
  ASSERT_TRUE(hosting_->set_weights("e", changes));
  counts.clear();
  for (int i = 0; i < 100; ++i) {
    counts[std::string(invoke("e", "m.tar.gz").field("x-amzn-invoked-production-variant"))]++;
  }
  EXPECT_EQ(counts["big"], 0);
  EXPECT_NEAR(counts["none"], 50, 3);
  EXPECT_EQ(hosting_->describe("e")->variants[2].instance_count, 4);
}

TEST_F(HostingTest, WeightsChangeAllOrNothing) {
  start();
  EXPECT_EQ(hosting_->set_weights("e", {}).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/", 3)})));
  const std::vector<VariantChange> unknown = {{"v", 1.0, {}}, {"w", 1.0, {}}};
  EXPECT_EQ(hosting_->set_weights("e", unknown).error().code, ErrorCode::kNotFound);
  const std::vector<VariantChange> negative = {{"v", -1.0, {}}};
  EXPECT_EQ(hosting_->set_weights("e", negative).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(hosting_->describe("e")->variants[0].weight, 3);
}

TEST_F(HostingTest, RemovedEndpointIsNotFound) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/")})));
  EXPECT_EQ(invoke("e", "m.tar.gz").status, 200);
  hosting_->remove("e");
  const net::ClientResponse gone = invoke("e", "m.tar.gz");
  EXPECT_EQ(gone.status, 400);
  EXPECT_EQ(gone.field("x-amzn-errortype"), "ValidationError");
  EXPECT_NE(gone.body.find("Endpoint e of account 123456789012 not found."), std::string::npos) << gone.body;
  hosting_->remove("e");
}

TEST_F(HostingTest, LastOfTwoDeploysDecides) {
  buckets_.put("models", "a/m.tar.gz", model_archive(10));
  buckets_.put("models", "b/m.tar.gz", model_archive(20));
  start();
  for (int round = 0; round < 20; ++round) {
    std::promise<Result<Done>> first;
    std::promise<Result<Done>> second;
    hosting_->deploy(endpoint_of("e", {variant_of("v", "s3://models/a/")}), false,
                     [&](Result<Done> done) { first.set_value(std::move(done)); });
    hosting_->deploy(endpoint_of("e", {variant_of("v", "s3://models/b/")}), false,
                     [&](Result<Done> done) { second.set_value(std::move(done)); });
    ASSERT_TRUE(second.get_future().get());
    const Result<Done> earlier = first.get_future().get();
    EXPECT_TRUE(earlier || earlier.error().code == ErrorCode::kConflict) << earlier.error().message;
    EXPECT_NEAR(yhat_of(invoke("e", "m.tar.gz").body), 20, 1e-6);
  }
}

TEST_F(HostingTest, UncachedModelIsLoadedForEachCall) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  EndpointPlan plan = endpoint_of("e", {variant_of("v", "s3://models/")});
  plan.variants[0].model.cache_models = false;
  ASSERT_TRUE(deploy(plan));
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(yhat_of(invoke("e", "m.tar.gz").body), 10, 1e-6);
  EXPECT_EQ(invoke("e", "none.tar.gz").status, 400);
  stop();
  EXPECT_EQ(metrics_.of("ModelLoadingTime", "e", "v").count, 3);
  EXPECT_EQ(metrics_.of("ModelCacheHit", "e", "v").count, 0);
}

TEST_F(HostingTest, TenThousandModelsGoThroughASmallMemory) {
  const std::string archive = model_archive(10);
  constexpr int kModels = 10'000;
  for (int i = 0; i < kModels; ++i) buckets_.put("models", "f/" + std::to_string(i) + ".tar.gz", archive);
  HostingOptions options;
  options.memory_budget_bytes = std::uint64_t{1} << 20;
  start(options);
  ASSERT_TRUE(deploy(endpoint_of("e", {variant_of("v", "s3://models/f/")})));
  std::string batch = R"({"period":1,"models":[)";
  for (int i = 0; i < kModels; ++i) batch += (i > 0 ? ",\"" : "\"") + std::to_string(i) + ".tar.gz\"";
  batch += "]}";
  const net::ClientResponse all = post("/endpoints/e/invocations-batch", batch);
  EXPECT_EQ(all.status, 200);
  EXPECT_NE(all.body.find(R"({"done":true,"succeeded":10000,"failed":0})"), std::string::npos)
      << all.body.substr(all.body.size() - std::min<std::size_t>(all.body.size(), 500));
  EXPECT_EQ(invoke("e", "77.tar.gz").status, 200);
  stop();
  EXPECT_EQ(metrics_.of("Invocations", "e", "v").sum, kModels + 1);
  EXPECT_GT(metrics_.of("ModelUnloadingTime", "e", "v").count, kModels / 2);
}

TEST_F(HostingTest, AThousandEndpointsShareThreadsAndModels) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  std::vector<std::future<Result<Done>>> outcomes;
  for (int i = 0; i < 1'000; ++i) {
    auto outcome = std::make_shared<std::promise<Result<Done>>>();
    outcomes.push_back(outcome->get_future());
    hosting_->deploy(endpoint_of("e" + std::to_string(i), {variant_of("v", "s3://models/")}), false,
                     [outcome](Result<Done> done) { outcome->set_value(std::move(done)); });
  }
  for (auto& outcome : outcomes) ASSERT_TRUE(outcome.get());
  for (int i = 0; i < 1'000; i += 37) EXPECT_EQ(invoke("e" + std::to_string(i), "m.tar.gz").status, 200);
  stop();
  EXPECT_EQ(metrics_.of("ModelLoadingTime", "e0", "v").count, 1);  // One load for all of them.
}

}  // namespace
}  // namespace chiliad::hosting
