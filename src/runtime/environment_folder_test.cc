#include "runtime/environment_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;

const std::atomic<bool> kNotStopped{false};

Deadline soon() { return steady_clock::now() + std::chrono::seconds(30); }

class EnvironmentFolderTest : public testing::Test {
 protected:
  // Publishes an environment of so many bytes.
  void build(const std::string& name, std::size_t bytes = 10, const std::string& base = "") {
    Result<std::optional<BuildPlace>> place = folder.begin(name, soon(), kNotStopped);
    ASSERT_TRUE(place) << place.error().message;
    ASSERT_TRUE(*place);
    ASSERT_TRUE(write_file_atomically((*place)->environment() / "file", std::string(bytes, 'x'), Durability::kNone));
    ASSERT_TRUE(folder.publish(std::move(**place), {"scikit-learn", base, "3.11.2"}));
  }
  // Its time of use, in seconds since 1970.
  void used_at(const std::string& name, int seconds) {
    const ::timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (root.path() / name / "used").c_str(), times, 0), 0);
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const EnvironmentFolder::Stored& stored : *folder.list()) out.push_back(stored.name);
    return out;
  }
  std::size_t left_in_building() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(root.path() / "building"), fs::directory_iterator()));
  }

  TempFolder root = *TempFolder::make();
  EnvironmentFolder folder = *EnvironmentFolder::open(root.path());
};

TEST_F(EnvironmentFolderTest, WhatIsPublishedCanBeHeld) {
  EXPECT_FALSE(*folder.hold("base-1"));
  build("base-1", 5000);
  Result<std::optional<Held>> held = folder.hold("base-1");
  ASSERT_TRUE(held) << held.error().message;
  ASSERT_TRUE(*held);
  EXPECT_TRUE(fs::exists((*held)->folder / "env/file"));
  EXPECT_FALSE(fs::exists((*held)->folder / "scratch"));
  EXPECT_EQ((*held)->about.entry, "scikit-learn");
  EXPECT_EQ((*held)->about.python, "3.11.2");
  EXPECT_GE((*held)->about.size_bytes, 5000U);
  EXPECT_EQ(left_in_building(), 0U);
}

TEST_F(EnvironmentFolderTest, NobodyBuildsWhatIsThere) {
  build("base-1");
  Result<std::optional<BuildPlace>> place = folder.begin("base-1", soon(), kNotStopped);
  ASSERT_TRUE(place);
  EXPECT_FALSE(*place);
}

TEST_F(EnvironmentFolderTest, AnAbandonedBuildLeavesNothing) {
  { Result<std::optional<BuildPlace>> place = folder.begin("base-1", soon(), kNotStopped); }
  EXPECT_EQ(left_in_building(), 0U);
  EXPECT_THAT(names(), ElementsAre());
}

TEST_F(EnvironmentFolderTest, OneBuildsAtATime) {
  Result<std::optional<BuildPlace>> place = folder.begin("base-1", soon(), kNotStopped);
  Result<std::optional<BuildPlace>> second =
      folder.begin("base-1", steady_clock::now() + std::chrono::milliseconds(10), kNotStopped);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kDeadline);
}

