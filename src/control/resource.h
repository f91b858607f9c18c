// Resource: one named thing of the control plane as it is kept, and the words that belong to its kind.
//
// Thread safety: values, pure functions.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/json.h"

namespace chiliad::control {

// The numbers are stored.
enum class ResourceKind : std::uint8_t {
  kTrainingJob = 1,
  kProcessingJob = 2,
  kTransformJob = 3,
  kModel = 4,
  kEndpointConfig = 5,
  kEndpoint = 6,
};

// Milliseconds since 1970 (UTC): the resolution of AWS's times.
using Milliseconds = std::int64_t;
Milliseconds now_ms();

struct Resource {
  std::int64_t id = 0;
  ResourceKind kind{};
  std::string name;
  std::string status;  // TrainingJobStatus, EndpointStatus, ...; empty where a kind has none.
  Milliseconds created = 0;
  Milliseconds modified = 0;
  aws::Json request = aws::Json::object();  // Of the Create call, without the tags; known members only.
  aws::Json state = aws::Json::object();    // What became known since, under the names that Describe gives it.
};

// What is said of a kind, and how its operations call things.
struct KindWords {
  ResourceKind kind;
  std::string_view type;  // "training-job": of ARNs.
  std::string_view noun;  // "TrainingJob": of operations and members: CreateTrainingJob, TrainingJobName.
  std::string_view said;  // "training job": in messages.
  bool is_job;            // Runs to an end.
};

const KindWords& words_of(ResourceKind kind);
// By the first part of an ARN's resource ("training-job"); unset: none of ours.
std::optional<ResourceKind> kind_of_arn_type(std::string_view type);

// Epoch seconds, as AWS's JSON protocol gives times.
inline double epoch_seconds(Milliseconds time) { return static_cast<double>(time) / 1000.0; }

// Completed, Failed, Stopped.
bool has_ended(std::string_view job_status);

}  // namespace chiliad::control
