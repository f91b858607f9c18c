#include "container/folder_tier.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"

namespace chiliad::container {
namespace {

namespace fs = std::filesystem;

std::string packed(const std::string& text) {
  return *archive::write_tar_gz({{"model.txt", text}, {"code/inference.py", "pass"}});
}

class FolderTierTest : public testing::Test {
 protected:
  void open(std::uint64_t budget = 1 << 20) {
    shelf_.reset();
    tier_.reset();
    Result<std::unique_ptr<FolderTier>> tier = FolderTier::open(folder_.path() / "tier", budget);
    ASSERT_TRUE(tier) << tier.error().message;
    tier_ = std::move(*tier);
    shelf_ = *tier_->shelf();
  }
  FolderTier::Hold unpack(const std::string& model, const std::string& version, const std::string& text) {
    Result<FolderTier::Hold> hold = shelf_->unpack(model, version, packed(text), {});
    EXPECT_TRUE(hold) << hold.error().message;
    return hold ? *hold : nullptr;
  }
  static std::string text_in(const FolderTier::Hold& hold) {
    if (hold == nullptr) return "none";
    const Result<std::string> text = read_file(hold->folder / "model.txt");
    return text ? *text : "unreadable";
  }
  void TearDown() override {
    shelf_.reset();
    tier_.reset();
  }

  TempFolder folder_ = *TempFolder::make();
  std::unique_ptr<FolderTier> tier_;
  std::shared_ptr<FolderTier::Shelf> shelf_;
};

TEST_F(FolderTierTest, AModelIsFoundByNameAndVersion) {
  open();
  const FolderTier::Hold hold = unpack("eu/8.tar.gz", "v1", "eight");
  EXPECT_EQ(hold->folder, shelf_->folder() / hold->inside);
  EXPECT_EQ(text_in(hold), "eight");
  EXPECT_EQ(text_in(shelf_->find("eu/8.tar.gz", "v1")), "eight");
  EXPECT_EQ(shelf_->find("eu/8.tar.gz", "v2"), nullptr);
  EXPECT_EQ(shelf_->find("8.tar.gz", "v1"), nullptr);
  EXPECT_EQ((*tier_->shelf())->find("eu/8.tar.gz", "v1"), nullptr);
}

TEST_F(FolderTierTest, EverybodyMayReadWhateverTheUmask) {
  open();
  const mode_t before = ::umask(077);
  const FolderTier::Hold hold = unpack("a", "v1", "a");
  ::umask(before);
  for (const fs::path& path : {shelf_->folder(), hold->folder.parent_path(), hold->folder, hold->folder / "code"})
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0755)) << path;
  EXPECT_EQ(fs::status(hold->folder / "model.txt").permissions(), fs::perms(0644));
}

TEST_F(FolderTierTest, WhatWasUsedLeastRecentlyMakesRoom) {
  open(3 * 6000);
  for (const std::string model : {"a", "b", "c"}) unpack(model, "v", std::string(1500, 'x'));
  EXPECT_NE(shelf_->find("a", "v"), nullptr);
  unpack("d", "v", std::string(1500, 'x'));
  EXPECT_NE(shelf_->find("a", "v"), nullptr);
  EXPECT_EQ(shelf_->find("b", "v"), nullptr);
  EXPECT_LE(tier_->bytes(), 3u * 6000);
  EXPECT_EQ(std::distance(fs::directory_iterator(shelf_->folder()), fs::directory_iterator()), 3);
}

TEST_F(FolderTierTest, WhatIsHeldStaysAndAFullDiskIsSaid) {
  open(2 * 6000);
  const FolderTier::Hold a = unpack("a", "v", std::string(1500, 'x')), b = unpack("b", "v", std::string(1500, 'x'));
  const Result<FolderTier::Hold> third = shelf_->unpack("c", "v", packed(std::string(1500, 'x')), {});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(text_in(a), std::string(1500, 'x'));
  const Result<FolderTier::Hold> giant = shelf_->unpack("c", "v", packed(std::string(20'000, 'x')), {});
  EXPECT_EQ(giant.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(fs::is_empty(folder_.path() / "tier" / "unpacking"));
}

TEST_F(FolderTierTest, ADroppedModelGoesWhenNobodyHoldsIt) {
  open();
  FolderTier::Hold hold = unpack("a", "v", "a");
  shelf_->drop("a");
  EXPECT_EQ(shelf_->find("a", "v"), nullptr);
  EXPECT_EQ(text_in(hold), "a");
  const FolderTier::Hold next = unpack("a", "w", "a2");
  EXPECT_EQ(text_in(next), "a2");
  EXPECT_EQ(text_in(hold), "a");
  const fs::path old = hold->folder;
  hold.reset();
  shelf_->drop("a");
  unpack("b", "v", "b");
  open(6000);  // Everything goes.
  EXPECT_FALSE(fs::exists(old));
}

TEST_F(FolderTierTest, ADamagedArchiveLeavesNothing) {
  open();
  const Result<FolderTier::Hold> cut = shelf_->unpack("a", "v", packed("a").substr(0, 50), {});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(fs::is_empty(folder_.path() / "tier" / "unpacking"));
  EXPECT_TRUE(fs::is_empty(shelf_->folder()));
  EXPECT_EQ(tier_->bytes(), 0u);
}

TEST_F(FolderTierTest, AShelfGoesWithItsHolder) {
  open();
  unpack("a", "v", "a");
  const fs::path folder = shelf_->folder();
  shelf_.reset();
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_EQ(tier_->bytes(), 0u);
}

TEST_F(FolderTierTest, NothingThatIsFoundIsTrusted) {
  open();
  unpack("a", "v", "a");
  const fs::path left = folder_.path() / "tier" / "7" / "x";
  fs::create_directories(left);
  open();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(FolderTier::open(folder_.path() / "tier", 1).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace chiliad::container
