#include "process/image_store.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <string_view>

#include "process/lifeline.h"
#include "process/user_namespace.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

// Where podman looks for its own.
constexpr const char* kProgramFolders[] = {"/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin",
                                           "/sbin"};
constexpr const char* kHelperFolders[] = {"/usr/local/libexec/podman", "/usr/local/lib/podman", "/usr/libexec/podman",
                                          "/usr/lib/podman"};
constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kMaxWords = 4000;

Error unavailable(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }

bool is_in(auto& folders, const char* program) {
  return std::any_of(std::begin(folders), std::end(folders),
                     [&](const char* folder) { return ::access((fs::path(folder) / program).c_str(), X_OK) == 0; });
}

bool is_program(const char* name) { return is_in(kProgramFolders, name); }

// Version 2 alone; the hybrid of systemd's older releases is version 1.
bool has_unified_cgroups() {
  struct statfs info {};
  return ::statfs("/sys/fs/cgroup", &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

std::string all_output(Process& process) {
  std::string text;
  const Deadline deadline = std::chrono::steady_clock::now() + kPatience;
  char part[4096];
  while (text.size() < kMaxWords && readable_before(process.output(), deadline)) {
    const ssize_t got = ::read(process.output(), part, sizeof part);
    if (got <= 0) break;
    text.append(part, static_cast<std::size_t>(got));
  }
  readable_before(process.ended(), deadline);
  return text;
}

std::vector<std::string> own_variables() {
  std::vector<std::string> out;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("_CONTAINERS_") && !text.starts_with("NOTIFY_SOCKET=")) out.emplace_back(text);
  }
  return out;
}

std::string what_users_need() {
  if (::geteuid() == 0) return "";
  return " (a server that is not root needs subordinate users and groups: `usermod --add-subuids 100000-165535 "
         "--add-subgids 100000-165535 USER`, other numbers for each user)";
}

}  // namespace

Result<OciRuntime> find_podman() {
  const auto missing = [](const char* program, const char* package) {
    return unavailable(
        fmt::format("the program {} is not here: install {} (Debian: apt-get install podman buildah runc "
                    "crun catatonit uidmap)",
                    program, package));
  };
  if (!is_program("podman")) return missing("podman", "podman");
  if (!is_program("conmon") && !is_in(kHelperFolders, "conmon")) return missing("conmon", "conmon");
  if (!is_in(kHelperFolders, "catatonit")) return missing("catatonit", "catatonit");
  if (::geteuid() != 0 && !is_program("newuidmap")) return missing("newuidmap", "uidmap");
  // crun refuses the older control groups; runc does not know how to do without any, but goes on where it may not make
  // one.
  if (has_unified_cgroups() && is_program("crun")) return OciRuntime{"crun", true};
  if (is_program("runc")) return OciRuntime{"runc", false};
  if (is_program("crun"))
    return unavailable("crun does not run with control groups of version 1, which this system has: install runc");
  return missing("runc", "runc or crun");
}

Result<ImageStore> parse_storage(std::string_view text) {
  const std::size_t mark = text.find(kMark);
  if (mark == text.npos) {
    std::string said(text);
    std::replace(said.begin(), said.end(), '\n', ' ');
    return unavailable("podman info: " + (said.empty() ? std::string("it says nothing") : said));
  }
  text.remove_prefix(mark + kMark.size());
  text = text.substr(0, text.find('\n'));
  const std::size_t blank = text.find(' ');
  ImageStore store;
  if (blank != text.npos) store = {text.substr(blank + 1), std::string(text.substr(0, blank))};
  if (store.driver.empty() || !store.folder.is_absolute())
    return unavailable(fmt::format("podman info names no storage: {}", text));
  return store;
}

Result<ImageStore> find_images() {
  Process::Start start;
  start.program = "/usr/bin/env";
  start.environment = own_variables();
  const unsigned user = ::geteuid();
  if (user != 0) {
    // In a namespace made by podman itself a process of its own would stay behind.
    start.arguments = {"unshare", "--mount", "--"};
    start.environment.emplace_back("_CONTAINERS_USERNS_CONFIGURED=done");
    start.environment.push_back(fmt::format("_CONTAINERS_ROOTLESS_UID={}", user));
    start.environment.push_back(fmt::format("_CONTAINERS_ROOTLESS_GID={}", ::getegid()));
  }
  start.arguments.insert(start.arguments.end(),
                         {"podman", "--log-level", "error", "info", "--format",
                          std::string(kMark) + "{{.Store.GraphDriverName}} {{.Store.GraphRoot}}"});
  start.working_folder = "/";
  Result<Process> process = user == 0 ? Process::start(start) : start_in_user_namespace(start);
  if (!process) {
    Error error = std::move(process).error().in("podman info");
    error.message += what_users_need();
    return error;
  }
  Result<ImageStore> store = parse_storage(all_output(*process));
  if (!store) return unavailable(std::move(store).error().message + what_users_need());
  return store;
}

std::string how_to_get(const std::string& image) {
  return fmt::format(
      "`podman pull {0}` fetches it, `buildah bud -t {0} FOLDER` builds it from a folder's Containerfile, "
      "as the user of the server",
      image);
}

}  // namespace chiliad::process
