// The regular files below a folder that a job writes in: what is stored of it.
//
// The job may do as it likes there while we look: no link is followed, and a file is opened again by open_found(),
// which follows none either. Links, devices, names that no store takes and folders deeper than 64 are left out and
// reported; so are, without a word, files whose name begins ".chiliad-", which are half-written ones of our own
// programs.
//
// Thread safety: functions that read.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::job {

inline constexpr std::size_t kMaxFolderFiles = 1'000'000;

// Tells whether a file has changed.
struct FileStamp {
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FoundFile {
  std::string name;  // Relative, parts between '/'.
  FileStamp stamp;
  unsigned mode = 0644;
};

struct FolderFiles {
  std::vector<FoundFile> files;       // By name.
  std::uint64_t size_bytes = 0;       // Of all, holes included: what storing them would take.
  std::vector<std::string> left_out;  // The first 20, with the reason: "a/link: a symbolic link".
  std::uint64_t left_out_count = 0;
};

// A folder that is missing has no files. Errors: kTooLarge: more than kMaxFolderFiles; else as base/file.h.
Result<FolderFiles> scan_folder(const std::filesystem::path& root, std::string_view folder);

// Whether files may be stored: a file of holes takes no room in its folder and all of its length in a store.
// Errors: kTooLarge.
Result<Done> check_size_to_store(std::uint64_t size_bytes, int volume_size_gb);

struct OpenedFile {
  FileDescriptor file;
  FileStamp stamp;
  // Under this path other functions can open it, without any link on the way. Lives as long as `file`.
  std::filesystem::path path() const;
};

// Errors: kNotFound: gone, or no regular file any more; else as base/file.h.
Result<OpenedFile> open_found(const std::filesystem::path& root, std::string_view folder, std::string_view name);

}  // namespace chiliad::job
