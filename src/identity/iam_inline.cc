// Inline policies and permissions boundaries of users and roles.

#include <fmt/format.h>

#include <algorithm>

#include "identity/iam_operations.h"

namespace chiliad::identity {
namespace {

using Kind = Records::Kind;

const InlinePolicyRecord* find_policy(const std::vector<InlinePolicyRecord>& policies, std::string_view name) {
  const auto found = std::ranges::find(policies, name, &InlinePolicyRecord::name);
  return found == policies.end() ? nullptr : &*found;
}

aws::ApiError no_such_policy(Kind kind, std::string_view name) {
  return no_such_entity(fmt::format("The {} policy with name {} cannot be found.", kind_word(kind), name));
}

Answer change_boundary(Operation& operation, Kind kind, const std::string& name, const std::string& boundary) {
  std::vector<aws::Condition> conditions;
  if (!boundary.empty()) conditions.push_back({"iam:PermissionsBoundary", boundary});
  return change_entity(
      operation, kind, name,
      [&](Records& records, Entity& entity) -> Answer {
        if (!boundary.empty()) {
          if (auto wrong = wrong_with_attachment(records, boundary)) return *std::move(wrong);
        }
        entity.record.boundary = boundary;
        records.update_identity(entity.record);
        return std::string();
      },
      std::span<const aws::Condition>(conditions));
}

}  // namespace

Answer put_inline_policy(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const std::string policy = operation.members.text("PolicyName", kPolicyNameForm);
  const std::string document = operation.members.text("PolicyDocument", kDocumentForm);
  return change_entity(operation, kind, name, [&](Records& records, const Entity& entity) -> Answer {
    const std::string& id = entity.record.id;
    const std::size_t most = kind == Kind::kUser ? kMaxUserPolicies : kMaxRolePolicies;
    std::size_t others = 0;
    for (const InlinePolicyRecord& other : records.inline_policies(id)) {
      if (other.name != policy) others += policy_size(other.document);
    }
    if (others + policy_size(document) > most) {
      return limit_exceeded(
          fmt::format("Maximum policy size of {} bytes exceeded for {} {}", most, kind_word(kind), name));
    }
    if (auto wrong = wrong_with_policy(document, Policy::Use::kIdentity, most)) return *std::move(wrong);
    records.put_inline_policy(id, {policy, document});
    return std::string();
  });
}

Answer get_inline_policy(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const std::string policy = operation.members.text("PolicyName", kPolicyNameForm);
  return read_entity(operation, kind, name, [&](Records& records, const Entity& entity) -> Answer {
    const std::vector<InlinePolicyRecord> policies = records.inline_policies(entity.record.id);
    const InlinePolicyRecord* record = find_policy(policies, policy);
    if (record == nullptr) return no_such_policy(kind, policy);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.text(kind == Kind::kUser ? "UserName" : "RoleName", name).text("PolicyName", policy);
    write_document(xml, "PolicyDocument", record->document);
    return std::move(xml).take();
  });
}

Answer delete_inline_policy(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const std::string policy = operation.members.text("PolicyName", kPolicyNameForm);
  return change_entity(operation, kind, name, [&](Records& records, const Entity& entity) -> Answer {
    const std::string& id = entity.record.id;
    if (find_policy(records.inline_policies(id), policy) == nullptr) return no_such_policy(kind, policy);
    records.remove_inline_policy(id, policy);
    return std::string();
  });
}

Answer list_inline_policies(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const Page page = read_page(operation);
  return read_entity(operation, kind, name, [&](Records& records, const Entity& entity) -> Answer {
    std::vector<std::string> names;
    for (InlinePolicyRecord& policy : records.inline_policies(entity.record.id)) {
      names.push_back(std::move(policy.name));
    }
    return write_list("PolicyNames", behind_marker(names, page), page,
                      [](aws::XmlWriter& xml, const std::string& policy) {
                        xml.text("member", policy);
                        return policy;
                      });
  });
}

Answer put_boundary(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  return change_boundary(operation, kind, name, operation.members.text("PermissionsBoundary", kArnForm));
}

Answer delete_boundary(Operation& operation, Kind kind) {
  return change_boundary(operation, kind, entity_name(operation, kind), {});
}

}  // namespace chiliad::identity
