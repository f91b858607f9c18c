#include "job/manifest.h"

#include <gtest/gtest.h>

namespace chiliad::job {
namespace {

std::string refusal(std::string_view text, std::uint64_t max_names = 100) {
  const Result<Manifest> manifest = parse_manifest(text, max_names);
  return manifest ? "taken" : manifest.error().message;
}

TEST(Manifest, PrefixAndNamesAreRead) {
  const Manifest manifest = *parse_manifest(R"([{"prefix": "s3://b/p/"}, "a/1.csv", "2.csv"])", 10);
  EXPECT_EQ(manifest.prefix.bucket, "b");
  EXPECT_EQ(manifest.prefix.key, "p/");
  EXPECT_EQ(manifest.names, (std::vector<std::string>{"a/1.csv", "2.csv"}));
}

TEST(Manifest, WhatIsNoneIsRefusedWithWhatWasExpected) {
  EXPECT_EQ(refusal("["), "manifest: no JSON at byte 2");
  EXPECT_EQ(refusal("{}"), "manifest: entry 0: expected an array, found an object");
  EXPECT_EQ(refusal("[]"), "manifest: expected {\"prefix\": \"s3://...\"} as the first entry");
  EXPECT_EQ(refusal(R"(["a"])"),
            "manifest: entry 0: expected {\"prefix\": \"s3://...\"} as the first entry, found a string");
  EXPECT_EQ(refusal(R"([{}, "a"])"), "manifest: the first entry lacks \"prefix\"");
  EXPECT_NE(refusal(R"([{"prefix": "/etc/"}, "a"])").find("expected s3://"), std::string::npos);
  EXPECT_NE(refusal(R"([{"prefix": "s3://b/", "x": 1}])").find("just the member"), std::string::npos);
  EXPECT_EQ(refusal(R"([{"prefix": "s3://b/"}, 7])"), "manifest: entry 1: expected a relative name, found a number");
  EXPECT_EQ(refusal(R"([{"prefix": "s3://b/"}, ["a"]])"),
            "manifest: entry 1: expected a relative name, found an array");
  EXPECT_EQ(refusal(R"([{"prefix": "s3://b/"}, "a", "a"])"), "manifest: 'a' comes twice");
}

TEST(Manifest, HostileNamesAreRefusedByName) {
  EXPECT_NE(refusal(R"([{"prefix": "s3://b/"}, "../x"])").find("entry 1 '../x'"), std::string::npos);
  EXPECT_NE(refusal(R"([{"prefix": "s3://b/"}, "/x"])").find("'/x'"), std::string::npos);
  EXPECT_NE(refusal("[{\"prefix\": \"s3://b/\"}, \"a\\u0000b\"]").find("a\\x00b"), std::string::npos);
}

TEST(Manifest, NamesAreCounted) {
  EXPECT_EQ(refusal(R"([{"prefix": "s3://b/"}, "a", "b"])", 1), "manifest: more than 1 names");
}

}  // namespace
}  // namespace chiliad::job
