// Managed policies, their versions, and to whom they are attached.

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "identity/iam_operations.h"
#include "identity/managed_policies.h"

namespace chiliad::identity {
namespace {

using Kind = Records::Kind;

constexpr std::size_t kMaxVersions = 5;
constexpr std::size_t kMaxAttached = 10;
// When our forms of AWS's policies were written.
constexpr std::int64_t kManagedCreated = 1'767'225'600;

std::string iso(std::int64_t seconds) { return iso_time(Time(std::chrono::seconds(seconds))); }
std::string version_name(std::int64_t number) { return fmt::format("v{}", number); }
std::int64_t version_number(std::string_view name) {
  return parse_integer(name.substr(std::min<std::size_t>(1, name.size()))).value_or(0);
}

aws::ApiError no_such_policy(std::string_view arn) {
  return no_such_entity(fmt::format("Policy {} was not found.", arn));
}
aws::ApiError no_such_version(std::string_view arn, std::string_view version) {
  return no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.", arn, version));
}

PolicyRecord record_of(const ManagedPolicy& policy) {
  PolicyRecord record;
  record.arn = policy.arn;
  record.id = policy.id;
  record.name = policy.name;
  record.description = policy.description;
  record.created = record.updated = kManagedCreated;
  return record;
}

void write_policy(aws::XmlWriter& xml, std::string_view element, const PolicyRecord& policy, Records& records) {
  xml.open(element).text("PolicyName", policy.name).text("PolicyId", policy.id).text("Arn", policy.arn);
  xml.text("Path", policy.path).text("DefaultVersionId", version_name(policy.default_version));
  xml.integer("AttachmentCount", records.count_attached(policy.arn));
  xml.integer("PermissionsBoundaryUsageCount", records.count_boundaries(policy.arn)).boolean("IsAttachable", true);
  if (!policy.description.empty()) xml.text("Description", policy.description);
  xml.text("CreateDate", iso(policy.created)).text("UpdateDate", iso(policy.updated)).close();
}

void write_version(aws::XmlWriter& xml, std::string_view element, const VersionRecord& version, bool is_default,
                   bool with_document) {
  xml.open(element);
  if (with_document) write_document(xml, "Document", version.document);
  xml.text("VersionId", version_name(version.number)).boolean("IsDefaultVersion", is_default);
  xml.text("CreateDate", iso(version.created)).close();
}

// Runs body(records, policy) with a policy of the account's own, which alone can be changed.
template <class Body>
Answer change_policy(Operation& operation, const std::string& arn, Body&& body) {
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied(operation.action(), arn)) return *std::move(denied);
  if (find_aws_managed_policy(arn) != nullptr) {
    return aws::access_denied(operation.caller, operation.action(), arn, aws::Decision::kNotAllowed);
  }
  return operation.state.change([&](Records& records) -> Answer {
    std::optional<PolicyRecord> policy = records.find_policy(arn);
    if (!policy) return no_such_policy(arn);
    return body(records, *policy);
  });
}

// The same for those who read; AWS's are there too.
template <class Body>
Answer read_policy(Operation& operation, const std::string& arn, Body&& body) {
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied(operation.action(), arn)) return *std::move(denied);
  return operation.state.read([&](Records& records) -> Answer {
    if (const ManagedPolicy* known = find_aws_managed_policy(arn)) {
      return body(records, record_of(*known),
                  std::vector<VersionRecord>{{1, std::string(known->document), kManagedCreated}});
    }
    const std::optional<PolicyRecord> policy = records.find_policy(arn);
    if (!policy) return no_such_policy(arn);
    return body(records, *policy, records.versions(arn));
  });
}

}  // namespace

std::optional<aws::ApiError> wrong_with_attachment(Records& records, std::string_view arn) {
  if (find_aws_managed_policy(arn) != nullptr || records.find_policy(arn)) return std::nullopt;
  return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", arn));
}

