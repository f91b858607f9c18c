// IAM's operations, one function each (identity/iam.cc has the table), and what several of them share.
//
// Thread safety: safe from any thread, for different Operations.

#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "identity/operation.h"

namespace chiliad::identity {

// A user or role that the caller may do `operation` with.
struct Entity {
  IdentityRecord record;
  std::string arn;
};
// Errors: AccessDenied before NoSuchEntity: who may not ask does not learn who exists.
std::variant<Entity, aws::ApiError> find_entity(const Operation& operation, Records& records, Records::Kind kind,
                                                std::string_view name, const aws::Conditions& conditions = {});
// The name of the user or role that the request is about.
std::string entity_name(Operation& operation, Records::Kind kind);

aws::ApiError no_such_entity(std::string message);
aws::ApiError already_exists(std::string message);
aws::ApiError delete_conflict(std::string message);
aws::ApiError limit_exceeded(std::string message);

// "user" or "role".
std::string_view kind_word(Records::Kind kind);

// None: a managed policy of AWS's or of the account has this ARN.
std::optional<aws::ApiError> wrong_with_attachment(Records& records, std::string_view arn);

// None: a policy document of at most `most` bytes without blanks.
std::optional<aws::ApiError> wrong_with_policy(std::string_view document, Policy::Use use, std::size_t most);
// As IAM answers documents: percent-encoded.
void write_document(aws::XmlWriter& xml, std::string_view name, std::string_view document);

// Runs body(records, entity) for the user or role of this name. Errors: the request's members; as find_entity().
template <class Body>
Answer read_entity(Operation& operation, Records::Kind kind, const std::string& name, Body&& body) {
  if (operation.members.error()) return *operation.members.error();
  return operation.state.read([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kind, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    return body(records, std::get<Entity>(found));
  });
}
// The same for those who change something.
template <class Body>
Answer change_entity(Operation& operation, Records::Kind kind, const std::string& name, Body&& body,
                     const aws::Conditions& conditions = {}) {
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kind, name, conditions);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    return body(records, std::get<Entity>(found));
  });
}

// MaxItems and Marker of a list request.
struct Page {
  std::size_t most;
  std::string after;

  // To be read of a longer list, so that it is seen whether there are more.
  std::int64_t with_next() const { return static_cast<std::int64_t>(most) + 1; }
};
Page read_page(Operation& operation);
// The list of at most page.most of `items`, which are those behind page.after: write(xml, item) writes one and returns
// what marks it.
template <class Item, class Write>
std::string write_list(std::string_view element, const std::vector<Item>& items, const Page& page, Write&& write) {
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  xml.open(element);
  std::string marker;
  const std::size_t count = std::min(items.size(), page.most);
  for (std::size_t i = 0; i < count; ++i) marker = write(xml, items[i]);
  xml.close();
  write_page_end(xml, items.size() > count, marker);
  return std::move(xml).take();
}
// The names behind page.after. `names` ascends.
std::vector<std::string> behind_marker(const std::vector<std::string>& names, const Page& page);

inline constexpr std::size_t kMaxManagedPolicy = 6'144;
inline constexpr std::size_t kMaxUserPolicies = 2'048;   // Of one user's inline policies in all.
inline constexpr std::size_t kMaxRolePolicies = 10'240;  // Of one role's.
inline constexpr std::size_t kMaxTrustPolicy = 2'048;

Answer create_user(Operation& operation);
Answer get_user(Operation& operation);
Answer create_access_key(Operation& operation);
Answer list_access_keys(Operation& operation);
Answer update_access_key(Operation& operation);
Answer delete_access_key(Operation& operation);

Answer create_role(Operation& operation);
Answer get_role(Operation& operation);
Answer update_role(Operation& operation);
Answer update_assume_role_policy(Operation& operation);

// Each for users and roles.
Answer list_identities(Operation& operation, Records::Kind kind);
Answer delete_identity(Operation& operation, Records::Kind kind);
Answer put_inline_policy(Operation& operation, Records::Kind kind);
Answer get_inline_policy(Operation& operation, Records::Kind kind);
Answer delete_inline_policy(Operation& operation, Records::Kind kind);
Answer list_inline_policies(Operation& operation, Records::Kind kind);
Answer attach_policy(Operation& operation, Records::Kind kind);
Answer detach_policy(Operation& operation, Records::Kind kind);
Answer list_attached_policies(Operation& operation, Records::Kind kind);
Answer put_boundary(Operation& operation, Records::Kind kind);
Answer delete_boundary(Operation& operation, Records::Kind kind);

// What create and get of users and roles are made of: the record is there but for its id and time.
Answer create_identity(Operation& operation, IdentityRecord record);
Answer get_identity(Operation& operation, Records::Kind kind, const std::string& name);

Answer create_policy(Operation& operation);
Answer get_policy(Operation& operation);
Answer list_policies(Operation& operation);
Answer delete_policy(Operation& operation);
Answer create_policy_version(Operation& operation);
Answer get_policy_version(Operation& operation);
Answer list_policy_versions(Operation& operation);
Answer set_default_policy_version(Operation& operation);
Answer delete_policy_version(Operation& operation);
Answer list_entities_for_policy(Operation& operation);

Answer simulate_principal_policy(Operation& operation);

}  // namespace chiliad::identity
