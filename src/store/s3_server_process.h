// For tests: a real S3 server as a child process on a free port of this machine, killed with the object.
//
// Which one is told by CHILIAD_TEST_S3_SERVER: the path of versitygw (tool/get_versitygw.sh prints it), or
// "moto:/path/to/python" for moto's server, which checks no signatures. Unset: the tests that need it are skipped.
//
// Thread safety: one thread at a time.

#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "net/credentials.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "store/s3.h"

namespace chiliad::store {

inline const net::Credentials kTestKeys = {"chiliadtest", "a-secret-of-the-tests", "", std::nullopt};

// The environment of a client with these keys, and nothing of this process's.
inline net::Environment test_environment(const net::Credentials& keys = kTestKeys) {
  const std::map<std::string, std::string> values = {{"AWS_ACCESS_KEY_ID", keys.access_key_id},
                                                     {"AWS_SECRET_ACCESS_KEY", keys.secret_access_key},
                                                     {"AWS_EC2_METADATA_DISABLED", "true"}};
  return [values](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

class S3ServerProcess {
 public:
  // Errors: kNotFound: none is at hand; kUnavailable: it does not come up.
  static Result<std::unique_ptr<S3ServerProcess>> start() {
    const char* given = std::getenv("CHILIAD_TEST_S3_SERVER");
    if (given == nullptr || *given == '\0')
      return Error{ErrorCode::kNotFound, "CHILIAD_TEST_S3_SERVER is not set: no S3 server to test against"};
    std::unique_ptr<S3ServerProcess> made(new S3ServerProcess(given));
    Result<TempFolder> folder = TempFolder::make();
    if (!folder) return std::move(folder).error();
    made->folder_ = std::make_unique<TempFolder>(std::move(*folder));
    for (int attempt = 0; attempt < 3; ++attempt)  // Somebody may take the free port before the server does.
      if (made->launch()) return made;
    const Result<std::string> output = read_file(made->folder_->path() / "output", 1 << 20);
    return Error{ErrorCode::kUnavailable, "the S3 server does not come up: " + (output ? *output : "no output")};
  }
  ~S3ServerProcess() { kill(); }

  // Whether it checks signatures and keeps its conditions among threads.
  static bool is_strict() {
    const char* given = std::getenv("CHILIAD_TEST_S3_SERVER");
    return given != nullptr && std::string(given).substr(0, 5) != "moto:";
  }

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }

  // (Re)starts it on a free port, with the buckets it had. False when it does not come up.
  bool launch() {
    kill();
    port_ = free_port();
    const std::string address = "127.0.0.1:" + std::to_string(port_);
    const std::string data = (folder_->path() / "data").string();
    std::filesystem::create_directories(data);
    std::vector<std::string> words = {program_, "--port", address, "--quiet", "--health", "/health", "posix", data};
    if (!is_strict()) words = {program_.substr(5), "-m", "moto.server", "-H", "127.0.0.1", "-p", std::to_string(port_)};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const FileDescriptor output(
        ::open((folder_->path() / "output").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(output.get(), 1);
      ::dup2(output.get(), 2);
      ::setenv("ROOT_ACCESS_KEY", kTestKeys.access_key_id.c_str(), 1);
      ::setenv("ROOT_SECRET_KEY", kTestKeys.secret_access_key.c_str(), 1);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    const Deadline patience = in(30);
    while (std::chrono::steady_clock::now() < patience && ::waitpid(child_, nullptr, WNOHANG) == 0) {
      const Result<net::ClientResponse> answer = client_.send({.url = endpoint() + "/health"}, in(5));
      if (answer) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  // kill -9.
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

  // A new bucket, and its name.
  std::string make_bucket() {
    static int count = 0;
    const std::string name = "bucket" + std::to_string(::getpid()) + "n" + std::to_string(count++);
    net::HttpFields fields = {{"Host", "127.0.0.1:" + std::to_string(port_)}};
    const net::sigv4::Scope scope{std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
                                  "us-east-1", "s3"};
    net::sigv4::sign(kTestKeys, scope, "PUT", "/" + name, "", hex(sha256("")), fields);
    const Result<net::ClientResponse> made =
        client_.send({.method = "PUT", .url = endpoint() + "/" + name, .fields = fields}, in(10));
    return made && made->status == 200 ? name : "";
  }

  // A store in the bucket, over this server or over `endpoint`.
  Result<std::unique_ptr<ObjectStore>> open(const std::string& bucket, const std::string& prefix = "",
                                            const std::string& endpoint_given = "") const {
    S3Options options;
    options.bucket = bucket;
    options.prefix = prefix;
    options.endpoint = endpoint_given.empty() ? endpoint() : endpoint_given;
    options.part_bytes = 5u << 20;
    return open_s3(std::move(options), test_environment());
  }

 private:
  explicit S3ServerProcess(std::string program) : program_(std::move(program)) {}

  static Deadline in(int seconds) { return std::chrono::steady_clock::now() + std::chrono::seconds(seconds); }

  static std::uint16_t free_port() {
    const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  std::string program_;
  std::unique_ptr<TempFolder> folder_;
  net::HttpClient client_;
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace chiliad::store
