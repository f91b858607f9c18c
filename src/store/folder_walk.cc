#include "store/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>

#include "base/file.h"
#include "store/beneath.h"
#include "store/key.h"

namespace chiliad::store {
namespace {

constexpr std::string_view kTemporary = ".chiliad-tmp-";
constexpr std::time_t kDay = 24 * 60 * 60;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// What a put leaves that was killed. A day without a write: nobody is at it any more.
void remove_if_abandoned(DIR* folder, const char* name) {
  struct stat info {};
  if (::fstatat(::dirfd(folder), name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
      info.st_mtime < std::time(nullptr) - kDay)
    ::unlinkat(::dirfd(folder), name, 0);
}

enum class Kind { kFile, kFolder, kOther };

Kind kind_of(DIR* folder, const dirent& entry) {
  if (entry.d_type == DT_REG) return Kind::kFile;
  if (entry.d_type == DT_DIR) return Kind::kFolder;
  if (entry.d_type != DT_UNKNOWN) return Kind::kOther;
  struct stat info {};
  if (::fstatat(::dirfd(folder), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return Kind::kOther;
  return S_ISREG(info.st_mode) ? Kind::kFile : S_ISDIR(info.st_mode) ? Kind::kFolder : Kind::kOther;
}

}  // namespace

FolderWalk::FolderWalk(std::filesystem::path root, std::string prefix)
    : root_(std::move(root)), prefix_(std::move(prefix)), bound_(prefix_) {}

void FolderWalk::skip_to(std::string bound) {
  if (bound <= bound_) return;
  bound_ = std::move(bound);
  // Folders whose keys all lie before the bound are done with.
  while (!open_.empty() && bound_ > open_.back().key && !bound_.starts_with(open_.back().key)) open_.pop_back();
  for (Folder& folder : open_) position(folder);
}

// Moves to the first name that is not wholly before the bound.
void FolderWalk::position(Folder& folder) const {
  if (bound_.size() <= folder.key.size() || !bound_.starts_with(folder.key)) return;
  const std::string_view rest = std::string_view(bound_).substr(folder.key.size());
  const auto first = folder.names.begin() + static_cast<std::ptrdiff_t>(folder.at);
  const auto found = std::partition_point(first, folder.names.end(), [&](const Name& name) {
    return name.name < rest && !(name.is_folder() && rest.starts_with(name.name));
  });
  folder.at = static_cast<std::size_t>(found - folder.names.begin());
}

Result<Done> FolderWalk::enter(std::string key) {
  const std::filesystem::path path = root_ / key;
  Result<FileDescriptor> file = open_beneath(root_, key, O_RDONLY | O_DIRECTORY);
  if (!file) {
    const ErrorCode code = file.error().code;
    // Gone since it was seen, or (the prefix) a file or a link: nothing below it.
    if (code == ErrorCode::kNotFound || code == ErrorCode::kInvalid) return Done{};
    return std::move(file).error();
  }
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(file->get()));
  if (folder == nullptr) return system_error("list", path, errno);
  static_cast<void>(file->release());  // The DIR owns it now.
  Folder entered{std::move(key), {}, 0};
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with(kTemporary)) remove_if_abandoned(folder.get(), entry->d_name);
    if (is_key_part(name)) {
      const Kind kind = kind_of(folder.get(), *entry);
      if (kind != Kind::kOther) entered.names.push_back({std::string(name) + (kind == Kind::kFolder ? "/" : "")});
    }
    errno = 0;
  }
  if (errno != 0) return system_error("list", path, errno);
  std::sort(entered.names.begin(), entered.names.end(), [](const Name& a, const Name& b) { return a.name < b.name; });
  position(entered);
  open_.push_back(std::move(entered));
  return Done{};
}

Result<std::optional<std::string>> FolderWalk::next() {
  if (!begun_) {
    begun_ = true;
    // Only what lies in the prefix's own folder can match.
    const std::size_t slash = prefix_.rfind('/');
    const std::string first = slash == std::string::npos ? "" : prefix_.substr(0, slash + 1);
    if (!first.empty() && !wrong_with_key(first.substr(0, slash)).empty()) return std::optional<std::string>();
    Result<Done> entered = enter(first);
    if (!entered) return std::move(entered).error();
  }
  while (!open_.empty()) {
    Folder& folder = open_.back();
    if (folder.at == folder.names.size()) {
      open_.pop_back();
      continue;
    }
    const Name& name = folder.names[folder.at++];
    std::string key = folder.key + name.name;
    if (!key.starts_with(prefix_)) {
      if (key > prefix_) open_.clear();  // In the prefix's own folder: below it, all keys start with the prefix.
      continue;
    }
    if (name.is_folder()) {
      Result<Done> entered = enter(std::move(key));
      if (!entered) return std::move(entered).error();
      continue;
    }
    if (wrong_with_key(key).empty()) return std::optional<std::string>(std::move(key));
  }
  return std::optional<std::string>();
}

std::size_t FolderWalk::names_held() const {
  std::size_t count = 0;
  for (const Folder& folder : open_) count += folder.names.size();
  return count;
}

std::string after_all_with(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && bound.back() == '\xFF') bound.pop_back();
  if (!bound.empty()) bound.back() = static_cast<char>(static_cast<unsigned char>(bound.back()) + 1);
  return bound;
}

}  // namespace chiliad::store
