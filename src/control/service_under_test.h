// A control plane in a temporary folder, with scripted work behind it, for the tests of its operations. Every answer is
// checked against the service model's shape.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/file.h"
#include "control/sagemaker.h"
#include "control/shapes.h"
#include "control/validation.h"
#include "control/work_under_test.h"

namespace chiliad::control {

// Allows all but one action.
class AllowAllBut final : public aws::Authorizer {
 public:
  explicit AllowAllBut(std::string denied = {}) : denied_(std::move(denied)) {}
  aws::Decision decide(const aws::Caller&, std::string_view action, std::string_view resource,
                       const aws::Conditions&) const override {
    const std::string asked = std::string(action) + " " + std::string(resource);
    return !denied_.empty() && asked.starts_with(denied_) ? aws::Decision::kNotAllowed : aws::Decision::kAllowed;
  }

 private:
  std::string denied_;
};

inline aws::Caller caller_for_test(std::string denied = {}) {
  auto who = std::make_shared<aws::Principal>();
  who->kind = aws::Principal::Kind::kUser;
  who->arn = "arn:aws:iam::123456789012:user/alice";
  who->account = "123456789012";
  aws::Caller caller;
  caller.who = std::move(who);
  caller.authorizer = std::make_shared<AllowAllBut>(std::move(denied));
  return caller;
}

class ServiceUnderTest : public testing::Test {
 protected:
  static constexpr std::string_view kRole = "arn:aws:iam::123456789012:role/r";

  void SetUp() override { start(); }
  void TearDown() override { sagemaker_.reset(); }

  void start() {
    sagemaker_.reset();
    work_ = std::make_unique<ScriptedWork>();
    options_.state = folder_->path();
    Result<std::unique_ptr<SageMaker>> opened = SageMaker::open(options_);
    ASSERT_TRUE(opened) << opened.error().message;
    sagemaker_ = std::move(*opened);
    Result<Done> resumed = sagemaker_->resume(*work_);
    ASSERT_TRUE(resumed) << resumed.error().message;
    settle();
  }

  void settle() {
    EXPECT_TRUE(sagemaker_->wait_for_handover(std::chrono::steady_clock::now() + std::chrono::seconds{20}));
  }

  aws::JsonAnswer call(std::string_view operation, const aws::Json& input) {
    aws::JsonAnswer answer = sagemaker_->answer(operation, input, caller_);
    settle();
    return answer;
  }

  aws::Json ok(std::string_view operation, const aws::Json& input) {
    aws::JsonAnswer answer = call(operation, input);
    if (const auto* error = std::get_if<aws::ApiError>(&answer)) {
      ADD_FAILURE() << operation << ": " << error->code << ": " << error->message;
      return aws::Json::object();
    }
    const Operation* known = find_operation(operation);
    if (known->output != kNoShape) {
      const auto invalid = validator_.check(known->output, std::get<aws::Json>(answer));
      EXPECT_FALSE(invalid) << operation << ": " << invalid->message;
    }
    return std::get<aws::Json>(std::move(answer));
  }

  aws::ApiError error(std::string_view operation, const aws::Json& input) {
    aws::JsonAnswer answer = call(operation, input);
    if (const auto* said = std::get_if<aws::ApiError>(&answer)) return *said;
    ADD_FAILURE() << operation << " was not refused: " << aws::json_text(std::get<aws::Json>(answer));
    return {};
  }

  void tell(job::Kind kind, const std::string& name, job::Phase phase, std::string message = "") {
    job::Change change;
    change.kind = kind;
    change.job_name = name;
    change.phase = phase;
    change.time = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    change.message = std::move(message);
    tell(change);
  }
  void tell(const job::Change& change) { sagemaker_->job_observer().changed(change); }

  static aws::Json training_job(const std::string& name) {
    return {{"TrainingJobName", name},
            {"RoleArn", kRole},
            {"OutputDataConfig", {{"S3OutputPath", "s3://b/"}}},
            {"AlgorithmSpecification", {{"TrainingImage", "x/chiliad-prophet"}, {"TrainingInputMode", "File"}}},
            {"ResourceConfig", {{"InstanceType", "ml.c5.xlarge"}, {"InstanceCount", 2}, {"VolumeSizeInGB", 30}}},
            {"StoppingCondition", {{"MaxRuntimeInSeconds", 3600}}}};
  }
  static aws::Json processing_job(const std::string& name) {
    return {{"ProcessingJobName", name},
            {"RoleArn", kRole},
            {"AppSpecification", {{"ImageUri", "x/chiliad-split"}}},
            {"ProcessingResources",
             {{"ClusterConfig", {{"InstanceType", "ml.m5.xlarge"}, {"InstanceCount", 1}, {"VolumeSizeInGB", 30}}}}}};
  }
  static aws::Json model(const std::string& name) {
    return {{"ModelName", name},
            {"ExecutionRoleArn", kRole},
            {"PrimaryContainer",
             {{"Image", "x/chiliad-prophet"}, {"Mode", "MultiModel"}, {"ModelDataUrl", "s3://b/models/"}}}};
  }
  static aws::Json variant(const std::string& name, const std::string& model_name) {
    return {{"VariantName", name},
            {"ModelName", model_name},
            {"InitialInstanceCount", 1},
            {"InitialVariantWeight", 1.0},
            {"InstanceType", "ml.c5.xlarge"}};
  }
  static aws::Json config(const std::string& name, const std::string& model_name) {
    return {{"EndpointConfigName", name}, {"ProductionVariants", aws::Json::array({variant("A", model_name)})}};
  }
  static aws::Json transform_job(const std::string& name, const std::string& model_name) {
    return {{"TransformJobName", name},
            {"ModelName", model_name},
            {"TransformInput",
             {{"DataSource", {{"S3DataSource", {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://b/in"}}}}},
              {"SplitType", "Line"}}},
            {"TransformOutput", {{"S3OutputPath", "s3://b/out"}}},
            {"TransformResources", {{"InstanceType", "ml.m5.xlarge"}, {"InstanceCount", 1}}}};
  }
  // A model m, a configuration c.
  void make_config() {
    ok("CreateModel", model("m"));
    ok("CreateEndpointConfig", config("c", "m"));
  }
  aws::Json endpoint(const std::string& name) { return ok("DescribeEndpoint", {{"EndpointName", name}}); }

  Result<TempFolder> folder_ = TempFolder::make();
  SageMakerOptions options_;
  aws::Caller caller_ = caller_for_test();
  Validator validator_;
  std::unique_ptr<ScriptedWork> work_;
  std::unique_ptr<SageMaker> sagemaker_;  // Before the work that it uses.
};

}  // namespace chiliad::control
