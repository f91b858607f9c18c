#include "gateway/wording.h"

#include <fmt/format.h>

#include "aws/json.h"
#include "aws/query.h"
#include "aws/xml.h"
#include "base/json_writer.h"

namespace chiliad::gateway {
namespace {

using Reason = net::sigv4::Refusal::Reason;

constexpr std::string_view kNoNamespace = "";

// What a client sent, short enough for a message.
std::string_view shown(std::string_view text) { return text.substr(0, 100); }

// JSON answers failed authentication with 400, REST-JSON and Query with 403.
int denied_status(Protocol protocol) { return protocol == Protocol::kJson ? 400 : 403; }

Failure failure(int status, std::string_view code, std::string message) {
  return {{status, std::string(code), std::move(message)}, {}};
}

std::string_view bad_signature(Protocol protocol) {
  return protocol == Protocol::kQuery ? "SignatureDoesNotMatch" : "InvalidSignatureException";
}

std::string_view incomplete_signature(Protocol protocol) {
  return protocol == Protocol::kQuery ? "IncompleteSignature" : "IncompleteSignatureException";
}

std::string s3_error(const Failure& failure, const net::HttpRequest& request, std::string_view request_id) {
  aws::XmlWriter xml;
  xml.open("Error").text("Code", failure.error.code).text("Message", failure.error.message);
  if (!failure.expected_region.empty()) xml.text("Region", failure.expected_region);
  xml.text("Resource", request.path()).text("RequestId", request_id).text("HostId", request_id).close();
  return std::move(xml).take();
}

std::string message_object(const aws::ApiError& error, bool both_cases) {
  JsonWriter json;
  json.begin_object();
  if (both_cases) json.key("Message").string(error.message);
  json.key("message").string(error.message).end_object();
  return std::move(json).take();
}

}  // namespace

void name_request(Protocol protocol, std::string_view request_id, net::HttpResponse& response) {
  if (protocol == Protocol::kS3) {
    aws::add_s3_request_id(response, request_id);
  } else {
    aws::add_request_id(response, request_id);
  }
}

void answer_failure(const Failure& failure, const Route& route, const net::HttpRequest& request,
                    std::string_view request_id, net::HttpResponse& response) {
  const aws::ApiError& error = failure.error;
  response.clear();
  response.status = error.status;
  name_request(route.protocol, request_id, response);
  switch (route.protocol) {
    case Protocol::kJson:
      response.content_type = "application/x-amz-json-1.1";
      response.body = aws::json_error_body(error);
      if (net::same_ignoring_case(request.field("x-amzn-query-mode"), "true")) {
        response.add_field("x-amzn-query-error", error.code + (error.status < 500 ? ";Sender" : ";Receiver"));
      }
      break;
    case Protocol::kQuery:
      response.content_type = aws::kQueryContentType;
      response.body = aws::query_error(route.query == nullptr ? kNoNamespace : std::string_view(route.query->xmlns),
                                       error, request_id);
      break;
    case Protocol::kRestJson:
      response.add_field("x-amzn-ErrorType", error.code);
      response.body = message_object(error, true);
      break;
    case Protocol::kS3:
      response.content_type = "application/xml";
      if (request.method() != "HEAD") response.body = s3_error(failure, request, request_id);
      break;
    case Protocol::kPlain: response.body = message_object(error, false); break;
  }
}

Failure failure_of(const net::sigv4::Refusal& refusal, Protocol protocol) {
  if (protocol == Protocol::kS3) return failure(refusal.status, refusal.code, refusal.message);
  switch (refusal.reason) {
    case Reason::kMalformed:
    case Reason::kNotSupported:
    case Reason::kNoDate:
    case Reason::kNoPayloadHash:
    case Reason::kBody: return failure(400, incomplete_signature(protocol), refusal.message);
    case Reason::kNotSigned:
    case Reason::kMismatch: return failure(denied_status(protocol), bad_signature(protocol), refusal.message);
    case Reason::kSkewed:
    case Reason::kExpired:
      return failure(denied_status(protocol), bad_signature(protocol), "Signature expired: " + refusal.message);
  }
  return failure(denied_status(protocol), bad_signature(protocol), refusal.message);
}

Failure failure_of(identity::KeyRefusal refusal, Protocol protocol) {
  switch (protocol) {
    case Protocol::kQuery: return {identity::refusal_error(refusal, identity::Wording::kQuery), {}};
    case Protocol::kS3: return {identity::refusal_error(refusal, identity::Wording::kS3), {}};
    default: break;
  }
  Failure result{identity::refusal_error(refusal, identity::Wording::kJson), {}};
  if (protocol == Protocol::kRestJson && result.error.status == 400) result.error.status = 403;
  return result;
}

Failure not_signed(Protocol protocol) {
  if (protocol == Protocol::kS3) return failure(403, "AccessDenied", "Access Denied");
  return failure(
      denied_status(protocol),
      protocol == Protocol::kQuery ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException",
      protocol == Protocol::kQuery ? "Request is missing Authentication Token" : "Missing Authentication Token");
}

Failure wrong_service(Protocol protocol, std::string_view service, std::string_view expected) {
  if (protocol == Protocol::kS3) {
    return failure(400, "AuthorizationHeaderMalformed",
                   fmt::format("The authorization header is malformed; incorrect service \"{}\". This endpoint belongs "
                               "to \"{}\".",
                               shown(service), expected));
  }
  return failure(
      denied_status(protocol), bad_signature(protocol),
      fmt::format("Credential should be scoped to correct service: '{}', not '{}'.", expected, shown(service)));
}

Failure wrong_region(Protocol protocol, std::string_view region, std::string_view expected) {
  if (protocol == Protocol::kS3) {
    Failure result = failure(400, "AuthorizationHeaderMalformed",
                             fmt::format("The authorization header is malformed; the region '{}' is wrong; expecting "
                                         "'{}'",
                                         shown(region), expected));
    result.expected_region = expected;
    return result;
  }
  return failure(
      denied_status(protocol), bad_signature(protocol),
      fmt::format("Credential should be scoped to a valid region: '{}', not '{}'.", expected, shown(region)));
}

Failure throttled(Protocol protocol) {
  switch (protocol) {
    case Protocol::kQuery: return failure(400, "Throttling", "Rate exceeded");
    case Protocol::kJson: return failure(400, "ThrottlingException", "Rate exceeded");
    case Protocol::kS3: return failure(503, "SlowDown", "Please reduce your request rate.");
    default: return failure(503, "ServiceUnavailable", "Too many requests wait: try again later");
  }
}

Failure unknown_operation(Protocol protocol, std::string_view what) {
  const std::string message = fmt::format("This server has no operation or service '{}'", shown(what));
  switch (protocol) {
    case Protocol::kQuery: return failure(400, "InvalidAction", message);
    case Protocol::kJson: return failure(400, "UnknownOperationException", message);
    case Protocol::kS3: return failure(501, "NotImplemented", message);
    default: return failure(404, "UnknownOperationException", message);
  }
}

Failure malformed(Protocol protocol, std::string_view why) {
  std::string message(why);
  switch (protocol) {
    case Protocol::kQuery: return failure(400, "MalformedQueryString", std::move(message));
    case Protocol::kJson: return failure(400, "SerializationException", std::move(message));
    case Protocol::kS3: return failure(400, "InvalidRequest", std::move(message));
    case Protocol::kRestJson: return failure(400, "ValidationError", std::move(message));
    case Protocol::kPlain: break;
  }
  return failure(400, "BadRequest", std::move(message));
}

Failure refused_by_server(Protocol protocol, int status, std::string_view reason) {
  Failure result = malformed(protocol, reason);
  result.error.status = status;
  const bool s3 = protocol == Protocol::kS3;
  switch (status) {
    case 408: result.error.code = s3 ? "RequestTimeout" : "RequestTimeoutException"; break;
    case 413:
      if (s3) result.error.code = "EntityTooLarge";
      if (protocol == Protocol::kJson) result.error.code = "RequestEntityTooLargeException";
      break;
    case 500: result.error.code = s3 ? "InternalError" : "InternalFailure"; break;
    case 501: result.error.code = s3 ? "NotImplemented" : "NotImplementedException"; break;
    case 503: result.error.code = s3 ? "SlowDown" : "ServiceUnavailable"; break;
    default: break;
  }
  return result;
}

}  // namespace chiliad::gateway
