// Files and folders that only their owner may read.
//
// Thread safety: safe from any thread, for different paths.

#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace chiliad {

// As write_file_atomically() with kSync (base/file.h), and nobody but the owner may read or write the file (0600), at
// no moment and whatever the umask is. Errors: as system_error().
Result<Done> write_secret_file(const std::filesystem::path& path, std::string_view bytes);

// Makes the folder, and those above it, unless it is there, and takes everybody else's permissions on it (0700).
// Errors: as system_error(): kForbidden too when it is somebody else's.
Result<Done> make_secret_folder(const std::filesystem::path& folder);

// Makes an empty file (0600) unless it is there, and takes everybody else's permissions on it. Errors: as
// system_error().
Result<Done> make_secret_file(const std::filesystem::path& path);

}  // namespace chiliad
