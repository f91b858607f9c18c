// For tests: buckets in a temporary folder, models whose answers tell them apart, a Hosting behind a real HTTP server,
// and callers with or without permissions.

#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "base/deadline_for_test.h"
#include "base/file.h"
#include "base/mutex.h"
#include "base/time.h"
#include "base/uuid.h"
#include "forecast/prophet.h"
#include "forecast/stored_form.h"
#include "hosting/hosting.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "store/buckets.h"
#include "watch/log_sink.h"
#include "watch/metric_sink.h"

namespace chiliad::hosting {

// Generous: sanitizers on a busy machine take their time, and what hangs is found all the same.
// A model's archive: the forecast of the first day after its history is about `level`.
inline std::string model_archive(double level) {
  forecast::FittedState state;
  state.start = *parse_instant("2021-01-01");
  state.t_scale_s = 729 * 86400.0;
  state.y_scale = level;
  state.changepoints_t = {0.2, 0.4, 0.6};
  state.delta = {0, 0, 0};
  state.k = 0;
  state.m = 1;
  state.beta = {0};
  state.sigma_obs = 0.05;
  state.rows = state.history_date_count = 730;
  for (int day = 725; day < 730; ++day) state.last_dates.push_back(state.start + std::chrono::hours{24 * day});
  Result<forecast::FittedModel> model = forecast::FittedModel::from_state(std::move(state));
  EXPECT_TRUE(model) << model.error().message;
  Result<std::string> archive = archive::write_tar_gz({{"model.json", forecast::model_to_json(*model)}});
  EXPECT_TRUE(archive);
  return *archive;
}

// The yhat of a body of one row.
inline double yhat_of(const std::string& body) {
  const std::string key = "\"yhat\":{\"730\":";
  const std::size_t at = body.find(key);
  EXPECT_NE(at, std::string::npos) << body;
  return at == std::string::npos ? 0 : std::strtod(body.c_str() + at + key.size(), nullptr);
}

inline constexpr std::string_view kOneRow = R"({"period": 1})";

// Buckets as folders, with listeners.
class FolderBuckets final : public store::Buckets {
 public:
  FolderBuckets() : folder_(*TempFolder::make()) {}

  Result<std::shared_ptr<store::ObjectStore>> open(std::string_view bucket) override {
    if (down) {
      ++refused;
      return Error{ErrorCode::kUnavailable, "the store is down"};
    }
    held.wait(true);
    const MutexLock lock(mutex_);
    const auto found = buckets_.find(bucket);
    if (found == buckets_.end()) return Error{ErrorCode::kNotFound, "no such bucket: " + std::string(bucket)};
    return found->second;
  }
  Result<std::vector<store::BucketInfo>> list(Deadline) override { return std::vector<store::BucketInfo>(); }
  store::Subscription subscribe(store::BucketListener listener) override { return listeners_.add(std::move(listener)); }

  void make(const std::string& bucket) {
    Result<std::unique_ptr<store::ObjectStore>> store = store::open_folder(folder_.path() / bucket);
    ASSERT_TRUE(store) << store.error().message;
    const MutexLock lock(mutex_);
    buckets_[bucket] = std::move(*store);
  }
  void put(const std::string& bucket, const std::string& key, std::string_view bytes) {
    Result<std::shared_ptr<store::ObjectStore>> store = open(bucket);
    ASSERT_TRUE(store) << store.error().message;
    Result<store::ObjectInfo> info = (*store)->put(key, bytes, {}, soon());
    ASSERT_TRUE(info) << info.error().message;
    listeners_.tell(bucket, key);
  }
  void remove(const std::string& bucket, const std::string& key) {
    ASSERT_TRUE((*open(bucket))->remove(key, soon()));
    listeners_.tell(bucket, key);
  }
  std::string get(const std::string& bucket, const std::string& key) {
    Result<std::string> bytes = (*open(bucket))->get(key, {}, soon());
    return bytes ? *bytes : "absent: " + bytes.error().message;
  }
  std::vector<std::string> keys(const std::string& bucket, const std::string& prefix = "") {
    std::vector<std::string> all;
    Result<std::vector<store::ObjectInfo>> objects = store::list_all(**open(bucket), prefix, soon());
    EXPECT_TRUE(objects);
    for (const store::ObjectInfo& object : *objects) all.push_back(object.key);
    return all;
  }

  std::atomic<bool> down{false};
  std::atomic<int> refused{0};    // So often it was down.
  std::atomic<bool> held{false};  // Whoever opens a bucket waits; notify_all() when it is over.

 private:
  TempFolder folder_;
  store::BucketListeners listeners_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<store::ObjectStore>, std::less<>> buckets_ CHILIAD_GUARDED_BY(mutex_);
};

class KeptLogs final : public watch::LogSink {
 public:
  void append(std::string_view group, std::string_view, std::span<const watch::LogLine> lines) override {
    const MutexLock lock(mutex_);
    for (const watch::LogLine& line : lines) {
      text_.append(group).append(": ").append(line.text).append("\n");
    }
  }
  std::string text() const {
    const MutexLock lock(mutex_);
    return text_;
  }

