// A store in a folder of the local file system. The object "a/b" is the file root/a/b.
//
// Writing: into ".chiliad-tmp-<process>-<n>" beside the object, then rename(2), so a reader sees the old bytes or the
// new ones. only_if_absent is renameat2(RENAME_NOREPLACE), atomic among all processes. only_if_etag compares and
// renames under a lock: one of 64 in this process (by key), which plain puts take for their rename too, and flock(2) on
// root/.chiliad-lock among processes; only a plain put of another process, or an ordinary tool, can come in between.
// Holding a lock over the rename is what makes the comparison true; nothing else is done under it.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <utility>

#include "base/mutex.h"
#include "store/beneath.h"
#include "store/folder_file.h"
#include "store/folder_listing.h"
#include "store/key.h"
#include "store/object_store.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;

// Folders that went while they were made, for one put: a busy machine was seen to lose eight in a row.
constexpr int kMostFoldersLost = 1000;
constexpr std::uint64_t kMostInMemory = std::uint64_t{1} << 30;

// Writes a file's contents, piece by piece.
using Writer = std::function<Result<Done>(const FileDescriptor& file)>;

class FolderStore final : public ObjectStore {
 public:
  explicit FolderStore(const fs::path& root) : root_(root), listing_(root) {}

  std::string location() const override { return root_.string(); }
  Result<std::string> get(std::string_view key, const ByteRange& range, Deadline deadline) override;
  Result<ObjectInfo> put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                         Deadline deadline) override;
  Result<ObjectInfo> download(std::string_view key, const fs::path& to, Deadline deadline) override;
  Result<ObjectInfo> upload(const fs::path& from, std::string_view key, Deadline deadline) override;
  Result<ObjectInfo> head(std::string_view key, Deadline deadline) override;
  Result<Done> remove(std::string_view key, Deadline deadline) override;
  Result<ListPage> list(const ListRequest& request, Deadline deadline) override {
    return listing_.list(request, deadline);
  }
  Result<Done> sync() override { return sync_file_system(root_); }

 private:
  Result<Done> check(std::string_view key, Deadline deadline) const;
  Error about(std::string_view key, Error error) const;
  Result<FileDescriptor> open_object(std::string_view key, struct stat& info) const;
  Result<ObjectInfo> write(std::string_view key, const Writer& writer, const PutCondition& condition);
  Result<Done> move_into_place(std::string_view key, const FileDescriptor& folder, const std::string& temporary,
                               const PutCondition& condition);
  Result<Done> compare(std::string_view key, const std::string& etag) const;
  Mutex& mutex_of(std::string_view key) { return replacing_[std::hash<std::string_view>()(key) % replacing_.size()]; }

  const fs::path root_;
  std::array<Mutex, 64> replacing_;
  FolderListing listing_;
};

Result<Done> FolderStore::check(std::string_view key, Deadline deadline) const {
  Result<Done> good = check_key(key, location());
  if (!good) return good;
  Result<Done> time_left = in_time(deadline);
  if (!time_left) return about(key, std::move(time_left).error());
  return Done{};
}

Error FolderStore::about(std::string_view key, Error error) const {
  return about_key(location(), key, std::move(error));
}

// Errors: kNotFound also for a folder, a link or anything else that is no plain file.
Result<FileDescriptor> FolderStore::open_object(std::string_view key, struct stat& info) const {
  // O_NONBLOCK: a named pipe must not hold us.
  Result<FileDescriptor> file = open_beneath(root_, key, O_RDONLY | O_NONBLOCK);
  if (!file) {
    Error error = std::move(file).error();
    if (error.code == ErrorCode::kInvalid) error.code = ErrorCode::kNotFound;
    return error;
  }
  if (::fstat(file->get(), &info) != 0) return system_error("stat", root_ / key, errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kNotFound, "no plain file"};
  return file;
}