Answer create_policy(Operation& operation) {
  PolicyRecord policy;
  policy.name = operation.members.text("PolicyName", kPolicyNameForm);
  policy.path = operation.members.text_or("Path", kPathForm, "/");
  policy.description = operation.members.text_or("Description", kDescriptionForm, {});
  const std::string document = operation.members.text("PolicyDocument", kDocumentForm);
  if (operation.members.error()) return *operation.members.error();
  policy.arn = operation.state.policy_arn(policy.path, policy.name);
  policy.id = new_id("ANPA");
  policy.created = policy.updated = operation.seconds();
  if (auto denied = operation.denied(operation.action(), policy.arn)) return *std::move(denied);
  if (auto wrong = wrong_with_policy(document, Policy::Use::kIdentity, kMaxManagedPolicy)) return *std::move(wrong);
  return operation.state.change([&](Records& records) -> Answer {
    if (records.policy_name_taken(policy.name)) {
      return already_exists(
          fmt::format("A policy called {} already exists. Duplicate names are not allowed.", policy.name));
    }
    if (records.count_policies() >= operation.state.options.max_policies) {
      return limit_exceeded(
          fmt::format("Cannot exceed quota for PoliciesPerAccount: {}", operation.state.options.max_policies));
    }
    records.add_policy(policy, document);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_policy(xml, "Policy", policy, records);
    return std::move(xml).take();
  });
}

Answer get_policy(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  return read_policy(operation, arn,
                     [](Records& records, const PolicyRecord& policy, const std::vector<VersionRecord>&) -> Answer {
                       aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
                       write_policy(xml, "Policy", policy, records);
                       return std::move(xml).take();
                     });
}

Answer list_policies(Operation& operation) {
  const std::string prefix = operation.members.text_or("PathPrefix", kPathPrefixForm, "/");
  const bool only_attached = operation.members.boolean_or("OnlyAttached", false);
  const std::string scope = operation.members.form().find("Scope") == nullptr
                                ? "All"
                                : operation.members.choice("Scope", {"All", "AWS", "Local"});
  const Page page = read_page(operation);
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied(operation.action(), operation.state.list_arn("policy"))) return *std::move(denied);
  return operation.state.read([&](Records& records) -> Answer {
    // The account's own by name, then AWS's: a marker of the latter is an ARN.
    const bool in_aws = page.after.starts_with("arn:");
    std::vector<PolicyRecord> policies;
    if (scope != "AWS" && !in_aws) {
      policies = records.list_policies(prefix, page.after, page.with_next());
    }
    std::vector<const ManagedPolicy*> managed;
    if (scope != "Local" && prefix == "/") {
      for (const ManagedPolicy& policy : aws_managed_policies()) managed.push_back(&policy);
    }
    std::ranges::sort(managed, {}, &ManagedPolicy::arn);
    for (const ManagedPolicy* policy : managed) {
      if (policies.size() > page.most) break;
      if (!in_aws || policy->arn > page.after) policies.push_back(record_of(*policy));
    }
    return write_list("Policies", policies, page, [&](aws::XmlWriter& xml, const PolicyRecord& policy) {
      if (!only_attached || records.count_attached(policy.arn) > 0) write_policy(xml, "member", policy, records);
      return find_aws_managed_policy(policy.arn) != nullptr ? policy.arn : policy.name;
    });
  });
}

Answer delete_policy(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  return change_policy(operation, arn, [&](Records& records, const PolicyRecord&) -> Answer {
    if (records.count_attached(arn) > 0 || records.count_boundaries(arn) > 0) {
      return delete_conflict("Cannot delete a policy attached to entities.");
    }
    if (records.versions(arn).size() > 1) {
      return delete_conflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
          "The default version is deleted with the policy.");
    }
    records.remove_policy(arn);
    return std::string();
  });
}

Answer create_policy_version(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  const std::string document = operation.members.text("PolicyDocument", kDocumentForm);
  const bool make_default = operation.members.boolean_or("SetAsDefault", false);
  return change_policy(operation, arn, [&](Records& records, PolicyRecord& policy) -> Answer {
    if (auto wrong = wrong_with_policy(document, Policy::Use::kIdentity, kMaxManagedPolicy)) return *std::move(wrong);
    if (records.versions(arn).size() >= kMaxVersions) {
      return limit_exceeded(
          "A managed policy can have up to 5 versions. Before you create a new version, you must "
          "delete an existing version.");
    }
    const VersionRecord version{policy.last_version + 1, document, operation.seconds()};
    policy.last_version = version.number;
    policy.updated = version.created;
    if (make_default) policy.default_version = version.number;
    records.add_version(policy, version);
    records.update_policy(policy);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_version(xml, "PolicyVersion", version, make_default, false);
    return std::move(xml).take();
  });
}

Answer get_policy_version(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  const std::string name = operation.members.text("VersionId", kVersionIdForm);
  return read_policy(operation, arn,
                     [&](Records&, const PolicyRecord& policy, const std::vector<VersionRecord>& versions) -> Answer {
                       const auto found = std::ranges::find(versions, version_number(name), &VersionRecord::number);
                       if (found == versions.end()) return no_such_version(arn, name);
                       aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
                       write_version(xml, "PolicyVersion", *found, found->number == policy.default_version, true);
                       return std::move(xml).take();
                     });
}

