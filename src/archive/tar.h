// tar: writing ustar headers, and finding the members of a tar that lies in memory, whoever wrote it.
//
// Two readers behind one form: parse_ustar() for the plain POSIX headers that we and most others write, without a copy;
// parse_foreign() through libarchive for GNU long names, pax records, base-256 sizes and sparse files. Both hand out
// names as they stand; check_names() (member_name.h) decides what is accepted, once for both.
//
// Source: POSIX.1-2008 pax, "ustar Interchange Format"; libarchive's manual.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"

namespace chiliad::archive {

inline constexpr std::size_t kTarBlock = 512;

inline bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

struct Entry {
  std::string name;  // As it stands in the archive.
  bool is_folder = false;
  std::string_view bytes;
};

struct Contents {
  std::vector<Entry> entries;     // Their bytes point into the tar or into `owned`.
  std::deque<std::string> owned;  // Bytes that do not lie in one piece in the tar.
};

// Header, bytes and padding of one file. Errors: kInvalid when name or size do not fit.
Result<Done> append_member(std::string& tar, const Member& member);
// Two blocks of zeros.
void append_end(std::string& tar);

// Nullopt when a header is not plain ustar: then parse_foreign() decides.
// Errors: kCorrupt: a checksum, a size or the end is wrong, a link or a device; kTooLarge above the limits.
Result<std::optional<Contents>> parse_ustar(std::string_view tar, const ReadLimits& limits);

// Errors: as parse_ustar().
Result<Contents> parse_foreign(std::string_view tar, const ReadLimits& limits);

// The errors that both share.
Error corrupt_tar(std::string_view what, std::string_view member);
Error too_many_members(const ReadLimits& limits);
Error too_many_bytes(const ReadLimits& limits, std::string_view member);

}  // namespace chiliad::archive
