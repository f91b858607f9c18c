// What becomes of an endpoint's resource as it is created, updated and deployed.
//
//   Creating --> InService <--> Updating        InService, Updating, Failed, Creating --> Deleting --> gone
//       |
//       +-----> Failed
//
// An update that fails leaves the endpoint InService as it was, with the reason. "Deployment" in the state counts the
// deployments that were asked for: the outcome of an older one changes nothing.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "control/resource.h"

namespace chiliad::control {

// A new deployment was asked for; `status`: Creating or Updating. Returns its number.
std::int64_t begin_deployment(Resource& endpoint, std::string_view status, std::string_view config_name,
                              Milliseconds now);
std::int64_t deployment_number(const Resource& endpoint);

// `resolved` (hosting_plan.h) is in service.
void put_in_service(Resource& endpoint, const aws::Json& resolved, Milliseconds now);
// The deployment failed; `was_in_service`: an older one goes on.
void fail_deployment(Resource& endpoint, std::string_view reason, bool was_in_service, Milliseconds now);

// What UpdateEndpoint keeps of `current` in `next` (both resolved): weights and counts of variants of the same name and
// the data capture, less what `request` excludes.
void retain_variant_properties(const aws::Json& request, const aws::Json& current, aws::Json& next);

}  // namespace chiliad::control