Answer list_policy_versions(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  (void)read_page(operation);  // A policy has five at most.
  return read_policy(
      operation, arn, [](Records&, const PolicyRecord& policy, std::vector<VersionRecord> versions) -> Answer {
        std::ranges::reverse(versions);
        return write_list("Versions", versions, Page{kMaxVersions, {}},
                          [&](aws::XmlWriter& xml, const VersionRecord& version) {
                            write_version(xml, "member", version, version.number == policy.default_version, false);
                            return version_name(version.number);
                          });
      });
}

Answer set_default_policy_version(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  const std::string name = operation.members.text("VersionId", kVersionIdForm);
  return change_policy(operation, arn, [&](Records& records, PolicyRecord& policy) -> Answer {
    if (!records.find_version(arn, version_number(name))) return no_such_version(arn, name);
    policy.default_version = version_number(name);
    policy.updated = operation.seconds();
    records.update_policy(policy);
    return std::string();
  });
}

Answer delete_policy_version(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  const std::string name = operation.members.text("VersionId", kVersionIdForm);
  return change_policy(operation, arn, [&](Records& records, const PolicyRecord& policy) -> Answer {
    if (!records.find_version(arn, version_number(name))) return no_such_version(arn, name);
    if (policy.default_version == version_number(name)) {
      return delete_conflict("Cannot delete the default version of a policy.");
    }
    records.remove_version(arn, version_number(name));
    return std::string();
  });
}

Answer list_entities_for_policy(Operation& operation) {
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  return read_policy(operation, arn,
                     [&](Records& records, const PolicyRecord&, const std::vector<VersionRecord>&) -> Answer {
                       const std::vector<IdentityRecord> entities = records.attached_to(arn);
                       aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
                       xml.open("PolicyGroups").close();
                       for (const Kind kind : {Kind::kUser, Kind::kRole}) {
                         const bool user = kind == Kind::kUser;
                         xml.open(user ? "PolicyUsers" : "PolicyRoles");
                         for (const IdentityRecord& entity : entities) {
                           if (entity.kind != kind) continue;
                           xml.open("member").text(user ? "UserName" : "RoleName", entity.name);
                           xml.text(user ? "UserId" : "RoleId", entity.id).close();
                         }
                         xml.close();
                       }
                       write_page_end(xml, false, {});
                       return std::move(xml).take();
                     });
}

Answer attach_policy(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  return change_entity(operation, kind, name,
                       [&](Records& records, const Entity& entity) -> Answer {
                         if (auto wrong = wrong_with_attachment(records, arn)) return *std::move(wrong);
                         const std::vector<std::string> attached = records.attached_policies(entity.record.id);
                         if (attached.size() >= kMaxAttached && std::ranges::find(attached, arn) == attached.end()) {
                           return limit_exceeded(fmt::format("Cannot exceed quota for PoliciesPer{}: {}",
                                                             kind == Kind::kUser ? "User" : "Role", kMaxAttached));
                         }
                         records.attach(entity.record.id, arn);
                         return std::string();
                       },
                       {{"iam:PolicyARN", arn}});
}

Answer detach_policy(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const std::string arn = operation.members.text("PolicyArn", kArnForm);
  return change_entity(operation, kind, name,
                       [&](Records& records, const Entity& entity) -> Answer {
                         const std::vector<std::string> attached = records.attached_policies(entity.record.id);
                         if (std::ranges::find(attached, arn) == attached.end()) return no_such_policy(arn);
                         records.detach(entity.record.id, arn);
                         return std::string();
                       },
                       {{"iam:PolicyARN", arn}});
}

Answer list_attached_policies(Operation& operation, Kind kind) {
  const std::string name = entity_name(operation, kind);
  const Page page = read_page(operation);
  return read_entity(operation, kind, name, [&](Records& records, const Entity& entity) -> Answer {
    return write_list("AttachedPolicies", behind_marker(records.attached_policies(entity.record.id), page), page,
                      [](aws::XmlWriter& xml, const std::string& arn) {
                        xml.open("member").text("PolicyName", arn.substr(arn.rfind('/') + 1));
                        xml.text("PolicyArn", arn).close();
                        return arn;
                      });
  });
}

}  // namespace chiliad::identity
