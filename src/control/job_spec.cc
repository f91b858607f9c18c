#include "control/job_spec.h"

#include <fmt/format.h>

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

using Refused = std::optional<ApiError>;

std::map<std::string, std::string> text_map(const Json& request, std::string_view name) {
  std::map<std::string, std::string> texts;
  if (const Json* given = aws::member(request, name))
    for (const auto& [key, value] : given->items())
      if (const auto* text = value.get_ptr<const std::string*>()) texts.emplace(key, *text);
  return texts;
}

job::Distribution distribution_of(std::string_view text) {
  if (text == "ShardedByS3Key") return job::Distribution::kShardedByS3Key;
  if (text == "ShardedByRecord") return job::Distribution::kShardedByRecord;
  return job::Distribution::kFullyReplicated;
}

Refused read_data_type(std::string_view text, std::string_view where, job::DataType& type) {
  if (text != "S3Prefix" && text != "ManifestFile" && text != "AugmentedManifestFile")
    return not_here(fmt::format("{}.S3DataType {}", where, text), "use S3Prefix or a manifest");
  type = text == "ManifestFile"            ? job::DataType::kManifestFile
         : text == "AugmentedManifestFile" ? job::DataType::kAugmentedManifestFile
                                           : job::DataType::kS3Prefix;
  return std::nullopt;
}

Refused read_channel(const Json& channel, const std::string& default_mode, job::Input& input) {
  input.name = text_at(channel, "ChannelName");
  const std::string where = fmt::format("InputDataConfig channel '{}'", input.name);
  const Json* source = at(channel, "DataSource/S3DataSource");
  if (source == nullptr)
    return not_here(where + ": a DataSource other than S3DataSource", "put the data into a bucket");
  if (Refused refused = read_data_type(text_at(*source, "S3DataType"), where, input.data_type)) return refused;
  if (aws::member(*source, "InstanceGroupNames") != nullptr)
    return not_here(where + ": InstanceGroupNames", "leave it out: all instances get the channel");
  input.s3_uri = text_at(*source, "S3Uri");
  input.distribution = distribution_of(text_at(*source, "S3DataDistributionType"));
  input.attributes = text_list(*source, "AttributeNames");
  input.gzip = text_at(channel, "CompressionType") == "Gzip";
  input.content_type = text_at(channel, "ContentType");
  if (const std::string wrapper = text_at(channel, "RecordWrapperType"); !wrapper.empty())
    input.record_wrapper = wrapper;
  if (at(channel, "ShuffleConfig") != nullptr)
    input.shuffle_seed = static_cast<std::uint64_t>(integer_at(channel, "ShuffleConfig/Seed", 0));
  const std::string mode = text_at(channel, "InputMode");
  input.input_mode = mode.empty() ? default_mode : mode;
  return std::nullopt;
}

Refused read_training(const Json& request, job::Spec& spec) {
  spec.image = text_at(request, "AlgorithmSpecification/TrainingImage");
  if (spec.image.empty())
    return at(request, "AlgorithmSpecification/AlgorithmName") != nullptr
               ? not_here("AlgorithmSpecification.AlgorithmName", "give AlgorithmSpecification.TrainingImage")
               : validation_error("AlgorithmSpecification.TrainingImage is missing: it names the algorithm to run");
  if (at(request, "ResourceConfig/InstanceGroups") != nullptr)
    return not_here("ResourceConfig.InstanceGroups", "give ResourceConfig.InstanceType and InstanceCount");
  spec.entrypoint = text_list(request, "AlgorithmSpecification/ContainerEntrypoint");
  spec.arguments = text_list(request, "AlgorithmSpecification/ContainerArguments");
  spec.hyperparameters = text_map(request, "HyperParameters");
  if (const std::string type = text_at(request, "ResourceConfig/InstanceType"); !type.empty())
    spec.instance_type = type;
  spec.instance_count = static_cast<int>(integer_at(request, "ResourceConfig/InstanceCount", 1));
  spec.volume_size_gb = static_cast<int>(integer_at(request, "ResourceConfig/VolumeSizeInGB", 30));
  spec.output_path = text_at(request, "OutputDataConfig/S3OutputPath");
  spec.compress_output = text_at(request, "OutputDataConfig/CompressionType") != "NONE";
  if (const Json* checkpoint = aws::member(request, "CheckpointConfig")) {
    spec.checkpoint.emplace();
    spec.checkpoint->s3_uri = text_at(*checkpoint, "S3Uri");
    if (const std::string path = text_at(*checkpoint, "LocalPath"); !path.empty()) spec.checkpoint->local_path = path;
  }
  if (const Json* metrics = at(request, "AlgorithmSpecification/MetricDefinitions"))
    for (const Json& metric : *metrics) spec.metrics.push_back({text_at(metric, "Name"), text_at(metric, "Regex")});
  const std::string mode = text_at(request, "AlgorithmSpecification/TrainingInputMode");
  if (const Json* channels = aws::member(request, "InputDataConfig")) {
    for (const Json& channel : *channels) {
      if (Refused refused = read_channel(channel, mode, spec.inputs.emplace_back())) return refused;
    }
  }
  return std::nullopt;
}