Result<std::string> FolderStore::get(std::string_view key, const ByteRange& range, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  struct stat info {};
  Result<FileDescriptor> file = open_object(key, info);
  if (!file) return about(key, std::move(file).error());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (range.offset > 0 && range.offset >= size)
    return about(key, {ErrorCode::kInvalid, "offset " + std::to_string(range.offset) + " is past the end of its " +
                                                std::to_string(size) + " bytes"});
  const std::uint64_t length = std::min(range.length, size - range.offset);
  if (length > kMostInMemory)
    return about(key, {ErrorCode::kTooLarge, std::to_string(length) + " bytes; over 1 GiB use download or a range"});
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        ::pread(file->get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(range.offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return about(key, system_error("read", root_ / key, errno));
    if (got == 0) return about(key, {ErrorCode::kUnavailable, "cut shorter while it was read"});
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<ObjectInfo> FolderStore::put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                                    Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Result<ObjectInfo> put = write(
      key, [&](const FileDescriptor& file) { return write_all(file, bytes, root_ / key); }, condition);
  if (!put) return about(key, std::move(put).error());
  return put;
}

Result<ObjectInfo> FolderStore::write(std::string_view key, const Writer& writer, const PutCondition& condition) {
  const std::size_t slash = key.rfind('/');
  const std::string_view above = slash == std::string_view::npos ? "" : key.substr(0, slash);
  // The folder may be missing, or be removed with its last object while we begin.
  for (int attempt = 0;; ++attempt) {
    Result<FileDescriptor> folder = open_beneath(root_, above, O_PATH | O_DIRECTORY);
    Result<TemporaryFile> temporary =
        folder ? TemporaryFile::make(*folder, root_ / key) : Result<TemporaryFile>(folder.error());
    if (!temporary) {
      if (temporary.error().code != ErrorCode::kNotFound || attempt == kMostFoldersLost)
        return std::move(temporary).error();
      std::error_code failed;
      fs::create_directories(root_, failed);
      if (failed) return system_error("make folder", root_, failed.value());
      Result<Done> made = make_folders_beneath(root_, key);
      if (!made && made.error().code != ErrorCode::kNotFound) return std::move(made).error();
      continue;
    }
    Result<Done> written = writer(temporary->file());
    if (!written) return std::move(written).error();
    const std::array<timespec, 2> times = {unused_time(), unused_time()};
    struct stat info {};
    if (::futimens(temporary->file().get(), times.data()) != 0 || ::fstat(temporary->file().get(), &info) != 0)
      return system_error("write", root_ / key, errno);
    Result<Done> moved = move_into_place(key, *folder, temporary->name(), condition);
    if (!moved) return std::move(moved).error();
    temporary->keep();
    return info_of(key, info);
  }
}

Result<Done> FolderStore::compare(std::string_view key, const std::string& etag) const {
  struct stat info {};
  Result<FileDescriptor> file = open_object(key, info);
  if (!file && file.error().code != ErrorCode::kNotFound) return std::move(file).error();
  if (!file) return Error{ErrorCode::kConflict, "there is no such object, but ETag " + etag + " was expected"};
  const std::string now = info_of(key, info).etag;
  if (now != etag) return Error{ErrorCode::kConflict, "its ETag is " + now + ", not " + etag + ": changed meanwhile"};
  return Done{};
}

Result<Done> FolderStore::move_into_place(std::string_view key, const FileDescriptor& folder,
                                          const std::string& temporary, const PutCondition& condition) {
  const std::string name(key.substr(key.rfind('/') + 1));
  if (condition.only_if_absent) {
    if (::renameat2(folder.get(), temporary.c_str(), folder.get(), name.c_str(), RENAME_NOREPLACE) == 0) return Done{};
    // Some network file systems cannot; a second name for the file refuses to replace just as well.
    if (errno == EINVAL && ::linkat(folder.get(), temporary.c_str(), folder.get(), name.c_str(), 0) == 0) {
      ::unlinkat(folder.get(), temporary.c_str(), 0);
      return Done{};
    }
    if (errno == EEXIST) return Error{ErrorCode::kConflict, "it exists already"};
    return system_error("rename", root_ / key, errno);
  }
  FileDescriptor lock;
  if (condition.only_if_etag) {
    Result<FileDescriptor> opened = open_file(root_ / ".chiliad-lock", O_RDWR | O_CREAT);
    if (!opened) return std::move(opened).error();
    lock = std::move(*opened);
    if (::flock(lock.get(), LOCK_EX) != 0) return system_error("lock", root_ / ".chiliad-lock", errno);
  }
  MutexLock replacing(mutex_of(key));
  if (condition.only_if_etag) {
    Result<Done> same = compare(key, *condition.only_if_etag);
    if (!same) return same;
  }
  if (::renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) == 0) return Done{};
  if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
    return Error{ErrorCode::kInvalid, "a folder of that name is there, with objects below it"};
  return system_error("rename", root_ / key, errno);
}

Result<ObjectInfo> FolderStore::download(std::string_view key, const fs::path& to, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  struct stat info {};
  Result<FileDescriptor> from = open_object(key, info);
  if (!from) return about(key, std::move(from).error());
  Result<FileDescriptor> folder = open_file(to.has_parent_path() ? to.parent_path() : ".", O_PATH | O_DIRECTORY);
  if (!folder) return about(key, std::move(folder).error());
  Result<TemporaryFile> temporary = TemporaryFile::make(*folder, to);
  if (!temporary) return about(key, std::move(temporary).error());
  Result<Done> copied = copy(*from, root_ / key, temporary->file(), to, deadline);
  if (!copied) return about(key, std::move(copied).error());
  if (::renameat(folder->get(), temporary->name().c_str(), folder->get(), to.filename().c_str()) != 0)
    return about(key, system_error("rename", to, errno));
  temporary->keep();
  return info_of(key, info);
}

Result<ObjectInfo> FolderStore::upload(const fs::path& from, std::string_view key, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Result<FileDescriptor> source = open_file(from, O_RDONLY);
  if (!source) return about(key, std::move(source).error());
  Result<ObjectInfo> put =
      write(key, [&](const FileDescriptor& file) { return copy(*source, from, file, root_ / key, deadline); }, {});
  if (!put) return about(key, std::move(put).error());
  return put;
}

Result<ObjectInfo> FolderStore::head(std::string_view key, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  struct stat info {};
  Result<FileDescriptor> file = open_object(key, info);
  if (!file) return about(key, std::move(file).error());
  return info_of(key, info);
}

Result<Done> FolderStore::remove(std::string_view key, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return good;
  const std::size_t slash = key.rfind('/');
  Result<FileDescriptor> folder =
      open_beneath(root_, slash == std::string_view::npos ? "" : key.substr(0, slash), O_PATH | O_DIRECTORY);
  if (!folder) {
    const ErrorCode code = folder.error().code;
    if (code == ErrorCode::kNotFound || code == ErrorCode::kInvalid) return Done{};
    return about(key, std::move(folder).error());
  }
  const std::string name(key.substr(slash + 1));  // npos + 1 is 0.
  struct stat info {};
  if (::fstatat(folder->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) return Done{};
  {
    MutexLock replacing(mutex_of(key));
    if (::unlinkat(folder->get(), name.c_str(), 0) != 0 && errno != ENOENT)
      return about(key, system_error("remove", root_ / key, errno));
  }
  remove_empty_folders_beneath(root_, key);
  return Done{};
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_folder(const fs::path& root) {
  std::error_code failed;
  fs::create_directories(root, failed);
  std::error_code unknown;
  if (!fs::is_directory(root, unknown))
    return Error{ErrorCode::kInvalid, "open folder " + root.string() + ": " +
                                          (failed ? failed.message() : "there is something else of that name")};
  return std::unique_ptr<ObjectStore>(std::make_unique<FolderStore>(root));
}

}  // namespace chiliad::store
