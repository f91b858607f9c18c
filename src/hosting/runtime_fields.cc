#include "hosting/runtime_fields.h"

#include <algorithm>

#include "base/number.h"

namespace chiliad::hosting {
namespace {

constexpr std::string_view kPrefix = "X-Amzn-SageMaker-";

Error wrong_field(std::string_view field, std::string_view reason) {
  return Error{ErrorCode::kInvalid, std::string(kPrefix) + std::string(field) + ": " + std::string(reason)};
}

Result<Done> text(std::string_view field, std::string_view value, std::size_t most, std::string_view& into) {
  if (value.empty()) return wrong_field(field, "is empty");
  if (value.size() > most) return wrong_field(field, "is longer than " + std::to_string(most) + " characters");
  into = value;
  return Done{};
}

// Text that goes back to clients and into records.
Result<Done> ascii_text(std::string_view field, std::string_view value, std::size_t most, std::string_view& into) {
  if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; })) {
    return wrong_field(field, "holds characters other than printable ASCII");
  }
  if (value.empty()) return Done{};
  return text(field, value, most, into);
}

Result<Done> read_seconds(std::string_view field, std::string_view value, int least, int most,
                          std::optional<int>& into) {
  const std::optional<std::int64_t> number = parse_integer(value);
  if (!number || *number < least || *number > most) {
    return wrong_field(field, "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  into = static_cast<int>(*number);
  return Done{};
}

// `name` without the prefix.
Result<Done> read_field(std::string_view name, std::string_view value, RuntimeFields& fields) {
  const auto is = [name](std::string_view known) { return net::same_ignoring_case(name, known); };
  if (is("Target-Model")) {
    if (value.starts_with('/')) value.remove_prefix(1);
    return text(name, value, 1024, fields.target_model);
  }
  if (is("Target-Variant")) return text(name, value, 63, fields.target_variant);
  if (is("Custom-Attributes")) return ascii_text(name, value, 1024, fields.custom_attributes);
  if (is("Inference-Id")) return ascii_text(name, value, 64, fields.inference_id);
  if (is("Content-Type")) return ascii_text(name, value, 1024, fields.content_type);
  if (is("Accept")) return ascii_text(name, value, 1024, fields.accept);
  if (is("InputLocation")) return text(name, value, 1024, fields.input_location);
  if (is("RequestTTLSeconds")) return read_seconds(name, value, 60, 21'600, fields.request_ttl_seconds);
  if (is("InvocationTimeoutSeconds")) return read_seconds(name, value, 1, 3'600, fields.invocation_timeout_seconds);
  if (is("Enable-Explanations")) return wrong_field(name, "this endpoint has no explainer");
  if (is("Inference-Component")) return wrong_field(name, "this endpoint has no inference components");
  if (is("Target-Container-Hostname")) return wrong_field(name, "this endpoint is not a multi-container endpoint");
  if (is("Session-Id")) return wrong_field(name, "models of this endpoint keep no sessions");
  if (is("S3OutputPathExtension") || is("Filename")) return wrong_field(name, "is not supported");
  return Done{};
}

}  // namespace

Result<Done> read_runtime_fields(const net::HttpRequest& request, RuntimeFields& fields) {
  std::string_view content_type;
  std::string_view accept;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    const std::string_view name = request.field_name(i);
    if (name.size() > kPrefix.size() && net::same_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) {
      Result<Done> read = read_field(name.substr(kPrefix.size()), request.field_value(i), fields);
      if (!read) return read;
    } else if (content_type.empty() && net::same_ignoring_case(name, "Content-Type")) {
      content_type = request.field_value(i);
    } else if (accept.empty() && net::same_ignoring_case(name, "Accept")) {
      accept = request.field_value(i);
    }
  }
  if (fields.content_type.empty()) fields.content_type = content_type;
  if (fields.accept.empty()) fields.accept = accept;
  return Done{};
}

}  // namespace chiliad::hosting
