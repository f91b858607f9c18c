#include "hosting/async_queue.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

namespace chiliad::hosting {
namespace {

AsyncCall call_of(const std::string& endpoint, const std::string& id) {
  AsyncCall call;
  call.endpoint = endpoint;
  call.inference_id = id;
  call.body = "body of " + id;
  call.output_location = "s3://out/" + id;
  call.expires = std::chrono::system_clock::now() + std::chrono::hours(1);
  return call;
}

class AsyncQueueTest : public ::testing::Test {
 protected:
  std::unique_ptr<AsyncQueue> open(AsyncQueue::Limits limits = {}) {
    Result<std::unique_ptr<AsyncQueue>> queue = AsyncQueue::open(folder_.path() / "q.db", limits);
    EXPECT_TRUE(queue) << queue.error().message;
    return std::move(*queue);
  }
  TempFolder folder_{*TempFolder::make()};
};

TEST_F(AsyncQueueTest, CallsOfAnEndpointComeInTheirOrderAndWhole) {
  const auto queue = open();
  for (const char* id : {"1", "2"}) ASSERT_TRUE(queue->add(call_of("a", id)));
  ASSERT_TRUE(queue->add(call_of("b", "3")));
  EXPECT_EQ(queue->waiting(), (std::vector<std::string>{"a", "b"}));
  const std::optional<AsyncCall> first = *queue->take("a");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->inference_id, "1");
  EXPECT_EQ(first->body, "body of 1");
  EXPECT_EQ(first->output_location, "s3://out/1");
  EXPECT_EQ((*queue->take("a"))->inference_id, "2");
  EXPECT_FALSE(*queue->take("a"));
  EXPECT_EQ(queue->size(), 3u);
  ASSERT_TRUE(queue->finish(*first));
  EXPECT_EQ(queue->size(), 2u);
}

TEST_F(AsyncQueueTest, WhatWasNotFinishedWaitsAgainAfterARestart) {
  {
    const auto queue = open();
    for (const char* id : {"1", "2", "3"}) ASSERT_TRUE(queue->add(call_of("a", id)));
    ASSERT_TRUE(queue->finish(**queue->take("a")));
    ASSERT_TRUE(*queue->take("a"));  // Taken, and the process ends.
  }
  const auto queue = open();
  EXPECT_EQ((*queue->take("a"))->inference_id, "2");
  EXPECT_EQ((*queue->take("a"))->inference_id, "3");
}

TEST_F(AsyncQueueTest, CallsOfADeletedEndpointAreKnownAfterARestart) {
  {
    const auto queue = open();
    for (const char* id : {"1", "2"}) ASSERT_TRUE(queue->add(call_of("a", id)));
    ASSERT_TRUE(queue->add(call_of("b", "3")));
    ASSERT_TRUE(*queue->take("a"));  // What is taken is doomed, should it be taken again.
    queue->doom("a");
    ASSERT_TRUE(queue->add(call_of("a", "4")));
  }
  const auto queue = open();
  for (const bool doomed : {true, true, false}) EXPECT_EQ((*queue->take("a"))->doomed, doomed);
  EXPECT_FALSE((*queue->take("b"))->doomed);
}

TEST_F(AsyncQueueTest, WhatAFullDiskDoesNotTakeIsMarkedLater) {
  {
    const auto queue = open();
    ASSERT_TRUE(queue->add(call_of("a", "1")));
    fail_writes_after(0);
    queue->doom("a");
    fail_writes_after(UINT64_MAX);
    const std::optional<AsyncCall> call = *queue->take("a");
    EXPECT_TRUE(call->doomed);
    queue->put_back(*call);
    EXPECT_EQ(queue->waiting(), std::vector<std::string>{"a"});  // Written now.
  }
  EXPECT_TRUE((*open()->take("a"))->doomed);
}

TEST_F(AsyncQueueTest, ACallThatIsPutBackForLaterIsNotTakenBefore) {
  const auto queue = open();
  ASSERT_TRUE(queue->add(call_of("a", "1")));
  const auto now = std::chrono::steady_clock::now();
  queue->put_back(**queue->take("a"), now + std::chrono::hours(1));
  EXPECT_TRUE(queue->waiting().empty());
  EXPECT_FALSE(*queue->take("a"));
  EXPECT_EQ(queue->size(), 1u);
  queue->doom("a");  // Its failure does not wait.
  queue->put_back(**queue->take("a"), now + std::chrono::milliseconds(20));
  while (queue->waiting().empty()) {
  }
  EXPECT_GE(std::chrono::steady_clock::now() - now, std::chrono::milliseconds(20));
  EXPECT_TRUE((*queue->take("a"))->doomed);
}

TEST_F(AsyncQueueTest, HowOftenACallBrokeItsServerIsKnownAfterARestart) {
  {
    const auto queue = open();
    for (const char* id : {"1", "2"}) ASSERT_TRUE(queue->add(call_of("a", id)));
    AsyncCall call = **queue->take("a");
    EXPECT_FALSE(call.suspect);
    EXPECT_EQ(call.broken, 0);
    call.suspect = true;
    call.broken = 2;
    ASSERT_TRUE(queue->keep_suspicion(call));
    queue->put_back(call);
  }
  const auto queue = open();
  const AsyncCall first = **queue->take("a"), second = **queue->take("a");
  EXPECT_TRUE(first.suspect);
  EXPECT_EQ(first.broken, 2);
  EXPECT_FALSE(second.suspect);
  EXPECT_EQ(second.broken, 0);
}

TEST_F(AsyncQueueTest, ACallThatIsPutFirstIsTakenNext) {
  const auto queue = open();
  for (const char* id : {"1", "2"}) ASSERT_TRUE(queue->add(call_of("a", id)));
  queue->put_first(**queue->take("a"));
  EXPECT_EQ((*queue->take("a"))->inference_id, "1");
  EXPECT_EQ((*queue->take("a"))->inference_id, "2");
}

TEST_F(AsyncQueueTest, AcceptedCallsSurviveKill) {
  int acknowledged[2];
  ASSERT_EQ(::pipe(acknowledged), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto queue = open();
    for (char id = 0;; ++id) {
      if (!queue->add(call_of("a", std::to_string(id)))) ::_exit(1);
      if (::write(acknowledged[1], &id, 1) != 1) ::_exit(1);
    }
  }
  char last = 0;
  while (last < 20) ASSERT_EQ(::read(acknowledged[0], &last, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto queue = open();
  EXPECT_GT(queue->size(), 20u);
  for (int id = 0; id <= last; ++id) EXPECT_EQ((*queue->take("a"))->inference_id, std::to_string(id));
}

TEST_F(AsyncQueueTest, FullQueueRefuses) {
  AsyncQueue::Limits limits;
  limits.calls = 3;
  limits.calls_of_endpoint = 2;
  const auto queue = open(limits);
  ASSERT_TRUE(queue->add(call_of("a", "1")));
  ASSERT_TRUE(queue->add(call_of("a", "2")));
  EXPECT_EQ(queue->add(call_of("a", "3")).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(queue->add(call_of("b", "4")));
  EXPECT_EQ(queue->add(call_of("c", "5")).error().code, ErrorCode::kUnavailable);
}

TEST_F(AsyncQueueTest, FullDiskIsAnAnswerAndLosesNothing) {
  const auto queue = open();
  ASSERT_TRUE(queue->add(call_of("a", "1")));
  fail_writes_after(0);
  const Result<Done> refused = queue->add(call_of("a", "2"));
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNoSpace) << refused.error().message;
  ASSERT_TRUE(queue->add(call_of("a", "3")));
  EXPECT_EQ((*queue->take("a"))->inference_id, "1");
  EXPECT_EQ((*queue->take("a"))->inference_id, "3");
}

}  // namespace
}  // namespace chiliad::hosting
