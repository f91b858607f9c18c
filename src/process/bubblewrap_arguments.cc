#include "process/bubblewrap_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>

#include "process/scratch.h"
#include "process/steering.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

// bwrap 0.8 stops at 9000 arguments; a variable takes three.
constexpr std::size_t kMaxVariables = 2500;

// Of /etc, what programs read and nobody minds: no keys (/etc/ssl/private), no passwords, nothing of this host's
// services.
constexpr const char* kSystemFiles[] = {
    "alternatives", "bash.bashrc",  "ca-certificates", "crypto-policies", "debian_version", "fonts",
    "gai.conf",     "host.conf",    "inputrc",         "ld.so.cache",     "ld.so.conf",     "ld.so.conf.d",
    "locale.alias", "localtime",    "lsb-release",     "magic",           "mime.types",     "openmpi",
    "os-release",   "perl",         "pki/ca-trust",    "pki/tls/certs",   "protocols",      "services",
    "ssl/certs",    "ssl/cert.pem", "ssl/openssl.cnf", "terminfo",        "timezone",       "OpenCL"};
// Every folder of /etc whose name begins so.
constexpr std::string_view kSystemFolders[] = {"java-", "python3"};
constexpr const char* kSystemTopology[] = {"/sys/devices/system/cpu", "/sys/devices/system/node"};

class Arguments {
 public:
  void add(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) text_.append(word).push_back('\0');
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

void add_system(Arguments& out) {
  out.add({"--ro-bind", "/usr", "/usr"});
  std::error_code ignored;
  for (const char* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    if (fs::is_symlink(folder, ignored)) {
      out.add({"--symlink", fs::read_symlink(folder, ignored).string(), folder});
    } else {
      out.add({"--ro-bind-try", folder, folder});
    }
  }
  out.add({"--proc", "/proc", "--dev", "/dev", "--dir", "/run", "--symlink", "/run", "/var/run"});
  for (const char* folder : kSystemTopology) out.add({"--ro-bind-try", folder, folder});
}

void add_system_files(Arguments& out) {
  for (const char* file : kSystemFiles) {
    const std::string path = fmt::format("/etc/{}", file);
    out.add({"--ro-bind-try", path, path});
  }
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator("/etc", ignored)) {
    const std::string name = entry.path().filename().string();
    const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
    if (std::any_of(std::begin(kSystemFolders), std::end(kSystemFolders), begins) && entry.is_directory(ignored))
      out.add({"--ro-bind-try", entry.path().native(), entry.path().native()});
  }
}

// What a shell would not hand on: names that are no identifiers.
bool is_identifier(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

Result<std::string> bubblewrap_arguments(const Box& box, const std::vector<Mount>& mounts) {
  Arguments out;
  const std::string user = std::to_string(kBoxUser);
  // --new-session: no terminal to type into. The network and the control groups stay the host's.
  out.add({"--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--uid", user, "--gid", user,
           "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname",
           box.host_name.empty() ? "localhost" : box.host_name, "--info-fd", std::to_string(Steering::kInformation),
           "--seccomp", std::to_string(Steering::kFilter)});
  add_system(out);
  bool system_files_are_in = false;
  for (const Mount& mount : mounts) {
    out.add({mount.writable ? "--bind" : "--ro-bind", mount.host.native(), mount.inside});
    if (mount.inside == "/etc" && !system_files_are_in) {
      add_system_files(out);
      system_files_are_in = true;
    }
  }
  // What bwrap made of memory: files there would be counted by nobody.
  const std::string folder = box.working_folder.empty() ? "/" : box.working_folder;
  out.add({"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", folder, "--clearenv"});
  const std::vector<std::string> environment = environment_of(box);
  if (environment.size() > kMaxVariables)
    return Error{ErrorCode::kInvalid, fmt::format("{} variables in a box's environment, {} are possible",
                                                  environment.size(), kMaxVariables)};
  for (const std::string& variable : environment) {
    const std::size_t equals = variable.find('=');
    out.add({"--setenv", std::string_view(variable).substr(0, equals), std::string_view(variable).substr(equals + 1)});
  }
  return std::move(out).text();
}

std::vector<std::string> first_steps(const Box& box) {
  // A shell because it is in every box. `read` wants a variable: one that nobody has.
  const std::string script = fmt::format(
      "umask 022; command -v \"$1\" >/dev/null || {{ echo missing >&{0}; exit 127; }}; echo there >&{0}; "
      "read -r CHILIAD_BOX_GO <&{0} || exit 126; unset CHILIAD_BOX_GO; exec \"$@\" {0}>&-",
      Steering::kLifeline);
  std::vector<std::string> steps = {"/bin/sh", "-c", script, "sh"};
  std::vector<std::string> odd;
  for (const std::string& variable : environment_of(box)) {
    if (!is_identifier(variable.substr(0, variable.find('=')))) odd.push_back(variable);
  }
  if (!odd.empty()) {
    // Shells drop variables whose names are no identifiers; env hands them on.
    steps.insert(steps.end(), {"/usr/bin/env", "--"});
    steps.insert(steps.end(), odd.begin(), odd.end());
  }
  steps.insert(steps.end(), box.command.begin(), box.command.end());
  return steps;
}

}  // namespace chiliad::process
