#include "store/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

namespace chiliad::store {
namespace {

// Once refused, not tried again.
std::atomic<bool> openat2_refused{false};

int open_at(int folder, const char* name, int flags, unsigned mode) {
  if (!openat2_refused.load(std::memory_order_relaxed)) {
    struct open_how how {};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
    const long fd = ::syscall(SYS_openat2, folder, name, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
    openat2_refused.store(true, std::memory_order_relaxed);
  }
  return ::openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

}  // namespace

Result<FileDescriptor> open_beneath(const std::filesystem::path& root, std::string_view key, int flags, unsigned mode) {
  if (key.empty()) return open_file(root, flags, mode);
  Result<FileDescriptor> folder = open_file(root, O_PATH | O_DIRECTORY);
  if (!folder) return folder;
  return open_beneath(*folder, root, key, flags, mode);
}

Result<FileDescriptor> open_beneath(const FileDescriptor& folder, const std::filesystem::path& root,
                                    std::string_view key, int flags, unsigned mode) {
  const std::string name(key);
  int fd = -1;
  do {
    fd = open_at(folder.get(), name.c_str(), flags, mode);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd < 0) return system_error("open", root / name, errno);
  return FileDescriptor(fd);
}

Result<Done> make_folders_beneath(const std::filesystem::path& root, std::string_view key) {
  Result<FileDescriptor> folder = open_file(root, O_PATH | O_DIRECTORY);
  if (!folder) return std::move(folder).error();
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/', slash + 1)) {
    const std::string name(key.substr(0, slash));
    const std::size_t start = name.rfind('/') + 1;  // npos + 1 is 0.
    if (::mkdirat(folder->get(), name.c_str() + start, 0755) != 0 && errno != EEXIST)
      return system_error("make folder", root / name, errno);
    const int fd = open_at(folder->get(), name.c_str() + start, O_PATH | O_DIRECTORY, 0);
    if (fd < 0 && errno == ENOTDIR)
      return Error{ErrorCode::kInvalid, "make folder " + (root / name).string() + ": an object of that name is there"};
    if (fd < 0) return system_error("open", root / name, errno);
    *folder = FileDescriptor(fd);
  }
  return Done{};
}

void remove_empty_folders_beneath(const std::filesystem::path& root, std::string_view key) {
  for (std::size_t slash = key.rfind('/'); slash != std::string_view::npos; slash = key.rfind('/', slash - 1)) {
    const std::string_view name = key.substr(0, slash);
    const std::size_t above = name.rfind('/');
    Result<FileDescriptor> folder =
        open_beneath(root, above == std::string_view::npos ? "" : name.substr(0, above), O_PATH | O_DIRECTORY);
    const std::string last(name.substr(above == std::string_view::npos ? 0 : above + 1));
    if (!folder || ::unlinkat(folder->get(), last.c_str(), AT_REMOVEDIR) != 0) return;
    if (slash == 0) return;
  }
}

}  // namespace chiliad::store
