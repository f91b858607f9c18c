#include "app/server_process.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "app/byte_stream.h"

namespace chiliad::app {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

int usable_cores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return std::max(1, CPU_COUNT(&cores));
}

std::size_t connections_allowed(std::size_t wanted) {
  constexpr rlim_t kOthers = 256;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY || wanted + kOthers <= limit.rlim_cur) return wanted;
  const std::size_t allowed = limit.rlim_cur > kOthers ? limit.rlim_cur - kOthers : 1;
  std::fprintf(stderr, "chiliad: only %zu connections: the limit of open files is %llu\n", allowed,
               static_cast<unsigned long long>(limit.rlim_cur));
  return allowed;
}

Result<Done> check_port_file(const std::string& path) {
  if (path.empty()) return Done{};
  const auto refuse = [&path](std::string_view why) {
    return Error{ErrorCode::kInvalid, "--port-file: " + path + ": " + std::string(why)};
  };
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) return refuse("is a folder");
  const std::filesystem::path folder = std::filesystem::absolute(path, unknown).parent_path();
  if (!std::filesystem::is_directory(folder, unknown)) return refuse("there is no such folder");
  if (!std::filesystem::exists(path, unknown) && ::access(folder.c_str(), W_OK | X_OK) != 0)
    return refuse("its folder may not be written to");
  return Done{};
}

Result<Done> write_port_file(const std::string& path, std::string_view port) {
  if (path.empty()) return Done{};
  Result<OutputStream> output = OutputStream::open(path);
  if (!output) return std::move(output).error();
  if (Result<Done> put = output->put(std::string(port) + "\n"); !put) return put;
  return output->commit();
}

void block_stop_signals() {
  const sigset_t signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void wait_for_stop_signal() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  ::sigwait(&signals, &signal);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
}

}  // namespace chiliad::app
