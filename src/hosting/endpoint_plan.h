// What an endpoint and its variants shall be, as plain values: what the SageMaker API's resources say, resolved (the
// endpoint's configuration and the models that it names), without their names for it.
//
// Source: Amazon SageMaker API reference: ProductionVariant, ContainerDefinition, MultiModelConfig, DataCaptureConfig,
// AsyncInferenceConfig.
//
// Thread safety: values.

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chiliad::hosting {

// ContainerDefinition's Mode.
enum class Mode : std::uint8_t { kSingleModel, kMultiModel };

// One container that answers: of an endpoint's variant or of a transform job.
struct ModelPlan {
  std::string model_name;  // The Model resource's; for messages.
  std::string image;       // As registered: the catalog of runtimes says what answers for it.
  Mode mode = Mode::kSingleModel;
  std::string
      model_data_url;  // MultiModel: "s3://bucket/prefix/", every object below is a model. SingleModel: an archive.
  std::string role_arn = {};  // ExecutionRoleArn: what may be read and written for the model.
  bool cache_models = true;   // MultiModelConfig.ModelCacheSetting: false: Disabled.
  std::map<std::string, std::string> environment;
  // ProductionVariant's ModelDataDownloadTimeoutInSeconds and ContainerStartupHealthCheckTimeoutInSeconds: for the
  // archive and code of a foreign server, and for its first answer to a ping.
  std::chrono::seconds download_limit{3600};
  std::chrono::seconds startup_limit{480};
};

struct VariantPlan {
  std::string name = "AllTraffic";
  double weight = 1;       // >= 0; its share is weight / sum of weights. 0: only calls that name it.
  int instance_count = 1;  // Told, not acted on: all variants live in this process.
  ModelPlan model;
};

// DataCaptureConfig.
struct CapturePlan {
  bool enabled = false;
  int sampling_percentage = 100;  // InitialSamplingPercentage, 0 to 100.
  std::string destination;        // DestinationS3Uri.
  bool input = true;              // CaptureOptions.
  bool output = true;
  std::vector<std::string> csv_content_types;  // Captured as text; what is in neither list is captured as base64.
  std::vector<std::string> json_content_types;
};

// AsyncInferenceConfig.
struct AsyncPlan {
  std::string output_path;   // OutputConfig.S3OutputPath.
  std::string failure_path;  // OutputConfig.S3FailurePath; empty: failures are logged and counted alone.
  int max_concurrent = 4;    // ClientConfig.MaxConcurrentInvocationsPerInstance.
};

struct EndpointPlan {
  std::string name;
  std::string arn;  // "arn:aws:sagemaker:us-east-1:123456789012:endpoint/name".
  std::string config_name;
  std::vector<VariantPlan> variants;  // At least one; names differ.
  CapturePlan capture;
  std::optional<AsyncPlan> async;  // Set: the endpoint takes InvokeEndpointAsync (and, unlike AWS's, others too).
};

// What DescribeEndpoint tells of a variant.
struct VariantState {
  std::string name;
  std::string image;
  double weight = 0;
  int instance_count = 0;
};

struct EndpointState {
  std::string config_name;
  std::vector<VariantState> variants;
};

// UpdateEndpointWeightsAndCapacities; what is unset stays.
struct VariantChange {
  std::string variant;
  std::optional<double> weight;
  std::optional<int> instance_count;
};

}  // namespace chiliad::hosting
