#include "runtime/builds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>
#include <vector>

namespace chiliad::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;

const Deadline kLater = steady_clock::now() + std::chrono::minutes(5);
const std::atomic<bool> kNever{false};

void ignore(std::string_view) {}

bool waits_for(const std::atomic<bool>& flag) {
  while (!flag.load()) std::this_thread::yield();
  return true;
}

TEST(Builds, AreDoneOnceForAllWhoWaitAndEachHearsAllLines) {
  Builds builds(2, milliseconds(0));
  std::atomic<int> times{0};
  std::latch first_line(1), second_waits(1);
  std::vector<std::string> heard[2];
  const auto build = [&](const Builds::Lines& lines, const std::atomic<bool>&) -> Result<Done> {
    ++times;
    lines("one");
    second_waits.wait();
    lines("two");
    return Done{};
  };
  std::thread first([&] {
    const auto hear = [&](std::string_view line) {
      heard[0].emplace_back(line);
      if (line == "one") first_line.count_down();
    };
    EXPECT_TRUE(builds.wait("a", build, hear, kLater, kNever));
  });
  first_line.wait();
  // "one" comes to the second waiter although it was printed before.
  const auto hear = [&](std::string_view line) {
    heard[1].emplace_back(line);
    if (line == "one") second_waits.count_down();
  };
  EXPECT_TRUE(builds.wait("a", build, hear, kLater, kNever));
  first.join();
  EXPECT_EQ(times, 1);
  EXPECT_THAT(heard[0], ElementsAre("one", "two"));
  EXPECT_THAT(heard[1], ElementsAre("one", "two"));
}

TEST(Builds, GoOnAsLongAsSomebodyWaits) {
  Builds builds(1, milliseconds(0));
  std::atomic<bool> leaves{false}, told{false}, end{false};
  const auto build = [&](const Builds::Lines& lines, const std::atomic<bool>& stopped) -> Result<Done> {
    lines("begun");
    waits_for(end);
    told = stopped.load();
    return Done{};
  };
  std::promise<void> begun;
  std::thread stays([&] {
    EXPECT_TRUE(builds.wait(
        "a", build, [&](std::string_view) { begun.set_value(); }, kLater, kNever));
  });
  begun.get_future().wait();
  leaves = true;
  Result<Done> left = builds.wait("a", build, ignore, kLater, leaves);
  EXPECT_EQ(left.error().code, ErrorCode::kDeadline);
  end = true;
  stays.join();
  EXPECT_FALSE(told);
}

TEST(Builds, AreStoppedWhenTheLastWaiterHasGone) {
  Builds builds(1, milliseconds(60'000));
  std::atomic<bool> cancelled{false}, told{false};
  const auto build = [&](const Builds::Lines&, const std::atomic<bool>& stopped) -> Result<Done> {
    cancelled = true;
    told = waits_for(stopped);
    return Error{ErrorCode::kDeadline, "stopped"};
  };
  EXPECT_EQ(builds.wait("a", build, ignore, kLater, cancelled).error().code, ErrorCode::kDeadline);
  // A new one begins, and that the old one was stopped is no failure to be kept.
  EXPECT_TRUE(builds.wait(
      "a", [](const auto&, const auto&) { return Result<Done>(Done{}); }, ignore, kLater, kNever));
  EXPECT_TRUE(told);
}

TEST(Builds, EndAtTheWaitersDeadline) {
  Builds builds(1, milliseconds(0));
  const auto build = [&](const Builds::Lines&, const std::atomic<bool>& stopped) -> Result<Done> {
    waits_for(stopped);
    return Done{};
  };
  Result<Done> end = builds.wait("a", build, ignore, steady_clock::now() + milliseconds(20), kNever);
  EXPECT_EQ(end.error().code, ErrorCode::kDeadline);
  EXPECT_THAT(end.error().message, HasSubstr("not built in time"));
}

TEST(Builds, AFailureIsKeptForAWhile) {
  Builds builds(1, milliseconds(60'000));
  int times = 0;
  const auto build = [&](const Builds::Lines&, const std::atomic<bool>&) -> Result<Done> {
    ++times;
    return Error{ErrorCode::kInvalid, "pip: no such package"};
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(builds.wait("a", build, ignore, kLater, kNever).error().message, "pip: no such package");
  }
  EXPECT_EQ(times, 1);
  EXPECT_FALSE(builds.wait("b", build, ignore, kLater, kNever));
  EXPECT_EQ(times, 2);
}

TEST(Builds, AFailureIsForgottenAfterIt) {
  Builds builds(1, milliseconds(0));
  int times = 0;
  const auto build = [&](const Builds::Lines&, const std::atomic<bool>&) -> Result<Done> {
    if (++times == 1) return Error{ErrorCode::kUnavailable, "no network"};
    return Done{};
  };
  EXPECT_FALSE(builds.wait("a", build, ignore, kLater, kNever));
  EXPECT_TRUE(builds.wait("a", build, ignore, kLater, kNever));
}

TEST(Builds, RunAtMostSoManyAtATime) {
  Builds builds(2, milliseconds(0));
  std::atomic<int> now{0}, most{0};
  const auto build = [&](const Builds::Lines&, const std::atomic<bool>&) -> Result<Done> {
    const int running = ++now;
    int seen = most.load();
    while (seen < running && !most.compare_exchange_weak(seen, running)) {
    }
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    --now;
    return Done{};
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { EXPECT_TRUE(builds.wait(std::to_string(i), build, ignore, kLater, kNever)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
}

TEST(Builds, WhoWaitsWhenItClosesIsTold) {
  auto builds = std::make_unique<Builds>(1, milliseconds(0));
  std::promise<void> begun;
  const auto build = [&](const Builds::Lines& lines, const std::atomic<bool>& stopped) -> Result<Done> {
    lines("begun");
    waits_for(stopped);
    return Error{ErrorCode::kDeadline, "stopped"};
  };
  Result<Done> end = Done{};
  std::thread waiter([&] {
    end = builds->wait(
        "a", build, [&](std::string_view) { begun.set_value(); }, kLater, kNever);
  });
  begun.get_future().wait();
  builds.reset();
  waiter.join();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kUnavailable);
}

TEST(Builds, ALongBuildsFirstLinesAreForgotten) {
  Builds builds(1, milliseconds(0));
  std::latch printed(1), second_waits(1);
  const auto build = [&](const Builds::Lines& lines, const std::atomic<bool>&) -> Result<Done> {
    for (int i = 0; i < 20'000; ++i) lines(std::to_string(i));
    printed.count_down();
    second_waits.wait();
    return Done{};
  };
  std::thread first([&] { EXPECT_TRUE(builds.wait("a", build, ignore, kLater, kNever)); });
  printed.wait();
  std::vector<std::string> heard;
  const auto hear = [&](std::string_view line) {
    heard.emplace_back(line);
    if (line == "19999") second_waits.count_down();
  };
  EXPECT_TRUE(builds.wait("a", build, hear, kLater, kNever));
  first.join();
  EXPECT_LE(heard.size(), 5000U);
  EXPECT_EQ(heard.back(), "19999");
}

}  // namespace
}  // namespace chiliad::runtime
