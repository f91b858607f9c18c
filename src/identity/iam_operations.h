// IAM's operations, one function each (identity/iam.cc has the table), and what several of them share.
//
// Thread safety: safe from any thread, for different Operations.

#pragma once

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

// A managed policy of AWS's or of the account.
bool policy_exists(Records& records, std::string_view arn);

// None: a policy document of at most `most` bytes without blanks.
std::optional<aws::ApiError> wrong_with_policy(std::string_view document, Policy::Use use, std::size_t most);
// As IAM answers documents: percent-encoded.
void write_document(aws::XmlWriter& xml, std::string_view name, std::string_view document);

// MaxItems and Marker of a list request.
struct Page {
  std::size_t most;
  std::string after;
};
Page read_page(Operation& operation);
// The names after page.after, at most page.most; `truncated`: there are more. `names` ascends.
std::vector<std::string> cut_page(const std::vector<std::string>& names, const Page& page, bool& truncated);

inline constexpr std::size_t kMaxManagedPolicy = 6'144;
inline constexpr std::size_t kMaxUserPolicies = 2'048;   // Of one user's inline policies in all.
inline constexpr std::size_t kMaxRolePolicies = 10'240;  // Of one role's.
inline constexpr std::size_t kMaxTrustPolicy = 2'048;

Answer create_user(Operation& operation);
Answer get_user(Operation& operation);
Answer list_users(Operation& operation);
Answer delete_user(Operation& operation);
Answer create_access_key(Operation& operation);
Answer list_access_keys(Operation& operation);
Answer update_access_key(Operation& operation);
Answer delete_access_key(Operation& operation);

Answer create_role(Operation& operation);
Answer get_role(Operation& operation);
Answer list_roles(Operation& operation);
Answer update_role(Operation& operation);
Answer update_assume_role_policy(Operation& operation);
Answer delete_role(Operation& operation);

// Each for users and roles.
template <Records::Kind kKind>
Answer put_inline_policy(Operation& operation);
template <Records::Kind kKind>
Answer get_inline_policy(Operation& operation);
template <Records::Kind kKind>
Answer delete_inline_policy(Operation& operation);
template <Records::Kind kKind>
Answer list_inline_policies(Operation& operation);
template <Records::Kind kKind>
Answer attach_policy(Operation& operation);
template <Records::Kind kKind>
Answer detach_policy(Operation& operation);
template <Records::Kind kKind>
Answer list_attached_policies(Operation& operation);
template <Records::Kind kKind>
Answer put_boundary(Operation& operation);
template <Records::Kind kKind>
Answer delete_boundary(Operation& operation);

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
