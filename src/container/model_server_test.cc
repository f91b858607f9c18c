// The program is a small server in Python in a box of bubblewrap's; skipped where there is none.

#include "container/model_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/mutex.h"
#include "container/models_under_test.h"
#include "process/sandbox.h"
#include "process/tree.h"

namespace chiliad::container {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono::steady_clock;

// What it does depends on its environment and on files in /opt/ml that the test writes while it runs.
constexpr std::string_view kProgram = R"(
import http.server, os, pathlib, signal, sys, threading, time
ml = pathlib.Path("/opt/ml")
if os.environ.get("SAY"): print(os.environ["SAY"], flush=True)
if os.environ.get("EXIT"): sys.exit(int(os.environ["EXIT"]))
if os.environ.get("STUBBORN"): signal.signal(signal.SIGTERM, signal.SIG_IGN)
else: signal.signal(signal.SIGTERM, lambda *_: (ml / "ended").write_text("by SIGTERM") and os._exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        while (ml / "hang").exists(): time.sleep(0.01)
        if self.path == "/die": os._exit(3)
        if self.path == "/chatter": print("x" * 1000 * 1000, flush=True)
        self.send_response(503 if self.path == "/ping" and (ml / "ill").exists() else 200)
        self.end_headers()
        self.wfile.write(os.environ["SAGEMAKER_SAFE_PORT_RANGE"].encode())
class Server(http.server.ThreadingHTTPServer): request_queue_size = 64
time.sleep(float(os.environ.get("SLOW", "0")))
Server(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
)";

// Another program at a server's port: answers every request with 200.
class Stranger {
 public:
  explicit Stranger(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.get(), 8), 0);
    thread_ = std::thread([this] { answer(); });
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  int answers() const { return answers_; }

 private:
  void answer() {
    constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (;;) {
      const FileDescriptor caller(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!caller) return;
      char request[4096];
      if (::recv(caller.get(), request, sizeof request, 0) <= 0) continue;
      if (::send(caller.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) > 0) ++answers_;
    }
  }

  const FileDescriptor socket_;
  std::atomic<int> answers_{0};
  std::thread thread_;
};

class ModelServerTest : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string why_not = [] {
      const Result<Done> can = process::bubblewrap()->check();
      return can ? std::string() : can.error().message;
    }();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    fs::create_directory(ml());
  }
  void TearDown() override {
    server_.reset();
    EXPECT_TRUE(process::remove_tree(folder_.path()));
  }

  fs::path ml() const { return folder_.path() / "ml"; }
  void set(const std::string& file) { std::ofstream(ml() / file) << "x"; }
  void unset(const std::string& file) { fs::remove(ml() / file); }

  static ModelServer::Options quick() {
    ModelServer::Options options;
    options.startup = 60s;
    options.ping_pause = 20ms;
    options.ping_limit = 200ms;
    options.silence = 1s;
    options.grace = 5s;
    options.pause = 10ms;
    return options;
  }
  void start(std::vector<std::string> environment = {}, ModelServer::Options options = quick()) {
    ModelServer::Calls calls;
    calls.make = [this, environment](const Ports& ports, const std::atomic<bool>&) -> Result<ModelServer::Prepared> {
      ModelServer::Prepared prepared;
      prepared.box.command = {"python3", "-c", std::string(kProgram)};
      prepared.box.environment = environment;
      prepared.box.environment.push_back("PATH=/usr/bin:/bin");
      prepared.box.environment.push_back("SAGEMAKER_BIND_TO_PORT=" + std::to_string(ports.bind_to()));
      prepared.box.environment.push_back("SAGEMAKER_SAFE_PORT_RANGE=" + ports.safe_range());
      prepared.box.mounts = {{ml(), "/opt/ml", true}};
      prepared.box.scratch = folder_.path() / ("scratch" + std::to_string(++starts_));
      fs::create_directory(prepared.box.scratch);
      if (has_stranger_) stranger_ = std::make_unique<Stranger>(ports.bind_to());
      prepared.held = std::shared_ptr<void>(nullptr, [this](void*) { ++released_; });
      return prepared;
    };
    calls.output = [this](std::string_view bytes) {
      const MutexLock lock(mutex_);
      output_ += bytes;
    };
    calls.output_end = [this] { ++ends_; };
    calls.note = [this](std::string_view line) {
      const MutexLock lock(mutex_);
      notes_.append(line).append("\n");
    };
    server_ = std::make_unique<ModelServer>(options, std::move(calls), *runner_, ports_);
  }
  std::string notes() {
    const MutexLock lock(mutex_);
    return notes_;
  }
  std::size_t printed() {
    const MutexLock lock(mutex_);
    return output_.size();
  }
  container::Run ready() {
    // A server that failed is ready again after its pause.
    for (const Deadline until = soon(); steady_clock::now() < until; std::this_thread::sleep_for(5ms)) {
      if (Result<container::Run> run = server_->ready(until)) return *run;
    }
    ADD_FAILURE() << notes();
    return {};
  }
  Result<net::ClientResponse> get(const container::Run& run, const std::string& path, Deadline deadline = soon()) {
    net::ClientRequest request;
    request.url = path;
    return server_->send(run, std::move(request), deadline);
  }
  void wait_for_note(const std::string& words) {
    for (const Deadline until = soon(); notes().find(words) == std::string::npos; std::this_thread::sleep_for(5ms))
      ASSERT_LT(steady_clock::now(), until) << notes();
  }

  TempFolder folder_ = *TempFolder::make();
  const std::unique_ptr<process::BoxRunner> runner_ = process::bubblewrap();
  PortPool ports_;
  std::atomic<int> starts_{0};
  std::atomic<int> released_{0};
  std::atomic<int> ends_{0};
  Mutex mutex_;
  std::string output_ CHILIAD_GUARDED_BY(mutex_);
  std::string notes_ CHILIAD_GUARDED_BY(mutex_);
  bool has_stranger_ = false;
  std::unique_ptr<Stranger> stranger_;
  std::unique_ptr<ModelServer> server_;
};

