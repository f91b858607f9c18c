#include "store/bucket_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "base/hash.h"
#include "store/beneath.h"
#include "store/buckets.h"
#include "store/folder_file.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNew = "new";
constexpr std::string_view kPart = "part";
constexpr std::uint64_t kKernelCopyPiece = std::uint64_t{64} << 20;
constexpr int kDeepestFolder = 600;  // A key of 1024 bytes has at most 512 parts.

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

FileStamp stamp_from(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_size),
          std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

std::string path_in_store(std::string_view bucket, std::string_view key, Place place) {
  return std::string(bucket) + "/" + path_of_key(key, place);
}

Result<FileDescriptor> create(const FileDescriptor& folder, std::uint64_t generation, const fs::path& path) {
  FileDescriptor file(
      ::openat(folder.get(), hex(generation).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return system_error("write", path, errno);
  return file;
}

Result<std::vector<std::uint64_t>> list_generations(const FileDescriptor& folder, const fs::path& path) {
  FileDescriptor file(::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return system_error("list", path, errno);
  const OpenFolder open(::fdopendir(file.get()));
  if (open == nullptr) return system_error("list", path, errno);
  static_cast<void>(file.release());
  std::vector<std::uint64_t> generations;
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    std::uint64_t generation = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), generation, 16);
    if (failed == std::errc() && end == name.data() + name.size() && name == hex(generation)) {
      generations.push_back(generation);
    } else if (name != "." && name != "..") {
      ::unlinkat(folder.get(), entry->d_name, 0);
    }
    errno = 0;
  }
  if (errno != 0) return system_error("list", path, errno);
  std::ranges::sort(generations);
  return generations;
}

// Removes the folder `name` of `parent` if there are only folders in it. `depth`: how far down it may go.
Result<Done> remove_folders(int parent, const char* name, const fs::path& path, int depth) {
  if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return Done{};
  const Error not_empty{ErrorCode::kConflict, "remove " + path.string() + ": there are files in it"};
  if (errno != ENOTEMPTY && errno != EEXIST) return errno == ENOTDIR ? not_empty : system_error("remove", path, errno);
  if (depth == 0) return not_empty;
  FileDescriptor file(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return system_error("remove", path, errno);
  const OpenFolder open(::fdopendir(file.get()));
  if (open == nullptr) return system_error("remove", path, errno);
  const int folder = file.release();
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view below = entry->d_name;
    if (below == "." || below == "..") continue;
    Result<Done> removed = remove_folders(folder, entry->d_name, path / below, depth - 1);
    if (!removed) return removed;
  }
  if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return Done{};
  return errno == ENOTEMPTY || errno == EEXIST ? not_empty : system_error("remove", path, errno);
}

}  // namespace

BucketFiles::BucketFiles(fs::path root, FileDescriptor store, FileDescriptor fresh, FileDescriptor parts)
    : root_(std::move(root)), store_(std::move(store)), new_(std::move(fresh)), parts_(std::move(parts)) {}

Result<BucketFiles> BucketFiles::open(const fs::path& root) {
  for (const std::string_view name : {kNew, kPart}) {
    std::error_code failed;
    fs::create_directories(root / kOwnFolder / name, failed);
    if (failed) return system_error("make folder", root / kOwnFolder / name, failed.value());
  }
  Result<FileDescriptor> store = open_file(root, O_PATH | O_DIRECTORY);
  if (!store) return std::move(store).error();
  Result<FileDescriptor> fresh = open_file(root / kOwnFolder / kNew, O_PATH | O_DIRECTORY);
  if (!fresh) return std::move(fresh).error();
  Result<FileDescriptor> parts = open_file(root / kOwnFolder / kPart, O_PATH | O_DIRECTORY);
  if (!parts) return std::move(parts).error();
  return BucketFiles(root, std::move(*store), std::move(*fresh), std::move(*parts));
}

