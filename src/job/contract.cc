#include "job/contract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/utf8.h"
#include "job/input_plan.h"
#include "job/location.h"
#include "store/beneath.h"

namespace chiliad::job {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json names_of_hosts(const Spec& spec) {
  Json hosts = Json::array();
  for (int i = 0; i < spec.instance_count; ++i) hosts.push_back(host_name(i));
  return hosts;
}

std::string_view distribution_name(Distribution distribution) {
  switch (distribution) {
    case Distribution::kFullyReplicated: return "FullyReplicated";
    case Distribution::kShardedByS3Key: return "ShardedByS3Key";
    case Distribution::kShardedByRecord: return "ShardedByRecord";
  }
  return "?";
}

std::string_view data_type_name(DataType type) {
  switch (type) {
    case DataType::kS3Prefix: return "S3Prefix";
    case DataType::kManifestFile: return "ManifestFile";
    case DataType::kAugmentedManifestFile: return "AugmentedManifestFile";
  }
  return "?";
}

Json input_json(const Input& input) {
  Json s3 = {{"S3Uri", input.s3_uri},
             {"LocalPath", input.local_path},
             {"S3DataType", data_type_name(input.data_type)},
             {"S3InputMode", input.input_mode},
             {"S3DataDistributionType", distribution_name(input.distribution)},
             {"S3CompressionType", input.gzip ? "Gzip" : "None"}};
  if (!input.attributes.empty()) s3["AttributeNames"] = input.attributes;
  return {{"InputName", input.name}, {"AppManaged", false}, {"S3Input", std::move(s3)}, {"DatasetDefinition", nullptr}};
}

Json output_json(const Output& output) {
  Json s3 = {{"S3Uri", output.s3_uri},
             {"LocalPath", output.local_path},
             {"S3UploadMode", output.mode == UploadMode::kContinuous ? "Continuous" : "EndOfJob"}};
  return {
      {"OutputName", output.name}, {"AppManaged", false}, {"S3Output", std::move(s3)}, {"FeatureStoreOutput", nullptr}};
}

Result<Done> make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return system_error("make", folder, failure.value());
  return Done{};
}

Result<Done> write_texts(const fs::path& folder, const std::vector<std::pair<std::string, std::string>>& texts) {
  if (Result<Done> made = make_folder(folder); !made) return made;
  for (const auto& [name, text] : texts) {
    if (Result<Done> done = write_file_atomically(folder / name, text, Durability::kNone); !done) return done;
  }
  return Done{};
}

}  // namespace

std::string host_name(int index) { return "algo-" + std::to_string(index + 1); }

Result<std::string> checkpoint_folder(const Spec& spec) {
  Result<std::string> folder = below_root(spec.checkpoint->local_path);
  if (!folder) return std::move(folder).error().in("CheckpointConfig.LocalPath");
  const std::string_view first = std::string_view(*folder).substr(0, folder->find('/'));
  for (const std::string_view own : {"input", "output", "config", "model"}) {
    if (first == own) {
      return Error{ErrorCode::kInvalid, "CheckpointConfig.LocalPath '" + shown(spec.checkpoint->local_path) +
                                            "': /opt/ml/" + std::string(own) + " is not for checkpoints"};
    }
  }
  return folder;
}

// Scripts look for their code at /opt/ml/code, wherever the client sent it.
Result<Done> link_code(const Spec& spec, const fs::path& root) {
  const bool has_channel = std::ranges::any_of(spec.inputs, [](const Input& input) { return input.name == "code"; });
  if (!has_channel || ::symlink("input/data/code", (root / "code").c_str()) == 0) return Done{};
  return system_error("make", root / "code", errno);
}

Result<Done> make_instance_folder(const Spec& spec, int index, const fs::path& root) {
  std::vector<std::string> folders = {"output"};
  Result<Done> written = Done{};
  if (spec.kind == Kind::kTraining) {
    folders.insert(folders.end(), {"model", "output/data", "input/data"});
    if (spec.checkpoint) {
      Result<std::string> checkpoints = checkpoint_folder(spec);
      if (!checkpoints) return std::move(checkpoints).error();
      folders.push_back(*std::move(checkpoints));
    }
    written = write_texts(root / "input/config", {{"hyperparameters.json", hyperparameters_json(spec)},
                                                  {"inputdataconfig.json", input_data_config_json(spec)},
                                                  {"resourceconfig.json", resource_config_json(spec, index)}});
  } else {
    for (const Output& output : spec.outputs) {
      Result<std::string> folder = below_root(output.local_path);
      if (!folder) return std::move(folder).error();
      folders.push_back(*std::move(folder));
    }
    written = write_texts(root / "config", {{"processingjobconfig.json", processing_job_config_json(spec)},
                                            {"resourceconfig.json", resource_config_json(spec, index)}});
  }
  if (written && spec.kind == Kind::kTraining) written = link_code(spec, root);
  if (!written) return written;
  for (const std::string& folder : folders) {
    if (Result<Done> made = make_folder(root / folder); !made) return made;
  }
  return Done{};
}

