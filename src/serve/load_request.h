// The body of POST /models: {"model_name": "m1", "url": "/opt/ml/models/m1/model"}.
//
// Source: SageMaker developer guide, "Build your own container for multi-model endpoints", Load Model API.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::serve {

struct LoadRequest {
  std::string model_name;
  std::string url;
};

// Other fields are ignored: platforms add some. Errors: kInvalid: no JSON object, a field missing or no text, a name
// outside the rules of check_model_name().
Result<LoadRequest> read_load_request(std::string_view body);

}  // namespace chiliad::serve
