// What operations about users and about roles share.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "identity/iam_operations.h"
#include "net/uri.h"

namespace chiliad::identity {

aws::ApiError no_such_entity(std::string message) { return {404, "NoSuchEntity", std::move(message)}; }
aws::ApiError already_exists(std::string message) { return {409, "EntityAlreadyExists", std::move(message)}; }
aws::ApiError delete_conflict(std::string message) { return {409, "DeleteConflict", std::move(message)}; }
aws::ApiError limit_exceeded(std::string message) { return {409, "LimitExceeded", std::move(message)}; }

std::string entity_name(Operation& operation, Records::Kind kind) {
  return kind == Records::Kind::kUser ? operation.members.text("UserName", kUserNameForm)
                                      : operation.members.text("RoleName", kRoleNameForm);
}

std::variant<Entity, aws::ApiError> find_entity(const Operation& operation, Records& records, Records::Kind kind,
                                                std::string_view name, const aws::Conditions& conditions) {
  std::optional<IdentityRecord> record = records.find_identity(kind, name);
  IdentityRecord unknown;
  unknown.kind = kind;
  unknown.name = name;
  std::string arn = operation.state.identity_arn(record ? *record : unknown);
  if (std::optional<aws::ApiError> denied = operation.denied(operation.action(), arn, conditions)) {
    return *std::move(denied);
  }
  if (!record) {
    const std::string_view what = kind == Records::Kind::kUser ? "user" : "role";
    return no_such_entity(fmt::format("The {} with name {} cannot be found.", what, name));
  }
  return Entity{*std::move(record), std::move(arn)};
}

std::optional<aws::ApiError> wrong_with_policy(std::string_view document, Policy::Use use, std::size_t most) {
  if (policy_size(document) > most) {
    return limit_exceeded(
        fmt::format("The document has {} characters without blanks; the limit is {}.", policy_size(document), most));
  }
  const Result<Policy> policy = Policy::parse(document, use);
  if (policy) return std::nullopt;
  return aws::ApiError{400, "MalformedPolicyDocument", policy.error().message};
}

void write_document(aws::XmlWriter& xml, std::string_view name, std::string_view document) {
  xml.text(name, net::percent_encode(document));
}

Page read_page(Operation& operation) {
  const auto most = static_cast<std::size_t>(operation.members.integer_or("MaxItems", 1, 1000, 100));
  return {most, operation.members.text_or("Marker", kMarkerForm, {})};
}

std::vector<std::string> cut_page(const std::vector<std::string>& names, const Page& page, bool& truncated) {
  const auto first = page.after.empty() ? names.begin() : std::ranges::upper_bound(names, page.after);
  const auto rest = static_cast<std::size_t>(names.end() - first);
  truncated = rest > page.most;
  return {first, first + static_cast<std::ptrdiff_t>(std::min(rest, page.most))};
}

}  // namespace chiliad::identity
