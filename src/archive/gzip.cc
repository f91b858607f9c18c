#include "archive/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace chiliad::archive {
namespace {

// Measured on a model of 61 kB: doc/archive.md has the table.
constexpr int kLevel = 1;

constexpr std::size_t kHeaderAndTrailer = 18;  // The least that a gzip member takes besides its data.
constexpr std::uint64_t kMostGrowth = 1032;    // 258 bytes from two bits.

libdeflate_compressor* compressor() {
  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  thread_local const std::unique_ptr<libdeflate_compressor, Free> own(libdeflate_alloc_compressor(kLevel));
  CHILIAD_CHECK(own != nullptr);
  return own.get();
}

libdeflate_decompressor* decompressor() {
  struct Free {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> own(libdeflate_alloc_decompressor());
  CHILIAD_CHECK(own != nullptr);
  return own.get();
}

Error damaged() { return {ErrorCode::kCorrupt, "gzip: damaged or cut short"}; }

Error too_large(std::uint64_t max_bytes) {
  return {ErrorCode::kTooLarge, "gzip: unpacks to more than the limit of " + std::to_string(max_bytes) + " bytes"};
}

std::uint32_t claimed_size(std::string_view bytes) {
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size |= std::uint32_t{static_cast<std::uint8_t>(bytes[bytes.size() - 4 + i])} << (8 * i);
  return size;
}

void grow(Buffer& buffer, std::size_t& capacity, std::size_t wanted) {
  Buffer larger{std::make_unique_for_overwrite<char[]>(wanted), buffer.size};
  if (buffer.size > 0) std::memcpy(larger.bytes.get(), buffer.bytes.get(), buffer.size);
  buffer = std::move(larger);
  capacity = wanted;
}

// Member after member into a buffer that doubles. A member that does not fit is begun again, at most log2(size) times.
Result<Buffer> gunzip_growing(std::string_view bytes, std::size_t most, std::uint64_t max_bytes) {
  Buffer out;
  std::size_t capacity = 0;
  grow(out, capacity, std::min(most, bytes.size() * 4));
  while (!bytes.empty()) {
    if (!is_gzip(bytes)) return Error{ErrorCode::kCorrupt, "gzip: followed by bytes that are no gzip"};
    std::size_t taken = 0;
    std::size_t made = 0;
    switch (libdeflate_gzip_decompress_ex(decompressor(), bytes.data(), bytes.size(), out.bytes.get() + out.size,
                                          capacity - out.size, &taken, &made)) {
      case LIBDEFLATE_SUCCESS:
        out.size += made;
        bytes.remove_prefix(taken);
        break;
      case LIBDEFLATE_INSUFFICIENT_SPACE:
        if (capacity >= most) return most == max_bytes ? too_large(max_bytes) : damaged();
        grow(out, capacity, std::min(most, capacity * 2));
        break;
      default: return damaged();
    }
  }
  return out;
}

}  // namespace

std::string gzip(std::string_view bytes) {
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor(), bytes.size());
  const auto space = std::make_unique_for_overwrite<char[]>(bound);
  const std::size_t size = libdeflate_gzip_compress(compressor(), bytes.data(), bytes.size(), space.get(), bound);
  CHILIAD_CHECK(size > 0);
  return std::string(space.get(), size);
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

Result<Buffer> gunzip(std::string_view bytes, std::uint64_t max_bytes) {
  if (!is_gzip(bytes) || bytes.size() < kHeaderAndTrailer) return damaged();
  const std::uint64_t possible = (bytes.size() - kHeaderAndTrailer + 1) * kMostGrowth;
  const std::size_t most = static_cast<std::size_t>(std::min(possible, max_bytes));
  const std::size_t claimed = claimed_size(bytes);
  if (claimed <= most) {  // Nearly always: one member, whose size stands in its last four bytes.
    Buffer out{std::make_unique_for_overwrite<char[]>(std::max<std::size_t>(claimed, 1)), claimed};
    std::size_t taken = 0;
    std::size_t made = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(decompressor(), bytes.data(), bytes.size(),
                                                                   out.bytes.get(), claimed, &taken, &made);
    if (result == LIBDEFLATE_SUCCESS && taken == bytes.size() && made == claimed) return out;
    if (result == LIBDEFLATE_BAD_DATA) return damaged();
  } else if (claimed <= possible) {
    return too_large(max_bytes);
  }
  return gunzip_growing(bytes, most, max_bytes);
}

}  // namespace chiliad::archive
