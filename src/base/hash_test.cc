#include "base/hash.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>

namespace chiliad {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Sha256, IsTheOneOfTheStandard) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  Sha256Stream stream;
  stream.update("a");
  stream.update("");
  stream.update("bc");
  EXPECT_EQ(stream.finish(), sha256("abc"));
}

TEST(HmacSha256, IsTheOneOfRfc4231) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HmacSha256, TakesAnEmptyKey) {
  EXPECT_EQ(hex(hmac_sha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Md5, IsTheOneOfRfc1321) { EXPECT_EQ(hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72"); }

// Stored in journals: these numbers may never change.
TEST(ContentHash, StaysTheSameForEver) {
  EXPECT_EQ(hex(content_hash("")), "2d06800538d394c2");
  EXPECT_EQ(hex(content_hash("abc")), "78af5f94892f3950");
  EXPECT_EQ(content_hash("abc"), content_hash("abc", 0));
}

TEST(ContentHash, OfSeveralThingsKeepsTheirBorders) {
  EXPECT_NE(content_hash("c", content_hash("ab")), content_hash("bc", content_hash("a")));
  EXPECT_NE(content_hash(std::string(1000, 'x')), content_hash(std::string(1001, 'x')));
}

TEST(Hex, OfANumberHasSixteenDigits) { EXPECT_EQ(hex(std::uint64_t{0xBEEF}), "000000000000beef"); }

TEST(Base64, PadsAsRfc4648Does) {
  EXPECT_EQ(base64(bytes_of("")), "");
  EXPECT_EQ(base64(bytes_of("f")), "Zg==");
  EXPECT_EQ(base64(bytes_of("fo")), "Zm8=");
  EXPECT_EQ(base64(bytes_of("foobar")), "Zm9vYmFy");
  EXPECT_EQ(base64(bytes_of("\xFF\xFE\xFD")), "//79");
}

TEST(Base64, IsReadBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "\xFF\xFE\xFD"}) {
    EXPECT_EQ(unbase64(base64(bytes_of(text))), text);
  }
}

TEST(Base64, HasOneTextForOneValue) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "====", "Zm 8", "Zm9v\n"}) {
    EXPECT_EQ(unbase64(text), std::nullopt) << text;
  }
}

TEST(EqualInConstantTime, ComparesLengthAndBytes) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace chiliad
