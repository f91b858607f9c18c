// What the folder store promises besides object_store_test.cc: ordinary tools, links, leftovers, a full disk.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/deadline_for_test.h"
#include "base/file.h"
#include "store/object_store.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""s;
using Strings = std::vector<std::string>;

class FolderStore : public testing::Test {
 protected:
  void SetUp() override {
    Result<TempFolder> folder = TempFolder::make();
    ASSERT_TRUE(folder);
    folder_ = std::make_unique<TempFolder>(std::move(*folder));
    Result<std::unique_ptr<ObjectStore>> store = open_folder(root());
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }

  fs::path root() const { return folder_->path() / "root"; }
  ObjectStore& store() { return *store_; }
  Strings keys(const std::string& prefix = "") {
    Strings found;
    const Result<std::vector<ObjectInfo>> objects = list_all(store(), prefix, soon());
    EXPECT_TRUE(objects);
    for (const ObjectInfo& object : *objects) found.push_back(object.key);
    return found;
  }
  std::size_t files_in(const fs::path& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(folder)) ++count;
    return count;
  }

 private:
  std::unique_ptr<TempFolder> folder_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(FolderStore, IsReadAndFilledByOrdinaryTools) {
  ASSERT_TRUE(store().put("a/b", "ours", {}, soon()));
  EXPECT_EQ(*read_file(root() / "a/b"), "ours");
  fs::create_directories(root() / "c/d");
  std::ofstream(root() / "c/d/e") << "theirs";
  EXPECT_EQ(*store().get("c/d/e", {}, soon()), "theirs");
  EXPECT_EQ(keys(), (Strings{"a/b", "c/d/e"}));
}

TEST_F(FolderStore, SeesTheEditsOfOrdinaryToolsInTheETag) {
  std::ofstream(root() / "a") << "1";
  const std::string before = store().head("a", soon())->etag;
  const timespec times[2] = {{1'000'000'000, 5}, {1'000'000'000, 5}};
  std::ofstream(root() / "a") << "2";
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "a").c_str(), times, 0), 0);
  EXPECT_NE(store().head("a", soon())->etag, before);
}

TEST_F(FolderStore, NeverListsFilesThatAreNoObjects) {
  std::ofstream(root() / ".chiliad-tmp-1-2") << "half";
  fs::create_directories(root() / ".chiliad-x/y");
  std::ofstream(root() / ".chiliad-x/y/z") << "x";
  std::ofstream(root() / "not\xFFutf8") << "x";
  fs::create_directories(root() / "empty/folder");
  ASSERT_EQ(::mkfifo((root() / "pipe").c_str(), 0600), 0);
  std::ofstream(root() / ".hidden") << "an object like others";
  EXPECT_EQ(keys(), Strings{".hidden"});
  EXPECT_TRUE(store().list({.delimiter = "/"}, soon())->prefixes.empty());
  EXPECT_EQ(store().get("pipe", {}, soon()).error().code, ErrorCode::kNotFound);
}

