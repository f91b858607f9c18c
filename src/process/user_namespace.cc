#include "process/user_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>

#include "process/lifeline.h"
#include "process/sandbox.h"

namespace chiliad::process {
namespace {

constexpr std::chrono::seconds kPatience{60};

}  // namespace

Result<Done> map_users(pid_t process) {
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

Result<FileDescriptor> make_user_namespace(Starter& starter) {
  Result<Lifeline> lifeline = Lifeline::make();
  if (!lifeline) return std::move(lifeline).error();
  Process::Start start{"/usr/bin/unshare",
                       {"--user", "--", "/bin/sh", "-c", "echo there >&3; read -r go <&3"},
                       {"PATH=/usr/bin:/bin"},
                       "/"};
  start.descriptors = {lifeline->inner_end()};
  const Result<Process> process = starter.start(start);
  if (!process) return Error(process.error());
  lifeline->close_inner_end();
  const Lifeline::Said said = lifeline->listen(std::chrono::steady_clock::now() + kPatience);
  if (said.words.empty()) return Error{ErrorCode::kUnavailable, "unshare --user made no user namespace"};
  if (Result<Done> done = map_users(said.pid); !done) return std::move(done).error();
  // The namespace lives as long as the descriptor.
  return open_file(fmt::format("/proc/{}/ns/user", said.pid), O_RDONLY);
}

}  // namespace chiliad::process
