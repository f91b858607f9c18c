#include "job/open_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string>

namespace chiliad::job {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// "flags:" of /proc/<pid>/fdinfo/<fd>: octal, as open(2) has them.
bool opened_for_writing(pid_t pid, const char* fd) {
  const Result<std::string> text = read_file(fmt::format("/proc/{}/fdinfo/{}", pid, fd), 64 << 10);
  if (!text) return false;
  const std::size_t at = text->find("flags:");
  if (at == text->npos) return false;
  const unsigned long flags = std::strtoul(text->c_str() + at + 6, nullptr, 8);
  return (flags & O_ACCMODE) != O_RDONLY;
}

}  // namespace

bool has_writer(const FileDescriptor& file, const std::vector<pid_t>& pids) {
  struct stat wanted {};
  if (::fstat(file.get(), &wanted) != 0) return true;
  for (const pid_t pid : pids) {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(fmt::format("/proc/{}/fd", pid).c_str()));
    if (!folder) continue;
    while (const dirent* entry = ::readdir(folder.get())) {
      struct stat found {};
      if (entry->d_name[0] == '.' || ::fstatat(::dirfd(folder.get()), entry->d_name, &found, 0) != 0) continue;
      if (found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev && opened_for_writing(pid, entry->d_name))
        return true;
    }
  }
  return false;
}

bool is_written(const FileDescriptor& file, const std::function<std::vector<pid_t>()>& pids) {
  // Should somebody open it for writing before the lease is given back, the kernel tells us by a signal: by one that
  // is ignored, instead of SIGIO, which would end us.
  ::fcntl(file.get(), F_SETSIG, SIGURG);
  if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(file.get(), F_SETLEASE, F_UNLCK);
    return false;
  }
  if (errno == EAGAIN) return true;
  return has_writer(file, pids ? pids() : std::vector<pid_t>());
}

}  // namespace chiliad::job