// As after kill -9: the process that builds ends without a destructor.
TEST_F(EnvironmentFolderTest, WhatADeadProcessLeftGoesAtTheNextOpen) {
  const pid_t child = ::fork();
  if (child == 0) {
    Result<std::optional<BuildPlace>> place = folder.begin("base-1", soon(), kNotStopped);
    ::_exit(place && *place && write_file_atomically((*place)->environment() / "half", "x", Durability::kNone) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(left_in_building(), 1U);
  Result<std::optional<BuildPlace>> living = folder.begin("base-2", soon(), kNotStopped);
  ASSERT_TRUE(living && *living);
  ASSERT_TRUE(EnvironmentFolder::open(root.path()));
  EXPECT_EQ(left_in_building(), 1U) << "that of the living stays";
  EXPECT_TRUE(fs::exists((*living)->environment()));
  EXPECT_TRUE(*folder.begin("base-1", soon(), kNotStopped)) << "its lock was given back";
}

TEST_F(EnvironmentFolderTest, WhatIsInUseIsNotRemoved) {
  build("base-1");
  std::optional<Held> held = *folder.hold("base-1");
  Result<Done> removed = folder.remove("base-1");
  EXPECT_EQ(removed.error().code, ErrorCode::kConflict);
  EXPECT_TRUE((*folder.list())[0].in_use);
  held.reset();
  EXPECT_FALSE((*folder.list())[0].in_use);
  EXPECT_TRUE(folder.remove("base-1"));
  EXPECT_EQ(folder.remove("base-1").error().code, ErrorCode::kNotFound);
}

// A child that another thread has just forked shares the lock until its exec.
TEST_F(EnvironmentFolderTest, AChildOnItsWayToItsProgramDoesNotCountAsUse) {
  build("base-1");
  std::optional<Held> held = *folder.hold("base-1");
  const pid_t child = ::fork();
  if (child == 0) {
    ::usleep(100'000);
    ::_exit(0);
  }
  ASSERT_GT(child, 0);
  held.reset();
  const Result<Done> removed = folder.remove("base-1");
  EXPECT_TRUE(removed) << removed.error().message;
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(EnvironmentFolderTest, ABaseIsNotRemovedUnderItsLayers) {
  build("base-1");
  build("layer-1", 10, "base-1");
  EXPECT_THAT(folder.remove("base-1").error().message, HasSubstr("layer-1 stands on it"));
  EXPECT_TRUE(folder.remove("layer-1"));
  EXPECT_TRUE(folder.remove("base-1"));
}

TEST_F(EnvironmentFolderTest, OnlyEnvironmentsAreRemoved) {
  for (const char* name : {"", ".", "..", "building", "base-1/../../x", "layer-/"}) {
    EXPECT_EQ(folder.remove(name).error().code, ErrorCode::kNotFound) << name;
  }
}

TEST_F(EnvironmentFolderTest, ListTellsTheOneUsedLastFirst) {
  build("base-1");
  build("base-2");
  used_at("base-1", 1000);
  used_at("base-2", 2000);
  EXPECT_THAT(names(), ElementsAre("base-2", "base-1"));
  ASSERT_TRUE(*folder.hold("base-1"));
  EXPECT_THAT(names(), ElementsAre("base-1", "base-2"));
}

TEST_F(EnvironmentFolderTest, RoomIsMadeByTheLeastRecentlyUsed) {
  build("base-1", 100'000);
  for (const int i : {1, 2, 3}) build("layer-" + std::to_string(i), 100'000, "base-1");
  for (const int i : {1, 2, 3}) used_at("layer-" + std::to_string(i), 1000 * i);
  used_at("base-1", 3000);
  const std::uint64_t one = (*folder.list())[0].about.size_bytes;
  folder.make_room(4 * one + one / 2);
  EXPECT_EQ(names().size(), 4U);
  folder.make_room(3 * one + one / 2);
  EXPECT_THAT(names(), ElementsAre("base-1", "layer-3", "layer-2"));
  const std::optional<Held> held = *folder.hold("layer-2");
  folder.make_room(2 * one + one / 2);
  std::vector<std::string> left = names();
  std::ranges::sort(left);
  EXPECT_THAT(left, ElementsAre("base-1", "layer-2")) << "layer-3 is older by now, layer-2 is in use";
}

TEST_F(EnvironmentFolderTest, PipsCacheGoesWhenItGrows) {
  fs::create_directories(folder.pip_cache() / "http/a");
  ASSERT_TRUE(write_file_atomically(folder.pip_cache() / "http/a/b", std::string(100'000, 'x'), Durability::kNone));
  folder.make_room(1'000'000);
  EXPECT_TRUE(fs::exists(folder.pip_cache() / "http/a/b"));
  folder.make_room(200'000);
  EXPECT_TRUE(fs::is_empty(folder.pip_cache()));
}

TEST_F(EnvironmentFolderTest, ADamagedRecordIsTold) {
  build("base-1");
  ASSERT_TRUE(write_file_atomically(root.path() / "base-1/about", "size_bytes many\n", Durability::kNone));
  EXPECT_EQ(folder.hold("base-1").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace chiliad::runtime
