#include "process/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxResolvConf = 64 << 10;
constexpr std::size_t kMaxHostName = 64;  // Of the kernel's.

bool is_plain_path(const std::string& path) {
  if (!path.starts_with('/') || path.find('\0') != path.npos) return false;
  for (const fs::path& part : fs::path(path)) {
    if (part == "." || part == "..") return false;
  }
  return true;
}

Result<Done> check_words(const Box& box) {
  if (!box.image_entry_point && (box.command.empty() || box.command.front().empty()))
    return invalid("a box without a command");
  for (const std::string& word : box.command) {
    if (word.find('\0') != word.npos) return invalid("a zero byte in a box's command");
  }
  for (const std::string& variable : box.environment) {
    const std::size_t equals = variable.find('=');
    if (equals == variable.npos || equals == 0 || variable.find('\0') != variable.npos)
      return invalid(fmt::format("'{}' is no variable of an environment", variable.substr(0, equals)));
  }
  if (!box.host_name.empty() && (!is_word(box.host_name, "-.") || box.host_name.size() > kMaxHostName))
    return invalid(fmt::format("'{}' is no host's name", box.host_name));
  for (const HostName& host : box.hosts) {
    if (!is_word(host.name, "-._") || !is_word(host.address, ".:"))
      return invalid(fmt::format("'{} {}' is no line of /etc/hosts", host.address, host.name));
  }
  return Done{};
}

std::string hosts_of(const Box& box) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  bool itself = box.host_name.empty() || box.host_name == "localhost";
  for (const HostName& host : box.hosts) {
    text += fmt::format("{} {}\n", host.address, host.name);
    itself = itself || host.name == box.host_name;
  }
  if (!itself) text += fmt::format("127.0.0.1 {}\n", box.host_name);
  return text;
}

Result<Done> write_new(const fs::path& path, std::string_view text) {
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
  if (!file) return std::move(file).error();
  // Whatever the server's umask is.
  ::fchmod(file->get(), 0644);
  return write_all(*file, text, path);
}

Result<Done> write_etc(const Box& box, const fs::path& etc) {
  const std::string user = fmt::format("{0}:x:{1}:{1}::{2}:/bin/sh\n", kBoxUserName, kBoxUser, kBoxHome);
  const std::string group = fmt::format("{}:x:{}:\n", kBoxUserName, kBoxUser);
  // Without it no name resolves, as on the host itself.
  const Result<std::string> resolv = read_file("/etc/resolv.conf", kMaxResolvConf);
  const std::pair<const char*, std::string> files[] = {
      {"passwd", "root:x:0:0:root:/root:/bin/sh\n" + user + "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"},
      {"group", "root:x:0:\n" + group + "nogroup:x:65534:\n"},
      {"hosts", hosts_of(box)},
      {"hostname", (box.host_name.empty() ? "localhost" : box.host_name) + "\n"},
      {"nsswitch.conf",
       "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n"},
      {"resolv.conf", resolv ? *resolv : ""},
  };
  for (const auto& [name, text] : files) {
    if (Result<Done> done = write_new(etc / name, text); !done) return done;
  }
  return Done{};
}

struct Part {
  const char* name;
  std::string_view inside;
};
constexpr Part kParts[] = {
    {"tmp", "/tmp"}, {"var_tmp", "/var/tmp"}, {"shm", "/dev/shm"}, {"home", kBoxHome}, {"etc", "/etc"}};

// Folders that a box can write may hold what an earlier one left there. A link on the way of a path below would lead
// whoever walks it somewhere else: bwrap, which makes mount points, and the server, which mounts what it finds and, as
// root, gives it away.
Result<Done> check_no_link_below(const fs::path& writable, const fs::path& inner, const fs::path& host) {
  const fs::path below = inner.lexically_relative(writable);
  if (below.empty() || *below.begin() == ".." || below == ".") return Done{};
  fs::path at = host;
  for (const fs::path& part : below) {
    at /= part;
    struct stat info {};
    if (::lstat(at.c_str(), &info) != 0) break;
    if (S_ISLNK(info.st_mode)) return invalid(fmt::format("{} is a link, in a folder that boxes write", at.string()));
  }
  return Done{};
}

Result<Done> check_no_link_between(const Mount& writable, const Mount& inner) {
  if (!writable.writable) return Done{};
  Result<Done> done = check_no_link_below(writable.inside, inner.inside, writable.host);
  return done ? check_no_link_below(writable.host, inner.host, writable.host) : done;
}

Result<Done> check_mounts(const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    if (!is_plain_path(mount.inside) || fs::path(mount.inside).relative_path().empty())
      return invalid(fmt::format("mount at '{}': expected an absolute path below the root", mount.inside));
    std::error_code failure;
    if (!mount.host.is_absolute() || !fs::exists(mount.host, failure))
      return invalid(fmt::format("mount at {}: {} is not there", mount.inside, mount.host.string()));
    for (const Mount& other : mounts) {
      if (Result<Done> done = check_no_link_between(other, mount); !done) return done;
    }
  }
  return Done{};
}

}  // namespace

bool is_word(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
}

Result<Done> check_box(const Box& box) {
  if (Result<Done> done = check_words(box); !done) return done;
  if (!is_plain_path(box.working_folder) && !(box.working_folder.empty() && !box.image.empty()))
    return invalid(fmt::format("working folder '{}': expected an absolute path", box.working_folder));
  // As mounts the folders of scratch are made new; their place is to be looked at like any mount's.
  std::vector<Mount> mounts = box.mounts;
  mounts.push_back({box.scratch, "/tmp", true});
  return check_mounts(mounts);
}

Result<Done> make_scratch(const Box& box) {
  std::error_code failure;
  const bool empty = fs::is_empty(box.scratch, failure);
  if (failure) return system_error("look into", box.scratch, failure.value());
  if (!empty)
    return Error{ErrorCode::kConflict, fmt::format("{}: a box's scratch folder has to be empty", box.scratch.string())};
  for (const Part& part : kParts) {
    const fs::path folder = box.scratch / part.name;
    if (::mkdir(folder.c_str(), 0755) != 0 || ::chmod(folder.c_str(), 0755) != 0)
      return system_error("make", folder, errno);
  }
  return write_etc(box, box.scratch / "etc");
}

std::vector<Mount> scratch_mounts(const Box& box) {
  std::vector<Mount> mounts;
  for (const Part& part : kParts) mounts.push_back({box.scratch / part.name, std::string(part.inside), true});
  return mounts;
}

std::vector<std::string> environment_of(const Box& box) {
  std::vector<std::string> variables = box.environment;
  const auto is_home = [](const std::string& variable) { return variable.starts_with("HOME="); };
  if (std::none_of(variables.begin(), variables.end(), is_home)) variables.push_back(fmt::format("HOME={}", kBoxHome));
  return variables;
}

}  // namespace chiliad::process
