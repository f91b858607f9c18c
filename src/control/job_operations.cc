// Training, processing and transform jobs: created, stopped, deleted, changed.

#include <fmt/format.h>

#include <algorithm>

#include "control/hosting_plan.h"
#include "control/job_phases.h"
#include "control/job_spec.h"
#include "control/launch.h"
#include "control/operations.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

std::string name_of(const Request& request, ResourceKind kind) {
  return text_at(request.input, fmt::format("{}Name", words_of(kind).noun));
}

struct Instances {
  std::string type;
  std::int64_t count = 1;
  std::int64_t limit = 0;
};

Instances instances_of(const Request& request, ResourceKind kind) {
  const Json& input = request.input;
  const Limits& limits = request.context.options.limits;
  const std::string_view path = kind == ResourceKind::kTrainingJob     ? "ResourceConfig"
                                : kind == ResourceKind::kProcessingJob ? "ProcessingResources/ClusterConfig"
                                                                       : "TransformResources";
  return {text_at(input, fmt::format("{}/InstanceType", path)),
          integer_at(input, fmt::format("{}/InstanceCount", path), 1),
          kind == ResourceKind::kTrainingJob     ? limits.training_instances
          : kind == ResourceKind::kProcessingJob ? limits.processing_instances
                                                 : limits.transform_instances};
}

// What does not depend on what is kept.
std::optional<ApiError> check_new_job(const Request& request, ResourceKind kind, const Resource& job,
                                      const Instances& instances) {
  const Limits& limits = request.context.options.limits;
  const KindWords& words = words_of(kind);
  if (instances.count > instances.limit)
    return limit_exceeded(
        fmt::format("{} for {} usage", instances.type.empty() ? "instances" : instances.type, words.said),
        instances.limit, 0, instances.count);
  const std::int64_t runtime = integer_at(request.input, "StoppingCondition/MaxRuntimeInSeconds", 0);
  if (runtime > limits.max_runtime_seconds)
    return limit_exceeded("longest run time of a job in seconds", limits.max_runtime_seconds, 0, runtime);
  if (static_cast<std::int64_t>(aws::json_text(job.request).size()) > limits.request_bytes)
    return validation_error(fmt::format("The request is larger than {} bytes", limits.request_bytes));
  if (kind == ResourceKind::kTransformJob) return std::nullopt;
  auto spec = job_spec(request.context, kind, job.name, job.request);
  if (auto* error = std::get_if<ApiError>(&spec)) return std::move(*error);
  const Result<Done> can_run = request.context.work.load()->check_job(std::get<job::Spec>(spec));
  if (!can_run) return validation_error(can_run.error().message);
  return std::nullopt;
}

// Counting takes milliseconds once there are many: it is done once in kBetweenCounts creations, which may go over the
// limit by as many.
constexpr std::int64_t kBetweenCounts = 256;

Result<Done> forget_old_jobs(Transaction& transaction, std::int64_t newest, std::int64_t limit) {
  if (newest % std::min(kBetweenCounts, limit) != 0) return Done{};
  const Result<std::int64_t> count = transaction.count_jobs();
  if (!count) return count.error();
  return *count > limit ? transaction.erase_oldest_jobs(*count - limit) : Result<Done>(Done{});
}

aws::JsonAnswer add_job(Context& context, Transaction& transaction, Resource& job, const std::vector<Tag>& tags) {
  Result<bool> taken = transaction.exists(job.kind, job.name);
  if (!taken) return failure(taken.error());
  if (*taken) return already_exists(context, job.kind, job.name);
  Result<std::int64_t> running = transaction.count_running_jobs();
  if (!running) return failure(running.error());
  if (*running >= context.options.limits.running_jobs)
    return limit_exceeded("jobs running or waiting", context.options.limits.running_jobs, *running, 1);
  Json resolved;
  if (job.kind == ResourceKind::kTransformJob) {
    auto model = resolve_model(context, transaction, text_at(job.request, "ModelName"));
    if (auto* error = std::get_if<ApiError>(&model)) return std::move(*error);
    resolved = std::move(std::get<Json>(model));
    auto plan = transform_plan(job.name, job.request, resolved);
    if (auto* error = std::get_if<ApiError>(&plan)) return std::move(*error);
  }
  Result<Done> added = transaction.insert(job);
  if (added) added = transaction.set_tags(job.id, tags);
  if (added && !resolved.is_null()) added = transaction.set_deployment(job.id, false, resolved);
  if (added) added = forget_old_jobs(transaction, job.id, context.options.limits.jobs);
  if (!added) return failure(added.error());
  transaction.after([&context, job] { launch_job(context, job, false); });
  return Json{{std::string(words_of(job.kind).noun) + "Arn", context.arn(job.kind, job.name)}};
}

