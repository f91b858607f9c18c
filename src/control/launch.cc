#include "control/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "control/endpoint_state.h"
#include "control/hosting_plan.h"
#include "control/job_phases.h"
#include "control/job_spec.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

constexpr std::chrono::milliseconds kLongestTry{2'000};

// Until it is done, the server ends, or it will never work, which is told.
void record(Context& context, const std::function<Result<Done>(Transaction&)>& body) {
  std::chrono::milliseconds pause{20};
  while (!context.closed) {
    const Result<Done> done = context.resources->write(body);
    if (done) return;
    if (done.error().code != ErrorCode::kNoSpace && done.error().code != ErrorCode::kUnavailable) {
      if (context.options.on_failure) context.options.on_failure(done.error());
      return;
    }
    const Deadline until = std::chrono::steady_clock::now() + pause;
    MutexLock lock(context.closing_mutex);
    while (!context.closed && context.closing.wait_until(context.closing_mutex, until)) {
    }
    pause = std::min(2 * pause, std::chrono::milliseconds{1000});
  }
}

// Changes a job that has not ended; one that has, or is gone, is left as it is. `key`: its id or name. `change` returns
// whether there is something to write down.
template <class Key>
void record_job(Context& context, ResourceKind kind, const Key& key, const std::function<bool(Resource&)>& change) {
  record(context, [&](Transaction& transaction) -> Result<Done> {
    Result<std::optional<Resource>> job = transaction.find(kind, key);
    if (!job) return std::move(job).error();
    if (!*job || has_ended((*job)->status) || !change(**job)) return Done{};
    return transaction.update(**job);
  });
}

void record_failure(Context& context, const Resource& job, const std::string& reason) {
  record_job(context, job.kind, job.id, [&](Resource& resource) {
    fail_job(resource, reason, now_ms());
    return true;
  });
}

void launch_transform(Context& context, const Resource& job) {
  Result<std::optional<Json>> resolved = context.resources->deployment(job.id, false);
  if (!resolved) return record_failure(context, job, resolved.error().message);
  auto plan = transform_plan(job.name, job.request, *resolved ? **resolved : Json::object());
  if (auto* error = std::get_if<ApiError>(&plan)) return record_failure(context, job, error->message);
  const std::int64_t id = job.id;
  const Result<Done> started = context.work.load()->start_transform(
      std::move(std::get<hosting::TransformPlan>(plan)), [&context, id](const hosting::TransformProgress& progress) {
        record_job(context, ResourceKind::kTransformJob, id,
                   [&](Resource& resource) { return apply_progress(resource, progress, now_ms()); });
      });
  if (!started) record_failure(context, job, started.error().message);
}

// What became of deployment `number` of an endpoint. An older one than the last that was asked for changes nothing.
Result<Done> write_outcome(Transaction& transaction, std::int64_t id, std::int64_t number, bool resume,
                           const Result<Done>& outcome) {
  Result<std::optional<Resource>> found = transaction.find(ResourceKind::kEndpoint, id);
  if (!found) return std::move(found).error();
  if (!*found || (*found)->status == "Deleting" || deployment_number(**found) != number) return Done{};
  Resource& endpoint = **found;
  const Milliseconds now = now_ms();
  if (resume) {
    if (outcome || endpoint.status != "InService") return Done{};
    fail_deployment(endpoint, outcome.error().message, false, now);
    return transaction.update(endpoint);
  }
  Result<std::optional<Json>> pending = transaction.deployment(id, true);
  if (!pending) return std::move(pending).error();
  Result<std::optional<Json>> current = transaction.deployment(id, false);
  if (!current) return std::move(current).error();
  Result<Done> written = transaction.erase_deployment(id, true);
  if (outcome && *pending) {
    put_in_service(endpoint, **pending, now);
    if (written) written = transaction.set_deployment(id, false, **pending);
  } else {
    const std::string reason = outcome ? "Its stored plan is missing" : outcome.error().message;
    fail_deployment(endpoint, reason, current->has_value(), now);
  }
  return written ? transaction.update(endpoint) : written;
}

void record_outcome(Context& context, std::int64_t id, std::int64_t number, bool resume, const Result<Done>& outcome) {
  record(context, [&](Transaction& transaction) { return write_outcome(transaction, id, number, resume, outcome); });
}

// An endpoint and one of its plans, as they stand now.
struct Planned {
  Resource endpoint;
  Result<hosting::EndpointPlan> plan = Error{ErrorCode::kNotFound, "Its stored plan is missing"};
};

// The endpoint, where it is still there. A database that cannot be read for the moment is asked again, as record()
// does.
Result<std::optional<Resource>> find_endpoint(Context& context, std::int64_t id) {
  std::chrono::milliseconds pause{20};
  while (true) {
    Result<std::optional<Resource>> found = context.resources->find(ResourceKind::kEndpoint, id);
    if (found || context.closed || pause > kLongestTry) return found;
    const Deadline until = std::chrono::steady_clock::now() + pause;
    MutexLock lock(context.closing_mutex);
    while (!context.closed && context.closing.wait_until(context.closing_mutex, until)) {
    }
    pause *= 2;
  }
}

std::optional<Planned> read_plan(Context& context, std::int64_t id, bool pending) {
  Result<std::optional<Resource>> found = find_endpoint(context, id);
  if (!found && context.options.on_failure) context.options.on_failure(found.error());
  if (!found || !*found) return std::nullopt;
  Planned planned{std::move(**found)};
  Result<std::optional<Json>> resolved = context.resources->deployment(id, pending);
  if (!resolved) {
    planned.plan = resolved.error();
  } else if (*resolved) {
    auto plan = endpoint_plan(context, planned.endpoint.name, **resolved);
    if (auto* error = std::get_if<ApiError>(&plan)) {
      planned.plan = Error{ErrorCode::kInvalid, error->message};
    } else {
      planned.plan = std::move(std::get<hosting::EndpointPlan>(plan));
    }
  }
  return planned;
}

}  // namespace

