#include "hosting/async_runner.h"

#include <algorithm>

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

// A model's server that "kill" ends, with every call that is in it. The first "kill" waits for `company` calls; they
// wait for it.
class FragileHost final : public ModelHost {
 public:
  explicit FragileHost(int company) : company_(company) {}
  bool answer_now(const HostCall&, std::string&, std::string_view&, HostResult&) override { return false; }
  void answer_later(const HostCall& call, Deadline, Answered answered) override {
    HostAnswer answer;
    HostResult result;
    if (serve(call.body == "kill")) {
      answer.body = "answer to " + std::string(call.body);
    } else {
      refuse(HostEnd::kUnavailable, "The server broke off.", result);
    }
    result.model_latency = std::chrono::milliseconds(1);
    answered(std::move(answer), std::move(result));
  }
  Result<Done> batch(BatchCall) override { return Error{ErrorCode::kInvalid, "no batches"}; }
  std::shared_ptr<LoadTally> loads() const override { return nullptr; }

  int kills() const {
    const MutexLock lock(mutex_);
    return kills_;
  }
  // The most calls that were in it after the first kill.
  int most_later() const {
    const MutexLock lock(mutex_);
    return most_later_;
  }

 private:
  bool serve(bool kills) {
    const MutexLock lock(mutex_);
    const int run = kills_;
    ++inside_;
    changed_.notify_all();
    if (run == 0) {
      while (kills ? inside_ < company_ : kills_ == 0) changed_.wait(mutex_);
    } else {
      // Time for company that may not come.
      const Deadline end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
      while (inside_ == 1 && std::chrono::steady_clock::now() < end) changed_.wait_until(mutex_, end);
      most_later_ = std::max(most_later_, inside_);
    }
    if (kills) ++kills_;
    --inside_;
    changed_.notify_all();
    return run == kills_;
  }

  const int company_;
  mutable Mutex mutex_;
  Condition changed_;
  int inside_ CHILIAD_GUARDED_BY(mutex_) = 0;
  int kills_ CHILIAD_GUARDED_BY(mutex_) = 0;
  int most_later_ CHILIAD_GUARDED_BY(mutex_) = 0;
};

TEST(AsyncBlame, CallsBesideOneThatKillsItsServerAreAnsweredEachByItself) {
  constexpr int kCalls = 4;
  const TempFolder folder = *TempFolder::make();
  FolderBuckets buckets;
  buckets.make("data");
  store::EveryBucket access(buckets);
  const auto host = std::make_shared<FragileHost>(kCalls);
  EndpointPlan plan = endpoint_of("e", {variant_of("v", "s3://models/m.tar.gz")});
  plan.async = AsyncPlan{"s3://data/out", "s3://data/failed", kCalls};
  Variant variant;
  variant.plan = plan.variants.front();
  variant.host = host;
  EndpointTable endpoints;
  endpoints.put(std::make_shared<const Deployment>(plan, LogPlace(), std::vector<Variant>{variant}));
  const std::unique_ptr<AsyncQueue> queue = *AsyncQueue::open(folder.path() / "q.db", {});
  for (const char* body : {"1", "kill", "2", "3"}) {
    AsyncCall call;
    call.endpoint = "e";
    call.body = body;
    call.output_location = std::string("s3://data/out/").append(body);
    call.failure_location = std::string("s3://data/failed/").append(body);
    call.expires = std::chrono::system_clock::now() + std::chrono::hours(1);
    ASSERT_TRUE(queue->add(call));
  }
  Mutex mutex;
  Condition changed;
  int ended = 0;
  AsyncRunner runner(kCalls, *queue, endpoints, access, [&](auto&&...) {
    const MutexLock lock(mutex);
    ++ended;
    changed.notify_all();
  });
  {
    const Deadline until = soon();
    const MutexLock lock(mutex);
    while (ended < kCalls && std::chrono::steady_clock::now() < until) changed.wait_until(mutex, until);
  }
  runner.stop();
  EXPECT_EQ(buckets.keys("data"), (std::vector<std::string>{"failed/kill", "out/1", "out/2", "out/3"}));
  EXPECT_EQ(buckets.get("data", "out/2"), "answer to 2");
  EXPECT_NE(buckets.get("data", "failed/kill").find("broke off"), std::string::npos);
  EXPECT_EQ(host->kills(), 4);  // In company, and three times by itself.
  EXPECT_EQ(host->most_later(), 1);
}

}  // namespace
}  // namespace chiliad::hosting
