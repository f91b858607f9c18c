#include "job/augmented_manifest.h"

#include <nlohmann/json.hpp>

namespace chiliad::job {
namespace {

using Json = nlohmann::ordered_json;

Error wrong(std::string_view attribute, std::string_view what) {
  return {ErrorCode::kInvalid, "attribute '" + shown(attribute) + "': " + std::string(what)};
}

}  // namespace

Result<std::vector<AugmentedValue>> parse_augmented_line(std::string_view line,
                                                         const std::vector<std::string>& attributes) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::kInvalid, "expected a JSON object"};
  std::vector<AugmentedValue> out;
  for (const std::string& attribute : attributes) {
    const auto found = json.find(attribute);
    if (found == json.end()) return wrong(attribute, "is missing");
    const auto* text = found->get_ptr<const std::string*>();
    AugmentedValue& value = out.emplace_back();
    if (attribute.ends_with("-ref")) {
      if (text == nullptr) return wrong(attribute, "expected a string, the URI of an object");
      Result<S3Location> location = parse_s3_uri(*text);
      if (!location) return std::move(location).error().in("attribute '" + shown(attribute) + "'");
      value.is_object = true;
      value.object = *std::move(location);
    } else {
      value.bytes = text != nullptr ? *text : found->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  }
  return out;
}

}  // namespace chiliad::job
