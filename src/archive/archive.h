// Model archives: `<customer>.tar.gz`, as SageMaker stores models.
//
// Writing gives the same bytes for the same members, always: members in the order given, ustar headers with mode 0644,
// owner 0, time 0, a gzip header without name and time, one libdeflate level. Reading trusts nothing: sizes are checked
// before use, and what would leave the folder or is neither file nor folder is refused.
//
// Source: POSIX.1-2008 pax (ustar); RFC 1952. By bytes: doc/archive.md.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::archive {

struct Member {
  std::string name;  // "model.json", "code/inference.py": relative, no part "", "." or "..", at most 255 bytes.
  std::string bytes;
};

// Errors: kInvalid for a name outside the rules or that ustar cannot hold, or one given twice.
Result<std::string> write_tar_gz(const std::vector<Member>& members);

struct ReadLimits {
  std::uint64_t max_total_bytes = std::uint64_t{1} << 30;  // Of all members unpacked.
  std::uint64_t max_members = 10'000;
};

// The members of an archive, in order. tar.gz of any writer (GNU, pax, ustar), also plain tar.
// Errors: kCorrupt: damaged, cut short, a name that is absolute or holds "..", a link, a device, a name twice;
//         kTooLarge above the limits.
Result<std::vector<Member>> read_archive(std::string_view bytes, const ReadLimits& limits = {});

// Only the member of this name ("./" before it does not count); the rest is checked all the same.
// Errors: as read_archive(); kNotFound.
Result<std::string> read_member(std::string_view bytes, std::string_view name, const ReadLimits& limits = {});

// Unpacks into `folder`, which exists and is empty; returns the bytes written. A failure may leave a part behind.
// Errors: as read_archive(); kNoSpace.
Result<std::uint64_t> unpack(std::string_view bytes, const std::filesystem::path& folder,
                             const ReadLimits& limits = {});

}  // namespace chiliad::archive
