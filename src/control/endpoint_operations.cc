// Endpoints: created, updated, deleted. Each deployment is resolved in the transaction that asks for it, so that what
// its configuration and models said then is what is put in service, now and after a restart.

#include <fmt/format.h>

#include <set>

#include "control/endpoint_state.h"
#include "control/hosting_plan.h"
#include "control/launch.h"
#include "control/operations.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

constexpr ResourceKind kKind = ResourceKind::kEndpoint;

// A deployment asks for both: the endpoint and the configuration that is put in service.
std::optional<ApiError> config_denied(const Request& request, const std::string& config) {
  return denied(request, ResourceKind::kEndpointConfig, config);
}

// The resolved plan of a configuration, if it can be hosted at all.
std::variant<Json, ApiError> resolve(Context& context, Transaction& transaction, const std::string& name,
                                     const std::string& config) {
  auto resolved = resolve_endpoint(context, transaction, config);
  if (std::holds_alternative<ApiError>(resolved)) return resolved;
  auto plan = endpoint_plan(context, name, std::get<Json>(resolved));
  if (auto* error = std::get_if<ApiError>(&plan)) return std::move(*error);
  return resolved;
}

// The endpoint, if it can be changed now.
std::variant<Resource, ApiError> find_in_service(Context& context, Transaction& transaction, const std::string& name) {
  Result<std::optional<Resource>> found = transaction.find(kKind, name);
  if (!found) return failure(found.error());
  if (!*found) return not_found(context, kKind, name);
  const std::string& status = (*found)->status;
  if (status == "Failed")
    return validation_error(
        fmt::format("Cannot update failed endpoint \"{}\": the only operation on it is "
                    "DeleteEndpoint.",
                    context.arn(kKind, name)));
  if (status != "InService")
    return validation_error(fmt::format("Cannot update in-progress endpoint \"{}\".", context.arn(kKind, name)));
  return std::move(**found);
}

aws::JsonAnswer add_endpoint(Context& context, Transaction& transaction, Resource& endpoint, const std::string& config,
                             const std::vector<Tag>& tags) {
  Result<bool> taken = transaction.exists(kKind, endpoint.name);
  if (!taken) return failure(taken.error());
  if (*taken) return already_exists(context, kKind, endpoint.name);
  Result<std::int64_t> count = transaction.count(kKind);
  if (!count) return failure(count.error());
  if (*count >= context.options.limits.endpoints)
    return limit_exceeded("endpoints", context.options.limits.endpoints, *count, 1);
  auto resolved = resolve(context, transaction, endpoint.name, config);
  if (auto* error = std::get_if<ApiError>(&resolved)) return std::move(*error);
  begin_deployment(endpoint, "Creating", config, endpoint.created);
  Result<Done> added = transaction.insert(endpoint);
  if (added) added = transaction.set_tags(endpoint.id, tags);
  if (added) added = transaction.set_deployment(endpoint.id, true, std::get<Json>(resolved));
  if (!added) return failure(added.error());
  transaction.after([&context, id = endpoint.id] { launch_endpoint(context, id, false); });
  return Json{{"EndpointArn", context.arn(kKind, endpoint.name)}};
}

aws::JsonAnswer begin_update(Context& context, Transaction& transaction, Resource& endpoint, const Json& resolved,
                             const std::function<void()>& action) {
  begin_deployment(endpoint, "Updating", text_at(resolved, "EndpointConfigName"), now_ms());
  Result<Done> updated = transaction.set_deployment(endpoint.id, true, resolved);
  if (updated) updated = transaction.update(endpoint);
  if (!updated) return failure(updated.error());
  transaction.after(action);
  return Json{{"EndpointArn", context.arn(kKind, endpoint.name)}};
}

// Sets what `desired` asks for in the resolved plan.
std::optional<ApiError> apply_desired(Json& resolved, const Json& desired) {
  std::set<std::string> seen;
  for (const Json& one : desired) {
    const std::string name = text_at(one, "VariantName");
    if (!seen.insert(name).second)
      return validation_error(fmt::format("DesiredWeightsAndCapacities holds the VariantName '{}' twice", name));
    if (aws::member(one, "ServerlessUpdateConfig") != nullptr)
      return validation_error("ServerlessUpdateConfig is not supported by this server: all variants share one process");
    bool found = false;
    for (Json& variant : resolved["EndpointConfig"]["ProductionVariants"]) {
      if (text_at(variant, "VariantName") != name) continue;
      found = true;
      if (const Json* weight = aws::member(one, "DesiredWeight")) variant["InitialVariantWeight"] = *weight;
      if (const Json* count = aws::member(one, "DesiredInstanceCount")) {
        if (count->get<std::int64_t>() < 1)
          return validation_error(fmt::format("DesiredInstanceCount of the variant '{}' must be at least 1", name));
        variant["InitialInstanceCount"] = *count;
      }
    }
    if (!found) return validation_error(fmt::format("The variant(s) \"{}\" do not exist on the endpoint", name));
  }
  return std::nullopt;
}

}  // namespace

