#include "process/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
bool go_on() { return true; }

void write(const fs::path& path, std::size_t bytes) { std::ofstream(path) << std::string(bytes, 'x'); }

// Folders named d, one in the other: deeper than a path can name.
void nest(const fs::path& top, int depth) {
  FileDescriptor at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
    at = FileDescriptor(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
}

std::uint64_t bytes_of(const fs::path& folder) { return folder_bytes({{folder}}, kNoLimit, go_on); }

TEST(FolderBytes, AreTheBlocksOfAllFilesBelow) {
  const TempFolder folder = *TempFolder::make();
  const std::uint64_t empty = bytes_of(folder.path());
  fs::create_directories(folder.path() / "a/b");
  write(folder.path() / "a/b/file", 1'000'000);
  EXPECT_GE(bytes_of(folder.path()), empty + 1'000'000 + 2 * kEntryBytes);
  EXPECT_LE(bytes_of(folder.path()), empty + 1'000'000 + 10 * kEntryBytes);
}

TEST(FolderBytes, HolesCountNothingAndEmptyFilesSomething) {
  const TempFolder folder = *TempFolder::make();
  const std::uint64_t empty = bytes_of(folder.path());
  write(folder.path() / "hole", 0);
  fs::resize_file(folder.path() / "hole", 1'000'000'000);
  fs::create_symlink("/", folder.path() / "link");
  EXPECT_EQ(bytes_of(folder.path()), empty + 2 * kEntryBytes);
}

TEST(FolderBytes, AFileWithTwoNamesCountsOnce) {
  const TempFolder folder = *TempFolder::make();
  write(folder.path() / "one", 1'000'000);
  const std::uint64_t before = bytes_of(folder.path());
  fs::create_hard_link(folder.path() / "one", folder.path() / "two");
  EXPECT_LE(bytes_of(folder.path()), before + kEntryBytes);
}

TEST(FolderBytes, ALinkIsNotFollowed) {
  const TempFolder folder = *TempFolder::make(), other = *TempFolder::make();
  write(other.path() / "file", 1'000'000);
  fs::create_directory_symlink(other.path(), folder.path() / "link");
  EXPECT_LT(bytes_of(folder.path()), 100'000U);
}

TEST(FolderBytes, TheWalkEndsWhereItIsEnough) {
  const TempFolder folder = *TempFolder::make();
  for (int i = 0; i < 2100; ++i) write(folder.path() / std::to_string(i), 1);
  EXPECT_LT(folder_bytes({{folder.path()}}, 20 * kEntryBytes, go_on), 50 * kEntryBytes);
  int asked = 0;
  EXPECT_LT(folder_bytes({{folder.path()}}, kNoLimit, [&] { return ++asked < 2; }), 2095 * kEntryBytes);
  EXPECT_EQ(asked, 2);
}

TEST(FolderBytes, WhatIsNestedTooDeepIsEndless) {
  const TempFolder folder = *TempFolder::make();
  nest(folder.path(), kMaxDepth + 10);
  EXPECT_EQ(bytes_of(folder.path()), kNoLimit);
  EXPECT_TRUE(remove_tree(folder.path()));
}

TEST(RemoveTree, AFolderThatIsNotThereIsRemoved) {
  EXPECT_TRUE(remove_tree("/no/such/folder"));
  EXPECT_FALSE(remove_tree("/proc/self"));
}

TEST(RemoveTree, FoldersNestedWithoutEndAreRemovedWithFewDescriptors) {
  const TempFolder folder = *TempFolder::make();
  nest(folder.path(), 1000);
  write(folder.path() / "file", 1);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{128, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Result<Done> removed = remove_tree(folder.path());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(RemoveTree, ManyFilesAndFoldersAreRemoved) {
  const TempFolder folder = *TempFolder::make();
  for (int i = 0; i < 1000; ++i) {
    write(folder.path() / ("f" + std::to_string(i)), 1);
    fs::create_directories(folder.path() / ("d" + std::to_string(i % 50)) / std::to_string(i));
  }
  EXPECT_TRUE(remove_tree(folder.path()));
  EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(RemoveTree, FoldersThatForbidThemselvesAreRemoved) {
  const TempFolder folder = *TempFolder::make();
  fs::create_directories(folder.path() / "a/b");
  write(folder.path() / "a/b/file", 1);
  for (const char* name : {"a/b", "a", ""}) fs::permissions(folder.path() / name, fs::perms::none);
  EXPECT_TRUE(remove_tree(folder.path()));
  EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(RemoveTree, WhatALinkPointsAtStays) {
  const TempFolder folder = *TempFolder::make(), other = *TempFolder::make();
  write(other.path() / "file", 1);
  fs::create_directory_symlink(other.path(), folder.path() / "link");
  EXPECT_TRUE(remove_tree(folder.path()));
  EXPECT_TRUE(fs::exists(other.path() / "file"));
}

TEST(GiveTo, AllBelowIsGivenAndLinksAreNotFollowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder folder = *TempFolder::make(), other = *TempFolder::make();
  fs::create_directories(folder.path() / "a/b");
  write(folder.path() / "a/b/file", 1);
  fs::create_directory_symlink(other.path(), folder.path() / "a/link");
  ASSERT_TRUE(give_to(folder.path(), 61000));
  for (const fs::path& path :
       {folder.path(), folder.path() / "a", folder.path() / "a/b/file", folder.path() / "a/link"}) {
    struct stat info {};
    ASSERT_EQ(::lstat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 61000U) << path;
    EXPECT_EQ(info.st_gid, 61000U) << path;
  }
  struct stat info {};
  ASSERT_EQ(::stat(other.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 0U);
}

TEST(GiveTo, WhatHasASecondNameOrIsNestedTooDeepIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root alone";
  const TempFolder folder = *TempFolder::make(), deep = *TempFolder::make();
  write(folder.path() / "one", 1);
  fs::create_hard_link(folder.path() / "one", folder.path() / "two");
  EXPECT_EQ(give_to(folder.path(), 61000).error().code, ErrorCode::kInvalid);
  nest(deep.path(), kMaxDepth + 1);
  EXPECT_EQ(give_to(deep.path(), 61000).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(remove_tree(deep.path()));
}

}  // namespace
}  // namespace chiliad::process
