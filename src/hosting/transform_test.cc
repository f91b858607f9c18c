#include "hosting/transform.h"

#include "archive/gzip.h"
#include "hosting/hosting_under_test.h"
#include "hosting/transform_capture.h"
#include "hosting/transform_input.h"
#include "hosting/transform_record.h"

namespace chiliad::hosting {
namespace {

using Phase = TransformProgress::Phase;

class TransformTest : public HostingUnderTest {
 protected:
  void SetUp() override {
    buckets_.put("models", "fleet/a.tar.gz", model_archive(10));
    buckets_.put("models", "fleet/b.tar.gz", model_archive(20));
    start();
  }
  TransformPlan plan_of(const std::string& input) {
    TransformPlan plan;
    plan.name = "job";
    plan.model = variant_of("v", "s3://models/fleet/").model;
    plan.input_uri = input;
    plan.output_path = "s3://data/out";
    return plan;
  }
  TransformProgress run(TransformPlan plan) {
    std::promise<TransformProgress> end;
    phases_.clear();
    const Result<Done> started = hosting_->start_transform(std::move(plan), [&](const TransformProgress& progress) {
      if (phases_.empty() || phases_.back() != progress.phase) phases_.push_back(progress.phase);
      if (progress.phase >= Phase::kCompleted) end.set_value(progress);
    });
    EXPECT_TRUE(started) << started.error().message;
    return end.get_future().get();
  }
  std::vector<Phase> phases_;
};

TEST_F(TransformTest, EachObjectGoesToTheModelOfItsName) {
  buckets_.put("data", "in/a.json", kOneRow);
  buckets_.put("data", "in/eu/b.json", kOneRow);
  TransformPlan plan = plan_of("s3://data/in/");
  plan.max_concurrent_transforms = 4;
  const TransformProgress end = run(plan);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  EXPECT_EQ(end.objects, 2u);
  EXPECT_EQ(end.records, 2u);
  EXPECT_EQ(phases_, (std::vector<Phase>{Phase::kQueued, Phase::kRunning, Phase::kCompleted}));
  EXPECT_NEAR(yhat_of(buckets_.get("data", "out/a.json.out")), 10, 1e-6);
  EXPECT_NEAR(yhat_of(buckets_.get("data", "out/eu/b.json.out")), 20, 1e-6);
}

TEST_F(TransformTest, LinesAreRecordsAndNameTheirModels) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += R"({"target_model": ")" + std::string(i % 2 == 0 ? "a" : "b") + R"(.tar.gz", "period": 1})" +
            (i % 3 == 0 ? "\r\n" : "\n");
  }
  buckets_.put("data", "in/rows.jsonl", text);
  for (const int threads : {1, 8}) {
    TransformPlan plan = plan_of("s3://data/in/rows.jsonl");
    plan.split = TransformPlan::Split::kLine;
    plan.assemble = TransformPlan::Assemble::kLine;
    plan.max_concurrent_transforms = threads;
    const TransformProgress end = run(plan);
    EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
    EXPECT_EQ(end.records, 3000u);
    std::istringstream out(buckets_.get("data", "out/rows.jsonl.out"));
    int count = 0;
    for (std::string line; std::getline(out, line); ++count) {
      EXPECT_NEAR(yhat_of(line), count % 2 == 0 ? 10 : 20, 1e-6);
    }
    EXPECT_EQ(count, 3000);
  }
}

TEST_F(TransformTest, RecordsOverSeveralPiecesStayWhole) {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += R"({"period": 1)" + std::string(50'000 + 997 * static_cast<std::size_t>(i), ' ') + "}\n";
  buckets_.put("data", "in/a.jsonl", text.substr(0, text.size() - 1));
  TransformPlan plan = plan_of("s3://data/in/");
  plan.split = TransformPlan::Split::kLine;
  plan.assemble = TransformPlan::Assemble::kLine;
  plan.max_concurrent_transforms = 3;
  EXPECT_EQ(run(plan).records, 60u);
  const std::string out = buckets_.get("data", "out/a.jsonl.out");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 60);
}

