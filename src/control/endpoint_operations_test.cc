#include <gtest/gtest.h>

#include <string>

#include "control/service_under_test.h"

namespace chiliad::control {
namespace {

using aws::Json;

const Error kBroken{ErrorCode::kInvalid, "no object below s3://b/models/"};

class EndpointOperations : public ServiceUnderTest {
 protected:
  Json create(const std::string& name, const std::string& config_name = "c") {
    return ok("CreateEndpoint", {{"EndpointName", name}, {"EndpointConfigName", config_name}, {"Tags", Json::array()}});
  }
};

TEST_F(EndpointOperations, EndpointIsCreatingThenInService) {
  make_config();
  work_->hold_deployments();
  EXPECT_EQ(create("e")["EndpointArn"], "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e");
  EXPECT_EQ(endpoint("e")["EndpointStatus"], "Creating");
  EXPECT_EQ(endpoint("e")["EndpointConfigName"], "c");
  work_->finish_deployment("e", Done{});
  const Json now = endpoint("e");
  EXPECT_EQ(now["EndpointStatus"], "InService");
  ASSERT_EQ(now["ProductionVariants"].size(), 1u);
  EXPECT_EQ(now["ProductionVariants"][0]["VariantName"], "A");
  EXPECT_EQ(now["ProductionVariants"][0]["CurrentWeight"], 1.0);
  EXPECT_EQ(now["ProductionVariants"][0]["DeployedImages"][0]["SpecifiedImage"], "x/chiliad-prophet");
}

TEST_F(EndpointOperations, AModelWhoseImageStandsForNothingIsRefused) {
  work_->refuse_models("add it to runtimes.toml");
  const aws::ApiError refused =
      error("CreateModel", {{"ModelName", "m"},
                            {"ExecutionRoleArn", kRole},
                            {"PrimaryContainer", {{"Image", "nobodys"}, {"ModelDataUrl", "s3://b/m.tar.gz"}}}});
  EXPECT_EQ(refused.code, "ValidationException");
  EXPECT_EQ(refused.message, "add it to runtimes.toml");
  EXPECT_EQ(error("DescribeModel", {{"ModelName", "m"}}).code, "ValidationException");
}

TEST_F(EndpointOperations, TimeOutsOfAVariantReachItsServer) {
  make_config();
  Json patient = config("patient", "m");
  patient["ProductionVariants"][0]["ModelDataDownloadTimeoutInSeconds"] = 60;
  patient["ProductionVariants"][0]["ContainerStartupHealthCheckTimeoutInSeconds"] = 3600;
  ok("CreateEndpointConfig", patient);
  create("e", "patient");
  const hosting::ModelPlan plan = work_->last_plan().variants.at(0).model;
  EXPECT_EQ(plan.download_limit, std::chrono::seconds(60));
  EXPECT_EQ(plan.startup_limit, std::chrono::seconds(3600));
  create("f");
  EXPECT_EQ(work_->last_plan().variants.at(0).model.startup_limit, std::chrono::seconds(480));
}

TEST_F(EndpointOperations, FailedCreationHasTheReasonAndCanOnlyBeDeleted) {
  make_config();
  work_->deploy_at_once(kBroken);
  create("e");
  EXPECT_EQ(endpoint("e")["EndpointStatus"], "Failed");
  EXPECT_EQ(endpoint("e")["FailureReason"], kBroken.message);
  EXPECT_EQ(error("UpdateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}}).code, "ValidationException");
  ok("DeleteEndpoint", {{"EndpointName", "e"}});
  EXPECT_EQ(error("DescribeEndpoint", {{"EndpointName", "e"}}).code, "ValidationException");
}

TEST_F(EndpointOperations, MissingThingsAreValidationExceptionsInAwssWords) {
  const std::string arn = "arn:aws:sagemaker:us-east-1:123456789012:";
  EXPECT_EQ(error("DescribeEndpoint", {{"EndpointName", "e"}}).message,
            "Could not find endpoint \"" + arn + "endpoint/e\".");
  EXPECT_EQ(error("DescribeEndpointConfig", {{"EndpointConfigName", "c"}}).message,
            "Could not find endpoint configuration \"" + arn + "endpoint-config/c\".");
  EXPECT_EQ(error("DeleteModel", {{"ModelName", "m"}}).message, "Could not find model \"" + arn + "model/m\".");
  EXPECT_EQ(error("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}}).message,
            "Could not find endpoint configuration \"" + arn + "endpoint-config/c\".");
  const aws::ApiError no_model = error("CreateEndpointConfig", config("c", "m"));
  EXPECT_EQ(no_model.code, "ValidationException");
  EXPECT_EQ(no_model.message, "Could not find model \"" + arn + "model/m\".");
}

TEST_F(EndpointOperations, DuplicatesAreRefusedInAwssWords) {
  make_config();
  create("e");
  const std::pair<const char*, aws::ApiError> cases[] = {
      {"Cannot create already existing model ", error("CreateModel", model("m"))},
      {"Cannot create already existing endpoint configuration ", error("CreateEndpointConfig", config("c", "m"))},
      {"Cannot create already existing endpoint ",
       error("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}})},
  };
  for (const auto& [start, refused] : cases) {
    EXPECT_EQ(refused.code, "ValidationException");
    EXPECT_TRUE(refused.message.starts_with(start)) << refused.message;
  }
}

TEST_F(EndpointOperations, ConfigAndModelMayBeDeletedBeforeTheirEndpoint) {
  make_config();
  create("e");
  ok("DeleteEndpointConfig", {{"EndpointConfigName", "c"}});
  ok("DeleteModel", {{"ModelName", "m"}});
  EXPECT_EQ(endpoint("e")["EndpointStatus"], "InService");
  start();
  EXPECT_TRUE(work_->was_asked("redeploy e c"));
  EXPECT_EQ(work_->last_plan().variants.at(0).model.model_data_url, "s3://b/models/");
  EXPECT_EQ(endpoint("e")["EndpointStatus"], "InService");
  ok("DeleteEndpoint", {{"EndpointName", "e"}});
  EXPECT_TRUE(work_->was_asked("remove e"));
}

TEST_F(EndpointOperations, UpdatePutsTheOtherConfigInService) {
  make_config();
  ok("CreateEndpointConfig", config("c2", "m"));
  create("e");
  work_->hold_deployments();
  ok("UpdateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c2"}});
  Json now = endpoint("e");
  EXPECT_EQ(now["EndpointStatus"], "Updating");
  EXPECT_EQ(now["EndpointConfigName"], "c");
  EXPECT_EQ(now["PendingDeploymentSummary"]["EndpointConfigName"], "c2");
  const aws::ApiError busy = error("UpdateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}});
  EXPECT_TRUE(busy.message.starts_with("Cannot update in-progress endpoint")) << busy.message;
  work_->finish_deployment("e", Done{});
  now = endpoint("e");
  EXPECT_EQ(now["EndpointStatus"], "InService");
  EXPECT_EQ(now["EndpointConfigName"], "c2");
  EXPECT_FALSE(now.contains("PendingDeploymentSummary"));
}

TEST_F(EndpointOperations, FailedUpdateLeavesWhatWasInService) {
  make_config();
  ok("CreateEndpointConfig", config("c2", "m"));
  create("e");
  work_->deploy_at_once(kBroken);
  ok("UpdateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c2"}});
  const Json now = endpoint("e");
  EXPECT_EQ(now["EndpointStatus"], "InService");
  EXPECT_EQ(now["EndpointConfigName"], "c");
  EXPECT_EQ(now["FailureReason"], kBroken.message);
  start();
  EXPECT_TRUE(work_->was_asked("redeploy e c"));
}

TEST_F(EndpointOperations, WeightsAndCountsChangeAndStay) {
  ok("CreateModel", model("m"));
  Json two = config("c", "m");
  two["ProductionVariants"].push_back(variant("B", "m"));
  ok("CreateEndpointConfig", two);
  create("e");
  ok("UpdateEndpointWeightsAndCapacities",
     {{"EndpointName", "e"},
      {"DesiredWeightsAndCapacities",
       Json::array({{{"VariantName", "B"}, {"DesiredWeight", 3.5}, {"DesiredInstanceCount", 2}}})}});
  EXPECT_TRUE(work_->was_asked("weights e"));
  const auto check = [&] {
    const Json now = endpoint("e");
    EXPECT_EQ(now["EndpointStatus"], "InService");
    EXPECT_EQ(now["ProductionVariants"][0]["CurrentWeight"], 1.0);
    EXPECT_EQ(now["ProductionVariants"][1]["CurrentWeight"], 3.5);
    EXPECT_EQ(now["ProductionVariants"][1]["DesiredInstanceCount"], 2);
  };
  check();
  start();
  check();
  EXPECT_EQ(work_->last_plan().variants.at(1).weight, 3.5);
  // The configuration itself is as it was made.
  EXPECT_EQ(
      ok("DescribeEndpointConfig", {{"EndpointConfigName", "c"}})["ProductionVariants"][1]["InitialVariantWeight"],
      1.0);
  EXPECT_EQ(error("UpdateEndpointWeightsAndCapacities",
                  {{"EndpointName", "e"}, {"DesiredWeightsAndCapacities", Json::array({{{"VariantName", "Z"}}})}})
                .code,
            "ValidationException");
}

TEST_F(EndpointOperations, UpdateRetainsVariantPropertiesButThoseExcluded) {
  make_config();
  ok("CreateEndpointConfig", config("c2", "m"));
  create("e");
  ok("UpdateEndpointWeightsAndCapacities",
     {{"EndpointName", "e"},
      {"DesiredWeightsAndCapacities",
       Json::array({{{"VariantName", "A"}, {"DesiredWeight", 0.25}, {"DesiredInstanceCount", 4}}})}});
  ok("UpdateEndpoint",
     {{"EndpointName", "e"},
      {"EndpointConfigName", "c2"},
      {"RetainAllVariantProperties", true},
      {"ExcludeRetainedVariantProperties", Json::array({{{"VariantPropertyType", "DesiredInstanceCount"}}})}});
  Json now = endpoint("e");
  EXPECT_EQ(now["ProductionVariants"][0]["CurrentWeight"], 0.25);
  EXPECT_EQ(now["ProductionVariants"][0]["CurrentInstanceCount"], 1);
  ok("UpdateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}});
  EXPECT_EQ(endpoint("e")["ProductionVariants"][0]["CurrentWeight"], 1.0);
}

TEST_F(EndpointOperations, CaptureAndAsyncReachHostingAndDescribe) {
  ok("CreateModel", model("m"));
  Json request = config("c", "m");
  request["DataCaptureConfig"] = {{"EnableCapture", true},
                                  {"InitialSamplingPercentage", 50},
                                  {"DestinationS3Uri", "s3://b/capture"},
                                  {"CaptureOptions", Json::array({{{"CaptureMode", "Input"}}})}};
  request["AsyncInferenceConfig"] = {{"OutputConfig", {{"S3OutputPath", "s3://b/async"}}}};
  ok("CreateEndpointConfig", request);
  create("e");
  const hosting::EndpointPlan plan = work_->last_plan();
  EXPECT_TRUE(plan.capture.enabled);
  EXPECT_TRUE(plan.capture.input);
  EXPECT_FALSE(plan.capture.output);
  EXPECT_EQ(plan.capture.sampling_percentage, 50);
  ASSERT_TRUE(plan.async);
  EXPECT_EQ(plan.async->output_path, "s3://b/async");
  const Json now = endpoint("e");
  EXPECT_EQ(now["DataCaptureConfig"]["CaptureStatus"], "Started");
  EXPECT_EQ(now["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"], "s3://b/async");
}

TEST_F(EndpointOperations, DeploymentThatEndsAfterTheDeletionChangesNothing) {
  make_config();
  work_->hold_deployments();
  create("e");
  ok("DeleteEndpoint", {{"EndpointName", "e"}});
  create("e");
  work_->finish_deployment("e", kBroken);  // The first one's.
  EXPECT_EQ(endpoint("e")["EndpointStatus"], "Creating");
  work_->finish_deployment("e", Done{});
  EXPECT_EQ(endpoint("e")["EndpointStatus"], "InService");
}

TEST_F(EndpointOperations, RestartFinishesWhatHadBegun) {
  make_config();
  ok("CreateEndpointConfig", config("c2", "m"));
  create("serves");
  create("updates");
  work_->hold_deployments();
  create("begins");
  ok("UpdateEndpoint", {{"EndpointName", "updates"}, {"EndpointConfigName", "c2"}});
  start();
  const std::vector<std::string> asked = {"redeploy serves c", "redeploy updates c", "deploy updates c2",
                                          "deploy begins c"};
  EXPECT_EQ(work_->asked(), asked);
  for (const char* name : {"serves", "updates", "begins"}) EXPECT_EQ(endpoint(name)["EndpointStatus"], "InService");
  EXPECT_EQ(endpoint("updates")["EndpointConfigName"], "c2");
}

TEST_F(EndpointOperations, WhatCannotBeHostedIsRefusedByName) {
  const std::pair<const char*, Json> cases[] = {
      {"/PrimaryContainer", nullptr},
      {"/PrimaryContainer/Image", nullptr},
      {"/PrimaryContainer/ModelDataUrl", nullptr},
  };
  for (const auto& [pointer, value] : cases) {
    Json request = model("m");
    request[Json::json_pointer(pointer)] = value;
    EXPECT_EQ(error("CreateModel", request).code, "ValidationException") << pointer;
  }
  ok("CreateModel", model("m"));
  Json twice = config("c", "m");
  twice["ProductionVariants"].push_back(variant("A", "m"));
  EXPECT_EQ(error("CreateEndpointConfig", twice).code, "ValidationException");
  Json shadow = config("c", "m");
  shadow["ShadowProductionVariants"] = Json::array({variant("S", "m")});
  EXPECT_EQ(error("CreateEndpointConfig", shadow).code, "ValidationException");
}

TEST_F(EndpointOperations, DeploymentAsksForEndpointAndConfiguration) {
  make_config();
  caller_ = caller_for_test("sagemaker:CreateEndpoint arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c");
  EXPECT_EQ(error("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}}).code,
            "AccessDeniedException");
  caller_ = caller_for_test("sagemaker:CreateEndpoint arn:aws:sagemaker:us-east-1:123456789012:endpoint/e");
  EXPECT_EQ(error("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "c"}}).code,
            "AccessDeniedException");
}

TEST_F(EndpointOperations, DescriptionsHaveAllThatWasSaid) {
  make_config();
  const Json described = ok("DescribeModel", {{"ModelName", "m"}});
  EXPECT_EQ(described["PrimaryContainer"], model("m")["PrimaryContainer"]);
  EXPECT_EQ(described["ExecutionRoleArn"], kRole);
  EXPECT_EQ(ok("DescribeEndpointConfig", {{"EndpointConfigName", "c"}})["ProductionVariants"],
            config("c", "m")["ProductionVariants"]);
}

}  // namespace
}  // namespace chiliad::control
