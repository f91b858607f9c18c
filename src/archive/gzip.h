// gzip of whole byte strings: the same bytes each time on writing, a limit before memory is taken on reading.
//
// Source: RFC 1952; the manuals of ISA-L (writing) and libdeflate (reading). Both are chosen by measurement:
// doc/archive.md.
//
// Thread safety: pure functions (each thread keeps tables and a decompressor of its own).

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::archive {

// Bytes without the cost of zeroing them first.
struct Buffer {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  std::string_view view() const { return {bytes.get(), size}; }
};

// One gzip member without name and time.
std::string gzip(std::string_view bytes);

// Whether `bytes` begin as gzip does.
bool is_gzip(std::string_view bytes);

// Unpacks one or more gzip members that follow one another; checksums and lengths are checked. Memory taken is at most
// twice the true size, whatever the bytes claim: deflate cannot grow a byte to more than 1,032.
// Errors: kCorrupt: damaged, cut short, or followed by anything else; kTooLarge: more than max_bytes.
Result<Buffer> gunzip(std::string_view bytes, std::uint64_t max_bytes);

}  // namespace chiliad::archive
