// The X-Amzn-SageMaker-* fields of a call to the runtime API, read in one pass and checked.
//
// Source: Amazon SageMaker runtime API reference; lengths as its service model gives them.
//
// Thread safety: values; views of the request.

#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace chiliad::hosting {

struct RuntimeFields {
  std::string_view target_model;  // Without a leading '/', which AWS's examples write.
  std::string_view target_variant;
  std::string_view custom_attributes;
  std::string_view inference_id;
  std::string_view content_type;    // X-Amzn-SageMaker-Content-Type, else Content-Type.
  std::string_view accept;          // X-Amzn-SageMaker-Accept, else Accept.
  std::string_view input_location;  // InvokeEndpointAsync's own.
  std::optional<int> request_ttl_seconds;
  std::optional<int> invocation_timeout_seconds;
};

// Errors: kInvalid: a value outside its rules, or a field for what endpoints here do not do (explanations, inference
// components, containers by host name, sessions), naming it.
Result<Done> read_runtime_fields(const net::HttpRequest& request, RuntimeFields& fields);

}  // namespace chiliad::hosting
