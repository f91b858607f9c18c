#include "job/location.h"

#include <gtest/gtest.h>

namespace chiliad::job {
namespace {

TEST(Location, AUriIsItsBucketAndKey) {
  EXPECT_EQ(parse_s3_uri("s3://b/p/data")->bucket, "b");
  EXPECT_EQ(parse_s3_uri("s3://b/p/data")->key, "p/data");
  EXPECT_EQ(parse_s3_uri("s3://b")->key, "");
  EXPECT_EQ(parse_s3_uri("s3://b/")->key, "");
}

TEST(Location, WhatIsNoUriIsRefused) {
  for (const char* uri : {"", "s3://", "s3:///k", "https://b/k", "/etc/passwd", "s3://b/\n"})
    EXPECT_FALSE(parse_s3_uri(uri)) << uri;
  EXPECT_FALSE(parse_s3_uri("s3://b/" + std::string(1024, 'k')));
}

TEST(Location, ALocalPathIsTakenBelowTheRoot) {
  EXPECT_EQ(*below_root("/opt/ml/processing/input/"), "processing/input");
  EXPECT_EQ(*below_root("/opt/ml//checkpoints"), "checkpoints");
}

TEST(Location, WhatWouldLeaveTheRootIsRefused) {
  for (const char* path : {"", "/", "/opt/ml", "/opt/ml/", "/opt/mlx/a", "opt/ml/a", "/opt/ml/../a", "/opt/ml/a/../..",
                           "/opt/ml/./a", "/opt/ml/a\nb"})
    EXPECT_FALSE(below_root(path)) << path;
}

TEST(Location, KeysAreJoinedWithOneSlash) {
  EXPECT_EQ(join_key("", "n"), "n");
  EXPECT_EQ(join_key("p", "n"), "p/n");
  EXPECT_EQ(join_key("p/", "n"), "p/n");
}

TEST(Location, NamesThatAreNoFilesAreRefused) {
  for (const std::string& name :
       {std::string(""), std::string(".."), std::string("a/../b"), std::string("/a"), std::string("a//b"),
        std::string("a\0b", 3), std::string(256, 'x'), std::string("a/."), std::string("\xff")})
    EXPECT_FALSE(wrong_with_file_name(name).empty()) << shown(name);
  EXPECT_TRUE(wrong_with_file_name("a b/\xC3\xA9.csv").empty());
}

}  // namespace
}  // namespace chiliad::job
