#include "process/user_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "process/lifeline.h"
#include "process/sandbox.h"

namespace chiliad::process {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kMostRanges = 339;  // The kernel takes 340, and root inside is one.
constexpr const char* kUnshare = "/usr/bin/unshare";
constexpr const char* kUsualPath = "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";
constexpr const char* kSpeakAndWait = "echo there >&3; read -r go <&3 || exit 126; exec \"$@\"";
// The same, and the descriptor is the command's no more.
constexpr const char* kSpeakAndLeave = "echo there >&3; read -r go <&3 || exit 126; exec \"$@\" 3>&-";

Result<Done> write_map(pid_t process) {
  const std::string map = fmt::format("0 {} 1\n1 {} 65535\n", kBoxOwner, kBoxOthers + 1);
  for (const char* file : {"uid_map", "gid_map"}) {
    const std::string path = fmt::format("/proc/{}/{}", process, file);
    Result<FileDescriptor> opened = open_file(path, O_WRONLY);
    if (!opened) return std::move(opened).error();
    // The kernel takes a map in one write or not at all.
    if (Result<Done> done = write_all(*opened, map, path); !done) return done;
  }
  return Done{};
}

// Empty: the user has a number and no name.
std::string name_of_user(unsigned user) {
  passwd entry{}, *found = nullptr;
  char text[4096];
  if (::getpwuid_r(user, &entry, text, sizeof text, &found) != 0 || found == nullptr) return "";
  return entry.pw_name;
}

std::optional<unsigned> number_in(std::string_view text) {
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// By a setuid program, which no longer dies with us once it runs, but waits for nobody.
Result<Done> map_by(const char* program, const char* file, pid_t process, unsigned own) {
  const Result<std::string> text = read_file(file, 1 << 20);
  if (!text) return Error{ErrorCode::kUnavailable, text.error().message};
  const std::string name = name_of_user(::geteuid());
  const std::vector<Subordinates> ranges = parse_subordinates(*text, name, ::geteuid());
  if (ranges.empty()) {
    return Error{ErrorCode::kUnavailable, fmt::format("{} has no range for the user {}", file,
                                                      name.empty() ? std::to_string(::geteuid()) : name)};
  }
  Process::Start start{"/usr/bin/env", {program, std::to_string(process), "0", std::to_string(own), "1"}, {}, "/"};
  unsigned inside = 1;
  for (const Subordinates& range : ranges) {
    for (const unsigned number : {inside, range.first, range.count}) start.arguments.push_back(std::to_string(number));
    inside += range.count;
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes variables.
  start.environment = {path == nullptr ? kUsualPath : fmt::format("PATH={}", path)};
  Result<Process> running = Process::start(start);
  if (!running) return std::move(running).error();
  if (!readable_before(running->ended(), steady_clock::now() + kPatience))
    return Error{ErrorCode::kUnavailable, fmt::format("{} does not come to an end", program)};
  if (running->exit()->code == 0) return Done{};
  char words[1000];
  const ssize_t got = ::read(running->output(), words, sizeof words);
  const std::string_view said(words, got > 0 ? static_cast<std::size_t>(got) : 0);
  if (said.empty())
    return Error{ErrorCode::kUnavailable, fmt::format("{} ended with code {}", program, running->exit()->code)};
  return Error{ErrorCode::kUnavailable, fmt::format("{}: {}", program, said.substr(0, said.find('\n')))};
}

}  // namespace

std::vector<Subordinates> parse_subordinates(std::string_view text, std::string_view name, unsigned number) {
  std::vector<Subordinates> out;
  std::uint64_t inside = 1;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find(':'), second = line.find(':', first == line.npos ? first : first + 1);
    if (second == line.npos) continue;
    const std::string_view whose = line.substr(0, first);
    if (whose.empty() || (whose != name && number_in(whose) != number)) continue;
    const std::optional<unsigned> begin = number_in(line.substr(first + 1, second - first - 1));
    const std::optional<unsigned> count = number_in(line.substr(second + 1));
    constexpr std::uint64_t kMost = std::numeric_limits<unsigned>::max();  // The last number is nobody's.
    if (!begin || !count || *count == 0 || std::uint64_t{*begin} + *count > kMost || inside + *count > kMost) continue;
    const auto meets = [&](const Subordinates& other) {
      return *begin < std::uint64_t{other.first} + other.count && other.first < std::uint64_t{*begin} + *count;
    };
    if (std::ranges::any_of(out, meets)) continue;
    out.push_back({*begin, *count});
    inside += *count;
    if (out.size() == kMostRanges) break;
  }
  return out;
}

std::vector<std::string> words_in_user_namespace(std::vector<std::string> command) {
  // With the users comes the right to make other namespaces and, as the kernel's rule is, the end of the wish to die
  // with the server, which setpriv renews.
  std::vector<std::string> words = {"--user",           "--",          "/bin/sh", "-c", kSpeakAndWait, "sh",
                                    "/usr/bin/setpriv", "--pdeathsig", "KILL",    "--"};
  words.insert(words.end(), std::make_move_iterator(command.begin()), std::make_move_iterator(command.end()));
  return words;
}

Result<Done> map_users(pid_t process) {
  if (::geteuid() == 0) return write_map(process);
  if (Result<Done> done = map_by("newuidmap", "/etc/subuid", process, ::geteuid()); !done) return done;
  return map_by("newgidmap", "/etc/subgid", process, ::getegid());
}

Result<Process> start_in_user_namespace(const Process::Start& start) {
  Result<Lifeline> lifeline = Lifeline::make();
  if (!lifeline) return std::move(lifeline).error();
  std::vector<std::string> command = {"/bin/sh", "-c", kSpeakAndLeave, "sh", start.program.string()};
  command.insert(command.end(), start.arguments.begin(), start.arguments.end());
  Process::Start outer = start;
  outer.program = kUnshare;
  outer.arguments = words_in_user_namespace(std::move(command));
  outer.descriptors = {lifeline->inner_end()};
  Result<Process> process = Process::start(outer);
  if (!process) return process;
  lifeline->close_inner_end();
  const Deadline deadline = steady_clock::now() + kPatience;
  const Lifeline::Said said = lifeline->listen(deadline);
  if (said.words.empty()) return process;
  if (Result<Done> done = map_users(said.pid); !done) return std::move(done).error();
  // The second word comes when it wishes to die with us; had we ended before, nobody would answer it.
  if (lifeline->say_go() && !lifeline->listen(deadline).words.empty()) lifeline->say_go();
  return process;
}

Result<FileDescriptor> make_user_namespace(Starter& starter) {
  Result<Lifeline> lifeline = Lifeline::make();
  if (!lifeline) return std::move(lifeline).error();
  Process::Start start{
      kUnshare, {"--user", "--", "/bin/sh", "-c", "echo there >&3; read -r go <&3"}, {"PATH=/usr/bin:/bin"}, "/"};
  start.descriptors = {lifeline->inner_end()};
  const Result<Process> process = starter.start(start);
  if (!process) return Error(process.error());
  lifeline->close_inner_end();
  const Lifeline::Said said = lifeline->listen(steady_clock::now() + kPatience);
  if (said.words.empty()) return Error{ErrorCode::kUnavailable, "unshare --user made no user namespace"};
  if (Result<Done> done = map_users(said.pid); !done) return std::move(done).error();
  // The namespace lives as long as the descriptor.
  return open_file(fmt::format("/proc/{}/ns/user", said.pid), O_RDONLY);
}

}  // namespace chiliad::process
