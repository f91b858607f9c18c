// What operations about users and about roles share.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "identity/iam_operations.h"
#include "net/uri.h"

namespace chiliad::identity {

namespace {

using Kind = Records::Kind;

void write_identity(aws::XmlWriter& xml, std::string_view element, const IdentityRecord& record, std::string_view arn) {
  const bool user = record.kind == Kind::kUser;
  xml.open(element).text("Path", record.path).text(user ? "UserName" : "RoleName", record.name);
  xml.text(user ? "UserId" : "RoleId", record.id).text("Arn", arn);
  xml.text("CreateDate", iso_time(Time(std::chrono::seconds(record.created))));
  if (!user) {
    write_document(xml, "AssumeRolePolicyDocument", record.trust);
    if (!record.description.empty()) xml.text("Description", record.description);
    xml.integer("MaxSessionDuration", record.max_session_seconds);
  }
  if (!record.boundary.empty()) {
    xml.open("PermissionsBoundary").text("PermissionsBoundaryType", "Policy");
    xml.text("PermissionsBoundaryArn", record.boundary).close();
  }
  xml.close();
}

std::string_view element_name(Kind kind) { return kind == Kind::kUser ? "User" : "Role"; }

}  // namespace

std::string_view kind_word(Kind kind) { return kind == Kind::kUser ? "user" : "role"; }

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
    return no_such_entity(fmt::format("The {} with name {} cannot be found.", kind_word(kind), name));
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

std::vector<std::string> behind_marker(const std::vector<std::string>& names, const Page& page) {
  return {page.after.empty() ? names.begin() : std::ranges::upper_bound(names, page.after), names.end()};
}

Answer create_identity(Operation& operation, IdentityRecord record) {
  if (operation.members.error()) return *operation.members.error();
  const bool user = record.kind == Kind::kUser;
  record.id = new_id(user ? "AIDA" : "AROA");
  record.created = operation.seconds();
  const std::string arn = operation.state.identity_arn(record);
  std::vector<aws::Condition> conditions;
  if (!record.boundary.empty()) conditions.push_back({"iam:PermissionsBoundary", record.boundary});
  if (auto denied = operation.denied(operation.action(), arn, std::span<const aws::Condition>(conditions))) {
    return *std::move(denied);
  }
  if (!user) {
    if (auto wrong = wrong_with_policy(record.trust, Policy::Use::kTrust, kMaxTrustPolicy)) return *std::move(wrong);
  }
  return operation.state.change([&](Records& records) -> Answer {
    const std::string_view element = element_name(record.kind);
    if (records.name_taken(record.kind, record.name)) {
      return already_exists(fmt::format("{} with name {} already exists.", element, record.name));
    }
    if (!record.boundary.empty()) {
      if (auto wrong = wrong_with_attachment(records, record.boundary)) return *std::move(wrong);
    }
    const auto most = user ? operation.state.options.max_users : operation.state.options.max_roles;
    if (records.count_identities(record.kind) >= most) {
      return limit_exceeded(fmt::format("Cannot exceed quota for {}sPerAccount: {}", element, most));
    }
    records.add_identity(record);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_identity(xml, element, record, arn);
    return std::move(xml).take();
  });
}

Answer get_identity(Operation& operation, Kind kind, const std::string& name) {
  return read_entity(operation, kind, name, [&](Records&, const Entity& entity) -> Answer {
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_identity(xml, element_name(kind), entity.record, entity.arn);
    return std::move(xml).take();
  });
}

Answer list_identities(Operation& operation, Kind kind) {
  const std::string prefix = operation.members.text_or("PathPrefix", kPathPrefixForm, "/");
  const Page page = read_page(operation);
  if (operation.members.error()) return *operation.members.error();
  const std::string all = operation.state.list_arn(kind_word(kind));
  if (auto denied = operation.denied(operation.action(), all)) return *std::move(denied);
  return operation.state.read([&](Records& records) -> Answer {
    return write_list(kind == Kind::kUser ? "Users" : "Roles",
                      records.list_identities(kind, prefix, page.after, page.with_next()), page,
                      [&](aws::XmlWriter& xml, const IdentityRecord& record) {
                        write_identity(xml, "member", record, operation.state.identity_arn(record));
                        return record.name;
                      });
  });
}

Answer delete_identity(Operation& operation, Kind kind) {
  return change_entity(operation, kind, entity_name(operation, kind),
                       [&](Records& records, const Entity& entity) -> Answer {
                         const std::string& id = entity.record.id;
                         if (!records.keys_of(id).empty()) {
                           return delete_conflict("Cannot delete entity, must delete access keys first.");
                         }
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
