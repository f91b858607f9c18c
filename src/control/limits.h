// Limits: how much of everything the control plane takes, with Amazon's defaults where Amazon publishes one.
//
// AWS's own quotas of a fresh account stop at a few instances; those below are the quotas' usual upper end, because
// here nobody pays by the hour. job/ decides how many instances really run at a time.
//
// Source: "Amazon SageMaker AI endpoints and quotas", AWS General Reference.
//
// Thread safety: a value.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::control {

struct Limits {
  std::int64_t training_instances = 100;    // Of one job.
  std::int64_t processing_instances = 100;  // Of one job.
  std::int64_t transform_instances = 100;   // Of one job.
  std::int64_t endpoint_instances = 100;    // Of one endpoint, all variants.
  std::int64_t running_jobs = 10'000;       // In all and of all kinds, waiting ones included.
  std::int64_t endpoints = 1'000;
  std::int64_t models = 100'000;
  std::int64_t endpoint_configs = 100'000;
  std::int64_t jobs = 1'000'000;             // Kept; beyond it the oldest that have ended are forgotten.
  std::int64_t tags = 50;                    // Of one resource.
  std::int64_t request_bytes = 1024 * 1024;  // Of one request as kept.
  std::int64_t max_runtime_seconds = 28 * 86'400;
};

// Sets one of them: "jobs=5000". Errors: kInvalid: no such limit (those there are are named), or no number above 0.
Result<Done> set_limit(Limits& limits, std::string_view text);

// "training_instances, processing_instances, ...", for help texts.
std::string limit_names();

}  // namespace chiliad::control
