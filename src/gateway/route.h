// Route: which service a request is for, by its head alone.
//
// One port serves all services, so they are told apart as follows; the first rule that applies decides:
//
//   1. X-Amz-Target             "SageMaker.DescribeEndpoint": the JSON service of that prefix
//   2. the signature's scope    .../us-east-1/sts/aws4_request: sts, iam, monitoring: Query; sagemaker: the runtime; s3
//   3. the path                 /endpoints/...: the runtime;  GET /ping, GET /metrics: the gateway itself
//   4. a form sent to "/"       Query; the body's Version says which service
//   5. anything else            S3
//
// Rule the rest relies on: whoever is chosen here is compared with the scope of the signature afterwards, so a signed
// request reaches the service that it was signed for or none.
//
// Thread safety: values, pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service.h"
#include "net/http_message.h"

namespace chiliad::gateway {

// The services of an installation. Pointers may be null only where it says so.
struct Services {
  struct JsonEntry {
    std::string target;        // "SageMaker": what stands before the last '.' of X-Amz-Target.
    std::string signing_name;  // "sagemaker": the service in signatures.
    aws::JsonService* service;
  };
  struct QueryEntry {
    std::string signing_name;  // "sts"
    std::string version;       // "2011-06-15": tells unsigned forms apart.
    std::string xmlns;         // Of errors: "https://sts.amazonaws.com/doc/2011-06-15/".
    aws::HttpService* service;
  };
  std::vector<JsonEntry> json;
  std::vector<QueryEntry> query;
  aws::HttpService* runtime = nullptr;  // Null: there are no endpoints.
  aws::HttpService* objects = nullptr;  // Null: there is no S3.
};

// How a service words answers.
enum class Protocol : std::uint8_t { kJson, kQuery, kRestJson, kS3, kPlain };

struct Route {
  enum class Kind : std::uint8_t { kJson, kQuery, kForm, kRuntime, kObjects, kPing, kMetrics, kUnknown };

  Kind kind = Kind::kUnknown;
  Protocol protocol = Protocol::kPlain;
  const Services::JsonEntry* json = nullptr;
  const Services::QueryEntry* query = nullptr;
  std::string_view signing_name;  // That the signature must have.
  std::string_view operation;     // Of X-Amz-Target, a view of the request.
};

// The answer's views live as long as `services` and `request`. kUnknown: the wording that the client will understand is
// in `protocol`.
Route route_of(const net::HttpRequest& request, const Services& services);

// The service of a kForm by its body; null: none has this version.
const Services::QueryEntry* query_service(std::string_view form, const Services& services);

// What makes a head one that two readers could read differently; empty: nothing. A sentence for the client.
//   - a field twice that says who calls, what or where (Host, X-Amz-Target, X-Amz-Security-Token, ...);
//   - outside of S3 a path with empty parts, "." or "..": it is signed without them.
std::string_view wrong_with_head(const net::HttpRequest& request, const Route& route);

}  // namespace chiliad::gateway
