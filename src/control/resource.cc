#include "control/resource.h"

#include <array>

#include "base/check.h"

namespace chiliad::control {
namespace {

constexpr std::array<KindWords, 6> kWords = {{
    {ResourceKind::kTrainingJob, "training-job", "TrainingJob", "training job", true},
    {ResourceKind::kProcessingJob, "processing-job", "ProcessingJob", "processing job", true},
    {ResourceKind::kTransformJob, "transform-job", "TransformJob", "transform job", true},
    {ResourceKind::kModel, "model", "Model", "model", false},
    {ResourceKind::kEndpointConfig, "endpoint-config", "EndpointConfig", "endpoint configuration", false},
    {ResourceKind::kEndpoint, "endpoint", "Endpoint", "endpoint", false},
}};

}  // namespace

Milliseconds now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

const KindWords& words_of(ResourceKind kind) {
  const auto index = static_cast<std::size_t>(kind) - 1;
  CHILIAD_CHECK(index < kWords.size());
  return kWords[index];
}

std::optional<ResourceKind> kind_of_arn_type(std::string_view type) {
  for (const KindWords& words : kWords)
    if (words.type == type) return words.kind;
  return std::nullopt;
}

bool has_ended(std::string_view job_status) {
  return job_status == "Completed" || job_status == "Failed" || job_status == "Stopped";
}

}  // namespace chiliad::control
