#include "control/hosting_plan.h"

#include <fmt/format.h>

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

// Null when the model has not exactly one container.
const Json* only_container(const Json& request) {
  if (const Json* primary = aws::member(request, "PrimaryContainer")) return primary;
  const Json* containers = aws::member(request, "Containers");
  return containers != nullptr && containers->size() == 1 ? &containers->front() : nullptr;
}

std::variant<Json, ApiError> model_request(const Context& context, Transaction& transaction, std::string_view name) {
  Result<std::optional<Resource>> model = transaction.find(ResourceKind::kModel, name);
  if (!model) return failure(model.error());
  if (!*model) return not_found(context, ResourceKind::kModel, name);
  return std::move((*model)->request);
}

hosting::CapturePlan capture_plan(const Json& config) {
  hosting::CapturePlan plan;
  const Json* given = aws::member(config, "DataCaptureConfig");
  if (given == nullptr) return plan;
  plan.enabled = aws::boolean_member(*given, "EnableCapture").value_or(false);
  plan.sampling_percentage = static_cast<int>(integer_at(*given, "InitialSamplingPercentage", 100));
  plan.destination = text_at(*given, "DestinationS3Uri");
  plan.input = plan.output = false;
  if (const Json* options = aws::member(*given, "CaptureOptions")) {
    for (const Json& option : *options) {
      const std::string mode = text_at(option, "CaptureMode");
      plan.input = plan.input || mode != "Output";
      plan.output = plan.output || mode != "Input";
    }
  }
  plan.csv_content_types = text_list(*given, "CaptureContentTypeHeader/CsvContentTypes");
  plan.json_content_types = text_list(*given, "CaptureContentTypeHeader/JsonContentTypes");
  return plan;
}

std::optional<hosting::AsyncPlan> async_plan(const Json& config) {
  const Json* given = aws::member(config, "AsyncInferenceConfig");
  if (given == nullptr) return std::nullopt;
  hosting::AsyncPlan plan;
  plan.output_path = text_at(*given, "OutputConfig/S3OutputPath");
  plan.failure_path = text_at(*given, "OutputConfig/S3FailurePath");
  plan.max_concurrent =
      static_cast<int>(integer_at(*given, "ClientConfig/MaxConcurrentInvocationsPerInstance", plan.max_concurrent));
  return plan;
}

}  // namespace

std::variant<Json, ApiError> resolve_endpoint(const Context& context, Transaction& transaction,
                                              std::string_view config_name) {
  Result<std::optional<Resource>> config = transaction.find(ResourceKind::kEndpointConfig, config_name);
  if (!config) return failure(config.error());
  if (!*config) return not_found(context, ResourceKind::kEndpointConfig, config_name);
  Json models = Json::object();
  for (const Json& variant : (*config)->request["ProductionVariants"]) {
    const std::string name = text_at(variant, "ModelName");
    auto model = model_request(context, transaction, name);
    if (auto* error = std::get_if<ApiError>(&model)) return std::move(*error);
    models[name] = std::move(std::get<Json>(model));
  }
  return Json{{"EndpointConfigName", config_name},
              {"EndpointConfig", std::move((*config)->request)},
              {"Models", std::move(models)}};
}

std::variant<Json, ApiError> resolve_model(const Context& context, Transaction& transaction,
                                           std::string_view model_name) {
  auto model = model_request(context, transaction, model_name);
  if (auto* error = std::get_if<ApiError>(&model)) return std::move(*error);
  Json models = Json::object();
  models[std::string(model_name)] = std::move(std::get<Json>(model));
  return Json{{"Models", std::move(models)}};
}

std::variant<hosting::ModelPlan, ApiError> model_plan(std::string_view name, const Json& request) {
  hosting::ModelPlan plan;
  plan.model_name = name;
  plan.role_arn = text_at(request, "ExecutionRoleArn");
  const Json* container = only_container(request);
  if (container == nullptr)
    return not_here("A model without PrimaryContainer or with several Containers", "give one container");
  plan.image = text_at(*container, "Image");
  if (plan.image.empty())
    return aws::member(*container, "ModelPackageName") != nullptr
               ? not_here("ModelPackageName", "give the container's Image and ModelDataUrl")
               : validation_error("PrimaryContainer.Image is missing: it names the server that answers");
  plan.mode = text_at(*container, "Mode") == "MultiModel" ? hosting::Mode::kMultiModel : hosting::Mode::kSingleModel;
  plan.model_data_url = text_at(*container, "ModelDataUrl");
  if (const Json* source = at(*container, "ModelDataSource/S3DataSource")) {
    if (!plan.model_data_url.empty())
      return validation_error("ModelDataUrl and ModelDataSource exclude each other: give one of them");
    plan.model_data_url = text_at(*source, "S3Uri");
  }
  if (plan.mode == hosting::Mode::kMultiModel && plan.model_data_url.empty())
    return validation_error("ModelDataUrl is missing: with Mode MultiModel it is the prefix of the models");
  plan.cache_models = text_at(*container, "MultiModelConfig/ModelCacheSetting") != "Disabled";
  if (const Json* environment = aws::member(*container, "Environment"))
    for (const auto& [key, value] : environment->items())
      if (const auto* text = value.get_ptr<const std::string*>()) plan.environment.emplace(key, *text);
  return plan;
}

