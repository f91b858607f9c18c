// What the folder store knows of one file: its info and ETag, the file that is being written, deadlines between pieces.
//
// ETag: modification time in nanoseconds, size and inode. A written file gets its time from unused_time(), never twice
// the same in one process: the kernel's own clock stands still for up to 4 ms, within which a file may be written
// several times and an inode be used again.
//
// Thread safety: functions are safe from any thread; a TemporaryFile belongs to one thread.

#pragma once

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "store/object_store.h"

namespace chiliad::store {

ObjectInfo info_of(std::string_view key, const struct stat& info);

// Now, but later than every answer before.
timespec unused_time();

// Errors: kDeadline.
Result<Done> in_time(Deadline deadline);

// All of `from` to `to`, in constant memory. Errors: kUnavailable when the source's size changes meanwhile; kDeadline;
// as write_all().
Result<Done> copy(const FileDescriptor& from, const std::filesystem::path& from_path, const FileDescriptor& to,
                  const std::filesystem::path& to_path, Deadline deadline);

// A hidden file in `folder` (which must outlive it) that goes away unless it has got its name.
class TemporaryFile {
 public:
  // Errors: as system_error(), about `path`.
  static Result<TemporaryFile> make(const FileDescriptor& folder, const std::filesystem::path& path);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const FileDescriptor& file() const { return file_; }
  const std::string& name() const { return name_; }
  // Call after the rename.
  void keep() { name_.clear(); }

 private:
  TemporaryFile(const FileDescriptor& folder, std::string name, FileDescriptor file);
  const FileDescriptor* folder_;
  std::string name_;
  FileDescriptor file_;
};

}  // namespace chiliad::store
