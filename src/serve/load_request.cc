#include "serve/load_request.h"

#include <simdjson.h>

#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

Result<std::string> text_field(simdjson::dom::object object, std::string_view name) {
  std::string_view text;
  if (object.at_key(name).get_string().get(text) != simdjson::SUCCESS) {
    std::string message("'");
    message.append(name).append("': expected a text");
    return Error{ErrorCode::kInvalid, std::move(message)};
  }
  return std::string(text);
}

}  // namespace

Result<LoadRequest> read_load_request(std::string_view body) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::dom::object object;
  if (parser.parse(padded).get_object().get(object) != simdjson::SUCCESS) {
    return Error{ErrorCode::kInvalid, "the body is not a JSON object such as {\"model_name\": ..., \"url\": ...}"};
  }
  Result<std::string> name = text_field(object, "model_name");
  if (!name) return std::move(name).error();
  Result<std::string> url = text_field(object, "url");
  if (!url) return std::move(url).error();
  if (Result<Done> checked = check_model_name(*name); !checked) return std::move(checked).error();
  return LoadRequest{std::move(*name), std::move(*url)};
}

}  // namespace chiliad::serve
