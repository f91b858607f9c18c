// Models and endpoint configurations: what is said once and only read afterwards.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "control/hosting_plan.h"
#include "control/operations.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

std::optional<ApiError> check_config(const Request& request) {
  const Json& input = request.input;
  if (const Json* shadows = aws::member(input, "ShadowProductionVariants"); shadows != nullptr && !shadows->empty())
    return validation_error(
        "ShadowProductionVariants is not supported by this server: give the variants as ProductionVariants");
  std::set<std::string> names;
  std::int64_t instances = 0;
  double weights = 0;
  for (const Json& variant : *aws::member(input, "ProductionVariants")) {
    const std::string name = text_at(variant, "VariantName");
    if (!names.insert(name).second)
      return validation_error(fmt::format("ProductionVariants holds the VariantName '{}' twice", name));
    if (text_at(variant, "ModelName").empty())
      return validation_error(fmt::format(
          "ModelName of the variant '{}' is missing: inference components are not supported by this server", name));
    instances += integer_at(variant, "InitialInstanceCount", 1);
    const Json* weight = aws::member(variant, "InitialVariantWeight");
    weights += weight == nullptr ? 1.0 : weight->get<double>();
  }
  if (!(weights > 0)) return validation_error("At least one of the ProductionVariants needs a weight above 0");
  const std::int64_t limit = request.context.options.limits.endpoint_instances;
  if (instances > limit) return limit_exceeded("instances of an endpoint", limit, 0, instances);
  return std::nullopt;
}

std::optional<ApiError> check_models_exist(Context& context, Transaction& transaction, const Json& config) {
  for (const Json& variant : *aws::member(config, "ProductionVariants")) {
    const std::string name = text_at(variant, "ModelName");
    Result<bool> there = transaction.exists(ResourceKind::kModel, name);
    if (!there) return failure(there.error());
    if (!*there) return not_found(context, ResourceKind::kModel, name);
  }
  return std::nullopt;
}

aws::JsonAnswer add_plain(const Request& request, Resource& resource, std::int64_t limit) {
  Context& context = request.context;
  auto tags = read_tags(context, request.input);
  if (auto* error = std::get_if<ApiError>(&tags)) return std::move(*error);
  resource.request = known_members(request.operation.input, request.input);
  resource.request.erase("Tags");
  if (static_cast<std::int64_t>(aws::json_text(resource.request).size()) > context.options.limits.request_bytes)
    return validation_error(fmt::format("The request is larger than {} bytes", context.options.limits.request_bytes));
  resource.created = resource.modified = now_ms();
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    Result<bool> taken = transaction.exists(resource.kind, resource.name);
    if (!taken) return failure(taken.error());
    if (*taken) return already_exists(context, resource.kind, resource.name);
    Result<std::int64_t> count = transaction.count(resource.kind);
    if (!count) return failure(count.error());
    if (*count >= limit) return limit_exceeded(fmt::format("{}s", words_of(resource.kind).said), limit, *count, 1);
    if (resource.kind == ResourceKind::kEndpointConfig)
      if (auto refused = check_models_exist(context, transaction, resource.request)) return std::move(*refused);
    Result<Done> added = transaction.insert(resource);
    if (added) added = transaction.set_tags(resource.id, std::get<std::vector<Tag>>(tags));
    if (!added) return failure(added.error());
    return Json{{std::string(words_of(resource.kind).noun) + "Arn", context.arn(resource.kind, resource.name)}};
  });
}

}  // namespace

aws::JsonAnswer create_model(const Request& request) {
  Resource model;
  model.kind = ResourceKind::kModel;
  model.name = text_at(request.input, "ModelName");
  const std::string* role = aws::string_member(request.input, "ExecutionRoleArn");
  if (auto refused = creation_denied(request, model.kind, model.name, role)) return std::move(*refused);
  auto plan = model_plan(model.name, request.input);
  if (auto* error = std::get_if<ApiError>(&plan)) return std::move(*error);
  const Result<Done> can_serve = request.context.work.load()->check_model(std::get<hosting::ModelPlan>(plan));
  if (!can_serve) return validation_error(can_serve.error().message);
  return add_plain(request, model, request.context.options.limits.models);
}

aws::JsonAnswer create_endpoint_config(const Request& request) {
  Context& context = request.context;
  Resource config;
  config.kind = ResourceKind::kEndpointConfig;
  config.name = text_at(request.input, "EndpointConfigName");
  std::vector<std::string> texts;  // Reserved: conditions look at them.
  std::vector<aws::Condition> conditions;
  const Json& variants = *aws::member(request.input, "ProductionVariants");
  texts.reserve(2 * variants.size());
  for (const Json& variant : variants) {
    texts.push_back(context.arn(ResourceKind::kModel, text_at(variant, "ModelName")));
    conditions.push_back({"sagemaker:ModelArn", texts.back()});
    if (texts.emplace_back(text_at(variant, "InstanceType")).empty()) continue;
    conditions.push_back({"sagemaker:InstanceTypes", texts.back()});
  }
  const std::string* role = aws::string_member(request.input, "ExecutionRoleArn");
  if (auto refused = creation_denied(request, config.kind, config.name, role, conditions)) return std::move(*refused);
  if (auto refused = check_config(request)) return std::move(*refused);
  return add_plain(request, config, context.options.limits.endpoint_configs);
}

aws::JsonAnswer delete_plain(const Request& request, ResourceKind kind) {
  Context& context = request.context;
  const std::string name = text_at(request.input, fmt::format("{}Name", words_of(kind).noun));
  if (auto refused = denied(request, kind, name)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    Result<std::optional<Resource>> found = transaction.find(kind, name);
    if (!found) return failure(found.error());
    if (!*found) return not_found(context, kind, name);
    Result<Done> erased = transaction.erase((*found)->id);
    if (!erased) return failure(erased.error());
    return Json::object();
  });
}

}  // namespace chiliad::control
