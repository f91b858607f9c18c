// Roles and who may assume them.

#include <fmt/format.h>

#include <algorithm>

#include "identity/iam_operations.h"

namespace chiliad::identity {
namespace {

constexpr auto kRole = Records::Kind::kRole;

void write_role(aws::XmlWriter& xml, std::string_view element, const IdentityRecord& role, std::string_view arn) {
  xml.open(element).text("Path", role.path).text("RoleName", role.name).text("RoleId", role.id).text("Arn", arn);
  xml.text("CreateDate", iso_time(Time(std::chrono::seconds(role.created))));
  write_document(xml, "AssumeRolePolicyDocument", role.trust);
  if (!role.description.empty()) xml.text("Description", role.description);
  xml.integer("MaxSessionDuration", role.max_session_seconds);
  if (!role.boundary.empty()) {
    xml.open("PermissionsBoundary").text("PermissionsBoundaryType", "Policy");
    xml.text("PermissionsBoundaryArn", role.boundary).close();
  }
  xml.close();
}

}  // namespace

Answer create_role(Operation& operation) {
  IdentityRecord role;
  role.kind = kRole;
  role.name = entity_name(operation, kRole);
  role.path = operation.members.text_or("Path", kPathForm, "/");
  role.trust = operation.members.text("AssumeRolePolicyDocument", kDocumentForm);
  role.description = operation.members.text_or("Description", kDescriptionForm, {});
  role.max_session_seconds = operation.members.integer_or("MaxSessionDuration", 3600, 43'200, 3600);
  role.boundary = operation.members.text_or("PermissionsBoundary", kArnForm, {});
  if (operation.members.error()) return *operation.members.error();
  role.id = new_id("AROA");
  role.created = operation.seconds();
  const std::string arn = operation.state.identity_arn(role);
  std::vector<aws::Condition> conditions;
  if (!role.boundary.empty()) conditions.push_back({"iam:PermissionsBoundary", role.boundary});
  if (auto denied = operation.denied(operation.action(), arn, std::span<const aws::Condition>(conditions))) {
    return *std::move(denied);
  }
  if (auto wrong = wrong_with_policy(role.trust, Policy::Use::kTrust, kMaxTrustPolicy)) return *std::move(wrong);
  return operation.state.change([&](Records& records) -> Answer {
    if (records.name_taken(kRole, role.name)) {
      return already_exists(fmt::format("Role with name {} already exists.", role.name));
    }
    if (!role.boundary.empty() && !policy_exists(records, role.boundary)) {
      return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", role.boundary));
    }
    if (records.count_identities(kRole) >= operation.state.options.max_roles) {
      return limit_exceeded(
          fmt::format("Cannot exceed quota for RolesPerAccount: {}", operation.state.options.max_roles));
    }
    records.add_identity(role);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_role(xml, "Role", role, arn);
    return std::move(xml).take();
  });
}

Answer get_role(Operation& operation) {
  const std::string name = entity_name(operation, kRole);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.read([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kRole, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const Entity& role = std::get<Entity>(found);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_role(xml, "Role", role.record, role.arn);
    return std::move(xml).take();
  });
}

Answer list_roles(Operation& operation) {
  const std::string prefix = operation.members.text_or("PathPrefix", kPathPrefixForm, "/");
  const Page page = read_page(operation);
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied(operation.action(), operation.state.list_arn("role"))) return *std::move(denied);
  return operation.state.read([&](Records& records) -> Answer {
    const auto roles = records.list_identities(kRole, prefix, page.after, static_cast<std::int64_t>(page.most) + 1);
    const bool truncated = roles.size() > page.most;
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.open("Roles");
    const std::size_t count = std::min(roles.size(), page.most);
    for (std::size_t i = 0; i < count; ++i) {
      write_role(xml, "member", roles[i], operation.state.identity_arn(roles[i]));
    }
    xml.close();
    write_page_end(xml, truncated, truncated ? std::string_view(roles[count - 1].name) : std::string_view());
    return std::move(xml).take();
  });
}

Answer update_role(Operation& operation) {
  const std::string name = entity_name(operation, kRole);
  const auto description = operation.members.optional_text("Description", kDescriptionForm);
  const std::int64_t duration = operation.members.integer_or("MaxSessionDuration", 3600, 43'200, 0);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kRole, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    IdentityRecord& role = std::get<Entity>(found).record;
    if (description) role.description = *description;
    if (duration != 0) role.max_session_seconds = duration;
    records.update_identity(role);
    // <UpdateRoleResult/>: an empty one is one that SDKs look for.
    return std::string("\n");
  });
}

Answer update_assume_role_policy(Operation& operation) {
  const std::string name = entity_name(operation, kRole);
  const std::string document = operation.members.text("PolicyDocument", kDocumentForm);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kRole, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    if (auto wrong = wrong_with_policy(document, Policy::Use::kTrust, kMaxTrustPolicy)) return *std::move(wrong);
    IdentityRecord& role = std::get<Entity>(found).record;
    role.trust = document;
    records.update_identity(role);
    return std::string();
  });
}

Answer delete_role(Operation& operation) {
  const std::string name = entity_name(operation, kRole);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kRole, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const std::string& id = std::get<Entity>(found).record.id;
    if (!records.inline_policies(id).empty())
      return delete_conflict("Cannot delete entity, must delete policies first.");
    if (!records.attached_policies(id).empty()) {
      return delete_conflict("Cannot delete entity, must detach all policies first.");
    }
    records.remove_identity(id);
    return std::string();
  });
}

}  // namespace chiliad::identity
