// The operations, one function each: a valid request in, an answer out. sagemaker.cc finds them by name.
//
// Thread safety: safe from any thread.

#pragma once

#include "aws/service.h"
#include "control/context.h"

namespace chiliad::control {

// CreateTrainingJob, CreateProcessingJob, CreateTransformJob, and the same for Stop and Delete: the kind says which.
aws::JsonAnswer create_job(const Request& request, ResourceKind kind);
aws::JsonAnswer stop_job(const Request& request, ResourceKind kind);
aws::JsonAnswer delete_job(const Request& request, ResourceKind kind);
aws::JsonAnswer update_training_job(const Request& request);

aws::JsonAnswer create_model(const Request& request);
aws::JsonAnswer create_endpoint_config(const Request& request);
// Of a model or a configuration, in use or not.
aws::JsonAnswer delete_plain(const Request& request, ResourceKind kind);

aws::JsonAnswer create_endpoint(const Request& request);
aws::JsonAnswer update_endpoint(const Request& request);
aws::JsonAnswer update_endpoint_weights_and_capacities(const Request& request);
aws::JsonAnswer delete_endpoint(const Request& request);

// Describe and List of every kind.
aws::JsonAnswer describe(const Request& request, ResourceKind kind);
aws::JsonAnswer list(const Request& request, ResourceKind kind);

aws::JsonAnswer add_tags(const Request& request);
aws::JsonAnswer list_tags(const Request& request);
aws::JsonAnswer delete_tags(const Request& request);

}  // namespace chiliad::control