aws::JsonAnswer create_endpoint(const Request& request) {
  Context& context = request.context;
  Resource endpoint;
  endpoint.kind = kKind;
  endpoint.name = text_at(request.input, "EndpointName");
  const std::string config = text_at(request.input, "EndpointConfigName");
  if (auto refused = creation_denied(request, kKind, endpoint.name, nullptr)) return std::move(*refused);
  if (auto refused = config_denied(request, config)) return std::move(*refused);
  auto tags = read_tags(context, request.input);
  if (auto* error = std::get_if<ApiError>(&tags)) return std::move(*error);
  endpoint.request = known_members(request.operation.input, request.input);
  endpoint.request.erase("Tags");
  endpoint.created = endpoint.modified = now_ms();
  if (const Json* deployment = aws::member(endpoint.request, "DeploymentConfig"))
    endpoint.state["LastDeploymentConfig"] = *deployment;
  return write_answer(context, [&](Transaction& transaction) {
    return add_endpoint(context, transaction, endpoint, config, std::get<std::vector<Tag>>(tags));
  });
}

aws::JsonAnswer update_endpoint(const Request& request) {
  Context& context = request.context;
  const std::string name = text_at(request.input, "EndpointName");
  const std::string config = text_at(request.input, "EndpointConfigName");
  if (auto refused = denied(request, kKind, name)) return std::move(*refused);
  if (auto refused = config_denied(request, config)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    auto found = find_in_service(context, transaction, name);
    if (auto* error = std::get_if<ApiError>(&found)) return std::move(*error);
    Resource& endpoint = std::get<Resource>(found);
    auto resolved = resolve(context, transaction, name, config);
    if (auto* error = std::get_if<ApiError>(&resolved)) return std::move(*error);
    Result<std::optional<Json>> current = transaction.deployment(endpoint.id, false);
    if (!current) return failure(current.error());
    if (*current) retain_variant_properties(request.input, **current, std::get<Json>(resolved));
    if (!aws::boolean_member(request.input, "RetainDeploymentConfig").value_or(false)) {
      const Json change = known_members(request.operation.input, request.input);
      const Json* deployment = aws::member(change, "DeploymentConfig");
      if (deployment != nullptr) endpoint.state["LastDeploymentConfig"] = *deployment;
    }
    return begin_update(context, transaction, endpoint, std::get<Json>(resolved),
                        [&context, id = endpoint.id] { launch_endpoint(context, id, false); });
  });
}

aws::JsonAnswer update_endpoint_weights_and_capacities(const Request& request) {
  Context& context = request.context;
  const std::string name = text_at(request.input, "EndpointName");
  if (auto refused = denied(request, kKind, name)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    auto found = find_in_service(context, transaction, name);
    if (auto* error = std::get_if<ApiError>(&found)) return std::move(*error);
    Resource& endpoint = std::get<Resource>(found);
    Result<std::optional<Json>> current = transaction.deployment(endpoint.id, false);
    if (!current) return failure(current.error());
    Json resolved = *current ? std::move(**current) : Json::object();
    if (auto refused = apply_desired(resolved, *aws::member(request.input, "DesiredWeightsAndCapacities")))
      return std::move(*refused);
    return begin_update(context, transaction, endpoint, resolved,
                        [&context, id = endpoint.id] { launch_weights(context, id); });
  });
}

aws::JsonAnswer delete_endpoint(const Request& request) {
  Context& context = request.context;
  const std::string name = text_at(request.input, "EndpointName");
  if (auto refused = denied(request, kKind, name)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    Result<std::optional<Resource>> found = transaction.find(kKind, name);
    if (!found) return failure(found.error());
    if (!*found) return not_found(context, kKind, name);
    Resource& endpoint = **found;
    if (endpoint.status == "Deleting") return Json::object();
    endpoint.status = "Deleting";
    endpoint.modified = now_ms();
    Result<Done> updated = transaction.update(endpoint);
    if (!updated) return failure(updated.error());
    transaction.after([&context, id = endpoint.id, name] { launch_deletion(context, id, name); });
    return Json::object();
  });
}

}  // namespace chiliad::control
