#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace chiliad {
namespace {

std::atomic<std::uint64_t> writes_left{UINT64_MAX};

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Error system_error(std::string_view action, const std::filesystem::path& path, int error_number) {
  ErrorCode code = ErrorCode::kUnavailable;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: code = ErrorCode::kNotFound; break;
    case ENOSPC:
    case EDQUOT: code = ErrorCode::kNoSpace; break;
    case EACCES:
    case EPERM:
    case EROFS: code = ErrorCode::kForbidden; break;
    case ENAMETOOLONG:
    case EISDIR:
    case ELOOP: code = ErrorCode::kInvalid; break;
    default: break;
  }
  return Error{code, std::string(action) + " " + path.string() + ": " + std::generic_category().message(error_number)};
}

Result<FileDescriptor> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return system_error("open", path, errno);
  return FileDescriptor(fd);
}

namespace {

Error too_large(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return Error{ErrorCode::kTooLarge,
               "read " + path.string() + ": larger than the limit of " + std::to_string(max_bytes) + " bytes"};
}

// What it is, where it is no plain file.
std::string_view kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Result<std::string> read_all(const FileDescriptor& file, const std::filesystem::path& path, std::uint64_t size_known,
                             std::uint64_t max_bytes) {
  if (size_known > max_bytes) return too_large(path, max_bytes);
  std::string bytes;
  std::size_t size = 0;
  bytes.resize(static_cast<std::size_t>(size_known) + 1);
  while (true) {
    if (size == bytes.size()) bytes.resize(size * 2);
    const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    size += static_cast<std::size_t>(got);
    if (size > max_bytes) return too_large(path, max_bytes);
    if (got == 0) break;
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a named pipe waits for nobody.
  Result<FileDescriptor> file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::move(file).error();
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return system_error("stat", path, errno);
  if (S_ISDIR(info.st_mode)) return system_error("read", path, EISDIR);
  if (!S_ISREG(info.st_mode))
    return Error{ErrorCode::kInvalid,
                 "read " + path.string() + ": expected a plain file, it is " + std::string(kind_of(info.st_mode))};
  return read_all(*file, path, static_cast<std::uint64_t>(info.st_size), max_bytes);
}

Result<std::string> read_file_or_pipe(const std::filesystem::path& path, std::uint64_t max_bytes) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY | O_NOCTTY);
  if (!file) return std::move(file).error();
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return system_error("stat", path, errno);
  if (S_ISDIR(info.st_mode)) return system_error("read", path, EISDIR);
  return read_all(*file, path, S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0, max_bytes);
}

Result<Done> write_all(const FileDescriptor& file, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const std::size_t allowed = take_from_pretended_disk(bytes.size());
    if (allowed == 0) return system_error("write", path, ENOSPC);
    const ssize_t put = ::write(file.get(), bytes.data(), allowed);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Done{};
}

Result<Done> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, Durability durability) {
  static std::atomic<std::uint64_t> counter{0};
  const std::filesystem::path temporary =
      path.parent_path() / (".chiliad-tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)));
  Result<FileDescriptor> file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::move(file).error();
  Result<Done> written = write_all(*file, bytes, path);
  if (written && durability == Durability::kSync && ::fsync(file->get()) != 0)
    written = system_error("fsync", path, errno);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = system_error("rename", path, errno);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (durability == Durability::kSync) return sync_folder(path.parent_path().empty() ? "." : path.parent_path());
  return Done{};
}

Result<Done> sync_folder(const std::filesystem::path& folder) {
  Result<FileDescriptor> file = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!file) return std::move(file).error();
  if (::fsync(file->get()) != 0) return system_error("fsync", folder, errno);
  return Done{};
}

Result<Done> sync_file_system(const std::filesystem::path& path) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return std::move(file).error();
  if (::syncfs(file->get()) != 0) return system_error("syncfs", path, errno);
  return Done{};
}

Result<TempFolder> TempFolder::make() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/chiliad-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return system_error("make folder", pattern, errno);
  return TempFolder(pattern);
}

TempFolder& TempFolder::operator=(TempFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

void fail_writes_after(std::uint64_t bytes) { writes_left.store(bytes); }

std::size_t take_from_pretended_disk(std::size_t wanted) {
  std::uint64_t left = writes_left.load(std::memory_order_relaxed);
  if (left == UINT64_MAX) return wanted;
  std::uint64_t taken = 0;
  do {
    taken = left < wanted ? left : wanted;
  } while (!writes_left.compare_exchange_weak(left, left - taken));
  return static_cast<std::size_t>(taken);
}

}  // namespace chiliad
