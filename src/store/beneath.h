// Opening files below a folder that may hold hostile links: no symbolic link on the way is followed, none leads out.
//
// The folder itself may be a link: whoever runs the program chose it. Each call starts at the folder's path again, so
// that a folder which was removed and made anew is found.
//
// Source: openat2(2), RESOLVE_NO_SYMLINKS; where the kernel or a container refuses it, plain openat(2) with O_NOFOLLOW,
// which guards the last part only.
//
// Thread safety: safe from any thread.

#pragma once

#include <filesystem>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::store {

// `key` may be empty: the folder itself. Errors: as system_error(); kInvalid for a link on the way.
Result<FileDescriptor> open_beneath(const std::filesystem::path& root, std::string_view key, int flags,
                                    unsigned mode = 0);
// The same below a folder that is open already (O_PATH will do); `root` is for messages. `key` is not empty.
Result<FileDescriptor> open_beneath(const FileDescriptor& folder, const std::filesystem::path& root,
                                    std::string_view key, int flags, unsigned mode = 0);

// Makes the folders "a" and "a/b" of the key "a/b/c". Errors: as system_error(); kInvalid where a file stands.
Result<Done> make_folders_beneath(const std::filesystem::path& root, std::string_view key);

// Removes those of "a/b" and "a" that are empty, innermost first.
void remove_empty_folders_beneath(const std::filesystem::path& root, std::string_view key);

}  // namespace chiliad::store
