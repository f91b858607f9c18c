// Tags of every resource, by its ARN.

#include <fmt/format.h>

#include "aws/arn.h"
#include "base/hash.h"
#include "control/operations.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

// An answer holds no more by the service model, and MaxResults cannot ask for less. Only a raised limit gives a
// resource more of them.
constexpr std::int64_t kTagsOfAPage = 50;

struct Target {
  ResourceKind kind;
  std::string name;
};

// Only resources of this installation have tags here.
std::variant<Target, ApiError> target_of(const Request& request) {
  const std::string text = text_at(request.input, "ResourceArn");
  const Result<aws::Arn> arn = aws::parse_arn(text);
  if (!arn) return validation_error(arn.error().message);
  const SageMakerOptions& options = request.context.options;
  const std::optional<ResourceKind> kind = kind_of_arn_type(arn->resource_type());
  if (!kind || arn->service != "sagemaker" || arn->account != options.account || arn->region != options.region)
    return validation_error(fmt::format(
        "The ResourceArn \"{}\" names no training job, processing job, transform job, model, endpoint configuration or "
        "endpoint of account {} in {}.",
        text, options.account, options.region));
  return Target{*kind, std::string(arn->resource_id())};
}

std::optional<ApiError> tags_denied(const Request& request, const Target& target) {
  std::vector<std::string> keys;
  std::vector<aws::Condition> conditions;
  if (const Json* tags = aws::member(request.input, "Tags")) {
    keys.reserve(tags->size());
    for (const Json& tag : *tags) {
      const std::string& key = *aws::string_member(tag, "Key");
      keys.push_back("aws:RequestTag/" + key);
      conditions.push_back({keys.back(), *aws::string_member(tag, "Value")});
      conditions.push_back({"aws:TagKeys", key});
    }
  }
  if (const Json* removed = aws::member(request.input, "TagKeys"))
    for (const Json& key : *removed) conditions.push_back({"aws:TagKeys", key.get_ref<const std::string&>()});
  return denied(request.caller, fmt::format("sagemaker:{}", request.operation.name),
                request.context.arn(target.kind, target.name),
                aws::Conditions{std::span<const aws::Condition>(conditions)});
}

Json tags_json(const std::vector<Tag>& tags) {
  Json list = Json::array();
  for (const Tag& tag : tags) list.push_back({{"Key", tag.key}, {"Value", tag.value}});
  return list;
}

// Finds the resource, changes its tags, answers.
aws::JsonAnswer change_tags(const Request& request,
                            const std::function<aws::JsonAnswer(Transaction&, std::int64_t id)>& change) {
  auto target = target_of(request);
  if (auto* error = std::get_if<ApiError>(&target)) return std::move(*error);
  const auto& [kind, name] = std::get<Target>(target);
  if (auto refused = tags_denied(request, std::get<Target>(target))) return std::move(*refused);
  return write_answer(request.context, [&](Transaction& transaction) -> aws::JsonAnswer {
    Result<std::optional<Resource>> found = transaction.find(kind, name);
    if (!found) return failure(found.error());
    if (!*found) return not_found(request.context, kind, name);
    return change(transaction, (*found)->id);
  });
}

}  // namespace

aws::JsonAnswer add_tags(const Request& request) {
  auto tags = read_tags(request.context, request.input);
  if (auto* error = std::get_if<ApiError>(&tags)) return std::move(*error);
  return change_tags(request, [&](Transaction& transaction, std::int64_t id) -> aws::JsonAnswer {
    Result<Done> set = transaction.set_tags(id, std::get<std::vector<Tag>>(tags));
    if (!set) return failure(set.error());
    Result<std::vector<Tag>> now = transaction.tags(id);
    if (!now) return failure(now.error());
    const auto count = static_cast<std::int64_t>(now->size());
    const std::int64_t limit = request.context.options.limits.tags;
    if (count > limit) return limit_exceeded("tags of a resource", limit, limit, count - limit);
    if (count > kTagsOfAPage) now->resize(kTagsOfAPage);
    return Json{{"Tags", tags_json(*now)}};
  });
}

aws::JsonAnswer delete_tags(const Request& request) {
  std::vector<std::string> keys;
  for (const Json& key : *aws::member(request.input, "TagKeys")) keys.push_back(key.get_ref<const std::string&>());
  return change_tags(request, [&](Transaction& transaction, std::int64_t id) -> aws::JsonAnswer {
    Result<Done> removed = transaction.remove_tags(id, keys);
    if (!removed) return failure(removed.error());
    return Json::object();
  });
}

aws::JsonAnswer list_tags(const Request& request) {
  auto target = target_of(request);
  if (auto* error = std::get_if<ApiError>(&target)) return std::move(*error);
  const auto& [kind, name] = std::get<Target>(target);
  if (auto refused = tags_denied(request, std::get<Target>(target))) return std::move(*refused);
  const std::uint64_t question = content_hash(text_at(request.input, "ResourceArn"));
  ListQuery::Place after;
  if (const std::string token = text_at(request.input, "NextToken"); !token.empty()) {
    auto place = read_token(question, token);
    if (auto* error = std::get_if<ApiError>(&place)) return std::move(*error);
    after = std::get<ListQuery::Place>(std::move(place));
  }
  Result<std::optional<Resource>> found = request.context.resources->find(kind, name);
  if (!found) return failure(found.error());
  if (!*found) return not_found(request.context, kind, name);
  // One more tells whether there is another page.
  Result<std::vector<Tag>> tags = request.context.resources->tags((*found)->id, after.text, kTagsOfAPage + 1);
  if (!tags) return failure(tags.error());
  Json answer = Json::object();
  if (std::ssize(*tags) > kTagsOfAPage) {
    tags->pop_back();
    answer["NextToken"] = token_of(question, {tags->back().key});
  }
  answer["Tags"] = tags_json(*tags);
  return answer;
}

}  // namespace chiliad::control
