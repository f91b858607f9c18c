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
  return no_such_entity(
      fmt::format("The {} policy with name {} cannot be found.", kind == Kind::kUser ? "user" : "role", name));
}

}  // namespace

template <Kind kKind>
Answer put_inline_policy(Operation& operation) {
  const std::string name = entity_name(operation, kKind);
  const std::string policy = operation.members.text("PolicyName", kPolicyNameForm);
  const std::string document = operation.members.text("PolicyDocument", kDocumentForm);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kKind, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const std::string& id = std::get<Entity>(found).record.id;
    constexpr std::size_t kMost = kKind == Kind::kUser ? kMaxUserPolicies : kMaxRolePolicies;
    std::size_t others = 0;
    for (const InlinePolicyRecord& other : records.inline_policies(id)) {
      if (other.name != policy) others += policy_size(other.document);
    }
    if (others + policy_size(document) > kMost) {
      return limit_exceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}", kMost,
                                        kKind == Kind::kUser ? "user" : "role", name));
    }
    if (auto wrong = wrong_with_policy(document, Policy::Use::kIdentity, kMost)) return *std::move(wrong);
    records.put_inline_policy(id, {policy, document});
    return std::string();
  });
}

template <Kind kKind>
Answer get_inline_policy(Operation& operation) {
  const std::string name = entity_name(operation, kKind);
  const std::string policy = operation.members.text("PolicyName", kPolicyNameForm);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.read([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kKind, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const std::vector<InlinePolicyRecord> policies = records.inline_policies(std::get<Entity>(found).record.id);
    const InlinePolicyRecord* record = find_policy(policies, policy);
    if (record == nullptr) return no_such_policy(kKind, policy);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.text(kKind == Kind::kUser ? "UserName" : "RoleName", name).text("PolicyName", policy);
    write_document(xml, "PolicyDocument", record->document);
    return std::move(xml).take();
  });
}

template <Kind kKind>
Answer delete_inline_policy(Operation& operation) {
  const std::string name = entity_name(operation, kKind);
  const std::string policy = operation.members.text("PolicyName", kPolicyNameForm);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kKind, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const std::string& id = std::get<Entity>(found).record.id;
    if (find_policy(records.inline_policies(id), policy) == nullptr) return no_such_policy(kKind, policy);
    records.remove_inline_policy(id, policy);
    return std::string();
  });
}

template <Kind kKind>
Answer list_inline_policies(Operation& operation) {
  const std::string name = entity_name(operation, kKind);
  const Page page = read_page(operation);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.read([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kKind, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    std::vector<std::string> names;
    for (InlinePolicyRecord& policy : records.inline_policies(std::get<Entity>(found).record.id)) {
      names.push_back(std::move(policy.name));
    }
    bool truncated = false;
    const std::vector<std::string> shown = cut_page(names, page, truncated);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.open("PolicyNames");
    for (const std::string& policy : shown) xml.text("member", policy);
    xml.close();
    write_page_end(xml, truncated, shown.empty() ? std::string_view() : std::string_view(shown.back()));
    return std::move(xml).take();
  });
}

namespace {

template <Kind kKind>
Answer change_boundary(Operation& operation, const std::string& name, const std::string& boundary) {
  if (operation.members.error()) return *operation.members.error();
  std::vector<aws::Condition> conditions;
  if (!boundary.empty()) conditions.push_back({"iam:PermissionsBoundary", boundary});
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kKind, name, std::span<const aws::Condition>(conditions));
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    if (!boundary.empty() && !policy_exists(records, boundary)) {
      return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", boundary));
    }
    IdentityRecord& record = std::get<Entity>(found).record;
    record.boundary = boundary;
    records.update_identity(record);
    return std::string();
  });
}

}  // namespace

template <Kind kKind>
Answer put_boundary(Operation& operation) {
  const std::string name = entity_name(operation, kKind);
  return change_boundary<kKind>(operation, name, operation.members.text("PermissionsBoundary", kArnForm));
}

template <Kind kKind>
Answer delete_boundary(Operation& operation) {
  const std::string name = entity_name(operation, kKind);
  return change_boundary<kKind>(operation, name, {});
}

template Answer put_inline_policy<Kind::kUser>(Operation&);
template Answer put_inline_policy<Kind::kRole>(Operation&);
template Answer get_inline_policy<Kind::kUser>(Operation&);
template Answer get_inline_policy<Kind::kRole>(Operation&);
template Answer delete_inline_policy<Kind::kUser>(Operation&);
template Answer delete_inline_policy<Kind::kRole>(Operation&);
template Answer list_inline_policies<Kind::kUser>(Operation&);
template Answer list_inline_policies<Kind::kRole>(Operation&);
template Answer put_boundary<Kind::kUser>(Operation&);
template Answer put_boundary<Kind::kRole>(Operation&);
template Answer delete_boundary<Kind::kUser>(Operation&);
template Answer delete_boundary<Kind::kRole>(Operation&);

}  // namespace chiliad::identity
