// Endpoints and transform jobs touch the store as their model's role.

#include "hosting/hosting_under_test.h"
#include "store/bucket_access.h"

namespace chiliad::hosting {
namespace {

// The role "a bucket b" may use just the buckets a and b.
class NamedBuckets final : public store::BucketAccess {
 public:
  explicit NamedBuckets(store::Buckets& buckets) : buckets_(buckets) {}
  Result<Done> check(std::string_view) override { return Done{}; }
  std::shared_ptr<store::Buckets> of(std::string_view role) override { return std::make_shared<Some>(buckets_, role); }

 private:
  class Some final : public store::Buckets {
   public:
    Some(store::Buckets& buckets, std::string_view role) : buckets_(buckets), role_(role) {}
    Result<std::shared_ptr<store::ObjectStore>> open(std::string_view bucket) override {
      if (role_.find(bucket) == std::string::npos)
        return Error{ErrorCode::kForbidden, "role '" + role_ + "' may not use " + std::string(bucket)};
      return buckets_.open(bucket);
    }
    Result<std::vector<store::BucketInfo>> list(Deadline deadline) override { return buckets_.list(deadline); }
    store::Subscription subscribe(store::BucketListener listener) override {
      return buckets_.subscribe(std::move(listener));
    }

   private:
    store::Buckets& buckets_;
    const std::string role_;
  };
  store::Buckets& buckets_;
};

class ExecutionRoleTest : public HostingUnderTest {
 protected:
  void SetUp() override {
    buckets_.put("models", "m.tar.gz", model_archive(10));
    HostingOptions options;
    options.access = &access_;
    start(options);
  }
  static EndpointPlan endpoint_as(const std::string& name, const std::string& role,
                                  const std::string& url = "s3://models/") {
    VariantPlan variant = variant_of("v", url);
    variant.model.role_arn = role;
    return endpoint_of(name, {std::move(variant)});
  }
  std::string object_at(std::string_view location) {
    const std::string key(location.substr(std::string_view("s3://data/").size()));
    const Deadline until = soon();
    while (std::chrono::steady_clock::now() < until) {
      const std::vector<std::string> keys = buckets_.keys("data");
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) return buckets_.get("data", key);
      std::this_thread::yield();
    }
    return "nothing came";
  }

  NamedBuckets access_{buckets_};
};

TEST_F(ExecutionRoleTest, ModelsAreReadAsTheModelsRole) {
  for (const std::string url : {"s3://models/", "s3://models/m.tar.gz"}) {
    const Result<Done> refused = deploy(endpoint_as("e", "data", url));
    ASSERT_FALSE(refused) << url;
    EXPECT_NE(refused.error().message.find("role 'data' may not use models"), std::string::npos);
    EXPECT_TRUE(deploy(endpoint_as("e", "models", url))) << url;
  }
}

TEST_F(ExecutionRoleTest, AModelInMemoryIsNoWayAroundTheRole) {
  ASSERT_TRUE(deploy(endpoint_as("e", "models")));
  EXPECT_EQ(invoke("e", "m.tar.gz").status, 200);
  // Resumed endpoints are not checked; their calls are.
  ASSERT_TRUE(deploy(endpoint_as("other", "data"), true));
  EXPECT_NE(invoke("other", "m.tar.gz").status, 200);
  ASSERT_TRUE(deploy(endpoint_as("third", "models and more")));
  EXPECT_EQ(invoke("third", "m.tar.gz").status, 200);
}

TEST_F(ExecutionRoleTest, AModelThatChangesIsFreshForEveryRole) {
  ASSERT_TRUE(deploy(endpoint_as("a", "models")));
  ASSERT_TRUE(deploy(endpoint_as("b", "models data")));
  for (const std::string name : {"a", "b"}) EXPECT_NEAR(yhat_of(invoke(name, "m.tar.gz").body), 10, 1e-6);
  buckets_.put("models", "m.tar.gz", model_archive(30));
  for (const std::string name : {"a", "b"}) EXPECT_NEAR(yhat_of(invoke(name, "m.tar.gz").body), 30, 1e-6);
}

TEST_F(ExecutionRoleTest, AsynchronousCallsReadAndWriteAsTheModelsRole) {
  EndpointPlan plan = endpoint_as("e", "models data");
  plan.async = AsyncPlan{"s3://data/out", "s3://data/failed/", 1};
  ASSERT_TRUE(deploy(plan));
  const net::HttpFields model = {{"X-Amzn-SageMaker-Target-Model", "m.tar.gz"}};
  const net::ClientResponse good = post("/endpoints/e/async-invocations", kOneRow, model);
  EXPECT_NEAR(yhat_of(object_at(good.field("x-amzn-sagemaker-outputlocation"))), 10, 1e-6);
  buckets_.make("others");
  buckets_.put("others", "x", kOneRow);
  net::HttpFields fields = model;
  fields.emplace_back("X-Amzn-SageMaker-InputLocation", "s3://others/x");
  const net::ClientResponse bad = post("/endpoints/e/async-invocations", "", fields);
  EXPECT_NE(object_at(bad.field("x-amzn-sagemaker-failurelocation")).find("may not use others"), std::string::npos);
}

TEST_F(ExecutionRoleTest, AnAsynchronousCallOfAModelThatTheRoleMayNotReadFailsAtOnce) {
  EndpointPlan plan = endpoint_as("e", "data");
  plan.async = AsyncPlan{"s3://data/out", "s3://data/failed/", 1};
  ASSERT_TRUE(deploy(plan, true));  // Resumed: not checked.
  const net::HttpFields model = {{"X-Amzn-SageMaker-Target-Model", "m.tar.gz"}};
  const net::ClientResponse bad = post("/endpoints/e/async-invocations", kOneRow, model);
  EXPECT_NE(object_at(bad.field("x-amzn-sagemaker-failurelocation")).find("may not use models"), std::string::npos);
}

TEST_F(ExecutionRoleTest, TransformJobsReadAndWriteAsTheModelsRole) {
  buckets_.put("data", "in/m.json", kOneRow);
  const auto reason = [&](const std::string& role) {
    TransformPlan plan;
    plan.name = "job";
    plan.model = endpoint_as("e", role).variants.front().model;
    plan.input_uri = "s3://data/in/";
    plan.output_path = "s3://data/out";
    std::promise<std::string> end;
    const Result<Done> started = hosting_->start_transform(std::move(plan), [&](const TransformProgress& progress) {
      if (progress.phase >= TransformProgress::Phase::kCompleted) end.set_value(progress.failure_reason);
    });
    return started ? end.get_future().get() : started.error().message;
  };
  EXPECT_NE(reason("models").find("may not use data"), std::string::npos);
  EXPECT_NE(reason("data").find("may not use models"), std::string::npos);
  EXPECT_EQ(reason("models data"), "");
}

TEST_F(ExecutionRoleTest, CapturesThatTheRoleMayNotWriteAreDroppedAndTold) {
  EndpointPlan plan = endpoint_as("e", "models");
  plan.capture.enabled = true;
  plan.capture.destination = "s3://data/capture";
  ASSERT_TRUE(deploy(plan));
  EXPECT_EQ(invoke("e", "m.tar.gz").status, 200);
  stop();
  EXPECT_TRUE(buckets_.keys("data").empty());
  EXPECT_NE(logs_.text().find("data capture: role 'models' may not use data"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::hosting
