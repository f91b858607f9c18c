#include "base/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>

#include "base/file.h"

namespace chiliad {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

class SecretFile : public testing::Test {
 protected:
  fs::path path(std::string_view name) const { return folder_->path() / name; }
  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(SecretFile, IsItsOwnersAloneWhateverTheUmaskIs) {
  const mode_t before = ::umask(0);
  EXPECT_TRUE(write_secret_file(path("a"), "one"));
  EXPECT_TRUE(make_secret_file(path("b")));
  EXPECT_TRUE(make_secret_folder(path("c/d")));
  ::umask(before);
  EXPECT_EQ(mode_of(path("a")), 0600u);
  EXPECT_EQ(mode_of(path("b")), 0600u);
  EXPECT_EQ(mode_of(path("c/d")), 0700u);
}

TEST_F(SecretFile, OneThatOthersCouldReadIsClosedToThem) {
  ASSERT_TRUE(write_file_atomically(path("a"), "kept", Durability::kNone));
  ::chmod(path("a").c_str(), 0666);
  EXPECT_TRUE(make_secret_file(path("a")));
  EXPECT_EQ(mode_of(path("a")), 0600u);
  EXPECT_EQ(*read_file(path("a")), "kept");
  EXPECT_TRUE(write_secret_file(path("a"), "new"));
  EXPECT_EQ(*read_file(path("a")), "new");
  fs::create_directory(path("f"));
  EXPECT_TRUE(make_secret_folder(path("f")));
  EXPECT_EQ(mode_of(path("f")), 0700u);
}

TEST_F(SecretFile, AFullDiskLeavesTheOldOneAndNothingElse) {
  ASSERT_TRUE(write_secret_file(path("a"), "old"));
  fail_writes_after(2);
  const Result<Done> written = write_secret_file(path("a"), "newer");
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(*read_file(path("a")), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_->path()), fs::directory_iterator()), 1);
}

TEST_F(SecretFile, AFolderThatIsAFileIsAnError) {
  ASSERT_TRUE(write_secret_file(path("a"), "x"));
  EXPECT_FALSE(make_secret_folder(path("a/b")));
}

}  // namespace
}  // namespace chiliad
