#include "job/runtime.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "process/box_under_test.h"
#include "runtime/catalog.h"

namespace chiliad::job {
namespace {

TEST(Runtime, AnImagesNameIsItsLastPartWithoutTagAndDigest) {
  EXPECT_EQ(image_name("chiliad-split"), "chiliad-split");
  EXPECT_EQ(image_name("123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:latest"), "chiliad-prophet");
  EXPECT_EQ(image_name("host:5000/a/chiliad-evaluate@sha256:00"), "chiliad-evaluate");
  EXPECT_EQ(image_name("host:5000/a/chiliad-evaluate:1@sha256:00"), "chiliad-evaluate");
}

TEST(Runtime, TheNativeOneRunsTheBuiltInAlgorithmsAndNothingElse) {
  const runtime::Catalog catalog = runtime::Catalog::built_in();
  const std::unique_ptr<Runtime> native = native_runtime(catalog);
  EXPECT_TRUE(native->claims("r/chiliad-split"));
  EXPECT_FALSE(native->claims("r/chiliad-split-x"));
  EXPECT_FALSE(native->claims("chiliad-split/x"));
  EXPECT_FALSE(native->claims("r/mxnet-training:1.9.0-cpu-py38"));
  Spec spec;
  spec.kind = Kind::kTraining;
  spec.image = "r/chiliad-split";
  EXPECT_NE(native->check(spec).error().message.find("processing"), std::string::npos);
  spec.kind = Kind::kProcessing;
  EXPECT_TRUE(native->check(spec));
  spec.entrypoint = {"python3"};
  EXPECT_NE(native->check(spec).error().message.find("ContainerEntrypoint"), std::string::npos);
  spec.entrypoint.clear();
  spec.inputs = {{.name = "i", .s3_uri = "s3://b/x", .local_path = "", .input_mode = "FastFile"}};
  EXPECT_NE(native->check(spec).error().message.find("use File"), std::string::npos);
}

TEST(Runtime, TheSpecsEnvironmentDoesNotReachAProgramThatRunsAsTheServersUser) {
  const runtime::Catalog catalog = runtime::Catalog::built_in();
  const TempFolder folder = *TempFolder::make();
  const std::filesystem::path program = folder.path() / "program";
  ASSERT_TRUE(write_file_atomically(program, "#!/bin/sh\necho $*; env\n", Durability::kNone));
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  Spec spec;
  spec.image = "chiliad-prophet";
  spec.environment = {{"LD_PRELOAD", "/tmp/x.so"}};
  Start start;
  start.root = folder.path();
  start.contract = {"PATH=/bin"};
  Result<Started> started = native_runtime(catalog, program)->start(spec, {}, start);
  ASSERT_TRUE(started) << started.error().message;
  const process::Ended ended = process::finish(*started->process);
  EXPECT_EQ(ended.exit.code, 0);
  EXPECT_TRUE(ended.output.starts_with("algorithm prophet --root " + folder.path().string() + "\n")) << ended.output;
  EXPECT_EQ(ended.output.find("LD_PRELOAD"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::job
