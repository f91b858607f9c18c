#include "table/gunzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "table/gzip_for_test.h"

namespace chiliad::table {
namespace {

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size() * 2654435761U) + "\n";
  text.resize(size);
  return text;
}

PullBytes from(std::string bytes, std::size_t most) {
  return [bytes = std::move(bytes), at = std::size_t{0}, most](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({into.size(), bytes.size() - at, most});
    std::memcpy(into.data(), bytes.data() + at, count);
    at += count;
    return count;
  };
}

Result<std::string> drain(const PullBytes& source, std::size_t step) {
  std::string text;
  std::string buffer(step, '\0');
  while (true) {
    Result<std::size_t> got = source({buffer.data(), buffer.size()});
    if (!got) return std::move(got).error();
    if (*got == 0) return text;
    text.append(buffer, 0, *got);
  }
}

TEST(Gunzip, GivesTheTextBackInAnyPieces) {
  const std::string text = text_of(300'000);
  const std::string zipped = gzip_for_test(text);
  EXPECT_EQ(*gunzip(zipped, "f.csv", text.size()), text);
  for (std::size_t piece : {1U, 7U, 65'536U}) {
    EXPECT_EQ(*drain(gunzip_if_gzip(from(zipped, piece), "f.csv"), 1000), text);
  }
}

TEST(Gunzip, PlainBytesPassUnchanged) {
  for (const std::string& text : {std::string(), std::string("a"), std::string("\x1f"), text_of(200'000)}) {
    for (std::size_t piece : {1U, 65'536U}) {
      EXPECT_EQ(*drain(gunzip_if_gzip(from(text, piece), "f.csv"), 1000), text);
    }
  }
}

TEST(Gunzip, MembersAreReadOneAfterAnotherAndZerosBehindThemIgnored) {
  const std::string zipped = gzip_for_test("abc") + gzip_for_test("") + gzip_for_test("def") + std::string(1000, '\0');
  EXPECT_EQ(*gunzip(zipped, "f.csv", 100), "abcdef");
  EXPECT_EQ(*drain(gunzip_if_gzip(from(zipped, 1), "f.csv"), 10), "abcdef");
}

TEST(Gunzip, EveryCutIsAnError) {
  const std::string zipped = gzip_for_test(text_of(2000));
  for (std::size_t size = 2; size < zipped.size(); ++size) {
    const Result<std::string> text = gunzip(zipped.substr(0, size), "f.csv", 1 << 20);
    ASSERT_FALSE(text) << size;
    EXPECT_EQ(text.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(text.error().message, "f.csv: damaged gzip: cut off: the file ends inside the compressed data");
  }
}

TEST(Gunzip, DamageAndForeignBytesBehindAreErrors) {
  const std::string zipped = gzip_for_test(text_of(2000));
  for (std::size_t at = 10; at < zipped.size(); ++at) {
    std::string damaged = zipped;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_FALSE(gunzip(damaged, "f.csv", 1 << 20)) << at;
  }
  EXPECT_FALSE(gunzip(zipped + "x", "f.csv", 1 << 20));
  EXPECT_FALSE(gunzip(zipped + std::string("\0x", 2), "f.csv", 1 << 20));
}

TEST(Gunzip, ABombStopsAtTheLimit) {
  const std::string zipped = gzip_for_test(std::string(10 << 20, '0'));
  const Result<std::string> text = gunzip(zipped, "f.csv", 1 << 20);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(gunzip(zipped, "f.csv", 10 << 20));
  EXPECT_FALSE(gunzip(zipped, "f.csv", (10 << 20) - 1));
}

}  // namespace
}  // namespace chiliad::table
