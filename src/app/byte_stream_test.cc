#include "app/byte_stream.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

class ByteStream : public testing::Test {
 protected:
  fs::path path() const { return folder_->path() / "a.csv"; }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(ByteStream, AFileAppearsWithCommitAndNotBefore) {
  {
    Result<OutputStream> output = OutputStream::open(path());
    ASSERT_TRUE(output);
    ASSERT_TRUE(output->put("one "));
    EXPECT_FALSE(fs::exists(path()));
    ASSERT_TRUE(output->put("two"));
    ASSERT_TRUE(output->commit());
  }
  EXPECT_EQ(*read_file(path()), "one two");
}

TEST_F(ByteStream, WithoutCommitTheOldFileStaysAndNothingElse) {
  ASSERT_TRUE(write_file_atomically(path(), "old", Durability::kNone));
  {
    Result<OutputStream> output = OutputStream::open(path());
    ASSERT_TRUE(output);
    fail_writes_after(3);
    const Result<Done> put = output->put("longer");
    fail_writes_after(UINT64_MAX);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, ErrorCode::kNoSpace);
  }
  EXPECT_EQ(*read_file(path()), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_->path()), fs::directory_iterator{}), 1);
}

TEST_F(ByteStream, WhatIsNoRegularFileIsWrittenDirectly) {
  Result<OutputStream> output = OutputStream::open("/dev/null");
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->put("x"));
  EXPECT_TRUE(output->commit());
  struct stat info {};
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(ByteStream, InputGivesBytesNameAndSize) {
  ASSERT_TRUE(write_file_atomically(path(), "12345", Durability::kNone));
  Result<InputStream> input = open_input(path());
  ASSERT_TRUE(input);
  EXPECT_EQ(input->name, path());
  EXPECT_EQ(input->size_bytes, 5U);
  std::string buffer(3, '\0');
  EXPECT_EQ(*input->pull({buffer.data(), 3}), 3U);
  EXPECT_EQ(buffer, "123");
  EXPECT_EQ(*input->pull({buffer.data(), 3}), 2U);
  EXPECT_EQ(*input->pull({buffer.data(), 3}), 0U);
}

TEST_F(ByteStream, FoldersAndMissingFilesAreNoInput) {
  EXPECT_EQ(open_input(folder_->path()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(open_input(path()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace chiliad::app
