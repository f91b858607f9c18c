#include "archive/gzip.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"

namespace chiliad::archive {
namespace {

// Measured on models of 61 kB: doc/archive.md has the table.
constexpr int kLevel = 1;
constexpr std::size_t kIsalMost = std::size_t{1} << 30;  // It counts in 32 bits.

constexpr std::size_t kHeaderAndTrailer = 18;  // The least that a gzip member takes besides its data.
constexpr std::uint64_t kMostGrowth = 1032;    // 258 bytes from two bits.

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

// ISA-L's igzip at its level 1 takes half of libdeflate's time for the same size. Its code for SSE4.2, AVX2 and AVX-512
// makes the same bytes (seen on models, under an emulator of each); that for processors before 2009 makes others.
std::string gzip_by_isal(std::string_view bytes) {
  // Made by a thread's first archive: as a thread's own bytes they would be 276 kB of every thread of the process.
  thread_local const auto tables = std::make_unique<std::array<std::uint8_t, ISAL_DEF_LVL1_DEFAULT>>();
  // What does not get smaller is stored in blocks of 65,535 bytes with five of their own.
  const std::size_t bound = bytes.size() + 5 * (bytes.size() / 65'535 + 1) + kHeaderAndTrailer + 64;
  const auto space = std::make_unique_for_overwrite<std::uint8_t[]>(bound);
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  // ISA-L 2.30 leaves it out of the initialisation and would take how far back matches may reach from what the stack
  // held. The rest of these 82 kB it sets before it reads them, so they are not zeroed here.
  stream.hist_bits = 0;
  stream.level = kLevel;
  stream.level_buf = tables->data();
  stream.level_buf_size = static_cast<std::uint32_t>(tables->size());
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  // It only reads what next_in points to.
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<std::uint32_t>(bytes.size());
  stream.next_out = space.get();
  stream.avail_out = static_cast<std::uint32_t>(bound);
  CHILIAD_CHECK(isal_deflate_stateless(&stream) == COMP_OK);
  return std::string(reinterpret_cast<const char*>(space.get()), stream.total_out);
}

std::string gzip_by_libdeflate(std::string_view bytes) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(kLevel), libdeflate_free_compressor);
  CHILIAD_CHECK(compressor != nullptr);
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor.get(), bytes.size());
  const auto space = std::make_unique_for_overwrite<char[]>(bound);
  const std::size_t size = libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), space.get(), bound);
  CHILIAD_CHECK(size > 0);
  return std::string(space.get(), size);
}

}  // namespace

std::string gzip(std::string_view bytes) {
  return bytes.size() <= kIsalMost ? gzip_by_isal(bytes) : gzip_by_libdeflate(bytes);
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
