#include "base/file.h"

#include <gtest/gtest.h>

namespace chiliad {
namespace {

namespace fs = std::filesystem;

TEST(WriteFileAtomically, ReplacesTheWholeFile) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const fs::path path = folder->path() / "a";
  ASSERT_TRUE(write_file_atomically(path, "first and long", Durability::kNone));
  ASSERT_TRUE(write_file_atomically(path, "second", Durability::kSync));
  EXPECT_EQ(*read_file(path), "second");
}

TEST(WriteFileAtomically, LeavesNothingBehindOnAFullDisk) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  fail_writes_after(3);
  const Result<Done> written = write_file_atomically(folder->path() / "a", "too long", Durability::kNone);
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(fs::is_empty(folder->path()));
}

TEST(ReadFile, NamesFileAndReason) {
  const Result<std::string> bytes = read_file("/no/such/file");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(bytes.error().message, "open /no/such/file: No such file or directory");
}

TEST(ReadFile, StopsAtTheLimit) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file_atomically(folder->path() / "a", "12345", Durability::kNone));
  EXPECT_TRUE(read_file(folder->path() / "a", 5));
  EXPECT_EQ(read_file(folder->path() / "a", 4).error().code, ErrorCode::kTooLarge);
}

TEST(TempFolder, GoesAwayWithItsOwner) {
  fs::path path;
  {
    const Result<TempFolder> folder = TempFolder::make();
    ASSERT_TRUE(folder);
    path = folder->path();
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace chiliad
