#include "archive/tar_gz_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "archive/archive.h"

namespace chiliad::archive {
namespace {

class TarGzFileTest : public testing::Test {
 protected:
  // Writes members of these bytes; the archive's own.
  std::string write(const std::vector<Member>& members) {
    const auto path = folder_.path() / "a.tar.gz";
    TarGzFile out = *TarGzFile::create(path);
    for (const Member& member : members) {
      EXPECT_TRUE(write_file_atomically(folder_.path() / "member", member.bytes, Durability::kNone));
      const FileDescriptor file = *open_file(folder_.path() / "member", O_RDONLY);
      const Result<Done> added = out.add(member.name, file, member.bytes.size(), 0644);
      EXPECT_TRUE(added) << added.error().message;
    }
    EXPECT_TRUE(out.finish());
    return *read_file(path);
  }

  TempFolder folder_ = *TempFolder::make();
};

TEST_F(TarGzFileTest, WhatWasAddedIsReadBack) {
  const std::string long_name = std::string(150, 'd') + "/" + std::string(120, 'n');
  const std::string bytes = write({{"model.json", "{}"}, {"a/b.bin", std::string(1'000'000, 'x')}, {long_name, ""}});
  const std::vector<Member> members = *read_archive(bytes);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].bytes, "{}");
  EXPECT_EQ(members[1].bytes, std::string(1'000'000, 'x'));
  EXPECT_EQ(members[2].name, long_name);
}

TEST_F(TarGzFileTest, TheSameMembersGiveTheSameBytes) {
  EXPECT_EQ(write({{"a", "1"}, {"b", "2"}}), write({{"a", "1"}, {"b", "2"}}));
}

TEST_F(TarGzFileTest, AnEmptyArchiveIsOne) { EXPECT_TRUE(read_archive(write({}))->empty()); }

TEST_F(TarGzFileTest, ANameThatLeavesTheFolderIsRefused) {
  TarGzFile out = *TarGzFile::create(folder_.path() / "a.tar.gz");
  const FileDescriptor file = *open_file("/dev/null", O_RDONLY);
  EXPECT_EQ(out.add("../x", file, 0, 0644).error().code, ErrorCode::kInvalid);
}

TEST_F(TarGzFileTest, AFullDiskIsNamed) {
  ASSERT_TRUE(write_file_atomically(folder_.path() / "member", "bytes", Durability::kNone));
  fail_writes_after(0);
  TarGzFile out = *TarGzFile::create(folder_.path() / "a.tar.gz");
  const FileDescriptor file = *open_file(folder_.path() / "member", O_RDONLY);
  static_cast<void>(out.add("m", file, 5, 0644));
  const Result<Done> done = out.finish();
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace chiliad::archive
