// What the gateway hands to a service, and the interfaces of services.
//
// Thread safety: call() comes from several threads at a time.

#pragma once

#include <string_view>
#include <variant>

#include "aws/api_error.h"
#include "aws/caller.h"
#include "aws/json.h"
#include "net/http_server.h"
#include "net/sigv4_check.h"

namespace chiliad::aws {

// The signature that the gateway found to be right; a signed stream of chunks goes on from it (net/aws_chunked.h). Both
// null: the request was not signed, or signatures are not asked for.
struct Signature {
  const net::sigv4::SignatureClaim* claim = nullptr;
  const net::sigv4::SigningKey* key = nullptr;
};

// A request of somebody known whose body is still to come.
struct HeadCall {
  const Caller& caller;
  std::string_view region;          // Of the signature, or the installation's own.
  const net::HttpRequest& request;  // The one that handle() will get; its body is empty.
  net::HttpResponse& response;      // For a plan that refuses.
  std::string_view request_id;
  Signature signature;
};

// One request of somebody known. Everything in it lives until the request is answered, but for `response` and
// `exchange`, which end with the call: who defers copies the Caller, region and id first.
struct Call {
  const Caller& caller;
  std::string_view region;  // Of the signature, or the installation's own.
  const net::HttpRequest& request;
  net::HttpResponse& response;
  net::HttpExchange& exchange;
  std::string_view request_id;  // Already in the answer's fields.
  Signature signature = {};     // Of requests to HttpServices.
};

// The fields that name a request in its answer. The gateway has put them into Call::response; who defers and answers
// with a response of its own puts them there.
void add_request_id(net::HttpResponse& response, std::string_view request_id);     // x-amzn-RequestId
void add_s3_request_id(net::HttpResponse& response, std::string_view request_id);  // x-amz-request-id, x-amz-id-2

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
  // What becomes of the body of the request, as HttpHandler::begin(). handle() finds the sink as call.exchange.body().
  virtual net::HttpHandler::BodyPlan begin(const HeadCall&) { return {}; }
  virtual void handle(const Call& call) = 0;
};

}  // namespace chiliad::aws
