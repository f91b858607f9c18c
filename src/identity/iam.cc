#include "identity/iam.h"

#include "identity/iam_operations.h"

namespace chiliad::identity {
namespace {

constexpr std::string_view kVersion = "2010-05-08";
constexpr std::string_view kXmlns = "https://iam.amazonaws.com/doc/2010-05-08/";
constexpr auto kUser = Records::Kind::kUser;
constexpr auto kRole = Records::Kind::kRole;

// What nobody has here: the list is empty.
template <const char* kList>
Answer list_nothing(Operation& operation) {
  if (std::optional<aws::ApiError> denied = operation.denied(operation.action(), "*")) return *std::move(denied);
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  xml.open(kList).close();
  write_page_end(xml, false, {});
  return std::move(xml).take();
}

template <Records::Kind kKind, Answer (*kRun)(Operation&, Records::Kind)>
Answer of(Operation& operation) {
  return kRun(operation, kKind);
}

constexpr char kInstanceProfiles[] = "InstanceProfiles";
constexpr char kGroups[] = "Groups";
constexpr char kAliases[] = "AccountAliases";
constexpr char kTags[] = "Tags";
constexpr char kMfaDevices[] = "MFADevices";

constexpr NamedOperation kOperations[] = {
    {"GetRole", get_role},
    {"SimulatePrincipalPolicy", simulate_principal_policy},
    {"CreateUser", create_user},
    {"GetUser", get_user},
    {"ListUsers", of<kUser, list_identities>},
    {"DeleteUser", of<kUser, delete_identity>},
    {"CreateAccessKey", create_access_key},
    {"ListAccessKeys", list_access_keys},
    {"UpdateAccessKey", update_access_key},
    {"DeleteAccessKey", delete_access_key},
    {"CreateRole", create_role},
    {"ListRoles", of<kRole, list_identities>},
    {"UpdateRole", update_role},
    {"UpdateAssumeRolePolicy", update_assume_role_policy},
    {"DeleteRole", of<kRole, delete_identity>},
    {"PutUserPolicy", of<kUser, put_inline_policy>},
    {"PutRolePolicy", of<kRole, put_inline_policy>},
    {"GetUserPolicy", of<kUser, get_inline_policy>},
    {"GetRolePolicy", of<kRole, get_inline_policy>},
    {"DeleteUserPolicy", of<kUser, delete_inline_policy>},
    {"DeleteRolePolicy", of<kRole, delete_inline_policy>},
    {"ListUserPolicies", of<kUser, list_inline_policies>},
    {"ListRolePolicies", of<kRole, list_inline_policies>},
    {"AttachUserPolicy", of<kUser, attach_policy>},
    {"AttachRolePolicy", of<kRole, attach_policy>},
    {"DetachUserPolicy", of<kUser, detach_policy>},
    {"DetachRolePolicy", of<kRole, detach_policy>},
    {"ListAttachedUserPolicies", of<kUser, list_attached_policies>},
    {"ListAttachedRolePolicies", of<kRole, list_attached_policies>},
    {"PutUserPermissionsBoundary", of<kUser, put_boundary>},
    {"PutRolePermissionsBoundary", of<kRole, put_boundary>},
    {"DeleteUserPermissionsBoundary", of<kUser, delete_boundary>},
    {"DeleteRolePermissionsBoundary", of<kRole, delete_boundary>},
    {"CreatePolicy", create_policy},
    {"GetPolicy", get_policy},
    {"ListPolicies", list_policies},
    {"DeletePolicy", delete_policy},
    {"CreatePolicyVersion", create_policy_version},
    {"GetPolicyVersion", get_policy_version},
    {"ListPolicyVersions", list_policy_versions},
    {"SetDefaultPolicyVersion", set_default_policy_version},
    {"DeletePolicyVersion", delete_policy_version},
    {"ListEntitiesForPolicy", list_entities_for_policy},
    {"ListInstanceProfiles", list_nothing<kInstanceProfiles>},
    {"ListInstanceProfilesForRole", list_nothing<kInstanceProfiles>},
    {"ListGroups", list_nothing<kGroups>},
    {"ListGroupsForUser", list_nothing<kGroups>},
    {"ListAccountAliases", list_nothing<kAliases>},
    {"ListRoleTags", list_nothing<kTags>},
    {"ListUserTags", list_nothing<kTags>},
    {"ListMFADevices", list_nothing<kMfaDevices>},
};

}  // namespace

void Iam::handle(const aws::Call& call) { serve_query(kOperations, kVersion, kXmlns, directory_, call); }

std::variant<std::string, aws::ApiError> Iam::answer(const aws::Caller& caller, const aws::QueryForm& form) {
  return run_operation(kOperations, kVersion, directory_, caller, form);
}

}  // namespace chiliad::identity
