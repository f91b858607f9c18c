#include "store/buckets.h"

#include <gtest/gtest.h>

#include "base/deadline_for_test.h"
#include "store/s3_buckets.h"
#include "store/s3_server_process.h"
#include "store/s3_xml.h"

namespace chiliad::store {
namespace {

TEST(Buckets, NamesFollowTheRulesOfS3) {
  for (const std::string& name : {std::string("abc"), std::string("a.b-c"), std::string("1bucket"),
                                  std::string("sagemaker-us-east-1-123456789012"), std::string(63, 'a')})
    EXPECT_EQ(wrong_with_bucket_name(name), "") << name;
  for (const std::string& name :
       {std::string(), std::string("ab"), std::string(64, 'a'), std::string("Abc"), std::string("a_b"),
        std::string("-ab"), std::string("ab-"), std::string(".ab"), std::string("a..b"), std::string("10.0.0.1"),
        std::string("xn--abc"), std::string("abc-s3alias"), std::string("a/b"), std::string(".chiliad")})
    EXPECT_NE(wrong_with_bucket_name(name), "") << name;
}

TEST(Buckets, ListenersAreCalledUntilTheirSubscriptionEnds) {
  BucketListeners listeners;
  int first = 0;
  int second = 0;
  Subscription one = listeners.add([&](std::string_view, std::string_view) { ++first; });
  {
    const Subscription two = listeners.add([&](std::string_view, std::string_view) { ++second; });
    listeners.tell("b", "k");
  }
  listeners.tell("b", "k");
  Subscription moved = std::move(one);
  listeners.tell("b", "k");
  moved.reset();
  listeners.tell("b", "k");
  EXPECT_EQ(first, 3);
  EXPECT_EQ(second, 1);
}

TEST(Buckets, AListOfBucketsIsRead) {
  const auto buckets = parse_buckets(
      "<?xml version=\"1.0\"?><ListAllMyBucketsResult><Buckets><Bucket><Name>a-b</Name>"
      "<CreationDate>2024-01-02T03:04:05.000Z</CreationDate></Bucket><Bucket><Name>c</Name></Bucket></Buckets>"
      "</ListAllMyBucketsResult>");
  ASSERT_TRUE(buckets) << buckets.error().message;
  ASSERT_EQ(buckets->size(), 2u);
  EXPECT_EQ((*buckets)[0].name, "a-b");
  EXPECT_EQ((*buckets)[0].created, *parse_instant("2024-01-02T03:04:05"));
  EXPECT_EQ(parse_buckets("<Error/>").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(parse_buckets("<ListAllMyBucketsResult><Buckets><Bucket/></Buckets></ListAllMyBucketsResult>").error().code,
            ErrorCode::kCorrupt);
}

TEST(Buckets, OptionsOfS3AreCheckedWhenItIsOpened) {
  S3Options options;
  options.endpoint = "no address";
  EXPECT_EQ(open_s3_buckets(options, test_environment()).error().code, ErrorCode::kInvalid);
}

TEST(Buckets, OfARealS3AreListedOpenedAndHeard) {
  const Result<std::unique_ptr<S3ServerProcess>> server = S3ServerProcess::start();
  if (!server && server.error().code == ErrorCode::kNotFound) GTEST_SKIP() << server.error().message;
  ASSERT_TRUE(server) << server.error().message;
  const std::string name = (*server)->make_bucket();
  S3Options options;
  options.endpoint = (*server)->endpoint();
  const Result<std::shared_ptr<Buckets>> buckets = open_s3_buckets(options, test_environment());
  ASSERT_TRUE(buckets) << buckets.error().message;
  const auto listed = (*buckets)->list(soon());
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ((*listed)[0].name, name);
  std::vector<std::string> heard;
  const Subscription subscription = (*buckets)->subscribe([&](std::string_view bucket, std::string_view key) {
    heard.push_back(std::string(bucket).append("/").append(key));
  });
  const auto bucket = (*buckets)->open(name);
  ASSERT_TRUE(bucket);
  ASSERT_TRUE((*bucket)->put("a", "1", {}, soon()));
  ASSERT_TRUE((*bucket)->remove("a", soon()));
  EXPECT_EQ(heard, (std::vector<std::string>{name + "/a", name + "/a"}));
  EXPECT_EQ((*(*buckets)->open("none-such"))->head("a", soon()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace chiliad::store
