// Roles and who may assume them.

#include "identity/iam_operations.h"

namespace chiliad::identity {
namespace {

constexpr auto kRole = Records::Kind::kRole;

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
  return create_identity(operation, std::move(role));
}

Answer get_role(Operation& operation) { return get_identity(operation, kRole, entity_name(operation, kRole)); }

Answer update_role(Operation& operation) {
  const std::string name = entity_name(operation, kRole);
  const auto description = operation.members.optional_text("Description", kDescriptionForm);
  const std::int64_t duration = operation.members.integer_or("MaxSessionDuration", 3600, 43'200, 0);
  return change_entity(operation, kRole, name, [&](Records& records, Entity& entity) -> Answer {
    if (description) entity.record.description = *description;
    if (duration != 0) entity.record.max_session_seconds = duration;
    records.update_identity(entity.record);
    // <UpdateRoleResult/>: an empty one is one that SDKs look for.
    return std::string("\n");
  });
}

Answer update_assume_role_policy(Operation& operation) {
  const std::string name = entity_name(operation, kRole);
  const std::string document = operation.members.text("PolicyDocument", kDocumentForm);
  return change_entity(operation, kRole, name, [&](Records& records, Entity& entity) -> Answer {
    if (auto wrong = wrong_with_policy(document, Policy::Use::kTrust, kMaxTrustPolicy)) return *std::move(wrong);
    entity.record.trust = document;
    records.update_identity(entity.record);
    return std::string();
  });
}

}  // namespace chiliad::identity
