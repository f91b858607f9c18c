#include "process/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "process/process.h"
#include "process/user_namespace.h"

namespace chiliad::process {
namespace {

constexpr int kEntriesBetweenQuestions = 1000;
// Where remove_tree() stops to descend and moves the rest to the top instead.
constexpr int kRemoveDepth = 64;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

OpenFolder open_folder(int at, const char* name) {
  const int fd = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return nullptr;
  OpenFolder folder(::fdopendir(fd));
  if (!folder) ::close(fd);
  return folder;
}

// The next entry's name; nullptr: no more.
const char* next_name(DIR* folder) {
  while (const dirent* entry = ::readdir(folder)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) return entry->d_name;
  }
  return nullptr;
}

// visit(folder's descriptor, name, stat) for everything below; false ends the walk. deep() is told what is not visited.
template <class Visit, class Deep>
void walk(OpenFolder top, Visit visit, Deep deep) {
  std::vector<OpenFolder> open;
  open.push_back(std::move(top));
  while (!open.empty()) {
    const char* name = next_name(open.back().get());
    if (name == nullptr) {
      open.pop_back();
      continue;
    }
    const int at = ::dirfd(open.back().get());
    struct stat info {};
    if (::fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!visit(at, name, info)) return;
    if (!S_ISDIR(info.st_mode)) continue;
    if (open.size() >= kMaxDepth) {
      if (!deep()) return;
      continue;
    }
    if (OpenFolder inner = open_folder(at, name)) open.push_back(std::move(inner));
  }
}

std::uint64_t share_of(const struct stat& info) {
  const auto bytes = static_cast<std::uint64_t>(info.st_blocks) * 512;
  const std::uint64_t names = S_ISDIR(info.st_mode) ? 1 : std::max<std::uint64_t>(info.st_nlink, 1);
  return std::max(bytes / names, kEntryBytes);
}

}  // namespace

std::uint64_t folder_bytes(std::span<const std::filesystem::path> folders, std::uint64_t enough,
                           const std::function<bool()>& go_on) {
  std::uint64_t bytes = 0;
  int entries = 0;
  bool ended = false;
  const auto count = [&](int, const char*, const struct stat& info) {
    bytes += share_of(info);
    if (++entries % kEntriesBetweenQuestions == 0 && !go_on()) ended = true;
    if (bytes > enough) ended = true;
    return !ended;
  };
  const auto deep = [&] {
    bytes = std::numeric_limits<std::uint64_t>::max();
    ended = true;
    return false;
  };
  for (const std::filesystem::path& folder : folders) {
    struct stat info {};
    if (ended || ::lstat(folder.c_str(), &info) != 0) continue;
    bytes += share_of(info);
    if (OpenFolder top = open_folder(AT_FDCWD, folder.c_str())) walk(std::move(top), count, deep);
  }
  return bytes;
}

Result<Done> give_to(const std::filesystem::path& path, unsigned user) {
  std::optional<Error> wrong;
  const auto give = [&](int at, const char* name, const struct stat& info) {
    if (info.st_uid == user && info.st_gid == user) return true;
    if (!S_ISDIR(info.st_mode) && info.st_nlink > 1 && info.st_uid != user) {
      wrong = Error{
          ErrorCode::kInvalid,
          fmt::format("'{}' below {} has a second name: whoever writes here would write there", name, path.string())};
    } else if (::fchownat(at, name, user, user, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT) {
      wrong = system_error("change the owner of", path / name, errno);
    }
    return !wrong;
  };
  const auto deep = [&] {
    wrong = Error{ErrorCode::kInvalid, fmt::format("{}: folders are nested deeper than {}", path.string(), kMaxDepth)};
    return false;
  };
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return system_error("look at", path, errno);
  if (give(AT_FDCWD, path.c_str(), info) && S_ISDIR(info.st_mode)) {
    OpenFolder top = open_folder(AT_FDCWD, path.c_str());
    if (!top) return system_error("open", path, errno);
    walk(std::move(top), give, deep);
  }
  if (wrong) return *std::move(wrong);
  return Done{};
}

namespace {

// Removes what is below a folder; what lies too deep it moves up to the top, where the caller comes past again.
class Removal {
 public:
  explicit Removal(DIR* top) : top_(::dirfd(top)) {
    // Not to be guessed: a name that is taken would stop the removal.
    static_cast<void>(!::getrandom(&moved_, sizeof moved_, 0));
  }

  // False with errno set when something stays.
  bool below(DIR* folder, int depth) {
    const int at = ::dirfd(folder);
    struct stat info {};
    if (::fstat(at, &info) == 0 && (info.st_mode & S_IRWXU) != S_IRWXU) ::fchmod(at, S_IRWXU);
    while (const char* name = next_name(folder)) {
      if (::unlinkat(at, name, 0) == 0 || errno == ENOENT) continue;
      if (errno != EISDIR && errno != EPERM) return false;
      if (!inner(at, name, depth)) return false;
    }
    return true;
  }

 private:
  bool inner(int at, const char* name, int depth) {
    if (::unlinkat(at, name, AT_REMOVEDIR) == 0) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) return false;
    // Its owner may have forbidden itself to read it. No link: a folder that is not empty.
    ::fchmodat(at, name, S_IRWXU, 0);
    if (depth >= kRemoveDepth) {
      const std::string moved = fmt::format(".chiliad-removed-{}", moved_++);
      return ::renameat(at, name, top_, moved.c_str()) == 0;
    }
    OpenFolder folder = open_folder(at, name);
    return folder && below(folder.get(), depth + 1) && ::unlinkat(at, name, AT_REMOVEDIR) == 0;
  }

  int top_;
  std::uint64_t moved_ = 0;
};

Result<Done> remove_own_tree(const std::filesystem::path& folder) {
  OpenFolder top = open_folder(AT_FDCWD, folder.c_str());
  if (!top && errno == EACCES && ::chmod(folder.c_str(), S_IRWXU) == 0) top = open_folder(AT_FDCWD, folder.c_str());
  if (!top) return errno == ENOENT ? Result<Done>(Done{}) : system_error("open", folder, errno);
  Removal removal(top.get());
  // Again while folders were moved to the top behind the place where it was being read.
  while (::rmdir(folder.c_str()) != 0) {
    if (errno == ENOENT) break;
    if (errno != ENOTEMPTY && errno != EEXIST) return system_error("remove", folder, errno);
    ::rewinddir(top.get());
    if (!removal.below(top.get(), 0)) return system_error("empty", folder, errno);
  }
  return Done{};
}

// As the root of a namespace in which they are users.
bool remove_tree_of_subordinates(const std::filesystem::path& folder) {
  const Result<Process> started = start_in_user_namespace(
      {"/bin/sh",
       {"-c", "exec rm -rf --one-file-system -- \"$1\" 2>/dev/null", "sh", std::filesystem::absolute(folder)},
       {"PATH=/usr/bin:/bin"},
       "/"});
  if (!started) return false;
  ::pollfd polled{started->ended(), POLLIN, 0};
  while (::poll(&polled, 1, -1) < 0 && errno == EINTR) {
  }
  return ::access(folder.c_str(), F_OK) != 0;
}

}  // namespace

Result<Done> remove_tree(const std::filesystem::path& folder) {
  Result<Done> done = remove_own_tree(folder);
  if (done || done.error().code != ErrorCode::kForbidden || ::geteuid() == 0) return done;
  return remove_tree_of_subordinates(folder) ? Result<Done>(Done{}) : std::move(done);
}

}  // namespace chiliad::process
