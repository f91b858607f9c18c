#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace chiliad {
namespace {

TEST(Random, TwoSecretsAreNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Random, EveryCharacterOfTheAlphabetComesUp) {
  std::array<int, 256> count{};
  // 60,000 draws from 62: 968 each on average; 500 is fifteen standard deviations away.
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const char c : random_text(kAlphabet, 60'000)) ++count[static_cast<unsigned char>(c)];
  for (const char c : kAlphabet) EXPECT_GT(count[static_cast<unsigned char>(c)], 500) << c;
}

TEST(Random, BytesBeyondOneCallAreFilled) {
  std::array<std::uint8_t, 1024> bytes{};
  fill_random(bytes);
  EXPECT_NE(std::set<std::uint8_t>(bytes.begin() + 512, bytes.end()).size(), 1u);
}

}  // namespace
}  // namespace chiliad
