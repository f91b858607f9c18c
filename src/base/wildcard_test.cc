#include "base/wildcard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace chiliad {
namespace {

TEST(Wildcard, StarsAndQuestionMarksStandForOthers) {
  struct Case {
    std::string_view pattern, text;
    bool matches;
  };
  for (const auto& [pattern, text, matches] : std::initializer_list<Case>{
           {"", "", true},
           {"", "a", false},
           {"*", "", true},
           {"*", "abc", true},
           {"**", "abc", true},
           {"a*", "a", true},
           {"a*", "ba", false},
           {"*a", "bca", true},
           {"*a", "bcab", false},
           {"a*b*c", "aXXbYYc", true},
           {"a*b*c", "acb", false},
           {"?", "a", true},
           {"?", "", false},
           {"a?c", "abc", true},
           {"a?c", "ac", false},
           {"*?", "", false},
           {"*?", "a", true},
           {"?*?", "ab", true},
           {"*ab*ab", "abab", true},
           {"*ab*ab", "aba", false},
           {"8.tar.gz", "8.tar.gz", true},
           {"8.tar.gz", "8xtar.gz", false},
           {"A", "a", false},
           {"a*", "a/b:c", true},
       }) {
    EXPECT_EQ(Wildcard::of(pattern).matches(text), matches) << pattern << " " << text;
  }
  EXPECT_TRUE(Wildcard::of("*").matches_all());
  EXPECT_TRUE(Wildcard::of("**").matches_all());
  EXPECT_FALSE(Wildcard::of("*?").matches_all());
}

TEST(Wildcard, LettersMayBeComparedWithoutCase) {
  EXPECT_TRUE(Wildcard::of("s3:Get*").matches_ignoring_case("S3:getOBJECT"));
  EXPECT_FALSE(Wildcard::of("s3:Get*").matches_ignoring_case("s3:Put"));
  EXPECT_FALSE(Wildcard::of("@").matches_ignoring_case("`")) << "only letters have a case";
  EXPECT_FALSE(Wildcard::of("[").matches_ignoring_case("{"));
}

TEST(Wildcard, BytesAddedAsTheyAreMatchOnlyThemselves) {
  Wildcard pattern = Wildcard::of("home/");
  pattern.add_bytes("a*?");
  pattern.add_pattern("/*");
  EXPECT_TRUE(pattern.matches("home/a*?/x"));
  EXPECT_FALSE(pattern.matches("home/abc/x"));
  Wildcard bytes;
  bytes.add_bytes(std::string_view("\x01\x00\xFF", 3));
  EXPECT_TRUE(bytes.matches(std::string_view("\x01\x00\xFF", 3)));
  EXPECT_FALSE(bytes.matches(std::string_view("\x01\x01\xFF", 3)));
}

TEST(Wildcard, InArnsAStarEndsAtTheColonButInTheLastPart) {
  const auto matches = [](std::string_view pattern, std::string_view arn) {
    return Wildcard::of(pattern).matches_arn(arn);
  };
  EXPECT_TRUE(matches("arn:aws:s3:::b/*", "arn:aws:s3:::b/k:with:colons"));
  EXPECT_TRUE(matches("arn:aws:sagemaker:*:*:endpoint/e", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"));
  EXPECT_FALSE(matches("arn:aws:sagemaker:*:*:endpoint/e", "arn:aws:sagemaker:r:a:endpoint/x:endpoint/e"));
  EXPECT_FALSE(matches("arn:aws:s3:*:b/x", "arn:aws:s3:::b"));
  EXPECT_TRUE(matches("*", "arn:aws:s3:::b"));
  EXPECT_TRUE(matches("*", "no arn"));
  EXPECT_TRUE(matches("arn:aws:s3*", "arn:aws:s3:::b/k"));
  EXPECT_FALSE(matches("arn:aws:s3:::b", "arn:aws:s3"));
  EXPECT_FALSE(matches("arn:*:s3:::*", "arn:aws:sagemaker:us-east-1:1:x"));
}

TEST(Wildcard, ManyStarsCostNoMoreThanTheProductOfTheSizes) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  pattern += "b";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(Wildcard::of(pattern).matches(std::string(2000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace chiliad
