#include "process/podman_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "process/image_store.h"
#include "process/podman_command.h"
#include "process/process_tree.h"
#include "process/user_namespace.h"

namespace chiliad::process {
namespace {

using std::chrono::steady_clock;

// Storages without layers (vfs) copy the image.
constexpr std::chrono::minutes kImageStart{10};
constexpr int kLookMs = 2;
constexpr std::size_t kMaxLastWords = 4000;
// What the init of podman says of a program that it cannot start.
constexpr std::string_view kNoProgram = "failed to exec pid1";

std::string proc_line(pid_t pid, const char* file) {
  const Result<std::string> text = read_file(fmt::format("/proc/{}/{}", pid, file), 64 << 10);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

// The numbers that a process has, outermost namespace first.
std::vector<int> numbers_in_namespaces(pid_t pid) {
  const Result<std::string> text = read_file(fmt::format("/proc/{}/status", pid), 64 << 10);
  std::vector<int> out;
  if (!text) return out;
  const std::size_t line = text->find("\nNSpid:");
  if (line == text->npos) return out;
  const char* at = text->c_str() + line + std::strlen("\nNSpid:");
  for (char* end = nullptr; *at == '\t'; at = end) out.push_back(static_cast<int>(std::strtol(at + 1, &end, 10)));
  return out;
}

}  // namespace

Error PodmanProcess::failed(std::string_view step, const Box* box) {
  const std::string words = last_words();
  const auto says = [&](std::string_view text) { return words.find(text) != words.npos; };
  if (box != nullptr && says("image not known"))
    return {ErrorCode::kNotFound, fmt::format("the image {} is not here: {}", box->image, how_to_get(box->image))};
  const bool of_the_box = says("workdir \"") || says("no command or entrypoint provided");
  return {of_the_box ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
          fmt::format("start a box: {}", words.empty() ? step : std::string_view(words))};
}

Result<Done> PodmanProcess::meet_outer(Lifeline& lifeline, Deadline deadline) {
  Lifeline::Said said = lifeline.listen(deadline);
  if (said.words.empty()) return failed("no user namespace was made", nullptr);
  if (Result<Done> done = map_users(said.pid); !done) return std::move(done).error().in("start a box");
  if (!lifeline.say_go()) return failed("the user namespace ended", nullptr);
  said = lifeline.listen(deadline);
  if (said.words.empty()) return failed("the namespaces were not made", nullptr);
  // It waits for our word, so the number is its own.
  outer_number_ = said.pid;
  outer_ = ProcessHandle(said.pid);
  if (!outer_ || !lifeline.say_go()) return failed("the first steps ended", nullptr);
  return Done{};
}

Result<Done> PodmanProcess::await_container(const FileDescriptor& ready, const Box& box, Deadline deadline) {
  ::pollfd polled[] = {{ready.get(), POLLIN, 0}, {outer_.get(), POLLIN, 0}};
  while (steady_clock::now() < deadline) {
    ::poll(polled, 2, 1000);
    char word[512];
    // A container that ended at once has run, too.
    const ssize_t got = ::recv(ready.get(), word, sizeof word, 0);
    if (got > 0 && std::string_view(word, static_cast<std::size_t>(got)).find("READY=1") != std::string_view::npos)
      return Done{};
    if (polled[1].revents != 0) return failed("podman ended at once", &box);
  }
  return failed("podman did not start the container in time", &box);
}

// 0: it is not there yet, or not any more.
pid_t PodmanProcess::find_first() const {
  const std::size_t depth = numbers_in_namespaces(outer_number_).size();
  for (const pid_t pid : descendants(outer_number_)) {
    const std::vector<int> numbers = numbers_in_namespaces(pid);
    if (numbers.size() == depth + 1 && numbers.back() == 1) return pid;
  }
  return 0;
}

Result<Done> PodmanProcess::watch_end(const Box& box) {
  end_.reset();
  Result<std::unique_ptr<ContainerEnd>> end =
      ContainerEnd::start({first_, outer_.get(), box.scratch / kOwn / kExits, [this] { NestedProcess::kill(); }});
  if (!end) return std::move(end).error();
  end_ = *std::move(end);
  return Done{};
}

Result<Done> PodmanProcess::meet_program(const Box& box, Deadline deadline) {
  const auto goes_on = [&] { return !outer_.has_ended() && steady_clock::now() < deadline; };
  while (first_ == 0 && goes_on()) {
    first_ = find_first();
    if (first_ != 0) break;
    // Podman has said that it runs: it has ended already, most probably.
    if (!end_) {
      if (Result<Done> done = watch_end(box); !done) return done;
    }
    ::poll(nullptr, 0, kLookMs);
  }
  if (first_ == 0 && !outer_.has_ended()) return failed("the container did not appear in time", &box);
  if (first_ == 0) return Done{};
  if (Result<Done> done = watch_end(box); !done) return done;
  if (Result<Done> done = watch(box); !done) return done;
  // Its child is another init until it has become the program.
  while (!program_ && goes_on()) {
    for (const pid_t pid : descendants(first_)) {
      const std::string name = proc_line(pid, "comm");
      if (name.empty() || name == proc_line(first_, "comm") || parent_in_stat(proc_line(pid, "stat")) != first_)
        continue;
      program_ = ProcessHandle(pid);
      break;
    }
    if (!program_) ::poll(nullptr, 0, kLookMs);
  }
  if (!program_ && !outer_.has_ended()) return failed("the container's program did not start in time", &box);
  return Done{};
}

std::string PodmanProcess::complaint_of_init() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return "";
  const FileDescriptor reading(ends[0]), writing(ends[1]);
  // A copy: what a program printed stays for who reads output().
  ::tee(process_.output(), writing.get(), kMaxLastWords, SPLICE_F_NONBLOCK);
  std::string text(kMaxLastWords, '\0');
  const ssize_t got = ::read(reading.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t at = text.find(kNoProgram);
  if (!text.starts_with("ERROR (") || at == text.npos) return "";
  return text.substr(at + kNoProgram.size(), text.find('\n', at) - at - kNoProgram.size());
}

std::optional<Exit> PodmanProcess::exit() {
  if (exit_) return exit_;
  exit_ = NestedProcess::exit();
  if (const std::optional<int> code = exit_ && end_ ? end_->code() : std::nullopt) exit_ = as_shells_tell(*code);
  return exit_;
}

Result<Done> PodmanProcess::go_through(Lifeline lifeline, const FileDescriptor& ready, const Box& box) {
  const Deadline deadline = steady_clock::now() + kImageStart;
  lifeline.close_inner_end();
  if (Result<Done> done = meet_outer(lifeline, deadline); !done) return done;
  if (Result<Done> done = await_container(ready, box, deadline); !done) return done;
  if (Result<Done> done = meet_program(box, deadline); !done) return done;
  if (program_ || !outer_.has_ended()) return Done{};
  const std::string complaint = complaint_of_init();
  if (complaint.empty()) return Done{};
  return invalid(fmt::format("start a box: {} of the image {} cannot be started{}",
                             box.image_entry_point ? std::string("the entry point") : "'" + box.command.front() + "'",
                             box.image, complaint));
}

}  // namespace chiliad::process
