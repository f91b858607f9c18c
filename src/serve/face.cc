#include "serve/face.h"

#include <cstdint>

#include "base/json_writer.h"
#include "base/uuid.h"

namespace chiliad::serve {
namespace {

constexpr std::string_view kRetrySeconds = "1";

void add_request_id(net::HttpResponse& response) {
  response.fields += "x-amzn-RequestId: ";
  append_uuid(response.fields);
  response.fields += "\r\n";
}

// What the container would have said, inside AWS's answer.
void answer_model_error(int original_status, const Error& error, net::HttpResponse& response) {
  response.status = 424;
  response.content_type = "application/json";
  response.add_field("x-amzn-ErrorType", "ModelError");
  add_request_id(response);
  const bool client = original_status < 500;
  JsonWriter json;
  json.begin_object();
  json.key("ErrorCode").string(client ? "CLIENT_ERROR_FROM_MODEL" : "SERVER_ERROR_FROM_MODEL");
  json.key("LogStreamArn").string("");
  json.key("Message").string("Received " + std::string(client ? "client" : "server") + " error (" +
                             std::to_string(original_status) + ") from primary with message \"" + error.message +
                             "\".");
  json.key("OriginalMessage").string(error.message);
  json.key("OriginalStatusCode").integer(original_status);
  json.end_object();
  response.body = std::move(json).take();
}

int model_status(ErrorCode code) {
  // A model that cannot be had is the server's fault towards the caller, whatever its code says about the archive.
  return code == ErrorCode::kTooLarge ? 507 : 500;
}

std::string_view container_error_type(int status) {
  switch (status) {
    case 400: return "BadRequestException";
    case 404: return "ModelNotFoundException";
    case 409: return "ConflictStatusException";
    case 507: return "InsufficientMemoryException";
    case 503:
    case 504: return "ServiceUnavailableException";
    default: return "InternalServerException";
  }
}

}  // namespace

void RuntimeFace::answer(int status, std::string_view error_type, std::string_view message,
                         net::HttpResponse& response) {
  response.status = status;
  response.content_type = "application/json";
  response.add_field("x-amzn-ErrorType", error_type);
  add_request_id(response);
  if (status == 429 || status == 503) response.add_field("Retry-After", kRetrySeconds);
  JsonWriter json;
  json.begin_object().key("Message").string(message).end_object();
  response.body = std::move(json).take();
}

void RuntimeFace::fail(const Error& error, Stage stage, std::string_view model, net::HttpResponse& response) const {
  switch (stage) {
    case Stage::kAddress: return answer(400, "ValidationError", error.message, response);
    case Stage::kBusy: return answer(429, "ModelNotReadyException", error.message, response);
    case Stage::kRequest:
      return answer_model_error(error.code == ErrorCode::kInvalid ? 400 : net::http_status(error.code), error,
                                response);
    case Stage::kModel: break;
  }
  switch (error.code) {
    case ErrorCode::kNotFound:
      return answer(400, "ValidationError",
                    "Failed to download model data (location: " + location_ + ", key: " + std::string(model) +
                        "). Please ensure that there is an object at that place",
                    response);
    case ErrorCode::kDeadline:
      return answer(429, "ModelNotReadyException", "Model " + std::string(model) + " is not ready: " + error.message,
                    response);
    case ErrorCode::kUnavailable:
    case ErrorCode::kForbidden:
    case ErrorCode::kNoSpace: return answer(503, "ServiceUnavailable", error.message, response);
    default: return answer_model_error(model_status(error.code), error, response);
  }
}

void RuntimeFace::succeed(net::HttpResponse& response) const {
  response.fields += "x-Amzn-Invoked-Production-Variant: AllTraffic\r\n";
  add_request_id(response);
}

void ContainerFace::fail(const Error& error, Stage stage, std::string_view, net::HttpResponse& response) const {
  int status = net::http_status(error.code);
  if (stage == Stage::kModel && (error.code == ErrorCode::kTooLarge)) status = 507;
  if (stage == Stage::kModel && error.code == ErrorCode::kForbidden) status = 500;
  if (stage == Stage::kBusy) status = 503;
  response.status = status;
  response.content_type = "application/json";
  if (status == 503) response.add_field("Retry-After", kRetrySeconds);
  JsonWriter json;
  json.begin_object().key("code").integer(status).key("type").string(container_error_type(status));
  json.key("message").string(error.message).end_object();
  response.body = std::move(json).take();
}

}  // namespace chiliad::serve
