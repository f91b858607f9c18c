#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

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

TEST(ReadFile, TakesNoMemoryForAFileAboveTheLimit) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file_atomically(folder->path() / "sparse", "", Durability::kNone));
  fs::resize_file(folder->path() / "sparse", std::uint64_t{1} << 42);  // More than any machine's memory.
  const Result<std::string> bytes = read_file(folder->path() / "sparse", 1000);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kTooLarge);
  EXPECT_NE(bytes.error().message.find("sparse: larger than the limit of 1000 bytes"), std::string::npos);
}

TEST(ReadFile, WaitsForNoPipe) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const fs::path pipe = folder->path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Result<std::string> bytes = read_file(pipe);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kInvalid);
  EXPECT_NE(bytes.error().message.find("expected a plain file, it is a named pipe"), std::string::npos);
  EXPECT_NE(read_file("/dev/zero").error().message.find("it is a device"), std::string::npos);
}

TEST(ReadFile, APipeThatTheUserNamesIsReadToItsEnd) {
  const Result<TempFolder> folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const fs::path pipe = folder->path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string rows(100'000, 'r');  // More than a pipe holds.
  std::thread writer([&] {
    const Result<FileDescriptor> file = open_file(pipe, O_WRONLY);
    ASSERT_TRUE(file);
    EXPECT_TRUE(write_all(*file, rows, pipe));
  });
  const Result<std::string> bytes = read_file_or_pipe(pipe, 1 << 20);
  writer.join();
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(*bytes, rows);
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
