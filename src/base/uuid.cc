#include "base/uuid.h"

#include <array>
#include <bit>
#include <cstdint>

#include "base/random.h"

namespace chiliad {
namespace {

std::uint64_t seed() {
  std::array<std::uint8_t, 8> bytes{};
  fill_random(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

void append_uuid(std::string& out) {
  thread_local std::uint64_t state = seed();
  constexpr char kDigits[] = "0123456789abcdef";
  char text[36];
  std::uint64_t bits = 0;
  for (int i = 0; i < 36; ++i) {
    if (i % 16 == 0) {  // SplitMix64.
      state += 0x9E3779B97F4A7C15;
      bits = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
      bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
      bits ^= bits >> 31;
    }
    text[i] = kDigits[bits & 15];
    bits >>= 4;
  }
  text[8] = text[13] = text[18] = text[23] = '-';
  text[14] = '4';
  text[19] = 'a';
  out.append(text, sizeof text);
}

std::string make_uuid() {
  std::string text;
  append_uuid(text);
  return text;
}

}  // namespace chiliad
