#include "base/utf8.h"

#include <gtest/gtest.h>

namespace chiliad {
namespace {

TEST(Utf8, TextIsToldFromOtherBytes) {
  for (const std::string_view text : {"", "a", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x8C\xB6", "\xF4\x8F\xBF\xBF",
                                      "\xEF\xBF\xBD"})  // The last is U+FFFD itself.
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, WhatIsCutOverlongASurrogateOrTooLargeIsNone) {
  for (const std::string_view bytes : {"\x80", "\xC3", "a\xE2\x82", "\xC0\x80", "\xE0\x80\xAF", "\xED\xA0\x80",
                                       "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bytes)) << bytes;
    EXPECT_EQ(decode_utf8(bytes, bytes.starts_with('a') ? 1 : 0).value, kReplacementCharacter);
  }
}

}  // namespace
}  // namespace chiliad