Refused read_processing_input(const Json& given, job::Input& input) {
  input.name = text_at(given, "InputName");
  const std::string where = fmt::format("ProcessingInputs '{}'", input.name);
  const Json* source = aws::member(given, "S3Input");
  if (source == nullptr) return not_here(where + ": an input without S3Input", "put the data into a bucket");
  if (Refused refused = read_data_type(text_at(*source, "S3DataType"), where, input.data_type)) return refused;
  input.s3_uri = text_at(*source, "S3Uri");
  input.local_path = text_at(*source, "LocalPath");
  input.distribution = distribution_of(text_at(*source, "S3DataDistributionType"));
  input.gzip = text_at(*source, "S3CompressionType") == "Gzip";
  if (const std::string mode = text_at(*source, "S3InputMode"); !mode.empty()) input.input_mode = mode;
  return std::nullopt;
}

Refused read_processing(const Json& request, job::Spec& spec) {
  spec.image = text_at(request, "AppSpecification/ImageUri");
  spec.entrypoint = text_list(request, "AppSpecification/ContainerEntrypoint");
  spec.arguments = text_list(request, "AppSpecification/ContainerArguments");
  const Json& cluster = *at(request, "ProcessingResources/ClusterConfig");
  if (const std::string type = text_at(cluster, "InstanceType"); !type.empty()) spec.instance_type = type;
  spec.instance_count = static_cast<int>(integer_at(cluster, "InstanceCount", 1));
  spec.volume_size_gb = static_cast<int>(integer_at(cluster, "VolumeSizeInGB", 30));
  if (const Json* inputs = aws::member(request, "ProcessingInputs")) {
    for (const Json& input : *inputs) {
      // What the program fetches itself is not the server's to fetch.
      if (const std::optional<bool> own = aws::boolean_member(input, "AppManaged"); own && *own) continue;
      if (Refused refused = read_processing_input(input, spec.inputs.emplace_back())) return refused;
    }
  }
  if (const Json* outputs = at(request, "ProcessingOutputConfig/Outputs")) {
    for (const Json& output : *outputs) {
      if (const std::optional<bool> own = aws::boolean_member(output, "AppManaged"); own && *own) continue;
      const std::string name = text_at(output, "OutputName");
      const Json* target = aws::member(output, "S3Output");
      if (target == nullptr)
        return not_here(fmt::format("ProcessingOutputConfig output '{}': an output without S3Output", name),
                        "give S3Output");
      spec.outputs.push_back({name, text_at(*target, "S3Uri"), text_at(*target, "LocalPath"),
                              text_at(*target, "S3UploadMode") == "Continuous" ? job::UploadMode::kContinuous
                                                                               : job::UploadMode::kEndOfJob});
    }
  }
  return std::nullopt;
}

}  // namespace

std::variant<job::Spec, ApiError> job_spec(const Context& context, ResourceKind kind, std::string_view name,
                                           const Json& request) {
  job::Spec spec;
  spec.kind = kind == ResourceKind::kTrainingJob ? job::Kind::kTraining : job::Kind::kProcessing;
  spec.name = name;
  spec.arn = context.arn(kind, name);
  spec.region = context.options.region;
  spec.role_arn = text_at(request, "RoleArn");
  spec.environment = text_map(request, "Environment");
  if (kind == ResourceKind::kProcessingJob && at(request, "ProcessingResources/ClusterConfig") == nullptr)
    return validation_error("ProcessingResources.ClusterConfig is missing: it says how many instances run");
  const bool training = kind == ResourceKind::kTrainingJob;
  if (Refused refused = training ? read_training(request, spec) : read_processing(request, spec))
    return std::move(*refused);
  if (spec.instance_count < 1) return validation_error("InstanceCount must be at least 1");
  const std::int64_t default_runtime = 86'400;
  spec.max_runtime =
      std::chrono::seconds(integer_at(request, "StoppingCondition/MaxRuntimeInSeconds", default_runtime));
  return spec;
}

std::string expected_model_artifacts(std::string_view name, const Json& request) {
  std::string path = text_at(request, "OutputDataConfig/S3OutputPath");
  if (!path.empty() && !path.ends_with('/')) path += '/';
  const bool files = text_at(request, "OutputDataConfig/CompressionType") == "NONE";
  return fmt::format("{}{}/output/{}", path, name, files ? "model/" : "model.tar.gz");
}

}  // namespace chiliad::control
