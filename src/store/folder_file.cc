#include "store/folder_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = 1 << 20;

std::int64_t nanos_of(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

ObjectInfo info_of(std::string_view key, const struct stat& info) {
  char etag[64];
  const int length =
      std::snprintf(etag, sizeof etag, "%llx-%llx-%llx", static_cast<unsigned long long>(nanos_of(info.st_mtim)),
                    static_cast<unsigned long long>(info.st_size), static_cast<unsigned long long>(info.st_ino));
  return {std::string(key), static_cast<std::uint64_t>(info.st_size),
          Instant(std::chrono::nanoseconds(nanos_of(info.st_mtim))),
          std::string(etag, static_cast<std::size_t>(length))};
}

// Now, but later than every answer before.
timespec unused_time() {
  static std::atomic<std::int64_t> last{0};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::int64_t time = nanos_of(now);
  std::int64_t before = last.load();
  do {
    time = std::max(time, before + 1);
  } while (!last.compare_exchange_weak(before, time));
  return {time / 1'000'000'000, time % 1'000'000'000};
}

Result<Done> in_time(Deadline deadline) {
  if (std::chrono::steady_clock::now() < deadline) return Done{};
  return Error{ErrorCode::kDeadline, "the time is used up"};
}

// All of `from` to `to`, in constant memory. Errors: kUnavailable when the source's size changes meanwhile.
Result<Done> copy(const FileDescriptor& from, const fs::path& from_path, const FileDescriptor& to,
                  const fs::path& to_path, Deadline deadline) {
  struct stat info {};
  if (::fstat(from.get(), &info) != 0) return system_error("stat", from_path, errno);
  std::string chunk(std::min(kChunk, static_cast<std::size_t>(info.st_size) + 1), '\0');
  std::uint64_t copied = 0;
  while (true) {
    Result<Done> time_left = in_time(deadline);
    if (!time_left) return time_left;
    const ssize_t got = ::read(from.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", from_path, errno);
    if (got == 0) break;
    Result<Done> put = write_all(to, std::string_view(chunk).substr(0, static_cast<std::size_t>(got)), to_path);
    if (!put) return put;
    copied += static_cast<std::uint64_t>(got);
  }
  if (copied != static_cast<std::uint64_t>(info.st_size))
    return Error{ErrorCode::kUnavailable, "read " + from_path.string() + ": its size changed meanwhile"};
  return Done{};
}

Result<TemporaryFile> TemporaryFile::make(const FileDescriptor& folder, const fs::path& path) {
  static std::atomic<std::uint64_t> counter{0};
  std::string name = ".chiliad-tmp-" + std::to_string(::getpid()) + "-s" + std::to_string(counter.fetch_add(1));
  FileDescriptor file(::openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return system_error("write", path, errno);
  return TemporaryFile(folder, std::move(name), std::move(file));
}

TemporaryFile::TemporaryFile(const FileDescriptor& folder, std::string name, FileDescriptor file)
    : folder_(&folder), name_(std::move(name)), file_(std::move(file)) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : folder_(other.folder_), name_(std::move(other.name_)), file_(std::move(other.file_)) {
  other.name_.clear();
}

TemporaryFile::~TemporaryFile() {
  if (!name_.empty()) ::unlinkat(folder_->get(), name_.c_str(), 0);
}

}  // namespace chiliad::store