TEST_F(TransformTest, FiltersAndJoin) {
  buckets_.put("data", "in/a.jsonl", R"({"id": 7, "ask": {"period": 1}})");
  TransformPlan plan = plan_of("s3://data/in/a.jsonl");
  plan.split = TransformPlan::Split::kLine;
  plan.assemble = TransformPlan::Assemble::kLine;
  plan.input_filter = "$.ask";
  plan.join_input = true;
  EXPECT_EQ(run(plan).phase, Phase::kCompleted);
  const std::string joined = buckets_.get("data", "out/a.jsonl.out");
  EXPECT_TRUE(joined.starts_with(R"({"id": 7, "ask": {"period": 1},"SageMakerOutput":{"ds":{)")) << joined;
  EXPECT_TRUE(joined.ends_with("}}}\n")) << joined;
  plan.output_filter = "$.id";
  EXPECT_EQ(run(plan).phase, Phase::kCompleted);
  EXPECT_EQ(buckets_.get("data", "out/a.jsonl.out"), "7\n");
}

TEST_F(TransformTest, ManifestAndPackedInput) {
  buckets_.put("data", "x/a.json.gz", archive::gzip(kOneRow));
  buckets_.put("data", "list", R"([{"prefix":"s3://data/x/"},"a.json.gz"])");
  TransformPlan plan = plan_of("s3://data/list");
  plan.manifest = true;
  plan.gzip = true;
  const TransformProgress end = run(plan);
  EXPECT_EQ(end.phase, Phase::kCompleted) << end.failure_reason;
  EXPECT_NEAR(yhat_of(buckets_.get("data", "out/a.json.gz.out")), 10, 1e-6);
  for (const char* bad : {"", "{}", "[]", "[1]", R"([{"prefix":"x"}])", R"([{"prefix":"s3://data/x/"},1])",
                          R"([{"prefix":"s3://data/x/"},"../y"])"}) {
    EXPECT_FALSE(parse_manifest(bad)) << bad;
  }
}

TEST_F(TransformTest, CapturesAreManifestsThatAnotherJobReads) {
  buckets_.put("data", "in/a.json", kOneRow);
  buckets_.put("data", "in/eu/b.json", kOneRow);
  TransformPlan plan = plan_of("s3://data/in/");
  plan.capture_destination = "s3://data/captured";
  ASSERT_EQ(run(plan).phase, Phase::kCompleted);
  const std::vector<std::string> keys = buckets_.keys("data", "captured/");
  ASSERT_EQ(keys.size(), 2u);
  const std::string today = format_instant_fixed(std::chrono::system_clock::now(), 0);
  EXPECT_TRUE(keys[0].starts_with("captured/input/" + today.substr(0, 4) + "/" + today.substr(5, 2) + "/")) << keys[0];
  EXPECT_TRUE(keys[0].ends_with("/job.jsonl")) << keys[0];
  EXPECT_EQ(buckets_.get("data", keys[0]), "[{\"prefix\":\"s3://data/in/\"},\n\"a.json\",\n\"eu/b.json\"]\n");
  EXPECT_EQ(buckets_.get("data", keys[1]), "[{\"prefix\":\"s3://data/out/\"},\n\"a.json.out\",\n\"eu/b.json.out\"]\n");
  plan = plan_of("s3://data/" + keys[0]);
  plan.manifest = true;
  EXPECT_EQ(run(plan).objects, 2u);
}

TEST_F(TransformTest, AnswersCarryAnIdentifierWhereOneIsAskedFor) {
  buckets_.put("data", "in/a.json", kOneRow);
  TransformPlan plan = plan_of("s3://data/in/");
  plan.capture_destination = "s3://data/captured/";
  plan.generate_inference_id = true;
  ASSERT_EQ(run(plan).phase, Phase::kCompleted);
  const aws::Json answer = *aws::parse_json(buckets_.get("data", "out/a.json.out"));
  EXPECT_EQ(aws::string_member(answer, "SageMakerInferenceId")->size(), 36u);
  EXPECT_TRUE(aws::string_member(answer, "SageMakerInferenceTime")->ends_with("Z"));
  EXPECT_TRUE(aws::member(answer, "yhat"));
  plan.accept = "text/csv";
  ASSERT_EQ(run(plan).phase, Phase::kCompleted);
  const std::string csv = buckets_.get("data", "out/a.json.out");
  const auto columns = std::count(csv.begin(), csv.begin() + static_cast<std::ptrdiff_t>(csv.find('\n')), ',');
  EXPECT_EQ(std::count(csv.begin(), csv.end(), ','), 2 * columns) << csv;
  buckets_.put("data", "in/a.json", R"("{\"period\": 1}")");
  plan.accept = "";
  EXPECT_NE(run(plan).failure_reason.find("GenerateInferenceId"), std::string::npos);
}

TEST(WithInferenceId, IsPutIntoAnyObjectAndBesideEachLine) {
  const Instant start = *parse_instant("2022-08-30T00:49:15.7");
  for (const char* object : {"{}", " { } ", "{\"a\":1}", "{\"a\":{}}\n"}) {
    const Result<std::string> text = with_inference_id(object, false, start);
    ASSERT_TRUE(text) << object;
    const Result<aws::Json> json = aws::parse_json(*text);
    ASSERT_TRUE(json) << *text;
    EXPECT_EQ(*aws::string_member(*json, "SageMakerInferenceTime"), "2022-08-30T00:49:15Z");
  }
  for (const char* other : {"", " ", "1", "[{}]", "\"{}\"", "}{"})
    EXPECT_FALSE(with_inference_id(other, false, start)) << other;
  const std::string csv = *with_inference_id("0\n1\n", true, start);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2);
  EXPECT_TRUE(csv.ends_with(",2022-08-30T00:49:15Z\n"));
  EXPECT_EQ(*with_inference_id("", true, start), "");
}

TEST_F(TransformTest, FailuresSayWhichRecord) {
  buckets_.put("data", "in/a.jsonl", "{\"period\": 1}\n{\"period\": 0}\n");
  TransformPlan plan = plan_of("s3://data/in/");
  plan.split = TransformPlan::Split::kLine;
  TransformProgress end = run(plan);
  EXPECT_EQ(end.phase, Phase::kFailed);
  EXPECT_TRUE(end.failure_reason.starts_with("s3://data/in/a.jsonl: record 2: ClientError: 'period'"))
      << end.failure_reason;
  EXPECT_TRUE(buckets_.keys("data", "out/").empty());
  EXPECT_NE(logs_.text().find("/aws/sagemaker/TransformJobs: failed after 0 objects of output"), std::string::npos);
  end = run(plan_of("s3://data/nothing/"));
  EXPECT_TRUE(end.failure_reason.starts_with("No S3 objects found under S3 URL s3://data/nothing/"))
      << end.failure_reason;
  end = run(plan_of("s3://nobody/x"));
  EXPECT_EQ(end.phase, Phase::kFailed);
}

TEST_F(TransformTest, WhatIsNotSupportedIsRefusedAtTheStart) {
  TransformPlan plan = plan_of("s3://data/in/");
  plan.output_filter = "$..x";
  EXPECT_EQ(hosting_->start_transform(plan, {}).error().code, ErrorCode::kInvalid);
  plan = plan_of("s3://data/in/");
  plan.capture_destination = "https://data/x";
  EXPECT_EQ(hosting_->start_transform(plan, {}).error().code, ErrorCode::kInvalid);
  plan = plan_of("s3://data/in/");
  plan.join_input = true;
  plan.content_type = "text/csv";
  EXPECT_EQ(hosting_->start_transform(plan, {}).error().code, ErrorCode::kInvalid);
}

TEST_F(TransformTest, StoppedJobEndsSoonAndItsNameIsFreeAgain) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{\"period\": 400}\n";
  buckets_.put("data", "in/a.jsonl", text);
  TransformPlan plan = plan_of("s3://data/in/");
  plan.split = TransformPlan::Split::kLine;
  std::promise<void> running;
  std::promise<TransformProgress> end;
  ASSERT_TRUE(hosting_->start_transform(plan, [&](const TransformProgress& progress) {
    if (progress.phase == Phase::kRunning && progress.records == 0 && progress.objects == 0) running.set_value();
    if (progress.phase >= Phase::kCompleted) end.set_value(progress);
  }));
  running.get_future().get();
  EXPECT_EQ(hosting_->start_transform(plan, [](const TransformProgress&) {}).error().code, ErrorCode::kConflict);
  hosting_->stop_transform("job");
  EXPECT_EQ(end.get_future().get().phase, Phase::kStopped);
  EXPECT_TRUE(buckets_.keys("data", "out/").empty());
  hosting_->stop_transform("job");
}

TEST(TransformRecords, ModelOfAKey) {
  EXPECT_EQ(TransformRecords::model_of_key("in/eu/8.json"), "8.tar.gz");
  EXPECT_EQ(TransformRecords::model_of_key("8.jsonl.gz"), "8.tar.gz");
  EXPECT_EQ(TransformRecords::model_of_key("x/8.csv"), "8.tar.gz");
  EXPECT_EQ(TransformRecords::model_of_key(".json"), ".json.tar.gz");
}

}  // namespace
}  // namespace chiliad::hosting