std::uint64_t BucketFiles::new_generation() {
  const timespec time = unused_time();
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

fs::path BucketFiles::new_path(std::uint64_t generation) const { return root_ / kOwnFolder / kNew / hex(generation); }

fs::path BucketFiles::part_path(std::uint64_t generation) const { return root_ / kOwnFolder / kPart / hex(generation); }

Result<FileDescriptor> BucketFiles::create_new(std::uint64_t generation) const {
  return create(new_, generation, new_path(generation));
}

Result<FileDescriptor> BucketFiles::create_part(std::uint64_t generation) const {
  return create(parts_, generation, part_path(generation));
}

Result<FileStamp> BucketFiles::finish(const FileDescriptor& file, std::uint64_t generation,
                                      const fs::path& path) const {
  const timespec time = {static_cast<time_t>(generation / 1'000'000'000),
                         static_cast<long>(generation % 1'000'000'000)};
  const timespec times[2] = {time, time};
  if (::futimens(file.get(), times) != 0) return system_error("write", path, errno);
  return stamp_of(file, path);
}

Result<Done> BucketFiles::link_part(std::uint64_t part_generation, std::uint64_t generation) const {
  if (::linkat(parts_.get(), hex(part_generation).c_str(), new_.get(), hex(generation).c_str(), 0) == 0) return Done{};
  if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK)
    return Error{ErrorCode::kInvalid, "link " + part_path(part_generation).string() + ": no hard links here"};
  return system_error("link", part_path(part_generation), errno);
}

void BucketFiles::remove_new(std::uint64_t generation) const { ::unlinkat(new_.get(), hex(generation).c_str(), 0); }

void BucketFiles::remove_part(std::uint64_t generation) const { ::unlinkat(parts_.get(), hex(generation).c_str(), 0); }

bool BucketFiles::has_new(std::uint64_t generation) const {
  return ::faccessat(new_.get(), hex(generation).c_str(), F_OK, 0) == 0;
}

Result<std::vector<std::uint64_t>> BucketFiles::list_new() const {
  return list_generations(new_, root_ / kOwnFolder / kNew);
}

Result<std::vector<std::uint64_t>> BucketFiles::list_parts() const {
  return list_generations(parts_, root_ / kOwnFolder / kPart);
}

fs::path BucketFiles::object_path(std::string_view bucket, std::string_view key, Place place) const {
  return root_ / path_in_store(bucket, key, place);
}

Result<FileDescriptor> BucketFiles::open_object(std::string_view bucket, std::string_view key, Place place) const {
  const std::string path = path_in_store(bucket, key, place);
  // O_NONBLOCK: a named pipe must not hold us.
  Result<FileDescriptor> file = open_beneath(store_, root_, path, O_RDONLY | O_NONBLOCK);
  if (!file && file.error().code == ErrorCode::kInvalid) {
    Error error = std::move(file).error();
    error.code = ErrorCode::kNotFound;
    return error;
  }
  return file;
}

Result<FileStamp> BucketFiles::stat_object(std::string_view bucket, std::string_view key, Place place) const {
  const std::string path = path_in_store(bucket, key, place);
  Result<FileDescriptor> file = open_beneath(store_, root_, path, O_PATH | O_NOFOLLOW);
  if (!file) {
    Error error = std::move(file).error();
    if (error.code == ErrorCode::kInvalid) error.code = ErrorCode::kNotFound;
    return error;
  }
  return stamp_of(*file, root_ / path);
}

Result<Place> BucketFiles::choose_place(std::string_view bucket, std::string_view key) const {
  for (const Place place : {Place::kPlain, Place::kEscaped}) {
    if (place == Place::kPlain && !has_plain_path(key)) continue;
    const std::string path = path_in_store(bucket, key, place);
    const std::size_t slash = path.rfind('/');
    Result<FileDescriptor> folder = open_beneath(store_, root_, path.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!folder) {
      if (folder.error().code != ErrorCode::kNotFound && folder.error().code != ErrorCode::kInvalid)
        return std::move(folder).error();
      Result<Done> made = make_folders_beneath(root_, path);
      if (made) return place;  // New folders: nothing stands there.
      if (made.error().code == ErrorCode::kInvalid && place == Place::kPlain) continue;
      return std::move(made).error();
    }
    struct stat info {};
    const bool there = ::fstatat(folder->get(), path.c_str() + slash + 1, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there || S_ISREG(info.st_mode)) return place;
  }
  return Error{ErrorCode::kInvalid, "write " + object_path(bucket, key, Place::kEscaped).string() +
                                        ": something that is no file stands there; move it away"};
}

Result<Done> BucketFiles::move_into_place(std::uint64_t generation, std::string_view bucket, std::string_view key,
                                          Place place) const {
  const std::string path = path_in_store(bucket, key, place);
  const std::size_t slash = path.rfind('/');
  for (int attempt = 0;; ++attempt) {
    Result<FileDescriptor> folder = open_beneath(store_, root_, path.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!folder) {
      if (attempt > 0 || folder.error().code != ErrorCode::kNotFound) return std::move(folder).error();
      Result<Done> made = make_folders_beneath(root_, path);
      if (!made) return made;
      continue;
    }
    if (::renameat(new_.get(), hex(generation).c_str(), folder->get(), path.c_str() + slash + 1) == 0) return Done{};
    if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
      return Error{ErrorCode::kInvalid, "move to " + (root_ / path).string() + ": a folder of that name is there"};
    return system_error("move to", root_ / path, errno);
  }
}

Result<Done> BucketFiles::remove(std::string_view bucket, std::string_view key, Place place) const {
  const std::string path = path_in_store(bucket, key, place);
  const std::size_t slash = path.rfind('/');
  {
    Result<FileDescriptor> folder = open_beneath(store_, root_, path.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!folder) {
      const ErrorCode code = folder.error().code;
      if (code == ErrorCode::kNotFound || code == ErrorCode::kInvalid) return Done{};
      return std::move(folder).error();
    }
    if (::unlinkat(folder->get(), path.c_str() + slash + 1, 0) != 0) {
      // A folder or nothing stands there: not the object.
      if (errno == ENOENT || errno == EISDIR || errno == EPERM) return Done{};
      return system_error("remove", root_ / path, errno);
    }
  }
  if (slash > bucket.size()) remove_empty_folders_beneath(root_ / bucket, path_of_key(key, place));
  return Done{};
}

Result<Done> BucketFiles::make_bucket_folder(std::string_view bucket) const {
  const std::string name(bucket);
  if (::mkdirat(store_.get(), name.c_str(), 0755) == 0) return Done{};
  const int failure = errno;
  struct stat info {};
  if (failure == EEXIST && ::fstatat(store_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISDIR(info.st_mode))
    return Done{};
  return system_error("make folder", root_ / name, failure);
}

Result<Done> BucketFiles::remove_bucket_folder(std::string_view bucket) const {
  return remove_folders(store_.get(), std::string(bucket).c_str(), root_ / bucket, kDeepestFolder);
}

Result<std::vector<std::string>> BucketFiles::list_bucket_folders() const {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator it(root_, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code unknown;
    std::string name = it->path().filename().string();
    if (wrong_with_bucket_name(name).empty() && it->symlink_status(unknown).type() == fs::file_type::directory)
      names.push_back(std::move(name));
  }
  if (failed) return system_error("list", root_, failed.value());
  std::ranges::sort(names);
  return names;
}

Result<FileStamp> stamp_of(const FileDescriptor& file, const fs::path& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return system_error("stat", path, errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kNotFound, path.string() + ": no plain file"};
  return stamp_from(info);
}

namespace {

// For file systems (or pairs of them) where the kernel does not copy by itself.
Result<Done> copy_by_hand(const FileDescriptor& from, const fs::path& from_path, const FileDescriptor& to,
                          const fs::path& to_path, std::uint64_t length) {
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(length, 1 << 20)), '\0');
  while (length > 0) {
    const ssize_t got = ::read(from.get(), piece.data(), std::min<std::uint64_t>(length, piece.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", from_path, errno);
    if (got == 0) return Error{ErrorCode::kUnavailable, "read " + from_path.string() + ": cut shorter meanwhile"};
    Result<Done> put = write_all(to, std::string_view(piece).substr(0, static_cast<std::size_t>(got)), to_path);
    if (!put) return put;
    length -= static_cast<std::uint64_t>(got);
  }
  return Done{};
}

}  // namespace

Result<Done> copy_bytes(const FileDescriptor& from, const fs::path& from_path, const FileDescriptor& to,
                        const fs::path& to_path, std::uint64_t length) {
  while (length > 0) {
    const std::size_t allowed = take_from_pretended_disk(std::min(length, kKernelCopyPiece));
    if (allowed == 0) return system_error("write", to_path, ENOSPC);
    const ssize_t copied = ::copy_file_range(from.get(), nullptr, to.get(), nullptr, allowed, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
      return copy_by_hand(from, from_path, to, to_path, length);
    if (copied < 0) return system_error("copy", to_path, errno);
    if (copied == 0) return Error{ErrorCode::kUnavailable, "copy " + from_path.string() + ": cut shorter meanwhile"};
    length -= static_cast<std::uint64_t>(copied);
  }
  return Done{};
}

}  // namespace chiliad::store
