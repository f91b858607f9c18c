#include "base/seal.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace chiliad {
namespace {

SealKey new_key() {
  SealKey key;
  fill_random(key);
  return key;
}

TEST(Seal, OpensWithItsKeyForItsName) {
  const SealKey key = new_key();
  for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string(5000, 'x')}) {
    const std::string sealed = seal(key, text, "name");
    EXPECT_EQ(sealed.size(), text.size() + 28);
    EXPECT_EQ(unseal(key, sealed, "name"), text);
    EXPECT_EQ(unseal(key, sealed, "other"), std::nullopt);
    EXPECT_EQ(unseal(new_key(), sealed, "name"), std::nullopt);
    EXPECT_NE(seal(key, text, "name"), sealed) << "no two are alike";
  }
}

TEST(Seal, EveryChangedByteIsNoticed) {
  const SealKey key = new_key();
  const std::string sealed = seal(key, "secret", "n");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(unseal(key, changed, "n"), std::nullopt) << i;
    EXPECT_EQ(unseal(key, sealed.substr(0, i), "n"), std::nullopt) << i;
  }
  EXPECT_EQ(unseal(key, sealed + "x", "n"), std::nullopt);
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
}

TEST(Seal, MatchesAVectorOfTheStandardsTestSuite) {
  // Test case 13 of the GCM specification: a zero key and nonce, no text.
  const SealKey zero{};
  const std::string sealed = std::string(12, '\0') + "\x53\x0f\x8a\xfb\xc7\x45\x36\xb9\xa9\x63\xb4\xf1\xc4\xcb\x73\x8b";
  EXPECT_EQ(unseal(zero, sealed, ""), "");
}

}  // namespace
}  // namespace chiliad
