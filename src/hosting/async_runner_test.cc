#include "hosting/async_runner.h"

#include "aws/json.h"
#include "hosting/hosting_under_test.h"

namespace chiliad::hosting {
namespace {

class AsyncRunnerTest : public HostingUnderTest {
 protected:
  EndpointPlan async_plan(const std::string& failure_path = "s3://data/failed/") {
    EndpointPlan plan = endpoint_of("e", {variant_of("v", "s3://models/")});
    plan.async = AsyncPlan{"s3://data/out", failure_path, 2};
    return plan;
  }
  net::ClientResponse invoke_async(const std::string& model, std::string_view body, net::HttpFields fields = {}) {
    fields.emplace_back("X-Amzn-SageMaker-Target-Model", model);
    return post("/endpoints/e/async-invocations", body, std::move(fields));
  }
  // The object at this place, once it is there.
  std::string wait_for(std::string_view location) {
    const std::string key(location.substr(std::string_view("s3://data/").size()));
    while (std::chrono::steady_clock::now() < until_) {
      const std::vector<std::string> keys = buckets_.keys("data");
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) return buckets_.get("data", key);
      std::this_thread::yield();
    }
    return "nothing came";
  }
  const Deadline until_ = soon();
};

TEST_F(AsyncRunnerTest, ResultOfAStoredInputIsPutIntoTheStore) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  buckets_.put("data", "in/x.json", kOneRow);
  start();
  ASSERT_TRUE(deploy(async_plan()));
  const net::ClientResponse accepted = invoke_async(
      "m.tar.gz", "",
      {{"X-Amzn-SageMaker-InputLocation", "s3://data/in/x.json"}, {"X-Amzn-SageMaker-Inference-Id", "mine"}});
  EXPECT_EQ(accepted.status, 202) << accepted.body;
  EXPECT_EQ(accepted.body, R"({"InferenceId":"mine"})");
  const std::string_view output = accepted.field("x-amzn-sagemaker-outputlocation");
  EXPECT_TRUE(output.starts_with("s3://data/out/") && output.ends_with(".out")) << output;
  EXPECT_TRUE(accepted.field("x-amzn-sagemaker-failurelocation").starts_with("s3://data/failed/"));
  EXPECT_NEAR(yhat_of(wait_for(output)), 10, 1e-6);
}

TEST_F(AsyncRunnerTest, FailureIsPutWhereFailuresGo) {
  start();
  ASSERT_TRUE(deploy(async_plan()));
  const net::ClientResponse none = invoke_async("none.tar.gz", kOneRow);
  const std::string failure = wait_for(none.field("x-amzn-sagemaker-failurelocation"));
  EXPECT_NE(failure.find("key: none.tar.gz"), std::string::npos) << failure;
  const net::ClientResponse lost =
      invoke_async("none.tar.gz", "", {{"X-Amzn-SageMaker-InputLocation", "s3://data/in/none"}});
  const std::string unread = wait_for(lost.field("x-amzn-sagemaker-failurelocation"));
  EXPECT_NE(unread.find("Failed to read the input s3://data/in/none"), std::string::npos) << unread;
}

