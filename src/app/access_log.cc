#include "app/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "base/json_writer.h"
#include "base/time.h"

namespace chiliad::app {

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& path) {
  if (path == "-") {
    FileDescriptor copy(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!copy) return system_error("open", "standard error", errno);
    return std::unique_ptr<AccessLog>(new AccessLog("standard error", std::move(copy)));
  }
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (!file) return std::move(file).error();
  return std::unique_ptr<AccessLog>(new AccessLog(path, *std::move(file)));
}

void AccessLog::write(const net::HttpRequest& request, int status, std::size_t bytes) {
  const auto took = std::chrono::steady_clock::now() - request.received_at();
  JsonWriter json;
  json.begin_object();
  json.key("time").string(
      format_instant_fixed(std::chrono::floor<std::chrono::nanoseconds>(std::chrono::system_clock::now()), 6) + "Z");
  json.key("method").string(request.method()).key("target").string(request.target());
  json.key("model").string(request.field("X-Amzn-SageMaker-Target-Model"));
  json.key("status").integer(status).key("bytes").integer(static_cast<std::int64_t>(bytes));
  json.key("us").integer(std::chrono::duration_cast<std::chrono::microseconds>(took).count()).end_object();
  std::string line = cut_.exchange(false, std::memory_order_relaxed) ? "\n" : "";
  line += std::move(json).take();
  line += '\n';
  const Result<Done> written = write_all(file_, line, path_);
  if (written) return;
  cut_.store(true, std::memory_order_relaxed);
  if (lost_.fetch_add(1, std::memory_order_relaxed) == 0) {
    std::fprintf(stderr, "chiliad: --access-log: %s: lines are lost; how many is said at the end\n",
                 written.error().message.c_str());
  }
}

}  // namespace chiliad::app
