// JSON values of AWS's requests and answers, on paths where a few microseconds do not matter (nlohmann's library; hot
// paths read with simdjson and write with base/json_writer.h).
//
// Rule the rest relies on: nothing here throws. Json's own at(), get<T>() and dump() do, on a wrong type or bytes that
// are no UTF-8: use the functions below, or ask is_string() and its like first.
//
// Members of objects are kept sorted: hostile input then costs n log n. Source: RFC 8259; AWS JSON 1.0 and 1.1
// protocols (smithy.io). Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "aws/api_error.h"
#include "base/result.h"

namespace chiliad::aws {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t max_bytes = std::size_t{8} << 20;
  std::size_t max_depth = 64;
  std::size_t max_values = 200'000;  // About 100 bytes each.
  // A member that comes twice is refused: where two readers might see different ones. Otherwise the last one counts.
  bool unique_members = false;
};

// Errors: kInvalid: no JSON (the message says at which byte), a member twice; kTooLarge: over a limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Without blanks; bytes that are no UTF-8 become U+FFFD.
std::string json_text(const Json& value);

// The member of an object; null when it is missing, is JSON's null, or `value` is no object.
const Json* member(const Json& value, std::string_view name);
// The same, null also when it is of another type.
const std::string* string_member(const Json& value, std::string_view name);
std::optional<std::int64_t> integer_member(const Json& value, std::string_view name);
std::optional<bool> boolean_member(const Json& value, std::string_view name);

// {"__type":"ValidationException","message":"..."}: how JSON services answer.
std::string json_error_body(const ApiError& error);

}  // namespace chiliad::aws
