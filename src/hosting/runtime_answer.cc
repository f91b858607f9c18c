#include "hosting/runtime_answer.h"

#include "base/json_writer.h"

namespace chiliad::hosting {
namespace {

constexpr std::string_view kRetrySeconds = "1";

void answer_model_error(const HostResult& result, const LogPlace& log, net::HttpResponse& response) {
  response.status = 424;
  response.content_type = "application/json";
  response.add_field("x-amzn-ErrorType", "ModelError");
  const bool client = result.original_status >= 400 && result.original_status < 500;
  JsonWriter json;
  json.begin_object();
  json.key("ErrorCode").string(client ? "CLIENT_ERROR_FROM_MODEL" : "SERVER_ERROR_FROM_MODEL");
  json.key("LogStreamArn").string(log.group_arn);
  json.key("Message").string("Received " + std::string(client ? "client" : "server") + " error (" +
                             std::to_string(result.original_status) + ") from primary with message \"" +
                             result.message + "\". See the log group " + log.group + " for more information.");
  json.key("OriginalMessage").string(result.message);
  json.key("OriginalStatusCode").integer(result.original_status);
  json.end_object();
  response.body = std::move(json).take();
}

}  // namespace

void answer_error(int status, std::string_view type, std::string_view message, net::HttpResponse& response) {
  response.status = status;
  response.content_type = "application/json";
  if (!type.empty()) response.add_field("x-amzn-ErrorType", type);
  if (status == 429 || status == 503) response.add_field("Retry-After", kRetrySeconds);
  JsonWriter json;
  json.begin_object().key("Message").string(message).key("message").string(message).end_object();
  response.body = std::move(json).take();
}

void answer_failure(const HostResult& result, const LogPlace& log, net::HttpResponse& response) {
  switch (result.end) {
    case HostEnd::kInvalid: return answer_error(400, "ValidationError", result.message, response);
    case HostEnd::kModelError: return answer_model_error(result, log, response);
    case HostEnd::kNotReady: return answer_error(429, "ModelNotReadyException", result.message, response);
    case HostEnd::kUnavailable: return answer_error(503, "ServiceUnavailable", result.message, response);
    case HostEnd::kAnswered: break;
  }
  answer_error(500, "InternalFailure", "the call ended without an answer", response);
}

int status_of(const HostResult& result) {
  switch (result.end) {
    case HostEnd::kAnswered: return 200;
    case HostEnd::kInvalid: return 400;
    case HostEnd::kModelError: return 424;
    case HostEnd::kNotReady: return 429;
    case HostEnd::kUnavailable: return 503;
  }
  return 500;
}

}  // namespace chiliad::hosting
