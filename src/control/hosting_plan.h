// What an endpoint or a transform job needs of its configuration and models: resolved when it is asked for, kept with
// it (so that both may be deleted meanwhile, as on AWS), and turned into a hosting plan when it is started.
//
//   {"EndpointConfigName": "c", "EndpointConfig": {...}, "Models": {"m": {...}}}      an endpoint's
//   {"Models": {"m": {...}}}                                                          a transform job's
//
// "EndpointConfig" is the request that made the configuration; InitialVariantWeight and InitialInstanceCount are
// replaced by what UpdateEndpointWeightsAndCapacities asked for since.
//
// Thread safety: pure functions, but for resolve_*, which read a Transaction.

#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/api_error.h"
#include "aws/json.h"
#include "control/context.h"
#include "hosting/endpoint_plan.h"
#include "hosting/transform_plan.h"

namespace chiliad::control {

// Errors: ValidationException: no such configuration or model; failure().
std::variant<aws::Json, aws::ApiError> resolve_endpoint(const Context& context, Transaction& transaction,
                                                        std::string_view config_name);
std::variant<aws::Json, aws::ApiError> resolve_model(const Context& context, Transaction& transaction,
                                                     std::string_view model_name);

// Errors: ValidationException: what hosting/ cannot do, naming the member.
std::variant<hosting::EndpointPlan, aws::ApiError> endpoint_plan(const Context& context, std::string_view name,
                                                                 const aws::Json& resolved);
std::variant<hosting::TransformPlan, aws::ApiError> transform_plan(std::string_view name, const aws::Json& request,
                                                                   const aws::Json& resolved);

// Whether a model can be hosted here: one container with an image, from a bucket. Errors: ValidationException.
std::variant<hosting::ModelPlan, aws::ApiError> model_plan(std::string_view name, const aws::Json& request);

}  // namespace chiliad::control