 private:
  mutable Mutex mutex_;
  std::string text_ CHILIAD_GUARDED_BY(mutex_);
};

class KeptMetrics final : public watch::MetricSink {
 public:
  struct Sum {
    double count = 0;
    double sum = 0;
    std::string unit;
    std::string name_space;
  };
  void put(const watch::MetricDatum& datum) override {
    std::string key(datum.name);
    for (const watch::Dimension& dimension : datum.dimensions) {
      key.append(" ").append(dimension.name).append("=").append(dimension.value);
    }
    const MutexLock lock(mutex_);
    Sum& sum = sums_[key];
    sum.count += datum.statistics ? datum.statistics->count : datum.count;
    sum.sum += datum.statistics ? datum.statistics->sum : datum.value * datum.count;
    sum.unit = datum.unit;
    sum.name_space = datum.name_space;
  }
  Sum of(std::string_view name, std::string_view endpoint, std::string_view variant) const {
    std::string key(name);
    key.append(" EndpointName=").append(endpoint).append(" VariantName=").append(variant);
    const MutexLock lock(mutex_);
    const auto found = sums_.find(key);
    return found == sums_.end() ? Sum() : found->second;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, Sum> sums_ CHILIAD_GUARDED_BY(mutex_);
};

// Says what the test says.
class TestAuthorizer final : public aws::Authorizer {
 public:
  using Rule = std::function<bool(std::string_view action, std::string_view resource, std::string_view target_model)>;
  explicit TestAuthorizer(Rule rule) : rule_(std::move(rule)) {}
  aws::Decision decide(const aws::Caller&, std::string_view action, std::string_view resource,
                       const aws::Conditions& conditions) const override {
    std::string_view model;
    for (const aws::Condition& condition : conditions) {
      if (condition.key == "sagemaker:TargetModel") model = condition.value;
    }
    return rule_(action, resource, model) ? aws::Decision::kAllowed : aws::Decision::kNotAllowed;
  }

 private:
  const Rule rule_;
};

inline aws::Caller caller_who(TestAuthorizer::Rule rule) {
  auto who = std::make_shared<aws::Principal>();
  who->kind = aws::Principal::Kind::kUser;
  who->arn = "arn:aws:iam::123456789012:user/alice";
  aws::Caller caller;
  caller.who = who;
  caller.authorizer = std::make_shared<TestAuthorizer>(std::move(rule));
  return caller;
}

// The HTTP server's handler: what the gateway does for the runtime.
class TestGateway final : public net::HttpHandler {
 public:
  TestGateway(Hosting& hosting, aws::Caller caller) : hosting_(hosting), caller_(std::move(caller)) {}
  BodyPlan begin(const net::HttpRequest& head, net::HttpResponse& response) override {
    return hosting_.begin(aws::HeadCall{caller_, "us-east-1", head, response, "id", {}});
  }
  void handle(const net::HttpRequest& request, net::HttpResponse& response, net::HttpExchange& exchange) override {
    const std::string id = make_uuid();
    aws::add_request_id(response, id);
    hosting_.handle(aws::Call{caller_, "us-east-1", request, response, exchange, id});
  }

 private:
  Hosting& hosting_;
  const aws::Caller caller_;
};

inline VariantPlan variant_of(const std::string& name, const std::string& url, double weight = 1) {
  VariantPlan variant;
  variant.name = name;
  variant.weight = weight;
  variant.model.model_name = "m-" + name;
  variant.model.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:latest";
  variant.model.mode = url.ends_with('/') ? Mode::kMultiModel : Mode::kSingleModel;
  variant.model.model_data_url = url;
  return variant;
}

inline EndpointPlan endpoint_of(const std::string& name, std::vector<VariantPlan> variants) {
  EndpointPlan plan;
  plan.name = name;
  plan.arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/" + name;
  plan.config_name = "config-" + name;
  plan.variants = std::move(variants);
  return plan;
}

// A Hosting with buckets "models" and "data", and a server in front.
class HostingUnderTest : public ::testing::Test {
 protected:
  HostingUnderTest() : folder_(*TempFolder::make()) {
    buckets_.make("models");
    buckets_.make("data");
  }
  void TearDown() override { stop(); }

  void start(HostingOptions options = {}, aws::Caller caller = caller_who([](auto...) { return true; })) {
    options.state_folder = folder_.path();
    options.cache_folder = folder_.path() / "cache";
    Result<std::unique_ptr<Hosting>> opened = Hosting::open(options, buckets_, logs_, metrics_);
    ASSERT_TRUE(opened) << opened.error().message;
    hosting_ = std::move(*opened);
    gateway_ = std::make_unique<TestGateway>(*hosting_, std::move(caller));
    net::HttpServerOptions http;
    http.threads = 2;
    Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::start(http, *gateway_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  void stop() {
    server_.reset();
    hosting_.reset();
    gateway_.reset();
  }

  Result<Done> deploy(EndpointPlan plan, bool resume = false) {
    std::promise<Result<Done>> outcome;
    hosting_->deploy(std::move(plan), resume, [&outcome](Result<Done> done) { outcome.set_value(std::move(done)); });
    return outcome.get_future().get();
  }

  net::ClientResponse post(const std::string& path, std::string_view body, net::HttpFields fields = {}) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    request.fields = std::move(fields);
    request.body = body;
    request.use_proxy = false;
    Result<net::ClientResponse> response = client_.send(request, soon());
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : net::ClientResponse();
  }
  net::ClientResponse invoke(const std::string& endpoint, const std::string& model, std::string_view body = kOneRow,
                             net::HttpFields fields = {}) {
    if (!model.empty()) fields.emplace_back("X-Amzn-SageMaker-Target-Model", model);
    fields.emplace_back("Content-Type", "application/json");
    return post("/endpoints/" + endpoint + "/invocations", body, std::move(fields));
  }

  TempFolder folder_;
  FolderBuckets buckets_;
  KeptLogs logs_;
  KeptMetrics metrics_;
  std::unique_ptr<Hosting> hosting_;
  std::unique_ptr<TestGateway> gateway_;
  std::unique_ptr<net::HttpServer> server_;
  net::HttpClient client_;
};

}  // namespace chiliad::hosting
