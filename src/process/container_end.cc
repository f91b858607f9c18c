#include "process/container_end.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The monitor's file is there from the end of process 1 until `podman container cleanup` removes it, tens of
// milliseconds later.
constexpr milliseconds kLook{5}, kSlowLook{200};
constexpr std::size_t kNameLength = 64;
constexpr std::uint64_t kMaxCodeBytes = 16, kMaxStatBytes = 8192;

bool is_name_of_container(std::string_view name) {
  return name.size() == kNameLength && name.find_first_not_of("0123456789abcdef") == name.npos;
}

std::optional<int> code_in_text(std::string_view text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The kernel tells how a process ended to whoever may look into it; to others it says 0.
std::optional<int> code_of_unreaped(pid_t pid, const ProcessHandle& handle) {
  const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", pid), kMaxStatBytes);
  char target[1];
  const bool may_look =
      ::readlink(fmt::format("/proc/{}/exe", pid).c_str(), target, sizeof target) >= 0 || errno == ENOENT;
  // Until it is reaped, its number is nobody else's.
  if (!stat || !may_look || handle.is_reaped()) return std::nullopt;
  return code_in_stat(*stat);
}

}  // namespace

std::optional<int> code_in_exits(const fs::path& folder) {
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    if (!is_name_of_container(at->path().filename().native())) continue;
    const Result<std::string> text = read_file(at->path(), kMaxCodeBytes);
    const std::optional<int> code = text ? code_in_text(*text) : std::nullopt;
    if (code && *code >= 0 && *code <= 255) return code;
  }
  return std::nullopt;
}

std::optional<int> code_in_stat(std::string_view stat) {
  // "7 (a name, which may hold ) and blanks) Z 1 ..."; the last of its numbers is what wait(2) would give.
  constexpr int kNumbersBehindState = 49;
  const std::size_t name = stat.rfind(") ");
  if (name == stat.npos || stat.substr(name + 2, 2) != "Z ") return std::nullopt;
  stat.remove_prefix(name + 4);
  while (stat.ends_with('\n')) stat.remove_suffix(1);
  if (std::count(stat.begin(), stat.end(), ' ') != kNumbersBehindState - 1) return std::nullopt;
  const std::optional<int> status = code_in_text(stat.substr(stat.rfind(' ') + 1));
  if (!status) return std::nullopt;
  if (WIFEXITED(*status)) return WEXITSTATUS(*status);
  return WIFSIGNALED(*status) ? std::optional(128 + WTERMSIG(*status)) : std::nullopt;
}

Result<std::unique_ptr<ContainerEnd>> ContainerEnd::start(Watched watched) {
  FileDescriptor stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return system_error("make a descriptor for", "a container's end", errno);
  ProcessHandle first;
  if (watched.first > 0) first = ProcessHandle(watched.first);
  // That it cannot be watched does not mean that it has ended.
  if (watched.first > 0 && !first && errno != ESRCH) return system_error("watch", "a container's process 1", errno);
  return std::unique_ptr<ContainerEnd>(new ContainerEnd(std::move(watched), std::move(first), std::move(stop)));
}

ContainerEnd::ContainerEnd(Watched watched, ProcessHandle first, FileDescriptor stop)
    : watched_(std::move(watched)), first_(std::move(first)), stop_(std::move(stop)) {
  thread_ = std::thread([this] { run(); });
}

ContainerEnd::~ContainerEnd() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  thread_.join();
}

std::optional<int> ContainerEnd::code() const {
  const MutexLock lock(mutex_);
  return code_;
}

bool ContainerEnd::is_over_within(milliseconds pause) const {
  ::pollfd polled[] = {{watched_.ended, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  return ::poll(polled, 2, static_cast<int>(pause.count())) > 0;
}

bool ContainerEnd::outlives_first() const {
  ::pollfd polled[] = {{watched_.ended, POLLIN, 0}, {stop_.get(), POLLIN, 0}, {first_.get(), POLLIN, 0}};
  while (!first_.has_ended()) {
    // EINTR is no reason to end.
    if (::poll(polled, 3, -1) > 0 && (polled[0].revents | polled[1].revents) != 0) return false;
  }
  return true;
}

std::optional<int> ContainerEnd::find_code() const {
  const std::optional<int> code = first_ ? code_of_unreaped(watched_.first, first_) : std::optional<int>();
  return code ? code : code_in_exits(watched_.exits);
}

void ContainerEnd::run() {
  if (!outlives_first()) return;
  const auto begin = steady_clock::now();
  std::optional<int> code;
  steady_clock::duration waited{};
  while (waited < kPatience || (!code && waited < kLongPatience)) {
    if (!code) code = find_code();
    if (is_over_within(waited < kPatience ? kLook : kSlowLook)) return;
    waited = steady_clock::now() - begin;
  }
  {
    const MutexLock lock(mutex_);
    code_ = code;
  }
  watched_.end();
}

}  // namespace chiliad::process