TEST_F(ModelServerTest, AnswersOnceItIsReady) {
  start({"SLOW=0.3", "SAY=good morning"});
  EXPECT_FALSE(server_->now());
  EXPECT_EQ(server_->ready(steady_clock::now()).error().code, ErrorCode::kDeadline);
  const Result<Done> first = server_->first_start(soon());
  ASSERT_TRUE(first) << first.error().message;
  const std::optional<container::Run> run = server_->now();
  ASSERT_TRUE(run);
  EXPECT_EQ(run->number, 1u);
  const Result<net::ClientResponse> answer = get(*run, "/x");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("-"), std::string::npos);
  EXPECT_GT(server_->resident_bytes(), 1u << 20);
  EXPECT_GE(printed(), 12u);
}

TEST_F(ModelServerTest, EndsBySigtermAndIsGone) {
  start();
  ASSERT_TRUE(server_->first_start(soon()));
  const container::Run run = ready();
  server_->stop(30s);
  EXPECT_EQ(server_->ready(soon()).error().code, ErrorCode::kUnavailable);
  server_.reset();
  EXPECT_TRUE(fs::exists(ml() / "ended"));
  EXPECT_EQ(released_, 1);
}

TEST_F(ModelServerTest, OneThatIgnoresSigtermIsKilledAfterTheGrace) {
  start({"STUBBORN=1"});
  ASSERT_TRUE(server_->first_start(soon()));
  const steady_clock::time_point since = steady_clock::now();
  server_->stop(100ms);
  server_.reset();
  EXPECT_GE(steady_clock::now() - since, 100ms);
  EXPECT_EQ(released_, 1);
}

TEST_F(ModelServerTest, OneThatCannotStartSaysWhyInItsLastWords) {
  start({"EXIT=7", "SAY=No module named prophet"});
  const Result<Done> first = server_->first_start(soon());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message, "the server ended with exit code 7. Its last lines: No module named prophet");
  EXPECT_EQ(starts_, 3);
  EXPECT_EQ(ends_, 3);
}

