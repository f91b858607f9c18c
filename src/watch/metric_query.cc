// The Query protocol: forms to JSON by the members' names, JSON to XML by its shape.
//
//   MetricData.member.1.Dimensions.member.1.Name=a   ->   {"MetricData": [{"Dimensions": [{"Name": "a"}]}]}

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "aws/content_coding.h"
#include "aws/query.h"
#include "aws/xml.h"
#include "base/number.h"
#include "base/time.h"
#include "watch/metric_service.h"

namespace chiliad::watch {
namespace {

using aws::Json;

constexpr std::int64_t kMaxIndex = 1'000;
constexpr int kMaxLevels = 12;
constexpr std::uint64_t kMaxFormBytes = std::uint64_t{1} << 20;

// "2026-11-22T18:32:29Z", "...29.123Z", "...29+00:00", or seconds since 1970.
std::optional<double> seconds_of(std::string_view text) {
  if (const std::optional<double> seconds = parse_double(text)) return seconds;
  for (const std::string_view zone : {"Z", "+00:00", "-00:00", "+0000"}) {
    if (text.ends_with(zone)) {
      text.remove_suffix(zone.size());
      break;
    }
  }
  const Result<Instant> instant = parse_instant(text);
  if (!instant) return std::nullopt;
  return static_cast<double>(nanos_since_epoch(*instant)) / 1e9;
}

enum class Type : std::uint8_t { kText, kInteger, kNumber, kBoolean, kTime };

// By the name of the member, or of the list that it is in; a dimension's Value is a text.
Type type_of(std::string_view member, bool in_dimension) {
  static const std::map<std::string_view, Type> kTypes = {{"Period", Type::kInteger},
                                                          {"StorageResolution", Type::kInteger},
                                                          {"MaxDatapoints", Type::kInteger},
                                                          {"MaxRecords", Type::kInteger},
                                                          {"Value", Type::kNumber},
                                                          {"Values", Type::kNumber},
                                                          {"Counts", Type::kNumber},
                                                          {"SampleCount", Type::kNumber},
                                                          {"Sum", Type::kNumber},
                                                          {"Minimum", Type::kNumber},
                                                          {"Maximum", Type::kNumber},
                                                          {"ReturnData", Type::kBoolean},
                                                          {"StartTime", Type::kTime},
                                                          {"EndTime", Type::kTime},
                                                          {"Timestamp", Type::kTime},
                                                          {"StrictEntityValidation", Type::kBoolean},
                                                          {"IncludeLinkedAccounts", Type::kBoolean}};
  const auto found = kTypes.find(member);
  return in_dimension || found == kTypes.end() ? Type::kText : found->second;
}

Result<Json> leaf(std::string_view path, std::string_view member, bool in_dimension, const std::string& text) {
  switch (type_of(member, in_dimension)) {
    case Type::kText: return Json(text);
    case Type::kInteger:
      if (const std::optional<std::int64_t> value = parse_integer(text)) return Json(*value);
      break;
    case Type::kNumber:
      if (const std::optional<double> value = parse_double(text)) return Json(*value);
      break;
    case Type::kTime:
      if (const std::optional<double> value = seconds_of(text)) return Json(*value);
      break;
    case Type::kBoolean:
      if (text == "true" || text == "false") return Json(text == "true");
      break;
  }
  return Error{ErrorCode::kInvalid, fmt::format("The value {} for parameter {} is invalid.",
                                                std::string_view(text).substr(0, 100), path.substr(0, 200))};
}

// Puts one parameter into the tree. Lists are objects of numbers until they are complete: numbers may come in any
// order.
struct Node {
  std::map<std::string, Node, std::less<>> members;
  std::map<std::int64_t, Node> elements;
  std::optional<Json> value;
};

Result<Done> place(Node& root, std::string_view path, const std::string& text) {
  Node* at = &root;
  std::string_view rest = path;
  std::string_view name;
  bool in_dimension = false;
  const Error odd{ErrorCode::kInvalid, fmt::format("The parameter {} is not recognized.", path.substr(0, 200))};
  for (int level = 0; !rest.empty(); ++level) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (piece.empty() || level == kMaxLevels) return odd;
    if (piece == "member") {
      const std::size_t digits = std::min(rest.find('.'), rest.size());
      const std::optional<std::int64_t> index = parse_integer(rest.substr(0, digits));
      if (!index || *index < 1 || *index > kMaxIndex) return odd;
      rest.remove_prefix(std::min(digits + 1, rest.size()));
      at = &at->elements[*index];
      in_dimension = name == "Dimensions";
    } else {
      name = piece;
      at = &at->members[std::string(piece)];
    }
  }
  Result<Json> value = leaf(path, name, in_dimension, text);
  if (!value) return std::move(value).error();
  at->value = std::move(value).operator*();
  return Done{};
}

Json json_of(const Node& node) {
  if (!node.elements.empty()) {
    Json list = Json::array();
    for (const auto& [index, element] : node.elements) list.push_back(json_of(element));
    return list;
  }
  if (node.value && node.members.empty()) return *node.value;
  Json object = Json::object();
  for (const auto& [name, member] : node.members) object[name] = json_of(member);
  return object;
}

void append_xml(aws::XmlWriter& xml, std::string_view name, const Json& value);

void append_text(aws::XmlWriter& xml, std::string_view name, const Json& value, bool time) {
  if (const auto* text = value.get_ptr<const std::string*>()) {
    xml.text(name, *text);
  } else if (value.is_boolean()) {
    xml.boolean(name, value.get<bool>());
  } else if (time) {
    xml.text(name, format_instant_fixed(Instant(std::chrono::seconds(value.get<std::int64_t>())), 0) + "Z");
  } else if (value.is_number_integer()) {
    xml.integer(name, value.get<std::int64_t>());
  } else {
    std::string number;
    append_repr(number, value.get<double>());
    xml.text(name, number);
  }
}

void append_members(aws::XmlWriter& xml, const Json& object) {
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) append_xml(xml, name, value);
}

