// What the gateway hands to a service, and the interface of services that speak JSON.
//
// Thread safety: call() comes from several threads at a time.

#pragma once

#include <string_view>
#include <variant>

#include "aws/api_error.h"
#include "aws/caller.h"
#include "aws/json.h"
#include "net/http_server.h"

namespace chiliad::aws {

// One request of somebody known. Everything in it lives until the request is answered, but for `response` and
// `exchange`, which end with the call: who defers copies the Caller, region and id first.
struct Call {
  const Caller& caller;
  std::string_view region;  // Of the signature, or the installation's own.
  const net::HttpRequest& request;
  net::HttpResponse& response;
  net::HttpExchange& exchange;
  std::string_view request_id;  // Already in the answer's fields.
};

using JsonAnswer = std::variant<Json, ApiError>;

// A service of the JSON 1.0 or 1.1 protocol (X-Amz-Target). The gateway parses the body and writes the answer.
class JsonService {
 public:
  virtual ~JsonService() = default;
  // `operation` is what follows the dot of X-Amz-Target ("DescribeEndpoint"); unknown ones are answered with
  // UnknownOperationException. `input` is an object.
  virtual JsonAnswer call(std::string_view operation, const Json& input, const Call& call) = 0;
};

// A service that reads the request and fills call.response, or defers, by itself: S3, the runtime, Query.
class HttpService {
 public:
  virtual ~HttpService() = default;
  virtual void handle(const Call& call) = 0;
};

}  // namespace chiliad::aws
