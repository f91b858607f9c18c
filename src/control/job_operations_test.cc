#include <gtest/gtest.h>

#include <string>

#include "control/service_under_test.h"

namespace chiliad::control {
namespace {

using aws::Json;
using job::Kind;
using job::Phase;

class JobOperations : public ServiceUnderTest {
 protected:
  Json training(const std::string& name) { return ok("DescribeTrainingJob", {{"TrainingJobName", name}}); }
  void run_to(const std::string& name, Phase end) {
    for (const Phase phase : {Phase::kStarting, Phase::kDownloading, Phase::kTraining, Phase::kUploading, end})
      tell(Kind::kTraining, name, phase, "message of " + std::string(job::phase_name(phase)));
  }
};

TEST_F(JobOperations, TrainingJobIsCreatedStartedAndDescribed) {
  Json request = training_job("t");
  request["HyperParameters"] = {{"growth", "linear"}};
  request["Tags"] = Json::array({{{"Key", "team"}, {"Value", "a"}}});
  EXPECT_EQ(ok("CreateTrainingJob", request)["TrainingJobArn"],
            "arn:aws:sagemaker:us-east-1:123456789012:training-job/t");
  EXPECT_TRUE(work_->was_asked("start training t"));
  const Json job = training("t");
  EXPECT_EQ(job["TrainingJobStatus"], "InProgress");
  EXPECT_EQ(job["SecondaryStatus"], "Starting");
  EXPECT_EQ(job["HyperParameters"], request["HyperParameters"]);
  EXPECT_EQ(job["ResourceConfig"], request["ResourceConfig"]);
  EXPECT_EQ(job["ModelArtifacts"]["S3ModelArtifacts"], "s3://b/t/output/model.tar.gz");
  EXPECT_FALSE(job.contains("Tags"));
  ASSERT_EQ(job["SecondaryStatusTransitions"].size(), 1u);
  EXPECT_TRUE(job["SecondaryStatusTransitions"][0]["StatusMessage"].is_string());
  EXPECT_FALSE(job["SecondaryStatusTransitions"][0].contains("EndTime"));
}

TEST_F(JobOperations, PhasesBecomeTransitionsAndTheEndHasItsResults) {
  ok("CreateTrainingJob", training_job("t"));
  run_to("t", Phase::kUploading);
  job::Change end;
  end.kind = Kind::kTraining;
  end.job_name = "t";
  end.phase = Phase::kCompleted;
  end.time = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  end.model_artifacts = "s3://b/t/output/model.tar.gz";
  end.metrics = {{"loss", 0.5, end.time}, {"bad", std::numeric_limits<double>::quiet_NaN(), end.time}};
  tell(end);
  const Json job = training("t");
  EXPECT_EQ(job["TrainingJobStatus"], "Completed");
  EXPECT_EQ(job["SecondaryStatus"], "Completed");
  std::string statuses;
  for (const Json& transition : job["SecondaryStatusTransitions"]) {
    statuses += transition["Status"].get<std::string>() + " ";
    EXPECT_TRUE(transition.contains("EndTime")) << transition["Status"];
  }
  EXPECT_EQ(statuses, "Starting Downloading Training Uploading Completed ");
  ASSERT_EQ(job["FinalMetricDataList"].size(), 1u);
  EXPECT_EQ(job["FinalMetricDataList"][0]["MetricName"], "loss");
  EXPECT_GE(job["TrainingTimeInSeconds"].get<int>(), 0);
  EXPECT_EQ(job["BillableTimeInSeconds"], job["TrainingTimeInSeconds"]);
  EXPECT_GE(job["TrainingEndTime"].get<double>(), job["TrainingStartTime"].get<double>());
}

TEST_F(JobOperations, NameIsUniqueUntilTheEndedJobIsDeleted) {
  ok("CreateTrainingJob", training_job("t"));
  EXPECT_EQ(error("CreateTrainingJob", training_job("t")).code, "ResourceInUse");
  EXPECT_EQ(error("DeleteTrainingJob", {{"TrainingJobName", "t"}}).code, "ResourceInUse");
  // Another kind has names of its own.
  ok("CreateProcessingJob", processing_job("t"));
  run_to("t", Phase::kCompleted);
  EXPECT_EQ(error("CreateTrainingJob", training_job("t")).code, "ResourceInUse");
  ok("DeleteTrainingJob", {{"TrainingJobName", "t"}});
  EXPECT_EQ(error("DescribeTrainingJob", {{"TrainingJobName", "t"}}).code, "ResourceNotFound");
  ok("CreateTrainingJob", training_job("t"));
  EXPECT_EQ(training("t")["TrainingJobStatus"], "InProgress");
}

TEST_F(JobOperations, MissingJobsAreResourceNotFound) {
  for (const char* noun : {"TrainingJob", "ProcessingJob", "TransformJob"}) {
    const Json name = {{std::string(noun) + "Name", "none"}};
    EXPECT_EQ(error(std::string("Describe") + noun, name).code, "ResourceNotFound");
    EXPECT_EQ(error(std::string("Stop") + noun, name).code, "ResourceNotFound");
  }
  EXPECT_EQ(error("DeleteTrainingJob", {{"TrainingJobName", "none"}}).code, "ResourceNotFound");
}

TEST_F(JobOperations, StoppingShowsAtOnceAndWhatRunsMeanwhileDoesNot) {
  ok("CreateTrainingJob", training_job("t"));
  tell(Kind::kTraining, "t", Phase::kStarting);
  ok("StopTrainingJob", {{"TrainingJobName", "t"}});
  EXPECT_TRUE(work_->was_asked("stop training t"));
  tell(Kind::kTraining, "t", Phase::kDownloading);
  Json job = training("t");
  EXPECT_EQ(job["TrainingJobStatus"], "Stopping");
  EXPECT_EQ(job["SecondaryStatus"], "Stopping");
  ok("StopTrainingJob", {{"TrainingJobName", "t"}});  // Again: nothing changes.
  tell(Kind::kTraining, "t", Phase::kStopped);
  job = training("t");
  EXPECT_EQ(job["TrainingJobStatus"], "Stopped");
  const aws::ApiError again = error("StopTrainingJob", {{"TrainingJobName", "t"}});
  EXPECT_EQ(again.code, "ValidationException");
  EXPECT_EQ(again.message, "The request was rejected because the training job is in status Stopped.");
}

TEST_F(JobOperations, OverdueJobIsStoppedWithMaxRuntimeExceeded) {
  ok("CreateTrainingJob", training_job("t"));
  for (const Phase phase : {Phase::kTraining, Phase::kMaxRuntimeExceeded, Phase::kStopped})
    tell(Kind::kTraining, "t", phase);
  const Json job = training("t");
  EXPECT_EQ(job["TrainingJobStatus"], "Stopped");
  EXPECT_EQ(job["SecondaryStatus"], "MaxRuntimeExceeded");
  EXPECT_EQ(job["SecondaryStatusTransitions"].back()["Status"], "MaxRuntimeExceeded");
}

TEST_F(JobOperations, PhasesAfterTheEndChangeNothing) {
  ok("CreateTrainingJob", training_job("t"));
  run_to("t", Phase::kFailed);
  tell(Kind::kTraining, "t", Phase::kTraining);
  tell(Kind::kTraining, "t", Phase::kCompleted);
  tell(Kind::kTraining, "never-was", Phase::kCompleted);
  EXPECT_EQ(training("t")["TrainingJobStatus"], "Failed");
}

TEST_F(JobOperations, FailureReasonFitsItsMember) {
  ok("CreateProcessingJob", processing_job("p"));
  job::Change end;
  end.kind = Kind::kProcessing;
  end.job_name = "p";
  end.phase = Phase::kFailed;
  end.failure_reason = std::string(3000, 'x');
  end.exit_message = "bye";
  tell(end);
  const Json job = ok("DescribeProcessingJob", {{"ProcessingJobName", "p"}});
  EXPECT_EQ(job["ProcessingJobStatus"], "Failed");
  EXPECT_EQ(job["FailureReason"], std::string(1024, 'x'));
  EXPECT_EQ(job["ExitMessage"], "bye");
  EXPECT_EQ(job["ProcessingResources"]["ClusterConfig"]["InstanceCount"], 1);
}

TEST_F(JobOperations, WhatTheRunnerRefusesIsToldAtCreate) {
  work_->refuse_jobs("no runtime runs the image 'x/none'");
  const aws::ApiError refused = error("CreateTrainingJob", training_job("t"));
  EXPECT_EQ(refused.code, "ValidationException");
  EXPECT_NE(refused.message.find("x/none"), std::string::npos);
  EXPECT_EQ(error("DescribeTrainingJob", {{"TrainingJobName", "t"}}).code, "ResourceNotFound");
}

TEST_F(JobOperations, WhatCannotStartFailsWithTheReason) {
  work_->fail_starts("the folder is gone");
  ok("CreateTrainingJob", training_job("t"));
  const Json job = training("t");
  EXPECT_EQ(job["TrainingJobStatus"], "Failed");
  EXPECT_EQ(job["FailureReason"], "the folder is gone");
}

TEST_F(JobOperations, WhatIsNotHereIsRefusedByName) {
  const std::pair<const char*, Json> cases[] = {
      {"/AlgorithmSpecification", {{"AlgorithmName", "a"}, {"TrainingInputMode", "File"}}},
      {"/AlgorithmSpecification", nullptr},
      {"/ResourceConfig/InstanceGroups",
       Json::array({{{"InstanceType", "ml.c5.xlarge"}, {"InstanceCount", 1}, {"InstanceGroupName", "g"}}})},
      {"/InputDataConfig",
       Json::array({{{"ChannelName", "c"},
                     {"DataSource", {{"S3DataSource", {{"S3DataType", "Converse"}, {"S3Uri", "s3://b/p"}}}}}}})},
      {"/InputDataConfig", Json::array({{{"ChannelName", "c"}, {"DataSource", Json::object()}}})},
  };
  for (const auto& [pointer, value] : cases) {
    Json request = training_job("t");
    request[Json::json_pointer(pointer)] = value;
    EXPECT_EQ(error("CreateTrainingJob", request).code, "ValidationException") << pointer;
  }
}

TEST_F(JobOperations, SpecSaysWhatTheRequestSaid) {
  Json request = training_job("t");
  request["InputDataConfig"] = Json::array(
      {{{"ChannelName", "training"},
        {"ContentType", "text/csv"},
        {"CompressionType", "Gzip"},
        {"DataSource",
         {{"S3DataSource",
           {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://b/p"}, {"S3DataDistributionType", "ShardedByRecord"}}}}}}});
  request["InputDataConfig"].push_back({{"ChannelName", "piped"},
                                        {"InputMode", "Pipe"},
                                        {"RecordWrapperType", "RecordIO"},
                                        {"ShuffleConfig", {{"Seed", 7}}},
                                        {"DataSource",
                                         {{"S3DataSource",
                                           {{"S3DataType", "AugmentedManifestFile"},
                                            {"S3Uri", "s3://b/m"},
                                            {"AttributeNames", Json::array({"source-ref", "class"})}}}}}});
  request["CheckpointConfig"] = {{"S3Uri", "s3://b/c/"}};
  request["Environment"] = {{"A", "1"}};
  request["AlgorithmSpecification"]["MetricDefinitions"] = Json::array({{{"Name", "loss"}, {"Regex", "l=(.*)"}}});
  ok("CreateTrainingJob", request);
  const job::Spec spec = work_->last_spec();
  EXPECT_EQ(spec.kind, Kind::kTraining);
  EXPECT_EQ(spec.instance_count, 2);
  EXPECT_EQ(spec.max_runtime.count(), 3600);
  ASSERT_EQ(spec.inputs.size(), 2u);
  EXPECT_EQ(spec.inputs[0].distribution, job::Distribution::kShardedByRecord);
  EXPECT_EQ(spec.inputs[0].input_mode, "File");
  EXPECT_TRUE(spec.inputs[0].gzip);
  EXPECT_EQ(spec.inputs[1].input_mode, "Pipe");
  EXPECT_EQ(spec.inputs[1].record_wrapper, "RecordIO");
  EXPECT_EQ(spec.inputs[1].shuffle_seed, 7u);
  EXPECT_FALSE(spec.inputs[0].shuffle_seed);
  EXPECT_EQ(spec.inputs[1].data_type, job::DataType::kAugmentedManifestFile);
  EXPECT_EQ(spec.inputs[1].attributes, (std::vector<std::string>{"source-ref", "class"}));
  ASSERT_TRUE(spec.checkpoint);
  EXPECT_EQ(spec.checkpoint->local_path, "/opt/ml/checkpoints");
  EXPECT_EQ(spec.environment.at("A"), "1");
  ASSERT_EQ(spec.metrics.size(), 1u);
  EXPECT_EQ(spec.role_arn, kRole);
}

TEST_F(JobOperations, LimitsAreResourceLimitExceeded) {
  options_.limits.training_instances = 2;
  options_.limits.running_jobs = 2;
  start();
  Json big = training_job("big");
  big["ResourceConfig"]["InstanceCount"] = 3;
  EXPECT_EQ(error("CreateTrainingJob", big).code, "ResourceLimitExceeded");
  ok("CreateTrainingJob", training_job("a"));
  ok("CreateProcessingJob", processing_job("b"));
  EXPECT_EQ(error("CreateTrainingJob", training_job("c")).code, "ResourceLimitExceeded");
  run_to("a", Phase::kCompleted);
  ok("CreateTrainingJob", training_job("c"));
}

TEST_F(JobOperations, TheOldestEndedJobsAreForgottenBeyondTheLimit) {
  options_.limits.jobs = 3;
  start();
  ok("CreateTrainingJob", training_job("running"));
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    ok("CreateTrainingJob", training_job(name));
    run_to(name, Phase::kCompleted);
  }
  const Json kept = ok("ListTrainingJobs", Json::object())["TrainingJobSummaries"];
  EXPECT_LE(kept.size(), 5u) << "the limit, and those since it was looked at";
  EXPECT_EQ(error("DescribeTrainingJob", {{"TrainingJobName", "a"}}).code, "ResourceNotFound");
  EXPECT_EQ(training("running")["TrainingJobStatus"], "InProgress") << "what runs is never forgotten";
  EXPECT_EQ(training("e")["TrainingJobStatus"], "Completed");
  ok("CreateTrainingJob", training_job("a"));  // Its name is free again.
}

TEST_F(JobOperations, CreationAsksForTheJobItsTagsAndTheRole) {
  Json tagged = training_job("t");
  tagged["Tags"] = Json::array({{{"Key", "k"}, {"Value", "v"}}});
  for (const char* denied : {"sagemaker:CreateTrainingJob arn:aws:sagemaker:us-east-1:123456789012:training-job/t",
                             "sagemaker:AddTags arn:aws:sagemaker:us-east-1:123456789012:training-job/t",
                             "iam:PassRole arn:aws:iam::123456789012:role/r"}) {
    caller_ = caller_for_test(denied);
    EXPECT_EQ(error("CreateTrainingJob", tagged).code, "AccessDeniedException") << denied;
  }
  caller_ = caller_for_test("sagemaker:DescribeTrainingJob");
  // Whether it exists is not told either.
  EXPECT_EQ(error("DescribeTrainingJob", {{"TrainingJobName", "t"}}).code, "AccessDeniedException");
}

TEST_F(JobOperations, UpdateTrainingJobChangesARunningJobAlone) {
  ok("CreateTrainingJob", training_job("t"));
  ok("UpdateTrainingJob", {{"TrainingJobName", "t"},
                           {"ResourceConfig", {{"KeepAlivePeriodInSeconds", 600}}},
                           {"ProfilerConfig", {{"DisableProfiler", true}}}});
  const Json job = training("t");
  EXPECT_EQ(job["ResourceConfig"]["KeepAlivePeriodInSeconds"], 600);
  EXPECT_EQ(job["ResourceConfig"]["InstanceCount"], 2);
  run_to("t", Phase::kCompleted);
  EXPECT_EQ(error("UpdateTrainingJob", {{"TrainingJobName", "t"}}).code, "ValidationException");
}

TEST_F(JobOperations, TransformJobRunsThroughItsPhases) {
  ok("CreateModel", model("m"));
  ok("CreateTransformJob", transform_job("x", "m"));
  EXPECT_TRUE(work_->was_asked("transform x"));
  EXPECT_EQ(work_->last_transform().model.model_data_url, "s3://b/models/");
  EXPECT_EQ(work_->last_transform().split, hosting::TransformPlan::Split::kLine);
  hosting::TransformProgress progress;
  progress.phase = hosting::TransformProgress::Phase::kRunning;
  work_->tell_transform(progress);
  Json job = ok("DescribeTransformJob", {{"TransformJobName", "x"}});
  EXPECT_EQ(job["TransformJobStatus"], "InProgress");
  EXPECT_TRUE(job.contains("TransformStartTime"));
  progress.phase = hosting::TransformProgress::Phase::kFailed;
  progress.failure_reason = "no such model";
  work_->tell_transform(progress);
  job = ok("DescribeTransformJob", {{"TransformJobName", "x"}});
  EXPECT_EQ(job["TransformJobStatus"], "Failed");
  EXPECT_EQ(job["FailureReason"], "no such model");
  EXPECT_EQ(error("CreateTransformJob", transform_job("y", "none")).code, "ValidationException");
}

TEST_F(JobOperations, RestartTakesUpWhatRanAndEndsWhatWasStopping) {
  ok("CreateModel", model("m"));
  for (const char* name : {"runs", "stops", "ended"}) ok("CreateTrainingJob", training_job(name));
  ok("CreateProcessingJob", processing_job("p"));
  ok("CreateTransformJob", transform_job("x", "m"));
  ok("DeleteModel", {{"ModelName", "m"}});  // The transform job keeps what it needs of it.
  tell(Kind::kTraining, "runs", Phase::kTraining);
  ok("StopTrainingJob", {{"TrainingJobName", "stops"}});
  run_to("ended", Phase::kCompleted);
  start();
  EXPECT_TRUE(work_->was_asked("resume training runs"));
  EXPECT_TRUE(work_->was_asked("resume processing p"));
  EXPECT_TRUE(work_->was_asked("transform x"));
  EXPECT_EQ(work_->asked().size(), 3u);
  EXPECT_EQ(training("runs")["SecondaryStatus"], "Restarting");
  EXPECT_EQ(training("stops")["TrainingJobStatus"], "Stopped");
  EXPECT_EQ(training("ended")["TrainingJobStatus"], "Completed");
}

TEST_F(JobOperations, AThousandJobsAreCreatedAndListed) {
  for (int i = 0; i < 1000; ++i) {
    const aws::JsonAnswer answer = sagemaker_->answer("CreateTrainingJob", training_job(std::to_string(i)), caller_);
    ASSERT_TRUE(std::holds_alternative<Json>(answer)) << std::get<aws::ApiError>(answer).message;
  }
  settle();
  EXPECT_EQ(work_->asked().size(), 1000u);
  EXPECT_EQ(ok("ListTrainingJobs", {{"MaxResults", 100}})["TrainingJobSummaries"].size(), 100u);
}

}  // namespace
}  // namespace chiliad::control
