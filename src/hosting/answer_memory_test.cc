#include "hosting/answer_memory.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace chiliad::hosting {
namespace {

TEST(AnswerMemory, IsTakenAsABodyGrowsAndGivenBack) {
  const auto memory = std::make_shared<AnswerMemory>(1000);
  {
    AnswerMemory::Hold hold(memory);
    std::string body;
    EXPECT_TRUE(hold.append(body, std::string(100, 'a'), 0));
    EXPECT_TRUE(hold.append(body, "b", 0));
    EXPECT_EQ(memory->used(), 200U);
    EXPECT_TRUE(hold.append(body, std::string(99, 'c'), 0));
    EXPECT_EQ(memory->used(), 200U);
    EXPECT_EQ(body, std::string(100, 'a') + "b" + std::string(99, 'c'));
  }
  EXPECT_EQ(memory->used(), 0U);
}

TEST(AnswerMemory, OfAnAnnouncedBodyIsNoMoreThanThatAndNotBeforeItComes) {
  const auto memory = std::make_shared<AnswerMemory>(1000);
  AnswerMemory::Hold hold(memory);
  std::string body;
  EXPECT_TRUE(hold.append(body, std::string(10, 'a'), 900));
  EXPECT_EQ(memory->used(), 10U);
  for (int i = 0; i < 89; ++i) EXPECT_TRUE(hold.append(body, std::string(10, 'a'), 900));
  EXPECT_EQ(memory->used(), 900U);
  // It lied.
  EXPECT_FALSE(hold.append(body, std::string(101, 'a'), 900));
  EXPECT_EQ(body.size(), 900U);
}

TEST(AnswerMemory, IsSharedByAll) {
  const auto memory = std::make_shared<AnswerMemory>(1000);
  AnswerMemory::Hold first(memory);
  std::string body, other;
  EXPECT_TRUE(first.append(body, std::string(900, 'a'), 900));
  {
    AnswerMemory::Hold second(memory);
    EXPECT_FALSE(second.append(other, std::string(101, 'b'), 101));
    EXPECT_TRUE(other.empty());
    EXPECT_TRUE(second.append(other, std::string(100, 'b'), 100));
  }
  EXPECT_EQ(memory->used(), 900U);
}

TEST(AnswerMemory, IsNotExceededByManyAtATime) {
  const auto memory = std::make_shared<AnswerMemory>(1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&memory] {
      for (int i = 0; i < 2000; ++i) {
        AnswerMemory::Hold hold(memory);
        std::string body;
        static_cast<void>(hold.append(body, std::string(300, 'a'), 300));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory->used(), 0U);
}

}  // namespace
}  // namespace chiliad::hosting
