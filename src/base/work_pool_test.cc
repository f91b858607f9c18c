#include "base/work_pool.h"

#include <gtest/gtest.h>

#include <future>

namespace chiliad {
namespace {

TEST(WorkPool, RefusesWhatIsMoreThanMayWait) {
  WorkPool pool(1, 1);
  std::promise<void> started;
  std::promise<void> open;
  ASSERT_TRUE(pool.submit([&] {
    started.set_value();
    open.get_future().wait();
  }));
  started.get_future().wait();
  std::promise<void> ran;
  EXPECT_TRUE(pool.submit([&] { ran.set_value(); }));
  EXPECT_FALSE(pool.submit([] {}));
  open.set_value();
  ran.get_future().wait();
}

TEST(WorkPool, StoppedItTakesNothingAndLetsGoOfWhatWaited) {
  WorkPool pool(1, 10);
  pool.stop();
  const auto owned = std::make_shared<int>(1);
  EXPECT_FALSE(pool.submit([owned] {}));
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace chiliad
