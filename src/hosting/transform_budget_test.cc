#include "hosting/transform_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace chiliad::hosting {
namespace {

TEST(TransformBudget, TheSumNeverExceedsTheWhole) {
  TransformBudget budget(100);
  const std::atomic<bool> ending{false};
  std::atomic<std::uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (std::uint64_t turn = 0; turn < 200; ++turn) {
        const std::uint64_t bytes = 1 + (i * 37 + turn * 11) % 60;
        const std::optional<TransformBudget::Share> share = budget.take(bytes, ending);
        EXPECT_LE(taken.fetch_add(bytes) + bytes, 100U);
        std::this_thread::yield();
        taken.fetch_sub(bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(budget.peak(), 100U);
  EXPECT_GT(budget.peak(), 1U);
}

TEST(TransformBudget, WhoWantsMoreThanThereIsGetsAllOfItAlone) {
  TransformBudget budget(100);
  const std::atomic<bool> ending{false};
  { const auto all = budget.take(1000, ending); }
  EXPECT_EQ(budget.peak(), 100U);
  EXPECT_TRUE(budget.take(100, ending));
}

TEST(TransformBudget, ASmallOneDoesNotPassALargeOneThatWaits) {
  TransformBudget budget(100);
  const std::atomic<bool> ending{false};
  std::vector<int> order;  // Written by one thread at a time: shares exclude one another.
  std::optional<TransformBudget::Share> held = budget.take(60, ending);
  std::thread large([&] {
    const auto share = budget.take(100, ending);
    order.push_back(1);
  });
  while (budget.waiting() < 1) std::this_thread::yield();
  std::thread small([&] {
    const auto share = budget.take(10, ending);
    order.push_back(2);
  });
  while (budget.waiting() < 2) std::this_thread::yield();
  held.reset();
  large.join();
  small.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(TransformBudget, AnEndedJobWaitsNoLonger) {
  TransformBudget budget(100);
  const std::atomic<bool> going{false};
  std::atomic<bool> ending{false};
  const std::optional<TransformBudget::Share> held = budget.take(60, going);
  std::thread waits([&] { EXPECT_FALSE(budget.take(60, ending)); });
  while (budget.waiting() < 1) std::this_thread::yield();
  ending = true;
  budget.look_again();
  waits.join();
  EXPECT_TRUE(budget.take(40, going));
}

}  // namespace
}  // namespace chiliad::hosting
