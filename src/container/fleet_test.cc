#include "container/fleet.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/file.h"

namespace chiliad::container {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono::steady_clock;

// A server whose models take ten bytes each.
struct Server {
  std::atomic<std::uint64_t> empty{100};
  std::atomic<std::size_t> models{0};
  std::atomic<steady_clock::time_point> oldest{steady_clock::time_point()};
  std::atomic<int> restarts{0};

  Fleet::Member member() {
    Fleet::Member member;
    member.resident_bytes = [this] { return empty + 10 * models; };
    member.loaded = [this] { return models.load(); };
    member.oldest = [this]() -> std::optional<steady_clock::time_point> {
      if (models == 0) return std::nullopt;
      return oldest.load();
    };
    member.drop_oldest = [this] {
      if (models == 0) return false;
      --models;
      return true;
    };
    member.restart = [this](std::string_view) {
      ++restarts;
      empty = 100;
    };
    return member;
  }
};

class FleetTest : public testing::Test {
 protected:
  void open(std::uint64_t memory_bytes, std::chrono::milliseconds look = 1ms,
            std::chrono::milliseconds drops_limit = std::chrono::minutes(2)) {
    Fleet::Options options;
    options.folder = folder_.path() / "tier";
    options.memory_bytes = memory_bytes;
    options.look = look;
    options.drops_limit = drops_limit;
    Result<std::unique_ptr<Fleet>> fleet = Fleet::open(options);
    ASSERT_TRUE(fleet) << fleet.error().message;
    fleet_ = std::move(*fleet);
  }
  // Waits until it holds.
  template <class Condition>
  static bool soon(Condition condition) {
    const auto until = steady_clock::now() + std::chrono::minutes(2);
    while (!condition() && steady_clock::now() < until) std::this_thread::sleep_for(1ms);
    return condition();
  }

  TempFolder folder_ = *TempFolder::make();
  std::unique_ptr<Fleet> fleet_;
};

TEST_F(FleetTest, AFolderOfARunGoesWithItsHolder) {
  open(0);
  Result<std::shared_ptr<const std::filesystem::path>> folder = fleet_->run_folder();
  ASSERT_TRUE(folder) << folder.error().message;
  const std::filesystem::path path = **folder;
  EXPECT_TRUE(std::filesystem::is_empty(path));
  EXPECT_NE(path, **fleet_->run_folder());
  folder->reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(FleetTest, WhatWasUsedLeastRecentlyOfAllGoesFirst) {
  open(0);
  Server one, other;
  const auto first = fleet_->add(one.member()), second = fleet_->add(other.member());
  one.models = other.models = 2;
  one.oldest = steady_clock::time_point(5ms);
  other.oldest = steady_clock::time_point(3ms);
  EXPECT_TRUE(fleet_->drop_oldest());
  EXPECT_EQ(other.models, 1u);
  other.oldest = steady_clock::time_point(7ms);
  EXPECT_TRUE(fleet_->drop_oldest());
  EXPECT_EQ(one.models, 1u);
}

TEST_F(FleetTest, RoomIsMadeBeforeTheBudgetIsExceeded) {
  open(200, std::chrono::hours(1));
  Server server;
  const auto membership = fleet_->add(server.member());
  membership->make_room();  // Sees the server empty.
  server.models = 10;
  membership->make_room();  // 200 of 200: one more has no room.
  EXPECT_EQ(server.models, 9u);
  membership->make_room();
  EXPECT_EQ(server.models, 9u);
}

TEST_F(FleetTest, ALoadDoesNotWaitForManySlowDrops) {
  open(200, std::chrono::hours(1), 20ms);
  Server server;
  Fleet::Member slow = server.member();
  slow.drop_oldest = [&server] {
    std::this_thread::sleep_for(25ms);
    --server.models;
    return true;
  };
  const auto membership = fleet_->add(std::move(slow));
  server.models = 60;
  membership->make_room();
  EXPECT_EQ(server.models, 59u);  // The second would have begun too late.
}

TEST_F(FleetTest, AServerThatGrowsLosesModels) {
  open(200);
  Server server;
  const auto membership = fleet_->add(server.member());
  server.models = 5;
  server.empty = 180;
  EXPECT_TRUE(soon([&] { return server.models == 2; }));
  EXPECT_EQ(server.restarts, 0);
}

TEST_F(FleetTest, AServerThatLeaksIsStartedAgain) {
  open(300);
  Server leaking, other;
  const auto first = fleet_->add(leaking.member()), second = fleet_->add(other.member());
  leaking.models = 3;
  leaking.empty = 400;
  EXPECT_TRUE(soon([&] { return leaking.restarts == 1; }));
  EXPECT_EQ(leaking.models, 0u);
  EXPECT_EQ(other.restarts, 0);
}

TEST_F(FleetTest, AMemberThatLeftIsNotCalled) {
  open(10);
  auto server = std::make_unique<Server>();
  auto membership = fleet_->add(server->member());
  EXPECT_TRUE(soon([&] { return server->restarts > 0; }));
  membership->leave();
  server.reset();
  std::this_thread::sleep_for(5ms);  // A call now would be seen by a sanitizer.
  membership->make_room();
}

}  // namespace
}  // namespace chiliad::container
