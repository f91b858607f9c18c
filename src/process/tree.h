// Folders that a hostile program wrote, or may be writing now: measured, given to a user, removed.
//
// Every step is taken from an open folder by one name and follows no link, so that nothing outside is touched whatever
// the program makes of its folders meanwhile. Folders are open down to kMaxDepth at a time and no deeper.
//
// Thread safety: safe from any thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "base/result.h"

namespace chiliad::process {

// Folders within folders; a path of the kernel's longest names 2048 of them, a program's own a few dozen.
inline constexpr int kMaxDepth = 256;
// The least that a file or folder counts, so that a limit of bytes limits their number, and a walk's length, too.
inline constexpr std::uint64_t kEntryBytes = 4096;

// The blocks of everything below the folders: a file with several names counts a share at each. Stops early when it has
// counted more than `enough`, or go_on() (asked every thousand entries) says no. What is nested deeper than kMaxDepth
// counts without end: UINT64_MAX. What cannot be read or is gone meanwhile counts nothing.
// Cost: about 1 us an entry when the kernel has it in memory.
std::uint64_t folder_bytes(std::span<const std::filesystem::path> folders, std::uint64_t enough,
                           const std::function<bool()>& go_on);

// Makes user and group the owner of the folder (or file) and all below.
// Errors: kInvalid: a file has a second name and another owner, so that a stranger's file would be given away, or
// folders are nested too deep; else as base/file.h.
Result<Done> give_to(const std::filesystem::path& path, unsigned user);

// Removes the folder with all below, also what its owner forbade itself to enter, what is nested without end and what
// belongs to the caller's subordinate users (newuidmap).
// Requires: nobody writes there any more. Errors: as base/file.h; a folder that is not there is none.
Result<Done> remove_tree(const std::filesystem::path& folder);

}  // namespace chiliad::process
