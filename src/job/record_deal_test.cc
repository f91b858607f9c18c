#include "job/record_deal.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "job/runner_under_test.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;

class RecordDealTest : public testing::Test {
 protected:
  RecordDealTest() {
    fs::create_directories(folder_.path() / "s/b");
    input_.name = "c";
    input_.store = *buckets_.open("b");
  }
  void put(const std::string& key, const std::string& bytes) {
    ASSERT_TRUE(write_file_atomically(folder_.path() / "s/b" / key, bytes, Durability::kNone));
    input_.objects.push_back({key, 0, bytes.size()});
  }
  Result<Done> deal(const RecordRule& rule, int instances) {
    return deal_records(input_, rule, instances, folder_.path() / "to", 0, cancel_,
                        std::chrono::steady_clock::now() + std::chrono::minutes(1));
  }
  std::string share(int instance, const std::string& name) {
    Result<std::string> bytes = read_file(folder_.path() / "to" / std::to_string(instance) / name);
    return bytes ? *bytes : "-";
  }

  TempFolder folder_ = *TempFolder::make();
  FolderBuckets buckets_{folder_.path() / "s"};
  PlannedInput input_;
  std::atomic<bool> cancel_{false};
};

TEST_F(RecordDealTest, CountingGoesOnFromOneObjectToTheNext) {
  put("1", "a\nb\nc\n");
  put("2", "d\ne");
  ASSERT_TRUE(deal({}, 2));
  EXPECT_EQ(share(1, "1"), "a\nc\n");
  EXPECT_EQ(share(2, "1"), "b\n");
  EXPECT_EQ(share(1, "2"), "e\n");
  EXPECT_EQ(share(2, "2"), "d\n");
}

TEST_F(RecordDealTest, AnInstanceWithoutLinesOfAnObjectHasNoFileOfIt) {
  put("1", "a\n");
  ASSERT_TRUE(deal({}, 3));
  EXPECT_EQ(share(2, "1"), "-");
}

TEST_F(RecordDealTest, TheHeaderGoesToEveryFileAndBytesStay) {
  put("1", "id,v\r\n1,a\r\n2,b\r\n");
  ASSERT_TRUE(deal({true, std::nullopt}, 2));
  EXPECT_EQ(share(1, "1"), "id,v\r\n1,a\r\n");
  EXPECT_EQ(share(2, "1"), "id,v\r\n2,b\r\n");
}

TEST_F(RecordDealTest, AMissingColumnAndAShortLineAreNamed) {
  put("1", "id,v\n1,a\n");
  EXPECT_NE(deal({true, "customer"}, 2).error().message.find("no column 'customer'"), std::string::npos);
  fs::remove_all(folder_.path() / "to");
  EXPECT_EQ(deal({false, "3"}, 2).error().message, "input c: '1': line 1: expected at least 3 columns");
}

TEST_F(RecordDealTest, ALineOverTheLimitIsNamed) {
  put("1", "a\n" + std::string((16 << 20) + 1, 'x') + "\n");
  EXPECT_EQ(deal({}, 2).error().message, "input c: '1': line 2: longer than 16 MiB");
}

TEST_F(RecordDealTest, AFullDiskIsNamed) {
  put("1", std::string(200'000, 'x') + "\n");
  fail_writes_after(0);
  const Result<Done> done = deal({}, 2);
  fail_writes_after(UINT64_MAX);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNoSpace);
}

TEST(RecordRule, OnlyLinesOfTextAndOneColumnAreTaken) {
  Input input;
  input.content_type = "application/x-parquet";
  EXPECT_FALSE(record_rule(input));
  input.content_type = "text/csv";
  input.attributes = {"id"};
  EXPECT_NE(record_rule(input).error().message.find("header=present"), std::string::npos);
  input.attributes = {"2"};
  EXPECT_EQ(*record_rule(input)->column, "2");
  input.attributes = {"1", "2"};
  EXPECT_FALSE(record_rule(input));
  input.attributes = {"0"};
  EXPECT_FALSE(record_rule(input));
}

TEST(RecordRule, FieldsOfALineAreFoundThroughQuotes) {
  EXPECT_EQ(csv_field("a,b,c", 1), "b");
  EXPECT_EQ(csv_field(R"("a,b","c""d",e)", 0), "a,b");
  EXPECT_EQ(csv_field(R"("a,b","c""d",e)", 1), "c\"d");
  EXPECT_EQ(csv_field("a,", 1), "");
  EXPECT_EQ(csv_field("a", 1), std::nullopt);
}

}  // namespace
}  // namespace chiliad::job
