#include "runtime/box_run.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace chiliad::runtime {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kLineBytes = 4096;
constexpr std::size_t kTail = 200;
constexpr std::size_t kFailure = 900;
constexpr int kLookMs = 100;
constexpr std::chrono::seconds kUnkillable{10};

// Lines out of pieces.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& sink) : sink_(sink) {}

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find_first_of("\r\n");
      append(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      finish();
      bytes.remove_prefix(end + 1);
    }
  }

  void finish() {
    if (line_.empty()) return;
    sink_(line_);
    tail_.push_back(std::move(line_));
    if (tail_.size() > kTail) tail_.pop_front();
    line_.clear();
  }

  std::vector<std::string> tail() const { return {tail_.begin(), tail_.end()}; }

 private:
  void append(std::string_view piece) { line_ += piece.substr(0, kLineBytes - std::min(kLineBytes, line_.size())); }

  const std::function<void(std::string_view)>& sink_;
  std::string line_;
  std::deque<std::string> tail_;
};

// What the pipe holds now, not without end where somebody writes without end. False: the pipe's end.
bool read_some(int fd, Lines& lines) {
  std::array<char, 1 << 16> bytes;
  for (int reads = 0; reads < 16; ++reads) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got > 0) lines.take({bytes.data(), static_cast<std::size_t>(got)});
    if (got == 0) return false;
    if (got < 0 && errno != EINTR) return errno == EAGAIN || errno == EWOULDBLOCK;
  }
  return true;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// A line that tells of a network that is not there.
const std::string* unreachable(const std::vector<std::string>& tail) {
  for (const std::string& line : tail) {
    for (const std::string_view sign : {"Failed to establish a new connection", "name resolution",
                                        "ConnectTimeoutError", "Read timed out", "Cannot connect to proxy", "SSLError",
                                        "Connection refused", "ConnectionResetError", "Network is unreachable"}) {
      if (contains(line, sign)) return &line;
    }
  }
  return nullptr;
}

}  // namespace

Result<BoxEnd> run_box(process::BoxRunner& boxes, const process::Box& box,
                       const std::function<void(std::string_view line)>& line, Deadline deadline,
                       const std::atomic<bool>& stopped) {
  Result<std::unique_ptr<process::BoxedProcess>> started = boxes.start(box);
  if (!started) return std::move(started).error();
  process::BoxedProcess& process = **started;
  Lines lines(line);
  std::optional<Deadline> give_up;  // Set: it was killed.
  bool open = true;
  std::optional<process::Exit> exit;
  while (!(exit = process.exit())) {
    const auto now = steady_clock::now();
    if (!give_up && (stopped.load() || now >= deadline)) {
      process.kill();
      give_up = now + kUnkillable;
    }
    if (give_up && now >= *give_up) break;
    std::array<::pollfd, 2> wait{::pollfd{process.ended(), POLLIN, 0},
                                 ::pollfd{open ? process.output() : -1, POLLIN, 0}};
    ::poll(wait.data(), wait.size(), kLookMs);
    if (open && wait[1].revents != 0) open = read_some(process.output(), lines);
  }
  if (open) read_some(process.output(), lines);
  lines.finish();
  if (give_up) {
    return Error{ErrorCode::kDeadline, stopped.load() ? "it was stopped: nobody waits for it" : "it took too long"};
  }
  BoxEnd end;
  end.exit_code = exit->code;
  if (const std::optional<process::Exceeded> exceeded = process.exceeded()) end.limit = words_of(*exceeded);
  end.tail = lines.tail();
  return end;
}

std::string pip_failure(const std::vector<std::string>& tail) {
  std::string text;
  const auto add = [&](std::string_view line) {
    if (text.size() + line.size() > kFailure) return;
    text.append(text.empty() ? "" : " | ").append(line);
  };
  if (const std::string* why = unreachable(tail); why != nullptr) add(*why);
  for (const std::string& line : tail) {
    if (line.starts_with("ERROR: ")) add(line);
  }
  if (text.empty()) {
    for (std::size_t i = tail.size() - std::min<std::size_t>(tail.size(), 5); i < tail.size(); ++i) add(tail[i]);
  }
  return text.empty() ? "it printed nothing" : text;
}

ErrorCode pip_failure_code(const std::vector<std::string>& tail) {
  const auto full = [](const std::string& line) { return contains(line, "No space left on device"); };
  if (std::ranges::any_of(tail, full)) return ErrorCode::kNoSpace;
  return unreachable(tail) != nullptr ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
}

}  // namespace chiliad::runtime
