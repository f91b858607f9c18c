#include "process/image_store.h"

#include <gtest/gtest.h>

namespace chiliad::process {
namespace {

TEST(ImageStore, IsWhatPodmanSaysBehindItsWarnings) {
  const Result<ImageStore> store = parse_storage("WARN[0000] a warning\nstorage: overlay /home/a b/storage\nmore\n");
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->driver, "overlay");
  EXPECT_EQ(store->folder, "/home/a b/storage");
}

TEST(ImageStore, WhatPodmanSaysInsteadIsTheReason) {
  const Result<ImageStore> store = parse_storage("Error: no\nstorage here\n");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store.error().message, "podman info: Error: no storage here ");
  EXPECT_EQ(parse_storage("").error().message, "podman info: it says nothing");
}

TEST(ImageStore, AStorageHasADriverAndAnAbsoluteFolder) {
  for (const char* text : {"storage: ", "storage: overlay", "storage: overlay ", "storage: overlay images",
                           "storage:  /images", "storage: overlay\n/images"})
    EXPECT_FALSE(parse_storage(text)) << text;
}

}  // namespace
}  // namespace chiliad::process
