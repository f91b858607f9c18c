#include "hosting/transform_source.h"

#include <gtest/gtest.h>

#include <thread>

#include "archive/gzip.h"
#include "hosting/hosting_under_test.h"

namespace chiliad::hosting {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

class TransformSourceTest : public testing::Test {
 protected:
  TransformSourceTest() {
    plan_.split = TransformPlan::Split::kLine;
    buckets_.make("data");
  }

  TransformObject object(std::string_view bytes) {
    buckets_.put("data", "x", bytes);
    return {*buckets_.open("data"), "data", "x", "x"};
  }
  // All records, or the error.
  Result<std::vector<std::string>> read(std::string_view bytes) {
    TransformSource source(plan_, object(bytes), budget_, ending_);
    std::vector<std::string> all;
    for (bool more = true; more;) {
      TransformSource::Group group;
      Result<bool> next = source.next(group);
      if (!next) return std::move(next).error();
      more = *next;
      EXPECT_EQ(group.first(), all.size());
      while (const auto record = group.next_record()) all.emplace_back(*record);
      EXPECT_EQ(group.first() + group.count(), all.size());
    }
    return all;
  }

  FolderBuckets buckets_;
  TransformPlan plan_;
  TransformBudget budget_{512 * kMiB};
  const std::atomic<bool> ending_{false};
};

TEST_F(TransformSourceTest, LinesComeWholeAndInOrderPackedOrNot) {
  std::vector<std::string> lines;
  std::string text;
  for (std::size_t i = 0; i < 700; ++i) {
    // Some end where a piece ends, some are longer than one.
    lines.push_back(std::to_string(i) + std::string(i % 100 == 7 ? kMiB + i : i * 13, 'x'));
    text += lines.back() + (i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\n\n" : "\n");
  }
  EXPECT_EQ(*read(text), lines);
  plan_.gzip = true;
  EXPECT_EQ(*read(archive::gzip(text)), lines);
  EXPECT_EQ(*read(archive::gzip(text.substr(0, 3 * kMiB)) + archive::gzip(text.substr(3 * kMiB))), lines);
  EXPECT_EQ(*read(archive::gzip("")), std::vector<std::string>());
  EXPECT_FALSE(read(archive::gzip(text).substr(0, 5000)));
}

TEST_F(TransformSourceTest, AWholeObjectIsOneRecordAlsoWhenItIsEmpty) {
  plan_.split = TransformPlan::Split::kNone;
  const std::string text(3 * kMiB + 5, 'y');
  EXPECT_EQ(*read(text), std::vector<std::string>{text});
  EXPECT_EQ(*read(""), std::vector<std::string>{""});
}

// A kilobyte of gzip is a megabyte here: what is read of it ends a little above MaxPayloadInMB.
TEST_F(TransformSourceTest, ALineWithoutEndIsRefusedAtMaxPayload) {
  plan_.gzip = true;
  plan_.max_payload_mb = 3;
  for (const TransformPlan::Split split : {TransformPlan::Split::kLine, TransformPlan::Split::kNone}) {
    plan_.split = split;
    const Result<std::vector<std::string>> all = read(archive::gzip(std::string(200 * kMiB, ' ')));
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().code, ErrorCode::kTooLarge) << all.error().message;
    EXPECT_EQ(budget_.peak(), 48 * kMiB);
  }
}

TEST_F(TransformSourceTest, ALargeRecordWaitsForOthersToBeAnswered) {
  const std::string large = std::string(2 * kMiB, 'x') + "\nlast\n";
  const TransformObject here = object(large);
  TransformBudget one(kMiB);
  TransformSource first(plan_, here, one, ending_), second(plan_, here, one, ending_);
  std::optional<TransformSource::Group> held(std::in_place);
  ASSERT_TRUE(*first.next(*held));
  EXPECT_TRUE(held->holds_share());
  std::atomic<bool> read{false};
  std::thread other([&] {
    TransformSource::Group group;
    EXPECT_TRUE(*second.next(group));
    read = true;
    EXPECT_EQ(group.next_record()->size(), 2 * kMiB);
  });
  while (one.waiting() == 0) std::this_thread::yield();
  // What is small needs nothing of it.
  TransformSource::Group small;
  EXPECT_FALSE(*first.next(small));
  EXPECT_EQ(*small.next_record(), "last");
  EXPECT_FALSE(small.holds_share());
  EXPECT_FALSE(read);
  held.reset();
  other.join();
}

}  // namespace
}  // namespace chiliad::hosting
