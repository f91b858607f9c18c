#include "store/tree_walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"

namespace chiliad::store {
namespace {

constexpr std::size_t kDeepest = 520;

unsigned char type_of(int folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat info {};
  if (::fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return S_ISREG(info.st_mode) ? DT_REG : S_ISDIR(info.st_mode) ? DT_DIR : S_ISLNK(info.st_mode) ? DT_LNK : DT_FIFO;
}

}  // namespace

std::string TreeWalk::enter(int parent, const char* name, std::string path) {
  if (levels_.size() >= kDeepest) return "deeper than a key can be";
  FileDescriptor file(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (levels_.empty() ? 0 : O_NOFOLLOW)));
  if (!file) return std::generic_category().message(errno);
  std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(file.get()));
  if (folder == nullptr) return std::generic_category().message(errno);
  static_cast<void>(file.release());  // The DIR owns it now.
  levels_.push_back({std::move(path), std::move(folder)});
  return "";
}

Result<std::optional<TreeWalk::Entry>> TreeWalk::next() {
  if (!begun_) {
    begun_ = true;
    errno = 0;
    if (!enter(AT_FDCWD, root_.c_str(), "").empty()) return system_error("list", root_, errno);
  }
  while (!levels_.empty()) {
    const Level& level = levels_.back();
    errno = 0;
    const dirent* entry = ::readdir(level.folder.get());
    if (entry == nullptr) {
      const int failure = errno;
      std::string path = level.path;
      levels_.pop_back();
      if (failure != 0) return std::optional(Entry{std::move(path), std::generic_category().message(failure)});
      continue;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const int folder = ::dirfd(level.folder.get());
    std::string path = level.path + entry->d_name;
    switch (type_of(folder, *entry)) {
      case DT_REG: return std::optional(Entry{std::move(path)});
      case DT_DIR: {
        std::string trouble = enter(folder, entry->d_name, path + "/");
        if (!trouble.empty()) return std::optional(Entry{std::move(path), std::move(trouble)});
        break;
      }
      case DT_LNK: return std::optional(Entry{std::move(path), "a symbolic link"});
      case DT_UNKNOWN: break;  // Gone meanwhile.
      default: return std::optional(Entry{std::move(path), "neither a file nor a folder"});
    }
  }
  return std::optional<Entry>();
}

}  // namespace chiliad::store
