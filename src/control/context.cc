#include "control/context.h"

#include <fmt/format.h>

#include <algorithm>

namespace chiliad::control {

using aws::ApiError;
using aws::Json;

std::string Context::arn(ResourceKind kind, std::string_view name) const {
  return aws::make_arn("sagemaker", options.region, options.account, fmt::format("{}/{}", words_of(kind).type, name));
}

ApiError validation_error(std::string message) { return {400, "ValidationException", std::move(message)}; }

ApiError not_here(std::string_view what, std::string_view instead) {
  return validation_error(fmt::format("{} is not supported by this server: {}", what, instead));
}

ApiError failure(const Error& error) {
  const bool later = error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kNoSpace;
  return later ? ApiError{503, "ServiceUnavailable", error.message} : ApiError{500, "InternalFailure", error.message};
}

ApiError not_found(const Context& context, ResourceKind kind, std::string_view name) {
  const KindWords& words = words_of(kind);
  const std::string message = fmt::format("Could not find {} \"{}\".", words.said, context.arn(kind, name));
  return words.is_job ? ApiError{400, "ResourceNotFound", message} : validation_error(message);
}

ApiError already_exists(const Context& context, ResourceKind kind, std::string_view name) {
  const KindWords& words = words_of(kind);
  if (!words.is_job)
    return validation_error(
        fmt::format("Cannot create already existing {} \"{}\".", words.said, context.arn(kind, name)));
  return {400, "ResourceInUse",
          fmt::format("Job name must be unique within an AWS account and region, and a {} with this name already "
                      "exists ({})",
                      words.said, context.arn(kind, name))};
}

ApiError limit_exceeded(std::string_view what, std::int64_t limit, std::int64_t used, std::int64_t wanted) {
  return {400, "ResourceLimitExceeded",
          fmt::format("The account-level service limit '{}' is {}, with current utilization of {} and a request delta "
                      "of {}. It is an option of this server.",
                      what, limit, used, wanted)};
}

std::optional<ApiError> denied(const aws::Caller& caller, std::string_view action, std::string_view resource,
                               const aws::Conditions& conditions) {
  const aws::Decision decision = caller.decide(action, resource, conditions);
  if (decision == aws::Decision::kAllowed) return std::nullopt;
  return aws::access_denied_json(caller, action, resource, decision);
}

std::optional<ApiError> denied(const Request& request, ResourceKind kind, std::string_view name) {
  return denied(request.caller, fmt::format("sagemaker:{}", request.operation.name), request.context.arn(kind, name));
}

std::optional<ApiError> creation_denied(const Request& request, ResourceKind kind, std::string_view name,
                                        const std::string* role, std::span<const aws::Condition> more) {
  const std::string arn = request.context.arn(kind, name);
  std::vector<std::string> keys;  // "aws:RequestTag/team"
  std::vector<aws::Condition> conditions(more.begin(), more.end());
  const Json* tags = aws::member(request.input, "Tags");
  const bool tagged = tags != nullptr && !tags->empty();
  if (tagged) {
    keys.reserve(tags->size());
    for (const Json& tag : *tags) {
      const std::string& key = *aws::string_member(tag, "Key");
      keys.push_back("aws:RequestTag/" + key);
      conditions.push_back({keys.back(), *aws::string_member(tag, "Value")});
      conditions.push_back({"aws:TagKeys", key});
    }
  }
  const aws::Conditions asked{std::span<const aws::Condition>(conditions)};
  auto refused = denied(request.caller, fmt::format("sagemaker:{}", request.operation.name), arn, asked);
  if (!refused && tagged) refused = denied(request.caller, "sagemaker:AddTags", arn, asked);
  if (!refused && role != nullptr)
    refused = denied(request.caller, "iam:PassRole", *role, {{"iam:PassedToService", "sagemaker.amazonaws.com"}});
  return refused;
}

std::variant<std::vector<Tag>, ApiError> read_tags(const Context& context, const Json& input) {
  std::vector<Tag> tags;
  const Json* given = aws::member(input, "Tags");
  if (given == nullptr) return tags;
  for (const Json& tag : *given) {
    Tag one{*aws::string_member(tag, "Key"), *aws::string_member(tag, "Value")};
    if (one.key.starts_with("aws:"))
      return validation_error(fmt::format("Tag key '{}' is reserved: keys cannot start with 'aws:'", one.key));
    if (std::ranges::find(tags, one.key, &Tag::key) != tags.end())
      return validation_error(fmt::format("Duplicate tag key '{}' found", one.key));
    tags.push_back(std::move(one));
  }
  if (static_cast<std::int64_t>(tags.size()) > context.options.limits.tags)
    return limit_exceeded("tags of a resource", context.options.limits.tags, 0, static_cast<std::int64_t>(tags.size()));
  return tags;
}

aws::JsonAnswer write_answer(Context& context, const std::function<aws::JsonAnswer(Transaction&)>& body) {
  aws::JsonAnswer answer = Json::object();
  Result<Done> done = context.resources->write([&](Transaction& transaction) -> Result<Done> {
    answer = body(transaction);
    if (std::holds_alternative<ApiError>(answer)) return Error{ErrorCode::kConflict, "refused"};
    return Done{};
  });
  if (!done && std::holds_alternative<Json>(answer)) return failure(done.error());
  return answer;
}

Json pick(ShapeIndex structure, std::initializer_list<const Json*> sources) {
  Json picked = Json::object();
  for (const Member& member : members(shapes()[structure])) {
    for (const Json* source : sources) {
      const Json* value = aws::member(*source, member.name);
      if (value == nullptr) continue;
      Json known = known_members(member.shape, *value);
      if (!known.is_null()) picked[std::string(member.name)] = std::move(known);
      break;
    }
  }
  return picked;
}

const Json* at(const Json& value, std::string_view path) {
  const Json* found = &value;
  while (found != nullptr && !path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    found = aws::member(*found, path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return found;
}

std::string text_at(const Json& value, std::string_view path) {
  const Json* found = at(value, path);
  return found != nullptr && found->is_string() ? found->get_ref<const std::string&>() : std::string();
}

std::vector<std::string> text_list(const Json& value, std::string_view path) {
  std::vector<std::string> texts;
  if (const Json* found = at(value, path))
    for (const Json& item : *found)
      if (const auto* text = item.get_ptr<const std::string*>()) texts.push_back(*text);
  return texts;
}

std::int64_t integer_at(const Json& value, std::string_view path, std::int64_t otherwise) {
  const Json* found = at(value, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

}  // namespace chiliad::control
