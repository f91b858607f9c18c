#include "archive/gzip.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/crc.h"

namespace chiliad::archive {
namespace {

// Measured on models of 61 kB: doc/archive.md has the table.
constexpr int kLevel = 1;
// Beyond these sizes libdeflate packs: IsalRoom says why.
constexpr std::size_t kIsalLeast = 1024;
constexpr std::size_t kIsalMost = std::size_t{16} << 20;

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

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

// ISA-L's hash of four bytes: the CRC-32C instruction on a zero.
std::uint32_t isal_hash(std::uint32_t word) {
  return ~crc32c({reinterpret_cast<const char*>(&word), sizeof word}, ~std::uint32_t{0});
}

// What a thread packs with, and the way around a fault of ISA-L (seen in 2.30, there in 2.32 too) that made some
// archives depend on where the stack lay. Where its code for level 1 begins a stream (write_first_byte in
// igzip_icf_body_h1_gr_bt.asm) it takes the hash of bits 16 to 47 of the stream's own address for that of position 2,
// so that one slot of its hash table holds a 2 that has no business there. Matches are compared byte by byte; so the 2
// changes the result only if the slot is also that of a position 0, 1 or 2 modulo the window of 32,768 bytes. Therefore
// the stream is put at one of several places whose slot is none of those. Inputs of which too many bytes count for
// that, or too few to tell slots apart, are not for ISA-L.
class IsalRoom {
 public:
  // Where the stream for these bytes may stand, not initialised; nullptr if nowhere.
  isal_zstream* place_for(std::string_view bytes) {
    constexpr std::size_t kWindow = 32'768;
    const std::uint32_t slots = static_cast<std::uint32_t>(std::bit_floor(std::min(bytes.size(), kMostSlots)));
    const auto slot = [&](std::uint32_t word) { return isal_hash(word) % slots; };
    std::vector<std::uint32_t> taken;
    for (std::size_t at = 0; at < bytes.size(); at += kWindow) {
      for (std::size_t i = at; i < at + 3 && i + 4 <= bytes.size(); ++i) taken.push_back(slot(word_at(bytes, i)));
    }
    for (std::size_t i = 0; i < kPlaces; ++i) {
      std::byte* place = first_place() + i * kStep;
      const auto address = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(place) >> 16);
      if (std::ranges::find(taken, slot(address)) == taken.end()) return reinterpret_cast<isal_zstream*>(place);
    }
    return nullptr;
  }

  std::span<std::uint8_t> tables() { return tables_; }

 private:
  static constexpr std::size_t kMostSlots = 8'192;
  static constexpr std::size_t kPlaces = 16;
  static constexpr std::size_t kStep = 65'536;  // To the next address that hashes otherwise.
  static constexpr std::size_t kAlignment = 64;

  std::byte* first_place() {
    void* place = space_.get();
    std::size_t size = kSpace;
    return static_cast<std::byte*>(std::align(kAlignment, sizeof(isal_zstream), place, size));
  }

  static constexpr std::size_t kSpace = (kPlaces - 1) * kStep + sizeof(isal_zstream) + kAlignment;
  std::array<std::uint8_t, ISAL_DEF_LVL1_DEFAULT> tables_{};
  // Of this only the place that is used, nearly always the first, ever becomes memory.
  std::unique_ptr<std::byte[]> space_ = std::make_unique_for_overwrite<std::byte[]>(kSpace);
};

bool is_for_isal(std::string_view bytes) {
  if (bytes.size() < kIsalLeast || bytes.size() > kIsalMost) return false;
  // What begins with these it packs on another way, and counts positions from where that ended.
  const std::string_view start = bytes.substr(0, 8);
  return start.find_first_not_of('\0') != start.npos && start.find_first_not_of('\xff') != start.npos;
}

// ISA-L's igzip at its level 1 takes half of libdeflate's time for the same size. Its code for SSE4.2, AVX2 and AVX-512
// makes the same bytes (seen on models, under an emulator of each); that for processors before 2009 makes others.
// None: for libdeflate.
std::optional<std::string> gzip_by_isal(std::string_view bytes) {
  if (!is_for_isal(bytes)) return std::nullopt;
  // Made by a thread's first archive: as a thread's own bytes they would be 276 kB of every thread of the process.
  thread_local const auto room = std::make_unique<IsalRoom>();
  isal_zstream* stream = room->place_for(bytes);
  if (stream == nullptr) return std::nullopt;
  // What does not get smaller is stored in blocks of 65,535 bytes with five of their own.
  const std::size_t bound = bytes.size() + 5 * (bytes.size() / 65'535 + 1) + kHeaderAndTrailer + 64;
  const auto space = std::make_unique_for_overwrite<std::uint8_t[]>(bound);
  isal_deflate_stateless_init(stream);
  // ISA-L 2.30 leaves it out of the initialisation and would take how far back matches may reach from what was there.
  // The rest of these 82 kB it sets before it reads them.
  stream->hist_bits = 0;
  stream->level = kLevel;
  stream->level_buf = room->tables().data();
  stream->level_buf_size = static_cast<std::uint32_t>(room->tables().size());
  stream->gzip_flag = IGZIP_GZIP;
  stream->end_of_stream = 1;
  stream->flush = NO_FLUSH;
  // It only reads what next_in points to.
  stream->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream->avail_in = static_cast<std::uint32_t>(bytes.size());
  stream->next_out = space.get();
  stream->avail_out = static_cast<std::uint32_t>(bound);
  CHILIAD_CHECK(isal_deflate_stateless(stream) == COMP_OK);
  return std::string(reinterpret_cast<const char*>(space.get()), stream->total_out);
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
  std::optional<std::string> packed = gzip_by_isal(bytes);
  return packed ? *std::move(packed) : gzip_by_libdeflate(bytes);
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