void launch_job(Context& context, const Resource& job, bool resume) {
  if (job.kind == ResourceKind::kTransformJob) return launch_transform(context, job);
  auto spec = job_spec(context, job.kind, job.name, job.request);
  if (auto* error = std::get_if<ApiError>(&spec)) return record_failure(context, job, error->message);
  const Result<Done> started = context.work.load()->start_job(std::move(std::get<job::Spec>(spec)), resume);
  if (!started) record_failure(context, job, started.error().message);
}

void halt_job(Context& context, ResourceKind kind, const std::string& name) {
  Work& work = *context.work.load();
  if (kind == ResourceKind::kTransformJob) return work.stop_transform(name);
  // Not found: it has just ended, and its end is about to be written down.
  static_cast<void>(
      work.stop_job(kind == ResourceKind::kTrainingJob ? job::Kind::kTraining : job::Kind::kProcessing, name));
}

void record_change(Context& context, const job::Change& change) {
  const ResourceKind kind =
      change.kind == job::Kind::kTraining ? ResourceKind::kTrainingJob : ResourceKind::kProcessingJob;
  record_job(context, kind, std::string_view(change.job_name), [&](Resource& resource) {
    apply_change(resource, change, now_ms());
    return true;
  });
}

void launch_endpoint(Context& context, std::int64_t id, bool resume, std::function<void()> on_done) {
  std::optional<Planned> planned = read_plan(context, id, !resume);
  if (!planned) {
    if (on_done) on_done();
    return;
  }
  const std::int64_t number = deployment_number(planned->endpoint);
  auto done = [&context, id, number, resume, on_done = std::move(on_done)](const Result<Done>& outcome) {
    record_outcome(context, id, number, resume, outcome);
    if (on_done) on_done();
  };
  if (!planned->plan) return done(planned->plan.error());
  context.work.load()->deploy(std::move(*planned->plan), resume, std::move(done));
}

void launch_weights(Context& context, std::int64_t id) {
  std::optional<Planned> planned = read_plan(context, id, true);
  if (!planned) return;
  const std::int64_t number = deployment_number(planned->endpoint);
  if (!planned->plan) return record_outcome(context, id, number, false, planned->plan.error());
  std::vector<hosting::VariantChange> changes;
  for (const hosting::VariantPlan& variant : planned->plan->variants)
    changes.push_back({variant.name, variant.weight, variant.instance_count});
  record_outcome(context, id, number, false, context.work.load()->set_weights(planned->endpoint.name, changes));
}

void launch_deletion(Context& context, std::int64_t id, const std::string& name) {
  context.work.load()->remove(name);
  record(context, [&](Transaction& transaction) { return transaction.erase(id); });
}

namespace {

// How many deployments are awaited. Shared with callbacks that may come after the wait.
struct Awaited {
  Mutex mutex;
  Condition changed;
  int count CHILIAD_GUARDED_BY(mutex) = 0;
};

Result<Done> take_up_jobs(Context& context, Transaction& transaction, ResourceKind kind) {
  Result<std::vector<Resource>> jobs = transaction.unfinished(kind);
  if (!jobs) return std::move(jobs).error();
  const Milliseconds now = now_ms();
  for (Resource& job : *jobs) {
    if (job.status == "Stopping") {
      end_stopped(job, now);
    } else {
      begin_restart(job, now);
      transaction.after([&context, job] { launch_job(context, job, true); });
    }
    Result<Done> updated = transaction.update(job);
    if (!updated) return updated;
  }
  return Done{};
}

Result<Done> take_up_endpoints(Context& context, Transaction& transaction, const std::shared_ptr<Awaited>& awaited) {
  Result<std::vector<Resource>> endpoints = transaction.all(ResourceKind::kEndpoint);
  if (!endpoints) return std::move(endpoints).error();
  for (const Resource& endpoint : *endpoints) {
    const std::int64_t id = endpoint.id;
    if (endpoint.status == "Deleting")
      transaction.after([&context, id, name = endpoint.name] { launch_deletion(context, id, name); });
    if (endpoint.status == "InService" || endpoint.status == "Updating") {
      transaction.after([&context, id, awaited] {
        {
          MutexLock lock(awaited->mutex);
          ++awaited->count;
        }
        launch_endpoint(context, id, true, [awaited] {
          MutexLock lock(awaited->mutex);
          --awaited->count;
          awaited->changed.notify_all();
        });
      });
    }
    if (endpoint.status == "Creating" || endpoint.status == "Updating")
      transaction.after([&context, id] { launch_endpoint(context, id, false); });
  }
  return Done{};
}

}  // namespace

Result<Done> take_up(Context& context) {
  const auto awaited = std::make_shared<Awaited>();
  Result<Done> done = context.resources->write([&](Transaction& transaction) -> Result<Done> {
    Result<Done> taken = take_up_endpoints(context, transaction, awaited);
    for (const ResourceKind kind :
         {ResourceKind::kTrainingJob, ResourceKind::kProcessingJob, ResourceKind::kTransformJob})
      if (taken) taken = take_up_jobs(context, transaction, kind);
    return taken;
  });
  if (!done) return done;
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  static_cast<void>(context.resources->wait_for_actions(deadline));
  MutexLock lock(awaited->mutex);
  while (awaited->count > 0 && awaited->changed.wait_until(awaited->mutex, deadline)) {
  }
  return done;
}

}  // namespace chiliad::control
