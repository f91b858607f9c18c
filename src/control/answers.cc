// Describe and List: what is kept of a resource, under the names that its answer's shape has.
//
// An answer takes each member from the first of: what every resource has (name, ARN, times, status), what became known
// since, what the request said.

#include <fmt/format.h>

#include "base/check.h"
#include "control/job_spec.h"
#include "control/list_query.h"
#include "control/operations.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

// Name, ARN, status and times.
Json base_of(const Context& context, const Resource& resource) {
  const KindWords& words = words_of(resource.kind);
  const std::string noun(words.noun);
  Json base = {{noun + "Name", resource.name},
               {noun + "Arn", context.arn(resource.kind, resource.name)},
               {"CreationTime", epoch_seconds(resource.created)},
               {"LastModifiedTime", epoch_seconds(resource.modified)}};
  if (!resource.status.empty()) base[noun + "Status"] = resource.status;
  return base;
}

// Members that AWS answers although nobody gave them.
void add_defaults(const Resource& resource, Json& base) {
  switch (resource.kind) {
    case ResourceKind::kTrainingJob:
      base["ModelArtifacts"] = {{"S3ModelArtifacts", expected_model_artifacts(resource.name, resource.request)}};
      base["StoppingCondition"] = {{"MaxRuntimeInSeconds", 86'400}};
      base["EnableNetworkIsolation"] = false;
      base["EnableInterContainerTrafficEncryption"] = false;
      base["EnableManagedSpotTraining"] = false;
      break;
    case ResourceKind::kProcessingJob: base["StoppingCondition"] = {{"MaxRuntimeInSeconds", 86'400}}; break;
    case ResourceKind::kModel:
    case ResourceKind::kEndpointConfig: base["EnableNetworkIsolation"] = false; break;
    case ResourceKind::kTransformJob:
    case ResourceKind::kEndpoint: break;
  }
}

std::string_view list_member(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::kTrainingJob: return "TrainingJobSummaries";
    case ResourceKind::kProcessingJob: return "ProcessingJobSummaries";
    case ResourceKind::kTransformJob: return "TransformJobSummaries";
    case ResourceKind::kModel: return "Models";
    case ResourceKind::kEndpointConfig: return "EndpointConfigs";
    case ResourceKind::kEndpoint: return "Endpoints";
  }
  return {};
}

}  // namespace

aws::JsonAnswer describe(const Request& request, ResourceKind kind) {
  const std::string name = text_at(request.input, fmt::format("{}Name", words_of(kind).noun));
  if (auto refused = denied(request, kind, name)) return std::move(*refused);
  Result<std::optional<Resource>> found = request.context.resources->find(kind, name);
  if (!found) return failure(found.error());
  if (!*found) return not_found(request.context, kind, name);
  const Json base = base_of(request.context, **found);
  Json defaults = Json::object();
  add_defaults(**found, defaults);
  return pick(request.operation.output, {&base, &(*found)->state, &(*found)->request, &defaults});
}

aws::JsonAnswer list(const Request& request, ResourceKind kind) {
  if (auto refused = denied(request.caller, fmt::format("sagemaker:{}", request.operation.name), "*"))
    return std::move(*refused);
  auto query = read_list_query(kind, request.input);
  if (auto* error = std::get_if<ApiError>(&query)) return std::move(*error);
  Result<Resources::Page> page = request.context.resources->list(std::get<ListQuery>(query));
  if (!page) return failure(page.error());
  const Member* summaries = find_member(shapes()[request.operation.output], list_member(kind));
  CHILIAD_CHECK(summaries != nullptr);
  const ShapeIndex summary = shapes()[summaries->shape].element;
  Json items = Json::array();
  for (const Resource& resource : page->resources) {
    const Json base = base_of(request.context, resource);
    items.push_back(pick(summary, {&base, &resource.state}));
  }
  Json answer = Json::object();
  answer[std::string(list_member(kind))] = std::move(items);
  if (!page->next_token.empty()) answer["NextToken"] = page->next_token;
  return answer;
}

}  // namespace chiliad::control
