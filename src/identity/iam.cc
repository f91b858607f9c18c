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
    {"ListUsers", list_users},
    {"DeleteUser", delete_user},
    {"CreateAccessKey", create_access_key},
    {"ListAccessKeys", list_access_keys},
    {"UpdateAccessKey", update_access_key},
    {"DeleteAccessKey", delete_access_key},
    {"CreateRole", create_role},
    {"ListRoles", list_roles},
    {"UpdateRole", update_role},
    {"UpdateAssumeRolePolicy", update_assume_role_policy},
    {"DeleteRole", delete_role},
    {"PutUserPolicy", put_inline_policy<kUser>},
    {"PutRolePolicy", put_inline_policy<kRole>},
    {"GetUserPolicy", get_inline_policy<kUser>},
    {"GetRolePolicy", get_inline_policy<kRole>},
    {"DeleteUserPolicy", delete_inline_policy<kUser>},
    {"DeleteRolePolicy", delete_inline_policy<kRole>},
    {"ListUserPolicies", list_inline_policies<kUser>},
    {"ListRolePolicies", list_inline_policies<kRole>},
    {"AttachUserPolicy", attach_policy<kUser>},
    {"AttachRolePolicy", attach_policy<kRole>},
    {"DetachUserPolicy", detach_policy<kUser>},
    {"DetachRolePolicy", detach_policy<kRole>},
    {"ListAttachedUserPolicies", list_attached_policies<kUser>},
    {"ListAttachedRolePolicies", list_attached_policies<kRole>},
    {"PutUserPermissionsBoundary", put_boundary<kUser>},
    {"PutRolePermissionsBoundary", put_boundary<kRole>},
    {"DeleteUserPermissionsBoundary", delete_boundary<kUser>},
    {"DeleteRolePermissionsBoundary", delete_boundary<kRole>},
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
