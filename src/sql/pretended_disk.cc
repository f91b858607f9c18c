// SQLite's unix VFS lets its system calls be replaced (sqlite3_vfs::xSetSystemCall); it writes by pwrite, pwrite64 or
// write, as it was built.

#include "sql/pretended_disk.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "base/file.h"

namespace chiliad::sql {
namespace {

ssize_t counted_pwrite(int fd, const void* bytes, std::size_t size, off_t offset) {
  const std::size_t allowed = take_from_pretended_disk(size);
  if (allowed == 0 && size != 0) {
    errno = ENOSPC;
    return -1;
  }
  return ::pwrite(fd, bytes, allowed, offset);
}

ssize_t counted_write(int fd, const void* bytes, std::size_t size) {
  const std::size_t allowed = take_from_pretended_disk(size);
  if (allowed == 0 && size != 0) {
    errno = ENOSPC;
    return -1;
  }
  return ::write(fd, bytes, allowed);
}

void replace(sqlite3_vfs* vfs, const char* name, sqlite3_syscall_ptr call) {
  if (vfs->xGetSystemCall(vfs, name) != nullptr) vfs->xSetSystemCall(vfs, name, call);
}

bool replace_all() {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  if (vfs == nullptr || vfs->iVersion < 3) return false;
  replace(vfs, "pwrite", reinterpret_cast<sqlite3_syscall_ptr>(counted_pwrite));
  replace(vfs, "pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(counted_pwrite));
  replace(vfs, "write", reinterpret_cast<sqlite3_syscall_ptr>(counted_write));
  return true;
}

}  // namespace

void count_sqlite_writes() {
  static const bool replaced = replace_all();
  static_cast<void>(replaced);
}

}  // namespace chiliad::sql