std::vector<std::string> contract_environment(const Spec& spec, int index, std::string_view seen_root) {
  const std::string root(seen_root);
  const std::string cores = std::to_string(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::string> out = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LANG=C.UTF-8",
      "HOME=" + root,
      "AWS_REGION=" + spec.region,
      "AWS_DEFAULT_REGION=" + spec.region,
      "CURRENT_HOST=" + host_name(index),
      "SM_CURRENT_HOST=" + host_name(index),
      "SM_HOSTS=" + text_of(names_of_hosts(spec)),
      "SM_NUM_CPUS=" + cores,
      "SM_NUM_GPUS=0",
      "SM_CURRENT_INSTANCE_TYPE=" + spec.instance_type,
      "CHILIAD_ROOT=" + root,
  };
  if (spec.kind == Kind::kProcessing) {
    out.push_back("PROCESSING_JOB_NAME=" + spec.name);
    out.push_back("PROCESSING_JOB_ARN=" + spec.arn);
    return out;
  }
  out.push_back("TRAINING_JOB_NAME=" + spec.name);
  out.push_back("TRAINING_JOB_ARN=" + spec.arn);
  out.push_back("SM_INPUT_DIR=" + root + "/input");
  out.push_back("SM_INPUT_CONFIG_DIR=" + root + "/input/config");
  out.push_back("SM_OUTPUT_DIR=" + root + "/output");
  out.push_back("SM_OUTPUT_DATA_DIR=" + root + "/output/data");
  out.push_back("SM_MODEL_DIR=" + root + "/model");
  // The kernel takes no string over 128 KiB; the file has them all.
  if (std::string values = "SM_HPS=" + hyperparameters_json(spec); values.size() < 100'000)
    out.push_back(std::move(values));
  Json channels = Json::array();
  for (const Input& input : spec.inputs) {
    channels.push_back(input.name);
    std::string name = "SM_CHANNEL_" + input.name;
    for (char& c : name) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    out.push_back(std::move(name) + "=" + root + "/input/data/" + input.name);
  }
  out.push_back("SM_CHANNELS=" + text_of(channels));
  return out;
}

std::string cut_words(std::string_view text, std::size_t max_characters) {
  std::string out;
  for (std::size_t at = 0, count = 0; at < text.size() && count < max_characters; ++count) {
    const CodePoint point = decode_utf8(text, at);
    if (point.value == kReplacementCharacter) {
      out += kReplacementUtf8;
    } else if (point.value == 0) {
      out += ' ';
    } else {
      out += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
  return out;
}

std::string read_words(const fs::path& root, std::string_view name, std::size_t max_characters) {
  Result<FileDescriptor> file = store::open_beneath(root, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (!file) return {};
  struct stat info {};
  if (::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  std::string text(max_characters * 4, '\0');
  const ssize_t got = ::read(file->get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (text.ends_with('\n') || text.ends_with(' ')) text.pop_back();
  return cut_words(text, max_characters);
}

std::string hyperparameters_json(const Spec& spec) {
  Json json = Json::object();
  for (const auto& [name, value] : spec.hyperparameters) json[name] = value;
  return text_of(json);
}

std::string input_data_config_json(const Spec& spec) {
  Json json = Json::object();
  for (const Input& input : spec.inputs) {
    Json channel = {{"TrainingInputMode", input.input_mode},
                    {"S3DistributionType", distribution_name(input.distribution)},
                    {"RecordWrapperType", input.record_wrapper}};
    if (!input.content_type.empty()) channel["ContentType"] = input.content_type;
    if (input.gzip) channel["CompressionType"] = "Gzip";
    if (!input.attributes.empty()) channel["AttributeNames"] = input.attributes;
    json[input.name] = std::move(channel);
  }
  return text_of(json);
}

std::string resource_config_json(const Spec& spec, int index) {
  Json json = {{"current_host", host_name(index)}, {"hosts", names_of_hosts(spec)}};
  if (spec.kind == Kind::kTraining) {
    json["current_instance_type"] = spec.instance_type;
    json["current_group_name"] = "homogeneousCluster";
    json["instance_groups"] = Json::array({{{"instance_group_name", "homogeneousCluster"},
                                            {"instance_type", spec.instance_type},
                                            {"hosts", names_of_hosts(spec)}}});
    json["network_interface_name"] = "lo";
  }
  return text_of(json);
}

std::string processing_job_config_json(const Spec& spec) {
  Json inputs = Json::array(), outputs = Json::array(), environment = Json::object();
  for (const Input& input : spec.inputs) inputs.push_back(input_json(input));
  for (const Output& output : spec.outputs) outputs.push_back(output_json(output));
  for (const auto& [name, value] : spec.environment) environment[name] = value;
  Json application = {{"ImageUri", spec.image}};
  application["ContainerEntrypoint"] = spec.entrypoint.empty() ? Json(nullptr) : Json(spec.entrypoint);
  application["ContainerArguments"] = spec.arguments.empty() ? Json(nullptr) : Json(spec.arguments);
  const Json json = {
      {"ProcessingJobArn", spec.arn},
      {"ProcessingJobName", spec.name},
      {"ProcessingInputs", std::move(inputs)},
      {"ProcessingOutputConfig", {{"Outputs", std::move(outputs)}, {"KmsKeyId", nullptr}}},
      {"ProcessingResources",
       {{"ClusterConfig",
         {{"InstanceCount", spec.instance_count},
          {"InstanceType", spec.instance_type},
          {"VolumeSizeInGB", spec.volume_size_gb},
          {"VolumeKmsKeyId", nullptr}}}}},
      {"RoleArn", spec.role_arn},
      {"StoppingCondition", {{"MaxRuntimeInSeconds", spec.max_runtime.count()}}},
      {"AppSpecification", std::move(application)},
      {"Environment", std::move(environment)},
  };
  return text_of(json);
}

}  // namespace chiliad::job