TEST_F(FolderStore, FollowsNoLink) {
  const fs::path outside = root().parent_path() / "outside";
  fs::create_directories(outside);
  std::ofstream(outside / "secret") << "secret";
  fs::create_symlink(outside / "secret", root() / "link");
  fs::create_symlink(outside, root() / "folder");
  fs::create_symlink(root(), root() / "loop");
  EXPECT_EQ(keys(), Strings());
  EXPECT_EQ(keys("folder/"), Strings());
  EXPECT_EQ(store().get("link", {}, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().get("folder/secret", {}, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().put("folder/new", "x", {}, soon()).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(store().remove("folder/secret", soon()));
  EXPECT_EQ(files_in(outside), 1u);
  ASSERT_TRUE(store().put("link", "replaced", {}, soon()));
  EXPECT_EQ(*read_file(outside / "secret"), "secret");
  EXPECT_EQ(*store().get("link", {}, soon()), "replaced");
}

TEST_F(FolderStore, MayItselfBeALink) {
  fs::create_symlink(root(), root().parent_path() / "other");
  Result<std::unique_ptr<ObjectStore>> other = open_folder(root().parent_path() / "other");
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->put("a/b", "x", {}, soon()));
  EXPECT_EQ(keys(), Strings{"a/b"});
}

TEST_F(FolderStore, LeavesNothingBehindOnAFullDisk) {
  const Result<TempFolder> other = TempFolder::make();
  ASSERT_TRUE(other);
  std::ofstream(other->path() / "from") << std::string(100, 'x');
  ASSERT_TRUE(store().put("old", "old", {}, soon()));
  fail_writes_after(10);
  const Result<ObjectInfo> put = store().put("old", std::string(100, 'x'), {}, soon());
  fail_writes_after(10);
  const Result<ObjectInfo> absent = store().put("new", std::string(100, 'x'), {.only_if_absent = true}, soon());
  fail_writes_after(10);
  const Result<ObjectInfo> upload = store().upload(other->path() / "from", "up", soon());
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(put || absent || upload);
  for (const Error& error : {put.error(), absent.error(), upload.error()})
    EXPECT_EQ(error.code, ErrorCode::kNoSpace) << error.message;
  EXPECT_EQ(files_in(root()), 1u);
  EXPECT_EQ(*store().get("old", {}, soon()), "old");
}

TEST_F(FolderStore, SaysThatAKeyIsAnotherKeysFolder) {
  ASSERT_TRUE(store().put("a/b", "x", {}, soon()));
  EXPECT_EQ(store().put("a", "x", {}, soon()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(store().put("a/b/c", "x", {}, soon()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(store().put(std::string(256, 'k'), "x", {}, soon()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(files_in(root()), 2u);
}

TEST_F(FolderStore, RemovesWhatAKilledPutLeftADayAgo) {
  std::ofstream(root() / ".chiliad-tmp-1-2") << "old";
  std::ofstream(root() / ".chiliad-tmp-1-3") << "in use";
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / ".chiliad-tmp-1-2").c_str(), times, 0), 0);
  EXPECT_EQ(keys(), Strings());
  EXPECT_FALSE(fs::exists(root() / ".chiliad-tmp-1-2"));
  EXPECT_TRUE(fs::exists(root() / ".chiliad-tmp-1-3"));
}

TEST_F(FolderStore, ComesBackWhenItsFolderIsRemoved) {
  ASSERT_TRUE(store().put("a/b", "x", {}, soon()));
  fs::remove_all(root());
  EXPECT_EQ(store().get("a/b", {}, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(keys(), Strings());
  ASSERT_TRUE(store().put("a/b", "y", {}, soon()));
  EXPECT_EQ(*store().get("a/b", {}, soon()), "y");
}

// Puts and removes in one folder, which comes and goes with its last object.
TEST_F(FolderStore, PutsAndRemovesInOneFolderDoNotDisturbOneAnother) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::string key = "a/b/" + std::to_string(t);
      for (int i = 0; i < 200; ++i) {
        const Result<ObjectInfo> put = store().put(key, "x", {}, soon());
        ASSERT_TRUE(put) << put.error().message;
        ASSERT_TRUE(store().remove(key, soon()));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files_in(root()), 0u);
}

TEST_F(FolderStore, GoesOnWithAListingThatAnotherStoreBegan) {
  for (const std::string key : {"a/1", "a/2", "b", "c/3"}) ASSERT_TRUE(store().put(key, "x", {}, soon()));
  const ListPage first = *store().list({.max_keys = 2}, soon());
  ASSERT_TRUE(first.next_token);
  Result<std::unique_ptr<ObjectStore>> other = open_folder(root());
  ASSERT_TRUE(other);
  const ListPage rest = *(*other)->list({.token = *first.next_token}, soon());
  ASSERT_EQ(rest.objects.size(), 2u);
  EXPECT_EQ(rest.objects[0].key, "b");
  EXPECT_EQ(rest.objects[1].key, "c/3");
  EXPECT_FALSE(rest.next_token);
}

TEST_F(FolderStore, RefusesTokensThatAreNotItsOwn) {
  for (const std::string token : {"x", "f1", "f1k", "f1x/a", "f1k\xFF"})
    EXPECT_EQ(store().list({.token = token}, soon()).error().code, ErrorCode::kInvalid) << token;
}

TEST_F(FolderStore, OpensNoFile) {
  std::ofstream(root() / "file") << "x";
  const Result<std::unique_ptr<ObjectStore>> store = open_folder(root() / "file");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(open_folder(root() / "file/below"));
  EXPECT_FALSE(open_store(""));
}

}  // namespace
}  // namespace chiliad::store
