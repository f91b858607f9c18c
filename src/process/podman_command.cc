#include "process/podman_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "process/scratch.h"

namespace chiliad::process {
namespace {

// Podman, conmon and process 1 of the container are counted with the program: the same user in the same namespace.
constexpr int kOwnThreads = 64;
// The line's end and podman's buffer of 65536 bytes.
constexpr std::size_t kMaxLine = 65000;
constexpr std::size_t kMaxImageName = 512;
// Over its own users' files and processes alone: servers such as nginx start as root and give it away.
constexpr const char* kCapabilities = "CHOWN,DAC_OVERRIDE,FOWNER,KILL,SETGID,SETUID";

std::string json_quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

Result<std::string> mount_words(const Mount& mount) {
  for (const std::string& path : {mount.host.native(), mount.inside}) {
    // Podman takes the words apart at commas, and has no way to write one.
    if (path.find_first_of(",\"\n") != path.npos)
      return invalid(fmt::format("mount at {}: podman takes no path with a comma, a quote or a line break", path));
  }
  return fmt::format("type=bind,src={},dst={}{}", mount.host.native(), mount.inside, mount.writable ? "" : ",ro=true");
}

void add_limits(std::vector<std::string>& words, const BoxLimits& limits) {
  // Whoever has less than is wanted may not have more.
  const auto at_most = [](auto resource, std::uint64_t wanted) {
    ::rlimit64 own{};
    return ::getrlimit64(resource, &own) == 0 ? std::min<std::uint64_t>(wanted, own.rlim_max) : wanted;
  };
  const auto add = [&](const char* name, std::uint64_t value) {
    words.insert(words.end(), {"--ulimit", fmt::format("{}={}:{}", name, value, value)});
  };
  add("core", 0);
  add("nofile", at_most(RLIMIT_NOFILE, kOpenFiles));
  if (limits.processes > 0)
    add("nproc", at_most(RLIMIT_NPROC, static_cast<std::uint64_t>(limits.processes) + kOwnThreads));
  if (limits.disk_bytes > 0) add("fsize", limits.disk_bytes);
}

// podman's option --secret is taken apart at commas, and a name with '=' is none.
Result<std::string> secret_words(std::size_t number, const std::string& name) {
  if (name.find_first_of(",\"\n") != name.npos)
    return invalid(fmt::format("the variable '{}': podman takes no name with a comma, a quote or a line break", name));
  return fmt::format("{},type=env,target={}", number, name);
}

}  // namespace

Result<Done> check_image_name(std::string_view image) {
  const auto refuse = [&] { return invalid(fmt::format("'{}' is no image's name", image.substr(0, kMaxImageName))); };
  if (image.empty() || image.size() > kMaxImageName || !is_word(image.substr(0, 1), "")) return refuse();
  // A colon that is followed by a slash is a port's; else podman would read "dir:/x" as a place to load an image from.
  std::size_t begin = 0;
  while (true) {
    const std::size_t slash = image.find('/', begin);
    const std::string_view part = image.substr(begin, slash - begin);
    if (!is_word(part, "._-:@")) return refuse();
    if (slash == image.npos) return Done{};
    const std::size_t colon = part.find(':');
    if (colon != part.npos && !is_word(part.substr(colon + 1), "")) return refuse();
    begin = slash + 1;
  }
}

Result<std::vector<std::string>> podman_words(const Box& box, const PodmanPlaces& places) {
  std::vector<std::string> words = {"--log-level", "error", "run", "--pull", "never", "--init", "--sdnotify", "conmon",
                                    // The program writes to the pipe itself: nothing is copied, nothing is lost.
                                    "--log-driver", "passthrough", "--http-proxy=false", "--net", "host", "--no-hosts",
                                    "--hostname", box.host_name.empty() ? "localhost" : box.host_name, "--user", "0:0",
                                    "--cap-drop", "all", "--cap-add", kCapabilities, "--security-opt",
                                    "no-new-privileges", "--security-opt", fmt::format("seccomp={}", kSystemCalls),
                                    "--oom-score-adj", std::string(kFirstToBeEnded), "--env-file", kVariables};
  if (places.runtime.without_cgroups) words.emplace_back("--cgroups=disabled");
  if (!box.working_folder.empty()) words.insert(words.end(), {"--workdir", box.working_folder});
  add_limits(words, box.limits);
  for (const Mount& mount : places.mounts) {
    Result<std::string> text = mount_words(mount);
    if (!text) return std::move(text).error();
    words.insert(words.end(), {"--mount", *std::move(text)});
  }
  std::size_t number = 0;
  for (const PodmanVariables::Secret& secret : podman_variables(box.environment).secrets) {
    Result<std::string> text = secret_words(number++, secret.name);
    if (!text) return std::move(text).error();
    words.insert(words.end(), {"--secret", *std::move(text)});
  }
  auto argument = box.command.begin();
  if (!box.image_entry_point)
    words.insert(words.end(), {"--entrypoint", fmt::format("[{}]", json_quoted(*argument++))});
  if (places.root.empty()) {
    words.push_back(box.image);
  } else {
    words.insert(words.end(), {"--rootfs", places.root.native()});
  }
  words.insert(words.end(), argument, box.command.end());
  return words;
}

PodmanVariables podman_variables(const std::vector<std::string>& environment) {
  PodmanVariables out;
  for (const std::string& variable : environment) {
    const std::size_t equals = variable.find('=');
    // Blanks before a name go, '#' begins a comment.
    const bool is_line = variable.find_first_of("\n\r") == variable.npos && variable.size() <= kMaxLine &&
                         std::string_view(" \t#").find(variable.front()) == std::string_view::npos;
    if (is_line) {
      out.lines.append(variable).push_back('\n');
    } else {
      out.secrets.push_back({variable.substr(0, equals), variable.substr(equals + 1)});
    }
  }
  return out;
}

std::string podman_configuration(const PodmanPlaces& places) {
  const std::string own = places.own.native();
  return fmt::format(
      "[containers]\npids_limit = 0\n\n"
      "[engine]\nruntime = {}\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\nlock_type = \"file\"\n"
      "tmp_dir = {}\n\n"
      // Named because podman wants one; with the host's network it has nothing to do.
      "[network]\nnetwork_backend = \"cni\"\nnetwork_config_dir = {}\n",
      json_quoted(places.runtime.name), json_quoted(own + "/" + kRun + "/libpod"), json_quoted(own + "/" + kRun));
}

std::string podman_storage(const PodmanPlaces& places) {
  const std::string own = places.own.native();
  return fmt::format(
      "[storage]\ndriver = {}\ngraphroot = {}\nrunroot = {}\nrootless_storage_path = {}\n\n"
      "[storage.options]\nadditionalimagestores = [{}]\n",
      json_quoted(places.driver), json_quoted(own + "/storage"), json_quoted(own + "/" + kRun),
      json_quoted(own + "/storage"), places.images.empty() ? "" : json_quoted(places.images.native()));
}

std::vector<std::string> podman_environment(const PodmanPlaces& places, unsigned user) {
  const std::string own = places.own.native();
  return {"PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", "HOME=" + own,
          fmt::format("TMPDIR={}/{}", own, kTemporary), fmt::format("XDG_RUNTIME_DIR={}/{}", own, kRun),
          fmt::format("CONTAINERS_CONF={}/{}", own, kConfiguration),
          fmt::format("CONTAINERS_STORAGE_CONF={}/{}", own, kStorage),
          // It is in its user namespace already, and would make another one, with a process that stays.
          "_CONTAINERS_USERNS_CONFIGURED=done", fmt::format("_CONTAINERS_ROOTLESS_UID={}", user),
          fmt::format("_CONTAINERS_ROOTLESS_GID={}", user),
          // By its name in the working folder: an address has 107 bytes.
          fmt::format("NOTIFY_SOCKET={}", kReady)};
}

std::string podman_first_steps() {
  return fmt::format(
      "umask 022; echo there >&3; read -r go <&3 || exit 126; exec 3>&-; "
      "for secret in {}/*; do [ ! -e \"$secret\" ] || podman secret create \"${{secret##*/}}\" \"$secret\" >/dev/null "
      "|| "
      "exit 125; done; podman \"$@\"; exit $?",
      kSecrets);
}

}  // namespace chiliad::process
