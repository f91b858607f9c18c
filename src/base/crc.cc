// Method. All three are "reflected": bit i of a w-bit word stands for x^(w-1-i), so a byte stream read little-endian is
// one long polynomial with its first bit highest. The remainder modulo P is found
//   - by tables, eight bytes a step (slicing by 8), or
//   - for long inputs by folding: a 128-bit block that stands D bits before another is multiplied by x^D mod P and
//   added
//     to it, four blocks at a time. The last block goes through the tables with a remainder of 0 before it.
// The product of two reflected 64-bit words is that of their polynomials times x, hence the D - 1 in the constants.

#include "base/crc.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chiliad {
namespace {

static_assert(std::endian::native == std::endian::little);

// W: the unsigned integer of the remainder's width. kPoly: P without its highest term, reflected.
template <class W, W kPoly>
struct Crc {
  static constexpr int kBits = sizeof(W) * 8;
  static constexpr W kOne = W{1} << (kBits - 1);  // The polynomial 1.

  static constexpr W times_x(W value) { return (value & 1) != 0 ? (value >> 1) ^ kPoly : value >> 1; }

  static constexpr std::array<std::array<W, 256>, 8> make_tables() {
    std::array<std::array<W, 256>, 8> tables{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
      W value = static_cast<W>(byte);
      for (int bit = 0; bit < 8; ++bit) value = times_x(value);
      tables[0][byte] = value;
    }
    for (std::size_t byte = 0; byte < 256; ++byte) {
      for (std::size_t k = 1; k < 8; ++k) {
        const W before = tables[k - 1][byte];
        tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
      }
    }
    return tables;
  }
  static constexpr std::array<std::array<W, 256>, 8> kTables = make_tables();

  // x^n mod P as the 64-bit word that the folding multiplies by.
  static constexpr std::uint64_t power(int n) {
    W value = kOne;
    for (int i = 0; i < n; ++i) value = times_x(value);
    return std::uint64_t{value} << (64 - kBits);
  }

  static W by_tables(const char* bytes, std::size_t size, W crc) {
    for (; size >= 8; bytes += 8, size -= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes, 8);
      word ^= crc;
      crc = 0;
      for (std::size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][(word >> (8 * k)) & 0xFF];
    }
    for (; size > 0; ++bytes, --size) {
      crc = static_cast<W>((std::uint64_t{crc} >> 8) ^ kTables[0][(crc ^ static_cast<std::uint8_t>(*bytes)) & 0xFF]);
    }
    return crc;
  }

#if defined(__x86_64__)
  __attribute__((target("pclmul,sse4.1"))) static __m128i folded(__m128i block, __m128i constants, __m128i onto) {
    const __m128i low = _mm_clmulepi64_si128(block, constants, 0x00);
    const __m128i high = _mm_clmulepi64_si128(block, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
  }

  template <int kDistanceBits>
  __attribute__((target("pclmul,sse4.1"))) static __m128i constants() {
    constexpr std::uint64_t kLow = power(kDistanceBits + 64 - 1);  // The earlier half stands 64 bits further off.
    constexpr std::uint64_t kHigh = power(kDistanceBits - 1);
    return _mm_set_epi64x(static_cast<long long>(kHigh), static_cast<long long>(kLow));
  }

  // Requires: size >= 64.
  __attribute__((target("pclmul,sse4.1"))) static W by_folding(const char* bytes, std::size_t size, W crc) {
    const auto load = [](const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
    __m128i lanes[4] = {load(bytes), load(bytes + 16), load(bytes + 32), load(bytes + 48)};
    lanes[0] = _mm_xor_si128(lanes[0], _mm_set_epi64x(0, static_cast<long long>(crc)));
    const __m128i four_blocks = constants<512>();
    for (bytes += 64, size -= 64; size >= 64; bytes += 64, size -= 64) {
      for (std::size_t k = 0; k < 4; ++k) lanes[k] = folded(lanes[k], four_blocks, load(bytes + 16 * k));
    }
    const __m128i one_block = constants<128>();
    __m128i last = lanes[0];
    for (std::size_t k = 1; k < 4; ++k) last = folded(last, one_block, lanes[k]);
    for (; size >= 16; bytes += 16, size -= 16) last = folded(last, one_block, load(bytes));
    std::array<char, 16> rest{};
    _mm_storeu_si128(reinterpret_cast<__m128i*>(rest.data()), last);
    return by_tables(bytes, size, by_tables(rest.data(), rest.size(), 0));
  }
#endif

  static W update(std::string_view bytes, W crc) {
    crc = static_cast<W>(~crc);
#if defined(__x86_64__)
    static const bool folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    if (folds && bytes.size() >= 128) return static_cast<W>(~by_folding(bytes.data(), bytes.size(), crc));
#endif
    return static_cast<W>(~by_tables(bytes.data(), bytes.size(), crc));
  }

  // a * b mod P.
  static W product(W a, W b) {
    W sum = 0;
    for (W bit = kOne; bit != 0; bit >>= 1) {
      if ((a & bit) != 0) sum ^= b;
      b = times_x(b);
    }
    return sum;
  }

  // first * x^(8 second_size) + second: the ones before the start and after the end cancel.
  static W combine(W first, W second, std::uint64_t second_size) {
    W square = times_x(kOne);                                      // x^(2^k)
    for (int k = 0; k < 3; ++k) square = product(square, square);  // A byte is eight bits.
    for (; second_size != 0; second_size >>= 1, square = product(square, square)) {
      if ((second_size & 1) != 0) first = product(first, square);
    }
    return first ^ second;
  }
};

using Crc32 = Crc<std::uint32_t, 0xEDB88320u>;
using Crc32c = Crc<std::uint32_t, 0x82F63B78u>;
using Crc64Nvme = Crc<std::uint64_t, 0x9A6C9329AC4BC9B5u>;

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t crc) { return Crc32::update(bytes, crc); }
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) { return Crc32c::update(bytes, crc); }
std::uint64_t crc64nvme(std::string_view bytes, std::uint64_t crc) { return Crc64Nvme::update(bytes, crc); }

std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  return Crc32::combine(first, second, second_size);
}
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  return Crc32c::combine(first, second, second_size);
}
std::uint64_t crc64nvme_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_size) {
  return Crc64Nvme::combine(first, second, second_size);
}

}  // namespace chiliad
