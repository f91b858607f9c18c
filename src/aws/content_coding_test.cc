#include "aws/content_coding.h"

#include <gtest/gtest.h>

namespace chiliad::aws {
namespace {

// printf '{"a":1}' | gzip -n9
constexpr std::string_view kGzip(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07"
    "\x00\x00\x00",
    27);

TEST(ContentCoding, DecodesGzip) {
  const Result<std::string> decoded = decoded_body("gzip", kGzip, 100);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, "{\"a\":1}");
  EXPECT_EQ(*decoded_body("GZip", std::string(kGzip) + std::string(kGzip), 100), "{\"a\":1}{\"a\":1}");
  EXPECT_EQ(*decoded_body("", "text", 100), "text");
  EXPECT_EQ(*decoded_body("identity", "text", 100), "text");
}

TEST(ContentCoding, RefusesWhatIsDamagedTooLargeOrUnknown) {
  EXPECT_EQ(decoded_body("gzip", kGzip, 6).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(decoded_body("br", kGzip, 100).error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(decoded_body("gzip", "", 100));
  EXPECT_FALSE(decoded_body("gzip", "{\"a\":1}", 100));
  for (std::size_t size = 0; size < kGzip.size(); ++size)
    EXPECT_FALSE(decoded_body("gzip", kGzip.substr(0, size), 100)) << size;
  for (std::size_t i = 10; i < kGzip.size(); ++i) {
    std::string damaged(kGzip);
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    EXPECT_FALSE(decoded_body("gzip", damaged, 100)) << i;
  }
}

}  // namespace
}  // namespace chiliad::aws
