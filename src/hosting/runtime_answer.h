// How the runtime API words success and failure.
//
//   400 ValidationError   403 AccessDeniedException   413   424 ModelError   429 ModelNotReadyException
//   500 InternalFailure   503 ServiceUnavailable
//
// Source: Amazon SageMaker runtime API reference, InvokeEndpoint.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "hosting/model_host.h"
#include "net/http_message.h"

namespace chiliad::hosting {

// Sets status, fields and body; fields that are there stay. Retry-After with 429 and 503.
void answer_error(int status, std::string_view type, std::string_view message, net::HttpResponse& response);

// Where a failing model's words can be read.
struct LogPlace {
  std::string group;      // "/aws/sagemaker/Endpoints/e"
  std::string group_arn;  // LogStreamArn.
};

// An end other than kAnswered.
void answer_failure(const HostResult& result, const LogPlace& log, net::HttpResponse& response);

// The status that answer_failure() sets; 200 for kAnswered.
int status_of(const HostResult& result);

}  // namespace chiliad::hosting