void append_xml(aws::XmlWriter& xml, std::string_view name, const Json& value) {
  if (const auto* list = value.get_ptr<const Json::array_t*>()) {
    xml.open(name);
    for (const Json& element : *list) {
      if (element.is_object()) {
        xml.open("member");
        append_members(xml, element);
        xml.close();
      } else {
        append_text(xml, "member", element, name == "Timestamps");
      }
    }
    xml.close();
  } else if (value.is_object()) {
    xml.open(name);
    if (name == "ExtendedStatistics") {
      for (const auto& [key, entry] : value.get_ref<const Json::object_t&>()) {
        xml.open("entry").text("key", key);
        append_text(xml, "value", entry, false);
        xml.close();
      }
    } else {
      append_members(xml, value);
    }
    xml.close();
  } else if (!value.is_null()) {
    append_text(xml, name, value, name == "Timestamp");
  }
}

}  // namespace

Result<Json> metric_input_of_form(std::string_view form) {
  const Result<aws::QueryForm> parsed = aws::QueryForm::parse(form);
  if (!parsed) return parsed.error();
  Node root;
  for (const auto& [path, text] : *parsed) {
    if (path == "Action" || path == "Version") continue;
    // What old clients sign with.
    if (path.starts_with("AWSAccessKeyId") || path.starts_with("Signature") || path.starts_with("X-Amz-")) continue;
    Result<Done> placed = place(root, path, text);
    if (!placed) return std::move(placed).error();
  }
  Json json = json_of(root);
  return json.is_object() ? std::move(json) : Json::object();
}

void MetricQueryService::handle(const aws::Call& call) {
  call.response.content_type = aws::kQueryContentType;
  const auto refuse = [&](const aws::ApiError& error) {
    call.response.status = error.status;
    call.response.body = aws::query_error(kMetricXmlns, error, call.request_id);
  };
  const Result<std::string> body =
      aws::decoded_body(call.request.field("content-encoding"), call.request.body(), kMaxFormBytes);
  if (!body) return refuse({400, "MalformedInput", body.error().message});
  const std::string_view form = call.request.method() == "GET" ? call.request.query() : std::string_view(*body);
  const Result<aws::QueryForm> head = aws::QueryForm::parse(form);
  const Result<Json> input = metric_input_of_form(form);
  if (!head || !input) return refuse({400, "InvalidParameterValue", (!head ? head.error() : input.error()).message});
  const std::string action(head->get("Action"));
  if (action.empty()) return refuse({400, "MissingAction", "The form has no Action"});
  const aws::JsonAnswer answer = service_.call(action, *input, call);
  if (const auto* error = std::get_if<aws::ApiError>(&answer)) return refuse(*error);
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  append_members(xml, std::get<Json>(answer));
  call.response.body = aws::query_answer(action, kMetricXmlns, std::move(xml).take(), call.request_id);
}

}  // namespace chiliad::watch
