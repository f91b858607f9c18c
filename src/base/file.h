// Files without surprises: owned descriptors, whole reads with a limit, writes that appear whole or not at all.
//
// Every write path of the project goes through write_all() here, and every failure names the file and the
// system's reason. Tests make the n-th write fail (a full disk) through fail_writes_after().
//
// Thread safety: functions are safe from any thread; a FileDescriptor belongs to one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad {

// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// The error of the last system call on `path`: kNotFound for ENOENT and ENOTDIR, kNoSpace for ENOSPC and EDQUOT,
// kForbidden for EACCES and EPERM, kUnavailable otherwise. "open /a/b: No such file or directory".
Error system_error(std::string_view action, const std::filesystem::path& path, int error_number);

// open(2) with O_CLOEXEC, again after EINTR. Errors: as system_error().
Result<FileDescriptor> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

// The bytes of a plain file. Never waits: what is no file (a folder, a named pipe, a socket, a device) is refused, for
// whoever may put files into a folder may put those there too. Memory: the file's size, nothing for one above the
// limit. Errors: as system_error(); kInvalid: no plain file; kTooLarge above max_bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{64} << 20);
// The same of what a user names on the command line: pipes as well (`--holidays <(...)`), until their writer ends.
Result<std::string> read_file_or_pipe(const std::filesystem::path& path, std::uint64_t max_bytes);

// All of `bytes` to the descriptor, again after EINTR and short writes. Errors: as system_error().
Result<Done> write_all(const FileDescriptor& file, std::string_view bytes, const std::filesystem::path& path);

// kNone: survives kill -9 but not a power cut. kSync: fsync of the file, and of its folder after the rename.
enum class Durability : std::uint8_t { kNone, kSync };

// Writes beside `path` (a hidden name that starts ".chiliad-tmp-") and renames: readers see the old file, none, or the
// new one, never a part. The folder must exist. A failure leaves no file behind. Errors: as system_error().
Result<Done> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, Durability durability);

// fsync of a folder, so that renames in it survive a power cut.
Result<Done> sync_folder(const std::filesystem::path& folder);
// syncfs(2) of the file system that holds `path`: one call for a whole batch of written files.
Result<Done> sync_file_system(const std::filesystem::path& path);

// A folder of its own that goes away, with all in it, when the object does.
class TempFolder {
 public:
  // Below $TMPDIR or /tmp. Errors: as system_error().
  static Result<TempFolder> make();
  TempFolder(TempFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TempFolder& operator=(TempFolder&& other) noexcept;
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// For tests: from now on, after `bytes` more bytes written through write_all(), writes fail with ENOSPC, as on a full
// disk; UINT64_MAX ends it. Process-wide.
void fail_writes_after(std::uint64_t bytes);

// For what writes by other means than write_all(): how many of `wanted` bytes may be written now; 0: ENOSPC. All of
// them unless a test pretends.
std::size_t take_from_pretended_disk(std::size_t wanted);

}  // namespace chiliad
