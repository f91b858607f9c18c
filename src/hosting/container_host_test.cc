// Foreign servers behind endpoints: small ones in Python, in boxes of bubblewrap's; skipped where there is none. Their
// entries are of the kind oci and run by bubblewrap all the same, which needs no Python environment.

#include "hosting/container_host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "aws/json.h"
#include "hosting/hosting_under_test.h"
#include "process/sandbox.h"
#include "process/tree.h"
#include "runtime/catalog.h"

namespace chiliad::hosting {
namespace {

constexpr std::string_view kCatalog = R"(
[[runtime]]
name = "plain"
images = ["plain-server"]
kind = "oci"
serve = ["python3", "/opt/ml/code/plain_server.py"]

[[runtime]]
name = "strange"
images = ["strange-server"]
kind = "oci"
serve = ["python3", "/opt/ml/code/strange_server.py"]

[[runtime]]
name = "prophet-scripts"
images = ["our-prophet"]
kind = "python"
server = "native"
)";

// Answers as the body of a call asks for.
constexpr std::string_view kStrange = R"(
import http.server, json, os, pathlib, sys, time
if os.environ.get("FAIL"): sys.exit("No module named prophet")
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def say(self, status, body, **fields):
        self.send_response(status)
        for name, value in fields.items(): self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.say(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print("asked for", body[:50].decode(), flush=True)
        if body == b"fields":
            self.say(200, json.dumps({n.lower(): v for n, v in self.headers.items()}).encode(),
                     Content_Type="application/json", X_Amzn_SageMaker_Custom_Attributes="from the container")
        elif body == b"environment":
            self.say(200, json.dumps(dict(os.environ)).encode(), Content_Type="application/json")
        elif body == b"model":
            self.say(200, pathlib.Path("/opt/ml/model/model.txt").read_bytes(), Content_Type="text/x-own")
        elif body == b"fail": self.say(418, b"I'm a teapot", Content_Type="text/plain")
        elif body == b"die": os._exit(9)
        elif body.startswith(b"stream"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"one ", b"two ", b"three"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
                time.sleep(0.05)
                if body == b"stream and break": os._exit(9)
            self.wfile.write(b"0\r\n\r\n")
        else: self.say(200, body, Content_Type="application/octet-stream")
class Server(http.server.ThreadingHTTPServer): request_queue_size = 64
Server(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
)";

std::string factor(int number) {
  return *archive::write_tar_gz({{"model.json", "{\"factor\": " + std::to_string(number) + "}"}});
}

class ContainerHostTest : public HostingUnderTest {
 protected:
  void SetUp() override {
    static const std::string why_not = [] {
      const Result<Done> can = process::bubblewrap()->check();
      return can ? std::string() : can.error().message;
    }();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    const Result<std::string> plain =
        read_file(std::filesystem::path(CHILIAD_SOURCE_DIR) / "examples/plain_server/plain_server.py");
    ASSERT_TRUE(plain) << plain.error().message;
    buckets_.put("data", "code/sourcedir.tar.gz",
                 *archive::write_tar_gz({{"plain_server.py", *plain}, {"strange_server.py", std::string(kStrange)}}));
    buckets_.put("data", "one/model.tar.gz", *archive::write_tar_gz({{"model.txt", "a model"}}));
    start_here();
  }
  void TearDown() override {
    HostingUnderTest::TearDown();
    EXPECT_TRUE(process::remove_tree(containers()));
  }
  std::filesystem::path containers() const { return folder_.path() / "containers"; }
  void start_here(HostingOptions options = {}) {
    options.catalog = &catalog_;
    options.boxes = options.podman = boxes_.get();
    options.container_folder = containers();
    start(std::move(options));
  }

  static VariantPlan foreign(const std::string& image, const std::string& url,
                             std::map<std::string, std::string> environment = {}) {
    VariantPlan variant = variant_of("v", url);
    variant.model.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/" + image + ":1";
    variant.model.environment = std::move(environment);
    variant.model.environment["SAGEMAKER_SUBMIT_DIRECTORY"] = "s3://data/code/sourcedir.tar.gz";
    return variant;
  }
  void deploy_many(const std::string& most_models = "8", bool cache_models = true) {
    VariantPlan variant = foreign("plain-server", "s3://models/", {{"MOST_MODELS", most_models}});
    variant.model.cache_models = cache_models;
    const Result<Done> done = deploy(endpoint_of("many", {variant}));
    ASSERT_TRUE(done) << done.error().message << logs_.text();
  }
  void deploy_one() {
    const Result<Done> done = deploy(endpoint_of("one", {foreign("strange-server", "s3://data/one/model.tar.gz")}));
    ASSERT_TRUE(done) << done.error().message << logs_.text();
  }
  std::string ask(const std::string& model, const std::string& body = "2") {
    const net::ClientResponse answer = invoke("many", model, body);
    return std::to_string(answer.status) + " " + answer.body;
  }
  net::ClientResponse stream(const std::string& body) {
    return post("/endpoints/one/invocations-response-stream", body, {{"Content-Type", "text/plain"}});
  }

  const runtime::Catalog catalog_ = *runtime::Catalog::parse(kCatalog, "runtimes.toml");
  const std::unique_ptr<process::BoxRunner> boxes_ = process::bubblewrap();
};

TEST_F(ContainerHostTest, AMultiModelServerAnswersFromEachModel) {
  for (int i = 0; i < 5; ++i) buckets_.put("models", std::to_string(i) + ".tar.gz", factor(i));
  deploy_many("2");
  for (const int i : {0, 1, 2, 3, 4, 4, 0})
    EXPECT_EQ(ask(std::to_string(i) + ".tar.gz"), "200 " + std::to_string(2 * i));
}

TEST_F(ContainerHostTest, ErrorsAreToldApart) {
  buckets_.put("models", "8", factor(8));
  buckets_.put("models", "damaged", "no archive");
  buckets_.put("models", "empty", *archive::write_tar_gz({{"other.txt", ""}}));
  deploy_many();
  EXPECT_TRUE(ask("none").starts_with("400 ")) << ask("none");
  EXPECT_NE(ask("none").find("bucket: models, key: none"), std::string::npos);
  EXPECT_TRUE(ask("").starts_with("400 "));
  EXPECT_TRUE(ask("../8").starts_with("400 "));
  const auto failure = [this](const std::string& model, const std::string& body) {
    const net::ClientResponse answer = invoke("many", model, body);
    EXPECT_EQ(answer.status, 424);
    EXPECT_EQ(answer.field("x-amzn-errortype"), "ModelError");
    const Result<aws::Json> json = aws::parse_json(answer.body);
    return json ? (*json)["OriginalStatusCode"].dump() + " " + (*json)["OriginalMessage"].dump() : "no JSON";
  };
  EXPECT_EQ(failure("8", "no number").substr(0, 14), "500 \"Expecting");
  EXPECT_EQ(failure("damaged", "2").substr(0, 14), "500 \"damaged: ");
  EXPECT_NE(failure("empty", "2").find("model.json"), std::string::npos);
  EXPECT_EQ(ask("8"), "200 16");
}

TEST_F(ContainerHostTest, AnOverwrittenModelAnswersTheNextCall) {
  buckets_.put("models", "m", factor(3));
  deploy_many();
  for (int i = 0; i < 10; ++i) {
    buckets_.put("models", "m", factor(i));
    ASSERT_EQ(ask("m"), "200 " + std::to_string(2 * i));
  }
  buckets_.remove("models", "m");
  EXPECT_TRUE(ask("m").starts_with("400 "));
}

TEST_F(ContainerHostTest, WithoutACacheEachCallLoads) {
  buckets_.put("models", "m", factor(3));
  deploy_many("8", false);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("m"), "200 6");
}

TEST_F(ContainerHostTest, ManyClientsGetRightAnswersFromASmallServer) {
  constexpr int kModels = 40, kClients = 20, kCalls = 15;
  for (int i = 0; i < kModels; ++i) buckets_.put("models", std::to_string(i), factor(i));
  deploy_many("4");
  std::atomic<int> answered{0}, later{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < kCalls; ++i) {
        const int model = (client * 7 + i * 13) % kModels;
        const std::string answer = ask(std::to_string(model));
        const bool may_come_later = answer.starts_with("503") || answer.starts_with("429");
        (may_come_later ? later : answered)++;
        EXPECT_EQ(answer, may_come_later ? answer : "200 " + std::to_string(2 * model));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GT(answered, kClients * kCalls * 9 / 10) << later;
}

TEST_F(ContainerHostTest, ASingleModelIsAtOptMlModel) {
  deploy_one();
  const net::ClientResponse answer = invoke("one", "", "model");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "a model");
  EXPECT_EQ(answer.field("content-type"), "text/x-own");
  EXPECT_EQ(invoke("one", "m").status, 400);
}

TEST_F(ContainerHostTest, FieldsGoBothWays) {
  deploy_one();
  const net::ClientResponse answer = invoke("one", "", "fields",
                                            {{"Accept", "text/csv"},
                                             {"X-Amzn-SageMaker-Custom-Attributes", "a=1"},
                                             {"X-Amzn-SageMaker-Inference-Id", "i-1"}});
  EXPECT_EQ(answer.field("x-amzn-sagemaker-custom-attributes"), "from the container");
  const Result<aws::Json> seen = aws::parse_json(answer.body);
  ASSERT_TRUE(seen) << answer.body;
  EXPECT_EQ((*seen)["accept"], "text/csv");
  EXPECT_EQ((*seen)["content-type"], "application/json");
  EXPECT_EQ((*seen)["x-amzn-sagemaker-custom-attributes"], "a=1");
  EXPECT_EQ((*seen)["x-amzn-sagemaker-inference-id"], "i-1");
  // What a container does not say is not made up from the call.
  EXPECT_EQ(invoke("one", "", "x", {{"X-Amzn-SageMaker-Custom-Attributes", "a=1"}})
                .field("x-amzn-sagemaker-custom-attributes"),
            "");
}

TEST_F(ContainerHostTest, LargeBodiesPass) {
  deploy_one();
  const std::string body(Hosting::kMaxBody, 'x');
  const net::ClientResponse answer = invoke("one", "", body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(invoke("one", "", body + "x").status, 413);
}

TEST_F(ContainerHostTest, AnswersOnTheirWayTakeNoMoreMemoryThanThereIsForThem) {
  HostingOptions options;
  options.container_answer_bytes = 1'000'000;
  stop();
  start_here(std::move(options));
  deploy_one();
  const net::ClientResponse large = invoke("one", "", std::string(1'000'001, 'x'));
  EXPECT_EQ(large.status, 503) << large.body;
  EXPECT_EQ(large.field("retry-after"), "1");
  EXPECT_NE(large.body.find("fill the memory"), std::string::npos) << large.body;
  const std::string body(600'000, 'y');
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const net::ClientResponse answer = invoke("one", "", body);
        EXPECT_TRUE(answer.status == 503 || (answer.status == 200 && answer.body == body)) << answer.status;
        good += answer.status == 200;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GT(good.load(), 0);
  // What was held is given back a moment after the client has the answer.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int status = 0;
  while ((status = invoke("one", "", std::string(1'000'000, 'z')).status) == 503 &&
         std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  EXPECT_EQ(status, 200);
}

TEST_F(ContainerHostTest, AHandlersErrorIsAModelError) {
  deploy_one();
  const net::ClientResponse answer = invoke("one", "", "fail");
  EXPECT_EQ(answer.status, 424);
  const Result<aws::Json> json = aws::parse_json(answer.body);
  ASSERT_TRUE(json) << answer.body;
  EXPECT_EQ((*json)["OriginalStatusCode"], 418);
  EXPECT_EQ((*json)["OriginalMessage"], "I'm a teapot");
  EXPECT_EQ((*json)["LogStreamArn"], "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/one");
}

TEST_F(ContainerHostTest, AServerThatDiesIsStartedAgain) {
  deploy_one();
  const net::ClientResponse broken = invoke("one", "", "die");
  EXPECT_EQ(broken.status, 503);
  EXPECT_EQ(broken.field("retry-after"), "1");
  int status = 0;
  for (const Deadline until = soon(); status != 200 && std::chrono::steady_clock::now() < until;) {
    status = invoke("one", "", "x").status;
    EXPECT_TRUE(status == 200 || status == 503) << status;
  }
  EXPECT_EQ(status, 200);
  EXPECT_NE(logs_.text().find("chiliad: the server ended with exit code 9"), std::string::npos) << logs_.text();
}

TEST_F(ContainerHostTest, AsynchronousCallsWaitForAServerThatIsStartedAgain) {
  EndpointPlan plan = endpoint_of("one", {foreign("strange-server", "s3://data/one/model.tar.gz")});
  plan.async = AsyncPlan{"s3://data/out", "s3://data/failed", 1};
  const Result<Done> done = deploy(plan);
  ASSERT_TRUE(done) << done.error().message;
  const auto begin = [this](std::string_view body) {
    const net::ClientResponse accepted = post("/endpoints/one/async-invocations", body);
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    const auto key = [&accepted](std::string_view field) {
      return std::string(accepted.field(field).substr(std::string_view("s3://data/").size()));
    };
    return std::pair(key("x-amzn-sagemaker-outputlocation"), key("x-amzn-sagemaker-failurelocation"));
  };
  const auto end = [this](const std::pair<std::string, std::string>& places) {
    for (const Deadline until = soon(); std::chrono::steady_clock::now() < until; std::this_thread::yield()) {
      for (const std::string& key : buckets_.keys("data"))
        if (key == places.first || key == places.second) return buckets_.get("data", key);
    }
    return std::string("nothing came");
  };
  // One call at a time: the second comes while the server is down. The first, which ends it each time, is given up.
  const auto deadly = begin("die"), patient = begin("hello");
  EXPECT_EQ(end(patient), "hello");
  const std::string failure = end(deadly);
  EXPECT_NE(failure.find("broke off"), std::string::npos) << failure;
}

TEST_F(ContainerHostTest, AnswersAreStreamedAsTheyCome) {
  deploy_one();
  const net::ClientResponse answer = stream("stream");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "application/vnd.amazon.eventstream");
  EXPECT_EQ(answer.field("x-amzn-sagemaker-content-type"), "text/event-stream");
  const std::size_t one = answer.body.find("one "), two = answer.body.find("two "), three = answer.body.find("three");
  EXPECT_TRUE(one < two && two < three && three != std::string::npos);
  EXPECT_NE(answer.body.substr(one, two - one).find("PayloadPart"), std::string::npos);
  EXPECT_EQ(stream("fail").status, 424);
  const net::ClientResponse broken = stream("stream and break");
  EXPECT_EQ(broken.status, 200);
  EXPECT_NE(broken.body.find("one "), std::string::npos);
  EXPECT_NE(broken.body.find("ModelStreamError"), std::string::npos);
  EXPECT_NE(broken.body.find("StreamBroken"), std::string::npos);
}

TEST_F(ContainerHostTest, TheServersLinesAreTheEndpointsLog) {
  deploy_one();
  invoke("one", "", "a word");
  const Deadline until = soon();
  while (logs_.text().find("/aws/sagemaker/Endpoints/one: asked for a word") == std::string::npos &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_NE(logs_.text().find("/aws/sagemaker/Endpoints/one: asked for a word"), std::string::npos) << logs_.text();
}

TEST_F(ContainerHostTest, TheEnvironmentIsTheModelsAndThePlatforms) {
  const Result<Done> done = deploy(endpoint_of(
      "one", {foreign("strange-server", "s3://data/one/model.tar.gz", {{"SAGEMAKER_PROGRAM", "inference.py"}})}));
  ASSERT_TRUE(done) << done.error().message;
  const Result<aws::Json> seen = aws::parse_json(invoke("one", "", "environment").body);
  ASSERT_TRUE(seen);
  EXPECT_EQ((*seen)["SAGEMAKER_PROGRAM"], "inference.py");
  EXPECT_EQ((*seen)["SAGEMAKER_SUBMIT_DIRECTORY"], "/opt/ml/code");
  EXPECT_FALSE(seen->contains("SAGEMAKER_MULTI_MODEL"));
  EXPECT_FALSE(seen->contains("CHILIAD_HOME"));
}

TEST_F(ContainerHostTest, ADeployThatFailsSaysWhyAndChangesNothing) {
  deploy_one();
  const Result<Done> failed =
      deploy(endpoint_of("one", {foreign("strange-server", "s3://data/one/model.tar.gz", {{"FAIL", "yes"}})}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "The primary container of model m-v did not pass the ping health check: the server ended with exit code 1. "
            "Its last lines: No module named prophet. More in the log group /aws/sagemaker/Endpoints/one");
  EXPECT_EQ(invoke("one", "", "x").status, 200);
  const auto reason = [this](VariantPlan variant) {
    const Result<Done> done = deploy(endpoint_of("two", {std::move(variant)}));
    return done ? "deployed" : done.error().message;
  };
  EXPECT_NE(reason(foreign("strange-server", "s3://data/one/none.tar.gz")).find("Failed to download model data"),
            std::string::npos);
  VariantPlan folder = foreign("strange-server", "s3://data/one/");
  folder.model.mode = Mode::kSingleModel;
  EXPECT_NE(reason(folder).find("names no archive"), std::string::npos);
  EXPECT_NE(reason(foreign("plain-server", "s3://none/")).find("Failed to list the models of m-v"), std::string::npos);
  VariantPlan unknown = foreign("plain-server", "s3://models/");
  unknown.model.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/nobodys:1";
  EXPECT_NE(reason(unknown).find("[[runtime]]"), std::string::npos) << reason(unknown);
}

TEST_F(ContainerHostTest, OneLineMakesAnImageNative) {
  buckets_.put("models", "8.tar.gz", model_archive(10));
  VariantPlan variant = variant_of("v", "s3://models/");
  variant.model.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/our-prophet:1";
  const Result<Done> done = deploy(endpoint_of("native", {variant}));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_NEAR(yhat_of(invoke("native", "8.tar.gz").body), 10, 1);
}

TEST_F(ContainerHostTest, AResumedEndpointIsThereAtOnceAndAnswersWhenItsServerDoes) {
  buckets_.put("models", "m", factor(3));
  const Result<Done> done = deploy(endpoint_of("many", {foreign("plain-server", "s3://models/")}), true);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(ask("m"), "200 6");
}

TEST_F(ContainerHostTest, ARemovedEndpointLeavesNothing) {
  buckets_.put("models", "m", factor(3));
  deploy_many();
  EXPECT_EQ(ask("m"), "200 6");
  hosting_->remove("many");
  const auto left = [&](const std::string& folder) {
    std::error_code error;
    return std::distance(std::filesystem::directory_iterator(containers() / folder, error),
                         std::filesystem::directory_iterator());
  };
  const Deadline until = soon();
  while (left("runs") > 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(left("runs"), 0);
}

}  // namespace
}  // namespace chiliad::hosting
