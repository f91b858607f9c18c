#include "job/runtime.h"

#include <gtest/gtest.h>

namespace chiliad::job {
namespace {

TEST(Runtime, AnImagesNameIsItsLastPartWithoutTagAndDigest) {
  EXPECT_EQ(image_name("chiliad-split"), "chiliad-split");
  EXPECT_EQ(image_name("123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:latest"), "chiliad-prophet");
  EXPECT_EQ(image_name("host:5000/a/chiliad-evaluate@sha256:00"), "chiliad-evaluate");
  EXPECT_EQ(image_name("host:5000/a/chiliad-evaluate:1@sha256:00"), "chiliad-evaluate");
}

TEST(Runtime, TheNativeOneRunsTheBuiltInAlgorithmsAndNothingElse) {
  const std::unique_ptr<Runtime> native = native_runtime();
  EXPECT_TRUE(native->runs("r/chiliad-split"));
  EXPECT_FALSE(native->runs("r/chiliad-split-x"));
  EXPECT_FALSE(native->runs("chiliad-split/x"));
  Spec spec;
  spec.kind = Kind::kTraining;
  spec.image = "r/chiliad-split";
  EXPECT_NE(native->check(spec).error().message.find("processing"), std::string::npos);
  spec.kind = Kind::kProcessing;
  EXPECT_TRUE(native->check(spec));
  spec.entrypoint = {"python3"};
  EXPECT_NE(native->check(spec).error().message.find("ContainerEntrypoint"), std::string::npos);
}

TEST(Runtime, TheSpecsEnvironmentDoesNotReachAProgramThatRunsAsTheServersUser) {
  Spec spec;
  spec.image = "chiliad-prophet";
  spec.environment = {{"LD_PRELOAD", "/tmp/x.so"}};
  const Command command = *native_runtime()->command(spec, "/r", {"PATH=/bin"});
  EXPECT_EQ(command.environment, (std::vector<std::string>{"PATH=/bin"}));
  EXPECT_EQ(command.arguments, (std::vector<std::string>{"algorithm", "prophet", "--root", "/r"}));
}

}  // namespace
}  // namespace chiliad::job
