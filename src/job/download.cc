#include "job/download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/file.h"
#include "job/location.h"
#include "job/parallel.h"
#include "table/gunzip.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::uint64_t kLookEvery = std::uint64_t{64} << 20;  // At the free disk, while a gzip grows.

std::string unpacked_name(std::string_view name, bool gzip) {
  if (gzip && name.ends_with(".gz") && name.size() > 3) name.remove_suffix(3);
  return std::string(name);
}

Result<Done> make_folders(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    if (failure == std::errc::not_a_directory || failure == std::errc::file_exists)
      return Error{ErrorCode::kConflict, "is below a name that is a file"};
    return system_error("make", folder, failure.value());
  }
  return Done{};
}

Result<Done> check_free_name(const fs::path& to) {
  struct stat info {};
  if (::lstat(to.c_str(), &info) == 0) {
    return Error{ErrorCode::kConflict,
                 S_ISDIR(info.st_mode) ? "is a folder of other objects at once" : "another input has put a file there"};
  }
  if (errno == ENOENT) return Done{};
  return system_error("stat", to, errno);
}

}  // namespace

Result<Done> check_free_disk(const fs::path& folder, std::uint64_t wanted, std::uint64_t free_bytes) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return system_error("statvfs", folder, errno);
  const std::uint64_t free = std::uint64_t{info.f_bavail} * info.f_frsize;
  if (free >= free_bytes && free - free_bytes >= wanted) return Done{};
  return Error{ErrorCode::kNoSpace, "disk full: " + std::to_string(wanted >> 20) + " MiB are wanted and " +
                                        std::to_string(free_bytes >> 20) + " MiB stay free, but only " +
                                        std::to_string(free >> 20) + " MiB are left on the disk of " + folder.string()};
}

Result<Done> download_unpacked(store::ObjectStore& store, std::string_view key, const fs::path& to,
                               std::uint64_t free_bytes, Deadline deadline) {
  fs::path packed = to;
  packed += ".chiliad-packed";
  if (Result<store::ObjectInfo> info = store.download(key, packed, deadline); !info) return std::move(info).error();
  Result<FileDescriptor> from = open_file(packed, O_RDONLY);
  if (!from) return std::move(from).error();
  Result<FileDescriptor> file = open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file) return std::move(file).error();
  const table::PullBytes bytes = table::gunzip_if_gzip(
      [&](std::span<char> into) -> Result<std::size_t> {
        const ssize_t got = ::read(from->get(), into.data(), into.size());
        if (got < 0) return system_error("read", packed, errno);
        return static_cast<std::size_t>(got);
      },
      shown(key));
  std::vector<char> piece(kPiece);
  std::uint64_t written = 0;
  while (true) {
    if (std::chrono::steady_clock::now() > deadline) return Error{ErrorCode::kDeadline, "unpacking took too long"};
    Result<std::size_t> got = bytes(piece);
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    if (Result<Done> done = write_all(*file, {piece.data(), *got}, to); !done) return done;
    const std::uint64_t before = written;
    written += *got;
    if (before / kLookEvery != written / kLookEvery) {
      if (Result<Done> free = check_free_disk(to.parent_path(), 0, free_bytes); !free) return free;
    }
  }
  std::error_code ignored;
  fs::remove(packed, ignored);
  return Done{};
}

Result<Done> download_share(const PlannedInput& input, int index, int count, const fs::path& root,
                            const TransferLimits& limits, const std::atomic<bool>& cancel) {
  std::vector<std::uint32_t> mine;
  std::uint64_t wanted = 0;
  for (std::size_t i = 0; i < input.objects.size(); ++i) {
    if (!input.goes_to(i, index, count)) continue;
    mine.push_back(static_cast<std::uint32_t>(i));
    const std::uint64_t size = input.objects[i].size_bytes;
    // What is lent takes no room, as a rule.
    wanted += size == PlannedObject::kUnknown || input.mode == InputMode::kFastFile ? 0 : size;
  }
  const fs::path folder = root / input.folder;
  if (Result<Done> made = make_folders(folder); !made) return std::move(made).error().in("input " + shown(input.name));
  if (Result<Done> free = check_free_disk(folder, wanted, limits.free_bytes); !free)
    return std::move(free).error().in("input " + shown(input.name));
  return each_in_parallel(mine.size(), limits.threads, [&](std::size_t i) -> Result<Done> {
    if (cancel.load()) return Error{ErrorCode::kUnavailable, "the job is being stopped"};
    const PlannedObject& object = input.objects[mine[i]];
    const auto fetch = [&]() -> Result<Done> {
      const fs::path to = folder / unpacked_name(object.name(), input.gzip);
      if (Result<Done> made = make_folders(to.parent_path()); !made) return made;
      if (Result<Done> free = check_free_name(to); !free) return free;
      if (object.size_bytes == PlannedObject::kUnknown || input.mode == InputMode::kFastFile) {
        if (Result<Done> free = check_free_disk(folder, 0, limits.free_bytes); !free) return free;
      }
      if (input.gzip) return download_unpacked(*input.store, object.key, to, limits.free_bytes, limits.deadline);
      Result<store::ObjectInfo> info = input.mode == InputMode::kFastFile
                                           ? input.store->lend(object.key, to, limits.deadline)
                                           : input.store->download(object.key, to, limits.deadline);
      if (!info) return std::move(info).error();
      return Done{};
    };
    Result<Done> done = fetch();
    if (!done) return std::move(done).error().in("input " + shown(input.name) + ": '" + shown(object.key) + "'");
    return Done{};
  });
}

}  // namespace chiliad::job
