#include "control/job_phases.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/utf8.h"

namespace chiliad::control {
namespace {

using aws::Json;
using job::Phase;

// SecondaryStatusTransitions of a job that is restarted again and again: the oldest go.
constexpr std::size_t kMaxTransitions = 100;

bool is_training(const Resource& resource) { return resource.kind == ResourceKind::kTrainingJob; }

// "TrainingStartTime", ...
std::string time_member(const Resource& resource, std::string_view which) {
  const std::string_view noun = resource.kind == ResourceKind::kTrainingJob     ? "Training"
                                : resource.kind == ResourceKind::kProcessingJob ? "Processing"
                                                                                : "Transform";
  return std::string(noun) + std::string(which);
}

// Closes the last transition and opens another; the same status again only changes its message.
void transition(Resource& resource, std::string_view status, std::string_view message, Milliseconds time) {
  resource.state["SecondaryStatus"] = status;
  Json& all = resource.state["SecondaryStatusTransitions"];
  if (!all.is_array()) all = Json::array();
  if (!all.empty() && all.back().is_object()) {
    const std::string* last = aws::string_member(all.back(), "Status");
    if (last != nullptr && *last == status) {
      if (!message.empty()) all.back()["StatusMessage"] = message;
      return;
    }
    all.back()["EndTime"] = epoch_seconds(time);
  }
  all.push_back({{"Status", status}, {"StartTime", epoch_seconds(time)}, {"StatusMessage", message}});
  if (all.size() > kMaxTransitions) all.erase(all.begin());
}

void close_last_transition(Resource& resource, Milliseconds time) {
  Json& all = resource.state["SecondaryStatusTransitions"];
  if (all.is_array() && !all.empty() && all.back().is_object()) all.back()["EndTime"] = epoch_seconds(time);
}

void note_times(Resource& resource, Milliseconds end) {
  resource.state[time_member(resource, "EndTime")] = epoch_seconds(end);
  const std::string start_member = time_member(resource, "StartTime");
  const auto start = resource.state.find(start_member);
  if (!is_training(resource) || start == resource.state.end() || !start->is_number()) return;
  const double seconds = std::max(1.0, std::ceil(epoch_seconds(end) - start->get<double>()));
  resource.state["TrainingTimeInSeconds"] = static_cast<std::int64_t>(seconds);
  resource.state["BillableTimeInSeconds"] = static_cast<std::int64_t>(seconds);
}

void note_results(Resource& resource, const job::Change& change) {
  if (!change.model_artifacts.empty())
    resource.state["ModelArtifacts"] = {{"S3ModelArtifacts", change.model_artifacts}};
  if (!change.exit_message.empty()) resource.state["ExitMessage"] = cut_reason(change.exit_message);
  if (!change.failure_reason.empty()) resource.state["FailureReason"] = cut_reason(change.failure_reason);
  Json metrics = Json::array();
  for (const job::FinalMetric& metric : change.metrics) {
    if (!std::isfinite(metric.value)) continue;  // JSON has no word for it.
    metrics.push_back({{"MetricName", metric.name},
                       {"Value", metric.value},
                       {"Timestamp", epoch_seconds(millis_since_epoch(metric.time))}});
  }
  if (!metrics.empty()) resource.state["FinalMetricDataList"] = std::move(metrics);
}

bool is_overdue(const Resource& resource) {
  const std::string* status = aws::string_member(resource.state, "SecondaryStatus");
  return status != nullptr && *status == "MaxRuntimeExceeded";
}

std::string_view status_at_end(Phase phase) {
  return phase == Phase::kCompleted ? "Completed" : phase == Phase::kFailed ? "Failed" : "Stopped";
}

}  // namespace

std::string cut_reason(std::string_view text) {
  constexpr std::size_t kMaxUnits = 1024;
  std::size_t units = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode_utf8(text, at);
    units += point.value > 0xFFFF ? 2 : 1;
    if (units > kMaxUnits) break;
    at += point.bytes;
  }
  return std::string(text.substr(0, at));
}

