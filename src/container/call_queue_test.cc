#include "container/call_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "base/deadline_for_test.h"

namespace chiliad::container {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono::steady_clock;

TEST(CallQueue, RunsSoManyAtATime) {
  std::atomic<int> running{0}, most{0}, done{0};
  {
    CallQueue queue(4, 100);
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(queue.submit(soon(), [&](bool in_time) {
        EXPECT_TRUE(in_time);
        const int now = ++running;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::sleep_for(1ms);
        --running;
        ++done;
      }));
    }
    while (done < 50) std::this_thread::sleep_for(1ms);
  }
  EXPECT_GE(most, 2);
  EXPECT_LE(most, 4);
}

// A call that occupies the queue's only thread until it is let go.
class Blocked {
 public:
  explicit Blocked(CallQueue& queue) {
    EXPECT_TRUE(queue.submit(soon(), [this](bool) {
      entered_.set_value();
      go_.get_future().wait();
    }));
    entered_.get_future().wait();
  }
  void go() { go_.set_value(); }

 private:
  std::promise<void> entered_, go_;
};

TEST(CallQueue, AWaitEndsByItsDeadline) {
  CallQueue queue(1, 100);
  Blocked blocked(queue);
  std::promise<bool> late, early;
  ASSERT_TRUE(queue.submit(soon(), [&](bool in_time) { early.set_value(in_time); }));
  ASSERT_TRUE(queue.submit(steady_clock::now() + 5ms, [&](bool in_time) { late.set_value(in_time); }));
  EXPECT_FALSE(late.get_future().get());
  blocked.go();
  EXPECT_TRUE(early.get_future().get());
}

TEST(CallQueue, HasAnEnd) {
  auto queue = std::make_unique<CallQueue>(1, 2);
  Blocked blocked(*queue);
  std::atomic<int> dropped{0};
  const auto count = [&](bool in_time) { dropped += in_time ? 0 : 1; };
  EXPECT_TRUE(queue->submit(soon(), count));
  EXPECT_TRUE(queue->submit(soon(), count));
  EXPECT_FALSE(queue->submit(soon(), count));
  std::thread ending([&] { queue.reset(); });
  blocked.go();
  ending.join();
  // Both were called: in time, or as what was left.
  EXPECT_LE(dropped, 2);
}

TEST(CallQueue, TheEndCallsWhatWaits) {
  std::promise<bool> left;
  {
    CallQueue queue(1, 10);
    std::promise<void> entered;
    ASSERT_TRUE(queue.submit(soon(), [&](bool) {
      entered.set_value();
      std::this_thread::sleep_for(50ms);
    }));
    entered.get_future().wait();
    ASSERT_TRUE(queue.submit(soon(), [&](bool in_time) { left.set_value(in_time); }));
  }
  EXPECT_FALSE(left.get_future().get());
}

}  // namespace
}  // namespace chiliad::container