std::variant<hosting::EndpointPlan, ApiError> endpoint_plan(const Context& context, std::string_view name,
                                                            const Json& resolved) {
  hosting::EndpointPlan plan;
  plan.name = name;
  plan.arn = context.arn(ResourceKind::kEndpoint, name);
  plan.config_name = text_at(resolved, "EndpointConfigName");
  const Json* config = aws::member(resolved, "EndpointConfig");
  const Json* variants = config == nullptr ? nullptr : aws::member(*config, "ProductionVariants");
  const Json* models = aws::member(resolved, "Models");
  if (variants == nullptr || models == nullptr) return validation_error("The endpoint's stored plan is incomplete");
  for (const Json& given : *variants) {
    hosting::VariantPlan& variant = plan.variants.emplace_back();
    variant.name = text_at(given, "VariantName");
    const Json* weight = aws::member(given, "InitialVariantWeight");
    variant.weight = weight != nullptr && weight->is_number() ? weight->get<double>() : 1.0;
    variant.instance_count = static_cast<int>(integer_at(given, "InitialInstanceCount", 1));
    const std::string model_name = text_at(given, "ModelName");
    const Json* request = aws::member(*models, model_name);
    if (request == nullptr) return not_found(context, ResourceKind::kModel, model_name);
    auto model = model_plan(model_name, *request);
    if (auto* error = std::get_if<ApiError>(&model)) return std::move(*error);
    variant.model = std::move(std::get<hosting::ModelPlan>(model));
    const auto seconds = [&given](std::string_view member, std::chrono::seconds otherwise) {
      return std::chrono::seconds(integer_at(given, member, otherwise.count()));
    };
    variant.model.download_limit = seconds("ModelDataDownloadTimeoutInSeconds", variant.model.download_limit);
    variant.model.startup_limit = seconds("ContainerStartupHealthCheckTimeoutInSeconds", variant.model.startup_limit);
  }
  plan.capture = capture_plan(*config);
  plan.async = async_plan(*config);
  return plan;
}

std::variant<hosting::TransformPlan, ApiError> transform_plan(std::string_view name, const Json& request,
                                                              const Json& resolved) {
  using Plan = hosting::TransformPlan;
  Plan plan;
  plan.name = name;
  const std::string model_name = text_at(request, "ModelName");
  const Json* models = aws::member(resolved, "Models");
  const Json* model_given = models == nullptr ? nullptr : aws::member(*models, model_name);
  if (model_given == nullptr) return validation_error("The transform job's stored plan is incomplete");
  auto model = model_plan(model_name, *model_given);
  if (auto* error = std::get_if<ApiError>(&model)) return std::move(*error);
  plan.model = std::move(std::get<hosting::ModelPlan>(model));
  if (const Json* environment = aws::member(request, "Environment"))
    for (const auto& [key, value] : environment->items())
      if (const auto* text = value.get_ptr<const std::string*>()) plan.model.environment.insert_or_assign(key, *text);

  const std::string type = text_at(request, "TransformInput/DataSource/S3DataSource/S3DataType");
  if (type != "S3Prefix" && type != "ManifestFile")
    return not_here(fmt::format("TransformInput.DataSource.S3DataSource.S3DataType {}", type),
                    "use S3Prefix or ManifestFile");
  plan.input_uri = text_at(request, "TransformInput/DataSource/S3DataSource/S3Uri");
  plan.manifest = type == "ManifestFile";
  if (const std::string content = text_at(request, "TransformInput/ContentType"); !content.empty())
    plan.content_type = content;
  plan.gzip = text_at(request, "TransformInput/CompressionType") == "Gzip";
  const std::string split = text_at(request, "TransformInput/SplitType");
  if (!split.empty() && split != "None" && split != "Line")
    return not_here(fmt::format("TransformInput.SplitType {}", split), "use None or Line");
  plan.split = split == "Line" ? Plan::Split::kLine : Plan::Split::kNone;

  plan.output_path = text_at(request, "TransformOutput/S3OutputPath");
  plan.accept = text_at(request, "TransformOutput/Accept");
  plan.assemble =
      text_at(request, "TransformOutput/AssembleWith") == "Line" ? Plan::Assemble::kLine : Plan::Assemble::kNone;
  plan.batch =
      text_at(request, "BatchStrategy") == "SingleRecord" ? Plan::Batch::kSingleRecord : Plan::Batch::kMultiRecord;
  plan.max_payload_mb = static_cast<int>(integer_at(request, "MaxPayloadInMB", plan.max_payload_mb));
  plan.max_concurrent_transforms =
      static_cast<int>(integer_at(request, "MaxConcurrentTransforms", plan.max_concurrent_transforms));
  plan.invocations_timeout_seconds = static_cast<int>(
      integer_at(request, "ModelClientConfig/InvocationsTimeoutInSeconds", plan.invocations_timeout_seconds));
  plan.invocations_max_retries =
      static_cast<int>(integer_at(request, "ModelClientConfig/InvocationsMaxRetries", plan.invocations_max_retries));
  plan.input_filter = text_at(request, "DataProcessing/InputFilter");
  plan.output_filter = text_at(request, "DataProcessing/OutputFilter");
  plan.join_input = text_at(request, "DataProcessing/JoinSource") == "Input";
  if (const Json* capture = aws::member(request, "DataCaptureConfig")) {
    plan.capture_destination = text_at(*capture, "DestinationS3Uri");
    plan.generate_inference_id = aws::boolean_member(*capture, "GenerateInferenceId").value_or(false);
  }
  return plan;
}

}  // namespace chiliad::control
