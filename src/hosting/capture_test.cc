#include "hosting/capture.h"

#include "aws/json.h"
#include "hosting/hosting_under_test.h"

namespace chiliad::hosting {
namespace {

class CaptureTest : public HostingUnderTest {
 protected:
  EndpointPlan captured_plan(int percentage) {
    EndpointPlan plan = endpoint_of("e", {variant_of("v", "s3://models/")});
    plan.capture.enabled = true;
    plan.capture.sampling_percentage = percentage;
    plan.capture.destination = "s3://data/capture";
    plan.capture.json_content_types = {"application/json"};
    plan.capture.csv_content_types = {"text/csv"};
    return plan;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> all;
    for (const std::string& key : buckets_.keys("data", "capture/")) {
      std::istringstream text(buckets_.get("data", key));
      for (std::string line; std::getline(text, line);) all.push_back(line);
    }
    return all;
  }
};

CaptureRecord record_of(std::string input) {
  CaptureRecord record;
  record.input = std::move(input);
  record.input_type = "application/json; charset=utf-8";
  record.output = "a,b\n1,2\n";
  record.output_type = "text/csv";
  record.time = std::chrono::system_clock::time_point(std::chrono::seconds(1'644'859'506));
  return record;
}

TEST_F(CaptureTest, LineHasAmazonsForm) {
  CapturePlan plan;
  plan.csv_content_types = {"text/csv"};
  plan.json_content_types = {"application/json"};
  EXPECT_EQ(
      capture_line(record_of(R"({"period": 1})"), plan, "id"),
      R"({"captureData":{"endpointInput":{"observedContentType":"application/json; charset=utf-8","mode":"INPUT",)"
      R"("data":"{\"period\": 1}","encoding":"JSON"},"endpointOutput":{"observedContentType":"text/csv",)"
      R"("mode":"OUTPUT","data":"a,b\n1,2\n","encoding":"CSV"}},"eventMetadata":{"eventId":"id",)"
      R"("inferenceTime":"2022-02-14T17:25:06Z"},"eventVersion":"0"})"
      "\n");
  plan.csv_content_types.clear();
  plan.input = false;
  CaptureRecord record = record_of("");
  record.target_model = "8.tar.gz";
  record.inference_id = "i";
  record.custom_attributes = "c";
  EXPECT_EQ(capture_line(record, plan, "id"),
            R"({"captureData":{"endpointOutput":{"observedContentType":"text/csv","mode":"OUTPUT",)"
            R"("data":"YSxiCjEsMgo=","encoding":"BASE64"}},"eventMetadata":{"eventId":"id","customAttributes":["c"],)"
            R"("inferenceId":"i","inferenceTime":"2022-02-14T17:25:06Z","targetModel":"8.tar.gz"},"eventVersion":"0"})"
            "\n");
}

TEST_F(CaptureTest, EveryGoodCallLiesInTheStoreAfterTheEnd) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(captured_plan(100)));
  std::vector<std::string> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(invoke("e", "m.tar.gz").body);
  EXPECT_EQ(invoke("e", "none.tar.gz").status, 400);
  stop();
  const std::vector<std::string> all = lines();
  ASSERT_EQ(all.size(), 5u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Result<aws::Json> line = aws::parse_json(all[i]);
    ASSERT_TRUE(line);
    EXPECT_EQ((*line)["captureData"]["endpointInput"]["data"], std::string(kOneRow));
    EXPECT_EQ((*line)["captureData"]["endpointOutput"]["data"], answers[i]);
    EXPECT_EQ((*line)["eventMetadata"]["targetModel"], "m.tar.gz");
  }
  for (const std::string& key : buckets_.keys("data", "capture/")) {
    // capture/e/v/2022/02/14/17/25-06-123-<id>.jsonl
    EXPECT_EQ(key.substr(0, 12), "capture/e/v/");
    EXPECT_EQ(key.size(), std::string("capture/e/v/2022/02/14/17/25-06-123-.jsonl").size() + 36) << key;
  }
}

TEST_F(CaptureTest, SamplingTakesItsShare) {
  buckets_.put("models", "m.tar.gz", model_archive(10));
  start();
  ASSERT_TRUE(deploy(captured_plan(25)));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(invoke("e", "m.tar.gz").status, 200);
  stop();
  EXPECT_NEAR(static_cast<double>(lines().size()), 50, 3);
}

TEST_F(CaptureTest, WhatTheStoreRefusesIsWrittenLaterAndWhatDoesNotFitIsCounted) {
  CaptureWriter::Options options;
  options.interval = std::chrono::hours(1);
  options.max_bytes = 4 * record_of(std::string(1000, 'x')).bytes();
  store::EveryBucket every(buckets_);
  CaptureWriter writer(options, every, logs_);
  Result<std::shared_ptr<CaptureStream>> stream = writer.stream("e", "v", captured_plan(100).capture, "");
  ASSERT_TRUE(stream);
  buckets_.down = true;
  for (int i = 0; i < 7; ++i) (*stream)->offer(record_of(std::string(1000, 'x')));
  writer.flush();
  EXPECT_EQ(writer.counters().dropped, 3u);
  EXPECT_EQ(writer.counters().written, 0u);
  EXPECT_NE(logs_.text().find("data capture: the store is down"), std::string::npos);
  buckets_.down = false;
  writer.flush();
  EXPECT_EQ(writer.counters().written, 4u);
  EXPECT_EQ(lines().size(), 4u);
  (*stream)->offer(record_of("x"));
  EXPECT_EQ(writer.counters().dropped, 3u);
}

}  // namespace
}  // namespace chiliad::hosting