// Finds the job or says why not.
std::variant<Resource, ApiError> find_job(Context& context, Transaction& transaction, ResourceKind kind,
                                          const std::string& name) {
  Result<std::optional<Resource>> job = transaction.find(kind, name);
  if (!job) return failure(job.error());
  if (!*job) return not_found(context, kind, name);
  return std::move(**job);
}

}  // namespace

aws::JsonAnswer create_job(const Request& request, ResourceKind kind) {
  Context& context = request.context;
  Resource job;
  job.kind = kind;
  job.name = name_of(request, kind);
  const Instances instances = instances_of(request, kind);
  std::vector<aws::Condition> conditions;
  if (!instances.type.empty()) conditions.push_back({"sagemaker:InstanceTypes", instances.type});
  const std::string model_arn = context.arn(ResourceKind::kModel, text_at(request.input, "ModelName"));
  if (kind == ResourceKind::kTransformJob) conditions.push_back({"sagemaker:ModelArn", model_arn});
  if (auto refused = creation_denied(request, kind, job.name, aws::string_member(request.input, "RoleArn"), conditions))
    return std::move(*refused);

  auto tags = read_tags(context, request.input);
  if (auto* error = std::get_if<ApiError>(&tags)) return std::move(*error);
  job.request = known_members(request.operation.input, request.input);
  job.request.erase("Tags");
  if (auto refused = check_new_job(request, kind, job, instances)) return std::move(*refused);
  job.created = job.modified = now_ms();
  begin_job(job);
  return write_answer(context, [&](Transaction& transaction) {
    return add_job(context, transaction, job, std::get<std::vector<Tag>>(tags));
  });
}

aws::JsonAnswer stop_job(const Request& request, ResourceKind kind) {
  Context& context = request.context;
  const std::string name = name_of(request, kind);
  if (auto refused = denied(request, kind, name)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    auto found = find_job(context, transaction, kind, name);
    if (auto* error = std::get_if<ApiError>(&found)) return std::move(*error);
    Resource& job = std::get<Resource>(found);
    if (has_ended(job.status))
      return validation_error(
          fmt::format("The request was rejected because the {} is in status {}.", words_of(kind).said, job.status));
    if (job.status == "Stopping") return Json::object();
    begin_stopping(job, now_ms());
    Result<Done> updated = transaction.update(job);
    if (!updated) return failure(updated.error());
    transaction.after([&context, kind, name] { halt_job(context, kind, name); });
    return Json::object();
  });
}

aws::JsonAnswer delete_job(const Request& request, ResourceKind kind) {
  Context& context = request.context;
  const std::string name = name_of(request, kind);
  if (auto refused = denied(request, kind, name)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    auto found = find_job(context, transaction, kind, name);
    if (auto* error = std::get_if<ApiError>(&found)) return std::move(*error);
    const Resource& job = std::get<Resource>(found);
    if (!has_ended(job.status))
      return ApiError{400, "ResourceInUse",
                      fmt::format("The {} \"{}\" is in status {}: stop it and wait for its end before it is deleted",
                                  words_of(kind).said, name, job.status)};
    Result<Done> erased = transaction.erase(job.id);
    if (!erased) return failure(erased.error());
    return Json::object();
  });
}

aws::JsonAnswer update_training_job(const Request& request) {
  constexpr ResourceKind kind = ResourceKind::kTrainingJob;
  Context& context = request.context;
  const std::string name = name_of(request, kind);
  if (auto refused = denied(request, kind, name)) return std::move(*refused);
  return write_answer(context, [&](Transaction& transaction) -> aws::JsonAnswer {
    auto found = find_job(context, transaction, kind, name);
    if (auto* error = std::get_if<ApiError>(&found)) return std::move(*error);
    Resource& job = std::get<Resource>(found);
    const Json* resources = aws::member(request.input, "ResourceConfig");
    // A job's instances are not kept after its end here, so that only a running job has anything to change.
    if (job.status != "InProgress")
      return validation_error(
          fmt::format("The request was rejected because the training job is in status {}.", job.status));
    const Json change = known_members(request.operation.input, request.input);
    for (const char* member : {"ProfilerConfig", "ProfilerRuleConfigurations", "RemoteDebugConfig"})
      if (const Json* value = aws::member(change, member)) job.state[member] = *value;
    if (resources != nullptr) {
      const Json* kept = aws::member(job.state, "ResourceConfig");
      const Json* asked = aws::member(job.request, "ResourceConfig");
      Json merged = kept != nullptr ? *kept : asked != nullptr ? *asked : Json::object();
      merged.update(*aws::member(change, "ResourceConfig"));
      job.state["ResourceConfig"] = std::move(merged);
    }
    job.modified = now_ms();
    Result<Done> updated = transaction.update(job);
    if (!updated) return failure(updated.error());
    return Json{{"TrainingJobArn", context.arn(kind, name)}};
  });
}

}  // namespace chiliad::control