TEST_F(ModelServerTest, OneThatIsNotReadyInTimeHasFailed) {
  ModelServer::Options options = quick();
  options.startup = 300ms;
  start({"SLOW=60"}, options);
  const Result<Done> first = server_->first_start(soon());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message, "the server did not answer GET /ping with 200 within 300 ms. It printed nothing");
}

TEST_F(ModelServerTest, AStrangerAtItsPortDoesNotMakeItReady) {
  ModelServer::Options options = quick();
  options.startup = 500ms;
  options.pause = 1h;
  has_stranger_ = true;
  start({"SLOW=60"}, options);
  const Result<Done> first = server_->first_start(soon());
  ASSERT_FALSE(first);
  EXPECT_TRUE(first.error().message.starts_with("another program listens at the server's port "))
      << first.error().message;
  EXPECT_GT(stranger_->answers(), 0);
}

TEST_F(ModelServerTest, OneThatDiedIsStartedAgain) {
  start();
  const container::Run run = ready();
  EXPECT_EQ(get(run, "/die").error().code, ErrorCode::kUnavailable);
  wait_for_note("the server ended with exit code 3");
  const container::Run next = ready();
  EXPECT_EQ(next.number, 2u);
  EXPECT_TRUE(get(next, "/x"));
}

TEST_F(ModelServerTest, OneThatHangsIsStartedAgain) {
  start();
  ready();
  set("hang");
  wait_for_note("it did not answer GET /ping with 200 for 1 s");
  unset("hang");
  EXPECT_GE(ready().number, 2u);
}

TEST_F(ModelServerTest, OneThatIsIllIsStartedAgain) {
  start();
  ready();
  set("ill");
  wait_for_note("it did not answer GET /ping with 200 for 1 s");
  unset("ill");
  EXPECT_GE(ready().number, 2u);
}

TEST_F(ModelServerTest, OneThatPrintsMuchIsReadWhileItIsPinged) {
  start();
  const container::Run run = ready();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(get(run, "/chatter"));
  EXPECT_EQ(ready().number, 1u);
  EXPECT_GE(printed(), 19u * 1000 * 1000);
}

TEST_F(ModelServerTest, AnOrderToRestartEndsThatRunAlone) {
  start();
  const container::Run run = ready();
  server_->restart(run, "it leaks");
  EXPECT_FALSE(server_->now());
  wait_for_note("the server was ended: it leaks");
  const container::Run next = ready();
  EXPECT_EQ(next.number, 2u);
  server_->restart(run, "an old story");
  EXPECT_TRUE(get(next, "/x"));
  EXPECT_EQ(ready().number, 2u);
}

TEST_F(ModelServerTest, PausesGrowWhileItFails) {
  ModelServer::Options options = quick();
  options.pause = 20ms;
  options.attempts = 1;
  start({"EXIT=1"}, options);
  ASSERT_FALSE(server_->first_start(soon()));
  const steady_clock::time_point since = steady_clock::now();
  while (starts_ < 5) std::this_thread::sleep_for(1ms);
  EXPECT_GE(steady_clock::now() - since, 20ms + 40ms + 80ms);
}

TEST_F(ModelServerTest, AnErrorOfWhoMakesTheBoxIsTheFirstStartsOwn) {
  ModelServer::Calls calls;
  calls.make = [](const Ports&, const std::atomic<bool>&) -> Result<ModelServer::Prepared> {
    return Error{ErrorCode::kInvalid, "requirements.txt: no such package"};
  };
  calls.output = [](std::string_view) {};
  calls.output_end = [] {};
  calls.note = [](std::string_view) {};
  ModelServer::Options options = quick();
  options.pause = 1h;
  ModelServer server(options, std::move(calls), *runner_, ports_);
  const Result<Done> first = server.first_start(soon());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(first.error().message, "requirements.txt: no such package");
  EXPECT_EQ(server.ready(soon()).error().message, first.error().message);  // Nobody waits for the pause.
}

}  // namespace
}  // namespace chiliad::container
