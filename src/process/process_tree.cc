#include "process/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/file.h"

namespace chiliad::process {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

constexpr std::uint64_t kKilobyte = 1024;
constexpr std::uint64_t kMaxMaps = 64 << 20;  // 65,530 mappings and their names.

template <class T>
T number_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// A small file of /proc; empty when it is gone or not ours to read.
std::string proc_file(pid_t pid, const char* name) {
  const FileDescriptor file(::open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(8192, '\0');
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

// The value of a line "Pss:  123 kB".
std::uint64_t kilobytes_in(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string_view::npos ? 0 : number_of<std::uint64_t>(text.substr(at + name.size())) * kKilobyte;
}

std::uint64_t memory_of(pid_t pid) {
  const std::string text = proc_file(pid, "status");
  return kilobytes_in(text, "\nVmRSS:") + kilobytes_in(text, "\nVmSwap:");
}

}  // namespace

pid_t parent_in_stat(std::string_view stat) {
  // "7 (a name, which may hold ) and blanks) S 1 ..."
  const std::size_t end = stat.rfind(") ");
  return end == std::string_view::npos || stat.size() < end + 4 ? 0 : number_of<pid_t>(stat.substr(end + 3));
}

std::vector<pid_t> descendants(pid_t of) {
  std::unordered_map<pid_t, std::vector<pid_t>> children;
  const OpenFolder proc(::opendir("/proc"));
  while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
    const pid_t pid = number_of<pid_t>(entry->d_name);
    if (pid <= 0) continue;
    if (const pid_t parent = parent_in_stat(proc_file(pid, "stat")); parent > 0) children[parent].push_back(pid);
  }
  std::vector<pid_t> found;
  const auto add_children_of = [&](pid_t parent) {
    // Taken out: numbers that were used again while they were read cannot make a circle.
    if (auto node = children.extract(parent)) found.insert(found.end(), node.mapped().begin(), node.mapped().end());
  };
  add_children_of(of);
  for (std::size_t i = 0; i < found.size(); ++i) add_children_of(found[i]);
  return found;
}

int thread_count(std::span<const pid_t> processes) {
  nlink_t threads = 0;
  for (const pid_t pid : processes) {
    struct stat info {};
    // A folder a thread, and the two that every folder has.
    if (::stat(fmt::format("/proc/{}/task", pid).c_str(), &info) == 0 && info.st_nlink > 2)
      threads += info.st_nlink - 2;
  }
  return static_cast<int>(threads);
}

std::uint64_t memory_upper_bound(std::span<const pid_t> processes) {
  std::uint64_t bytes = 0;
  for (const pid_t pid : processes) bytes += memory_of(pid);
  return bytes;
}

Memory proportional_memory(std::span<const pid_t> processes) {
  Memory all;
  for (const pid_t pid : processes) {
    const std::string text = proc_file(pid, "smaps_rollup");
    if (text.find("\nPss:") == std::string::npos) {
      all.bytes += memory_of(pid);
      continue;
    }
    all.bytes += kilobytes_in(text, "\nPss:") + kilobytes_in(text, "\nSwapPss:");
    all.of_shared_files += kilobytes_in(text, "\nPss_Shmem:");
  }
  return all;
}

namespace {

using Files = std::set<ino_t>;

void add_open_files(pid_t pid, Files& seen, int& looked_at, Unnamed& all) {
  const OpenFolder descriptors(::opendir(fmt::format("/proc/{}/fd", pid).c_str()));
  while (const dirent* entry = descriptors ? ::readdir(descriptors.get()) : nullptr) {
    if (entry->d_name[0] == '.') continue;
    if (++looked_at > kMaxDescriptors) return;
    struct stat info {};
    if (::fstatat(::dirfd(descriptors.get()), entry->d_name, &info, 0) != 0) continue;
    if (!S_ISREG(info.st_mode) || info.st_nlink != 0 || info.st_blocks == 0) continue;
    if (!seen.insert(info.st_ino).second) continue;
    struct statfs where {};
    const std::string path = fmt::format("/proc/{}/fd/{}", pid, entry->d_name);
    const bool in_memory =
        ::statfs(path.c_str(), &where) == 0 && (where.f_type == TMPFS_MAGIC || where.f_type == HUGETLBFS_MAGIC);
    (in_memory ? all.memory_bytes : all.disk_bytes) += static_cast<std::uint64_t>(info.st_blocks) * 512;
  }
}

}  // namespace

Unnamed unnamed_files(std::span<const pid_t> processes) {
  Unnamed all;
  Files seen;
  int looked_at = 0;
  for (const pid_t pid : processes) add_open_files(pid, seen, looked_at, all);
  return all;
}

namespace {

struct Mapping {
  ino_t inode = 0;
  std::uint64_t bytes = 0;
  bool is_shared = false;
  std::string_view path;
};

// "7f00-7f80 rw-s 00000000 fe:00 1234    /tmp/x (deleted)"
Mapping mapping_in(std::string_view line) {
  std::string_view fields[5];
  for (std::string_view& field : fields) {
    field = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
  }
  Mapping mapping;
  std::uint64_t begin = 0, end = 0;
  const std::size_t dash = std::min(fields[0].find('-'), fields[0].size());
  std::from_chars(fields[0].data(), fields[0].data() + dash, begin, 16);
  const std::string_view second = fields[0].substr(std::min(dash + 1, fields[0].size()));
  std::from_chars(second.data(), second.data() + second.size(), end, 16);
  mapping.bytes = end > begin ? end - begin : 0;
  mapping.is_shared = fields[1].ends_with('s');
  mapping.inode = number_of<ino_t>(fields[4]);
  mapping.path = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  return mapping;
}

bool is_in_memory(std::string_view path) {
  return path.starts_with("/memfd:") || path.starts_with("/dev/zero ") || path.starts_with("/SYSV");
}

void add_unnamed(std::string_view maps, Files& seen, std::uint64_t& bytes) {
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    const Mapping mapping = mapping_in(line);
    if (!mapping.is_shared || mapping.inode == 0 || !mapping.path.ends_with(" (deleted)") || is_in_memory(mapping.path))
      continue;
    if (seen.insert(mapping.inode).second) bytes += mapping.bytes;
  }
}

}  // namespace

std::uint64_t unnamed_bytes_in_maps(std::string_view maps) {
  std::uint64_t bytes = 0;
  Files seen;
  add_unnamed(maps, seen, bytes);
  return bytes;
}

std::uint64_t unnamed_mapped_files(std::span<const pid_t> processes) {
  std::uint64_t bytes = 0;
  Files seen;
  for (const pid_t pid : processes) {
    const Result<std::string> maps = read_file(fmt::format("/proc/{}/maps", pid), kMaxMaps);
    if (maps) add_unnamed(*maps, seen, bytes);
  }
  return bytes;
}

}  // namespace chiliad::process
