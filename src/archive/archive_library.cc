#include "archive/archive_library.h"

#include <dlfcn.h>

#include <string>

namespace chiliad::archive {
namespace {

constexpr const char* kName = "libarchive.so.13";

// dlerror() of the last call.
Error failure() {
  const char* reason = dlerror();
  return {ErrorCode::kUnavailable, std::string("foreign archives need libarchive (Debian's package libarchive13): ") +
                                       (reason == nullptr ? kName : reason)};
}

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<ArchiveLibrary> load() {
  void* const library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);  // Never closed: threads may be inside until the end.
  if (library == nullptr) return failure();
  ArchiveLibrary archive;
  const bool whole = find(library, "archive_entry_filetype", archive.entry_filetype) &&
                     find(library, "archive_entry_free", archive.entry_free) &&
                     find(library, "archive_entry_hardlink", archive.entry_hardlink) &&
                     find(library, "archive_entry_new", archive.entry_new) &&
                     find(library, "archive_entry_pathname", archive.entry_pathname) &&
                     find(library, "archive_entry_set_filetype", archive.entry_set_filetype) &&
                     find(library, "archive_entry_set_mtime", archive.entry_set_mtime) &&
                     find(library, "archive_entry_set_pathname", archive.entry_set_pathname) &&
                     find(library, "archive_entry_set_perm", archive.entry_set_perm) &&
                     find(library, "archive_entry_set_size", archive.entry_set_size) &&
                     find(library, "archive_entry_size", archive.entry_size) &&
                     find(library, "archive_entry_symlink", archive.entry_symlink) &&
                     find(library, "archive_error_string", archive.error_string) &&
                     find(library, "archive_filter_bytes", archive.filter_bytes) &&
                     find(library, "archive_read_data", archive.read_data) &&
                     find(library, "archive_read_free", archive.read_free) &&
                     find(library, "archive_read_new", archive.read_new) &&
                     find(library, "archive_read_next_header", archive.read_next_header) &&
                     find(library, "archive_read_open_memory", archive.read_open_memory) &&
                     find(library, "archive_read_support_format_tar", archive.read_support_format_tar) &&
                     find(library, "archive_write_add_filter_gzip", archive.write_add_filter_gzip) &&
                     find(library, "archive_write_close", archive.write_close) &&
                     find(library, "archive_write_data", archive.write_data) &&
                     find(library, "archive_write_free", archive.write_free) &&
                     find(library, "archive_write_header", archive.write_header) &&
                     find(library, "archive_write_new", archive.write_new) &&
                     find(library, "archive_write_open", archive.write_open) &&
                     find(library, "archive_write_set_bytes_in_last_block", archive.write_set_bytes_in_last_block) &&
                     find(library, "archive_write_set_filter_option", archive.write_set_filter_option) &&
                     find(library, "archive_write_set_format_pax_restricted", archive.write_set_format_pax_restricted);
  if (!whole) return failure();
  return archive;
}

}  // namespace

const Result<ArchiveLibrary>& archive_library() {
  static const Result<ArchiveLibrary> library = load();
  return library;
}

}  // namespace chiliad::archive