TEST_F(AsyncRunnerTest, WhatCannotBeMeantIsRefused) {
  start();
  ASSERT_TRUE(deploy(async_plan()));
  ASSERT_TRUE(deploy(endpoint_of("sync", {variant_of("v", "s3://models/")})));
  EXPECT_EQ(invoke_async("m.tar.gz", "").status, 400);
  EXPECT_EQ(invoke_async("m.tar.gz", "x", {{"X-Amzn-SageMaker-InputLocation", "s3://data/x"}}).status, 400);
  EXPECT_EQ(invoke_async("m.tar.gz", "", {{"X-Amzn-SageMaker-InputLocation", "https://data/x"}}).status, 400);
  EXPECT_EQ(invoke_async("m.tar.gz", "{}", {{"X-Amzn-SageMaker-RequestTTLSeconds", "59"}}).status, 400);
  EXPECT_EQ(invoke_async("m.tar.gz", "{}", {{"X-Amzn-SageMaker-InvocationTimeoutSeconds", "3601"}}).status, 400);
  EXPECT_EQ(invoke_async("m.tar.gz", std::string(128'001, ' ')).status, 413);
  EXPECT_EQ(post("/endpoints/sync/async-invocations", "{}").status, 400);
}

TEST_F(AsyncRunnerTest, InputIsReadForThoseAloneWhoMayReadIt) {
  start({}, caller_who([](std::string_view action, std::string_view resource, std::string_view) {
          return action == "sagemaker:InvokeEndpointAsync" || resource == "arn:aws:s3:::data/mine";
        }));
  ASSERT_TRUE(deploy(async_plan()));
  EXPECT_EQ(invoke_async("m.tar.gz", "", {{"X-Amzn-SageMaker-InputLocation", "s3://data/mine"}}).status, 202);
  EXPECT_EQ(invoke_async("m.tar.gz", "", {{"X-Amzn-SageMaker-InputLocation", "s3://data/theirs"}}).status, 403);
}

TEST_F(AsyncRunnerTest, AcceptedCallsAreAnsweredByTheNextProcess) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(async_plan()));
  buckets_.down = true;  // Nothing can be answered now.
  std::vector<std::string> outputs;
  for (int i = 0; i < 20; ++i) {
    const net::ClientResponse accepted = invoke_async("m.tar.gz", kOneRow);
    ASSERT_EQ(accepted.status, 202);
    outputs.emplace_back(accepted.field("x-amzn-sagemaker-outputlocation"));
  }
  stop();
  buckets_.down = false;
  start();
  ASSERT_TRUE(deploy(async_plan(), true));
  for (const std::string& output : outputs) EXPECT_NEAR(yhat_of(wait_for(output)), 10, 1e-6);
}

TEST_F(AsyncRunnerTest, CallsOfARemovedEndpointFail) {
  buckets_.put("data", "in/x.json", kOneRow);
  start();
  ASSERT_TRUE(deploy(async_plan()));
  buckets_.held = true;
  std::vector<std::string> failures;
  for (int i = 0; i < 3; ++i) {  // Two may run at a time: one at least still waits.
    const net::ClientResponse accepted =
        invoke_async("m.tar.gz", "", {{"X-Amzn-SageMaker-InputLocation", "s3://data/in/x.json"}});
    ASSERT_EQ(accepted.status, 202);
    failures.emplace_back(accepted.field("x-amzn-sagemaker-failurelocation"));
  }
  hosting_->remove("e");
  buckets_.held = false;
  buckets_.held.notify_all();
  int deleted = 0;
  for (const std::string& place : failures) {
    const std::string failure = wait_for(place);
    const bool waited = failure.find("Endpoint e was deleted.") != std::string::npos;
    deleted += waited;
    // What ran is answered: there is no such model.
    EXPECT_TRUE(waited || failure.find("m.tar.gz") != std::string::npos) << failure;
  }
  EXPECT_GE(deleted, 1);
}

TEST_F(AsyncRunnerTest, CallsOfARemovedEndpointFailInTheNextProcessToo) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(async_plan()));
  buckets_.down = true;  // Neither results nor failures can be written now.
  std::vector<std::string> failures;
  for (int i = 0; i < 5; ++i) {
    const net::ClientResponse accepted = invoke_async("m.tar.gz", kOneRow);
    ASSERT_EQ(accepted.status, 202);
    failures.emplace_back(accepted.field("x-amzn-sagemaker-failurelocation"));
  }
  hosting_->remove("e");
  stop();
  buckets_.down = false;
  start();
  ASSERT_TRUE(deploy(async_plan()));  // Another one of the name.
  const net::ClientResponse own = invoke_async("m.tar.gz", kOneRow);
  EXPECT_NEAR(yhat_of(wait_for(own.field("x-amzn-sagemaker-outputlocation"))), 10, 1e-6);
  for (const std::string& place : failures) {
    const std::string failure = wait_for(place);
    EXPECT_NE(failure.find("Endpoint e was deleted."), std::string::npos) << failure;
  }
}

TEST_F(AsyncRunnerTest, AStoreThatDoesNotAnswerForAWhileFailsNoCall) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(async_plan()));
  buckets_.down = true;
  const net::ClientResponse accepted = invoke_async("m.tar.gz", kOneRow);
  while (buckets_.refused == 0) std::this_thread::yield();
  buckets_.down = false;
  EXPECT_NEAR(yhat_of(wait_for(accepted.field("x-amzn-sagemaker-outputlocation"))), 10, 1e-6);
}

}  // namespace
}  // namespace chiliad::hosting