void begin_job(Resource& resource) {
  resource.status = "InProgress";
  if (is_training(resource)) transition(resource, "Starting", "Launching requested ML instances", resource.created);
}

void begin_stopping(Resource& resource, Milliseconds now) {
  resource.status = "Stopping";
  resource.modified = now;
  if (is_training(resource)) transition(resource, "Stopping", "Stopping the training job", now);
}

void begin_restart(Resource& resource, Milliseconds now) {
  resource.modified = now;
  if (is_training(resource))
    transition(resource, "Restarting", "The server was restarted; the job begins anew from its checkpoints", now);
}

void apply_change(Resource& resource, const job::Change& change, Milliseconds now) {
  const Milliseconds time = millis_since_epoch(change.time);
  resource.modified = std::max(resource.modified, now);
  if (!job::is_end(change.phase)) {
    if (change.phase == Phase::kStopping || change.phase == Phase::kMaxRuntimeExceeded) resource.status = "Stopping";
    const bool runs = change.phase == Phase::kDownloading || change.phase == Phase::kTraining;
    const std::string start = time_member(resource, "StartTime");
    if (runs && !resource.state.contains(start)) resource.state[start] = epoch_seconds(time);
    // A job that is asked to stop is Stopping, whatever its instances report meanwhile.
    const bool told = resource.status == "InProgress" || resource.status == "Stopping";
    const bool late = resource.status == "Stopping" && change.phase < Phase::kUploading;
    if (is_training(resource) && told && !late)
      transition(resource, job::phase_name(change.phase), change.message, time);
    return;
  }
  const bool overdue = is_overdue(resource);
  resource.status = status_at_end(change.phase);
  if (change.started && !resource.state.contains(time_member(resource, "StartTime")))
    resource.state[time_member(resource, "StartTime")] = epoch_seconds(millis_since_epoch(*change.started));
  note_results(resource, change);
  if (is_training(resource)) {
    // As in SageMaker: an overdue job is Stopped, and MaxRuntimeExceeded stays its secondary status.
    if (!(overdue && change.phase == Phase::kStopped))
      transition(resource, job::phase_name(change.phase), change.message, time);
    close_last_transition(resource, time);
  }
  note_times(resource, time);
}

bool apply_progress(Resource& resource, const hosting::TransformProgress& progress, Milliseconds now) {
  using TransformPhase = hosting::TransformProgress::Phase;
  if (progress.phase == TransformPhase::kQueued) return false;
  const bool started = resource.state.contains("TransformStartTime");
  if (progress.phase == TransformPhase::kRunning && started) return false;
  resource.modified = std::max(resource.modified, now);
  switch (progress.phase) {
    case TransformPhase::kQueued: return false;
    case TransformPhase::kRunning: resource.state["TransformStartTime"] = epoch_seconds(now); return true;
    case TransformPhase::kCompleted: resource.status = "Completed"; break;
    case TransformPhase::kStopped: resource.status = "Stopped"; break;
    case TransformPhase::kFailed:
      resource.status = "Failed";
      resource.state["FailureReason"] = cut_reason(progress.failure_reason);
      break;
  }
  note_times(resource, now);
  return true;
}

void fail_job(Resource& resource, std::string_view reason, Milliseconds now) {
  resource.status = "Failed";
  resource.modified = now;
  resource.state["FailureReason"] = cut_reason(reason);
  if (is_training(resource)) {
    transition(resource, "Failed", "Training job failed", now);
    close_last_transition(resource, now);
  }
  note_times(resource, now);
}

void end_stopped(Resource& resource, Milliseconds now) {
  resource.status = "Stopped";
  resource.modified = now;
  if (is_training(resource)) {
    if (!is_overdue(resource)) transition(resource, "Stopped", "Training job stopped", now);
    close_last_transition(resource, now);
  }
  note_times(resource, now);
}

}  // namespace chiliad::control
