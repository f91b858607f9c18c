#include "base/crc.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace chiliad {
namespace {

// A second opinion: bit by bit, as the definition says.
template <class W>
W bit_by_bit(std::string_view bytes, W poly) {
  W crc = static_cast<W>(~W{0});
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ poly : crc >> 1;
  }
  return static_cast<W>(~crc);
}

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(Crc, IsTheOneOfTheCatalogue) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc64nvme("123456789"), 0xAE8B14860A799888u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720.
  EXPECT_EQ(crc32(""), 0u);
  EXPECT_EQ(crc64nvme(""), 0u);
}

TEST(Crc, IsThatOfTheDefinitionForEveryLength) {
  const std::string bytes = random_bytes(700, 1);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    // From an odd place, so that nothing is aligned by luck.
    const std::string_view part = std::string_view(bytes).substr(bytes.size() - size);
    ASSERT_EQ(crc32(part), bit_by_bit<std::uint32_t>(part, 0xEDB88320u)) << size;
    ASSERT_EQ(crc32c(part), bit_by_bit<std::uint32_t>(part, 0x82F63B78u)) << size;
    ASSERT_EQ(crc64nvme(part), bit_by_bit<std::uint64_t>(part, 0x9A6C9329AC4BC9B5u)) << size;
  }
}

TEST(Crc, GoesOnFromAnyCut) {
  const std::string bytes = random_bytes(600, 2);
  const std::string_view all = bytes;
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 7) {
    EXPECT_EQ(crc32(all.substr(cut), crc32(all.substr(0, cut))), crc32(all));
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
    EXPECT_EQ(crc64nvme(all.substr(cut), crc64nvme(all.substr(0, cut))), crc64nvme(all));
  }
}

TEST(Crc, OfTwoPiecesIsCombinedFromTheirs) {
  const std::string bytes = random_bytes(5000, 3);
  const std::string_view all = bytes;
  for (const std::size_t cut : {0u, 1u, 17u, 2500u, 4999u, 5000u}) {
    const std::string_view a = all.substr(0, cut);
    const std::string_view b = all.substr(cut);
    EXPECT_EQ(crc32_combine(crc32(a), crc32(b), b.size()), crc32(all));
    EXPECT_EQ(crc32c_combine(crc32c(a), crc32c(b), b.size()), crc32c(all));
    EXPECT_EQ(crc64nvme_combine(crc64nvme(a), crc64nvme(b), b.size()), crc64nvme(all));
  }
}

}  // namespace
}  // namespace chiliad
