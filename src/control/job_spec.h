// What CreateTrainingJob and CreateProcessingJob ask for, as a job::Spec.
//
// Errors of both: ValidationException, naming the member: something that the service model allows and that is not here
// (other data sources than S3, instance groups, algorithms by name), or that AWS demands beyond the model.
//
// Thread safety: pure functions.

#pragma once

#include <string_view>
#include <variant>

#include "aws/api_error.h"
#include "aws/json.h"
#include "control/context.h"
#include "job/job.h"

namespace chiliad::control {

// Requires: `request` is valid for its Create operation.
std::variant<job::Spec, aws::ApiError> job_spec(const Context& context, ResourceKind kind, std::string_view name,
                                                const aws::Json& request);

// Where a training job's model will be: ModelArtifacts.S3ModelArtifacts before the job has said so.
std::string expected_model_artifacts(std::string_view name, const aws::Json& request);

}  // namespace chiliad::control
