#include "train/ordered_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace chiliad::train {
namespace {

Deadline far() { return std::chrono::steady_clock::now() + std::chrono::minutes(1); }
Deadline past() { return std::chrono::steady_clock::now() - std::chrono::seconds(1); }

using Strings = std::vector<std::string>;
using Numbers = std::vector<int>;

TEST(OrderedQueue, GivesResultsInTheOrderOfTheirTickets) {
  OrderedQueue<std::string> queue(4);
  queue.push(2, "c");
  queue.push(0, "a");
  queue.push(1, "b");
  queue.finish(3);
  EXPECT_FALSE(queue.finished());
  EXPECT_EQ(queue.take(3, far()), (Strings{"a", "b", "c"}));
  EXPECT_TRUE(queue.finished());
  EXPECT_EQ(queue.take(1, far()), Strings{});
}

TEST(OrderedQueue, WaitsForTheNextTicketOnlyUntilTheDeadline) {
  OrderedQueue<int> queue(2);
  queue.push(1, 11);
  EXPECT_EQ(queue.take(1, past()), Numbers{});
  EXPECT_FALSE(queue.finished());
  queue.push(0, 10);
  EXPECT_EQ(queue.take(1, past()), (Numbers{10, 11}));
}

TEST(OrderedQueue, EndsTheWaitForManyWhenNoMoreWillCome) {
  OrderedQueue<int> queue(64);
  std::thread worker([&] {
    for (int i = 0; i < 3; ++i) queue.push(static_cast<std::size_t>(i), i);
    queue.finish(3);
  });
  EXPECT_EQ(queue.take(32, far()), (Numbers{0, 1, 2}));
  worker.join();
}

// The last results are fewer than the consumer waits for, and it knows how many there will be.
TEST(OrderedQueue, EndsTheWaitForManyWithTheLastOfAKnownCount) {
  OrderedQueue<int> queue(64);
  queue.finish(3);
  std::thread worker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // By then the consumer waits.
    for (int i = 0; i < 3; ++i) queue.push(static_cast<std::size_t>(i), i);
  });
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(queue.take(32, far()), (Numbers{0, 1, 2}));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30)) << "slept until its deadline";
  worker.join();
}

TEST(OrderedQueue, HoldsBackWorkersThatAreTooFarAhead) {
  OrderedQueue<int> queue(2);
  std::atomic<bool> pushed{false};
  std::thread ahead([&] {
    queue.push(2, 2);
    pushed = true;
  });
  EXPECT_FALSE(pushed);
  queue.push(0, 0);
  EXPECT_EQ(queue.take(1, far()).front(), 0);
  ahead.join();
  EXPECT_TRUE(pushed);
  queue.push(1, 1);
  EXPECT_EQ(queue.take(1, far()), (Numbers{1, 2}));
}

TEST(OrderedQueue, ManyThreadsChangeNothingInTheOrder) {
  constexpr std::size_t kCount = 20000;
  for (const std::size_t at_least : {1u, 5u, 1000u}) {
    OrderedQueue<std::size_t> queue(16);
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> workers;
    for (int i = 0; i < 8; ++i) {
      workers.emplace_back([&] {
        for (std::size_t ticket = next++; ticket < kCount; ticket = next++) queue.push(ticket, ticket * 3);
      });
    }
    queue.finish(kCount);
    std::size_t expected = 0;
    while (!queue.finished()) {
      for (const std::size_t value : queue.take(at_least, far())) ASSERT_EQ(value, 3 * expected++);
    }
    EXPECT_EQ(expected, kCount);
    for (std::thread& worker : workers) worker.join();
  }
}

TEST(OrderedQueue, ClosingFreesEverybodyWhoWaits) {
  OrderedQueue<int> queue(1);
  std::thread worker([&] { queue.push(5, 5); });
  queue.close();
  worker.join();
  EXPECT_TRUE(queue.finished());
  EXPECT_EQ(queue.take(1, far()), Numbers{});
}

}  // namespace
}  // namespace chiliad::train
