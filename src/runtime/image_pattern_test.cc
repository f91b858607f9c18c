#include "runtime/image_pattern.h"

#include <gtest/gtest.h>

#include "runtime/catalog.h"

namespace chiliad::runtime {
namespace {

constexpr std::string_view kMxnet = "763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-training:1.9.0-cpu-py38";

TEST(SplitImage, TakesPortTagAndDigestApart) {
  const ImageName name = split_image("localhost:5000/team/model:1.2@sha256:00ff");
  EXPECT_EQ(name.repository, "localhost:5000/team/model");
  EXPECT_EQ(name.name, "model");
  EXPECT_EQ(name.tag, "1.2");
  EXPECT_EQ(name.digest, "sha256:00ff");
  EXPECT_EQ(split_image("localhost:5000/model").tag, "");
  EXPECT_EQ(split_image("model").repository, "model");
}

TEST(ImageMatches, APatternWithoutSlashIsAboutTheLastPart) {
  EXPECT_TRUE(image_matches("mxnet-training", kMxnet));
  EXPECT_TRUE(image_matches("mxnet-*", kMxnet));
  EXPECT_FALSE(image_matches("mxnet", kMxnet));
  EXPECT_FALSE(image_matches("training", kMxnet));
}

TEST(ImageMatches, ATagCountsWhereThePatternHasOne) {
  EXPECT_TRUE(image_matches("mxnet-training:1.9.*", kMxnet));
  EXPECT_FALSE(image_matches("mxnet-training:1.8.*", kMxnet));
  EXPECT_FALSE(image_matches("mxnet-training:1.9.*", "mxnet-training"));
}

TEST(ImageMatches, APatternWithSlashIsAboutTheWholeRepository) {
  EXPECT_TRUE(image_matches("*.amazonaws.com/mxnet-training", kMxnet));
  EXPECT_TRUE(image_matches("*/mxnet-training", kMxnet));
  EXPECT_FALSE(image_matches("*.example.com/mxnet-training", kMxnet));
  EXPECT_FALSE(image_matches("*/mxnet-training", "mxnet-training"));
  EXPECT_TRUE(image_matches("localhost:5000/*", "localhost:5000/a/b:1"));
}

TEST(ImageMatches, ADigestCountsWhereThePatternHasOne) {
  EXPECT_TRUE(image_matches("a@sha256:00*", "r/a:1@sha256:00ff"));
  EXPECT_FALSE(image_matches("a@sha256:00*", "r/a:1@sha256:11ff"));
  EXPECT_TRUE(image_matches("a", "r/a@sha256:11ff"));
}

}  // namespace
}  // namespace chiliad::runtime
