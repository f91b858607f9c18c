// Wording: one failure in the form that each protocol's clients read, and the names of requests in answers.
//
//   JSON       {"__type":"ValidationException","message":"..."}; x-amzn-query-error if the client asks by
//              x-amzn-query-mode
//   Query      <ErrorResponse><Error><Type>Sender</Type><Code>...</Code>...
//   REST-JSON  x-amzn-ErrorType: ValidationError, {"Message":"...","message":"..."}
//   S3         <Error><Code>...</Code><Message>...</Message>...<RequestId>...</RequestId></Error>
//   plain      {"message":"..."}
//
// Source: smithy.io, AWS protocols; Amazon S3 API reference, "Error responses". Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "aws/api_error.h"
#include "gateway/route.h"
#include "identity/directory.h"
#include "net/http_message.h"
#include "net/sigv4_check.h"

namespace chiliad::gateway {

// A failure before a service was called.
struct Failure {
  aws::ApiError error;
  std::string expected_region;  // Of a signature for S3 in another one: SDKs sign again for this.
};

// Fills the response, the request's name included.
void answer_failure(const Failure& failure, const Route& route, const net::HttpRequest& request,
                    std::string_view request_id, net::HttpResponse& response);

// The field that names the request.
void name_request(Protocol protocol, std::string_view request_id, net::HttpResponse& response);

Failure failure_of(const net::sigv4::Refusal& refusal, Protocol protocol);
Failure failure_of(identity::KeyRefusal refusal, Protocol protocol);
Failure not_signed(Protocol protocol);
// Signed for `service`, not for `expected`.
Failure wrong_service(Protocol protocol, std::string_view service, std::string_view expected);
Failure wrong_region(Protocol protocol, std::string_view region, std::string_view expected);
// Too many requests wait.
Failure throttled(Protocol protocol);
// There is no such service or operation.
Failure unknown_operation(Protocol protocol, std::string_view what);
// The head or the body is not what it must be.
Failure malformed(Protocol protocol, std::string_view why);
// What HttpServer refuses before it is complete.
Failure refused_by_server(Protocol protocol, int status, std::string_view reason);

}  // namespace chiliad::gateway
