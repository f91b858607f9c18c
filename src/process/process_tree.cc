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

std::uint64_t resident_bytes_of(pid_t pid) {
  const std::string text = proc_file(pid, "statm");
  const std::size_t second = text.find(' ');
  if (second == std::string::npos) return 0;
  return number_of<std::uint64_t>(std::string_view(text).substr(second)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// The value of a line "Pss:  123 kB".
std::uint64_t kilobytes_in(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string_view::npos ? 0 : number_of<std::uint64_t>(text.substr(at + name.size())) * kKilobyte;
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

std::uint64_t resident_upper_bound(std::span<const pid_t> processes) {
  std::uint64_t bytes = 0;
  for (const pid_t pid : processes) bytes += resident_bytes_of(pid);
  return bytes;
}

Resident proportional_resident(std::span<const pid_t> processes) {
  Resident all;
  for (const pid_t pid : processes) {
    const std::string text = proc_file(pid, "smaps_rollup");
    if (text.find("\nPss:") == std::string::npos) {
      all.bytes += resident_bytes_of(pid);
      continue;
    }
    all.bytes += kilobytes_in(text, "\nPss:");
    all.of_shared_files += kilobytes_in(text, "\nPss_Shmem:");
  }
  return all;
}

Unnamed unnamed_files(std::span<const pid_t> processes) {
  Unnamed all;
  std::set<std::pair<dev_t, ino_t>> seen;
  int looked_at = 0;
  for (const pid_t pid : processes) {
    const OpenFolder descriptors(::opendir(fmt::format("/proc/{}/fd", pid).c_str()));
    while (const dirent* entry = descriptors ? ::readdir(descriptors.get()) : nullptr) {
      if (entry->d_name[0] == '.') continue;
      if (++looked_at > kMaxDescriptors) return all;
      struct stat info {};
      if (::fstatat(::dirfd(descriptors.get()), entry->d_name, &info, 0) != 0) continue;
      if (!S_ISREG(info.st_mode) || info.st_nlink != 0 || info.st_blocks == 0) continue;
      if (!seen.emplace(info.st_dev, info.st_ino).second) continue;
      struct statfs where {};
      const std::string path = fmt::format("/proc/{}/fd/{}", pid, entry->d_name);
      const bool in_memory =
          ::statfs(path.c_str(), &where) == 0 && (where.f_type == TMPFS_MAGIC || where.f_type == HUGETLBFS_MAGIC);
      (in_memory ? all.memory_bytes : all.disk_bytes) += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
  }
  return all;
}

}  // namespace chiliad::process
