// gzip -> bytes, as a stream and at once. Whether something is gzip is told by its first two bytes (1f 8b), never by a
// file's name.
//
// Promises: several members one after another are read as one text, as gzip(1) does; the checksum and length of each
// are verified; a cut file, other bytes behind the last member (zeros apart: tape padding) and damage are errors, and
// the bytes before the damage may have been handed on by then. Memory: zlib's 32 kB window and a 64 kB buffer.
//
// Source: RFC 1952; zlib's manual.
// Thread safety: one thread at a time for each stream.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "table/bytes.h"

namespace chiliad::table {

bool starts_like_gzip(std::string_view bytes);

// What `source` gives, decompressed if it starts like gzip and unchanged if it does not. `name` begins the messages.
// Errors of the stream: kCorrupt: damaged or cut gzip; those of `source`.
PullBytes gunzip_if_gzip(PullBytes source, std::string name);

// All of it at once. Errors: kCorrupt: as above; kTooLarge: over max_bytes decompressed.
Result<std::string> gunzip(std::string_view bytes, std::string_view name, std::uint64_t max_bytes);

}  // namespace chiliad::table
