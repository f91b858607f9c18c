// Users and their access keys.

#include <fmt/format.h>

#include <algorithm>

#include "identity/iam_operations.h"

namespace chiliad::identity {
namespace {

constexpr auto kUser = Records::Kind::kUser;
constexpr std::size_t kMaxKeys = 2;

std::string iso(std::int64_t seconds) { return iso_time(Time(std::chrono::seconds(seconds))); }

void write_user(aws::XmlWriter& xml, std::string_view element, const IdentityRecord& user, std::string_view arn) {
  xml.open(element).text("Path", user.path).text("UserName", user.name).text("UserId", user.id).text("Arn", arn);
  xml.text("CreateDate", iso(user.created));
  if (!user.boundary.empty()) {
    xml.open("PermissionsBoundary").text("PermissionsBoundaryType", "Policy");
    xml.text("PermissionsBoundaryArn", user.boundary).close();
  }
  xml.close();
}

// UserName, or the caller's own name.
std::string user_or_self(Operation& operation) {
  std::optional<std::string> name = operation.members.optional_text("UserName", kUserNameForm);
  if (name) return *std::move(name);
  if (operation.caller.who->name.empty()) {
    operation.members.refuse("UserName", "", "Must specify userName when calling with non-User credentials");
  }
  return operation.caller.who->name;
}

void write_key_head(aws::XmlWriter& xml, std::string_view user, const KeyRecord& key) {
  xml.text("UserName", user).text("AccessKeyId", key.id).text("Status", key.active ? "Active" : "Inactive");
  xml.text("CreateDate", iso(key.created));
}

aws::ApiError no_such_key(std::string_view id) {
  return no_such_entity(fmt::format("The Access Key with id {} cannot be found.", id));
}

}  // namespace

Answer create_user(Operation& operation) {
  IdentityRecord user;
  user.name = operation.members.text("UserName", kUserNameForm);
  user.path = operation.members.text_or("Path", kPathForm, "/");
  user.boundary = operation.members.text_or("PermissionsBoundary", kArnForm, {});
  if (operation.members.error()) return *operation.members.error();
  user.id = new_id("AIDA");
  user.created = operation.seconds();
  const std::string arn = operation.state.identity_arn(user);
  std::vector<aws::Condition> conditions;
  if (!user.boundary.empty()) conditions.push_back({"iam:PermissionsBoundary", user.boundary});
  if (auto denied = operation.denied(operation.action(), arn, std::span<const aws::Condition>(conditions))) {
    return *std::move(denied);
  }
  return operation.state.change([&](Records& records) -> Answer {
    if (records.name_taken(kUser, user.name)) {
      return already_exists(fmt::format("User with name {} already exists.", user.name));
    }
    if (!user.boundary.empty() && !policy_exists(records, user.boundary)) {
      return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", user.boundary));
    }
    if (records.count_identities(kUser) >= operation.state.options.max_users) {
      return limit_exceeded(
          fmt::format("Cannot exceed quota for UsersPerAccount: {}", operation.state.options.max_users));
    }
    records.add_identity(user);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_user(xml, "User", user, arn);
    return std::move(xml).take();
  });
}

Answer get_user(Operation& operation) {
  const std::string name = user_or_self(operation);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.read([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kUser, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const Entity& user = std::get<Entity>(found);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    write_user(xml, "User", user.record, user.arn);
    return std::move(xml).take();
  });
}

Answer list_users(Operation& operation) {
  const std::string prefix = operation.members.text_or("PathPrefix", kPathPrefixForm, "/");
  const Page page = read_page(operation);
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied(operation.action(), operation.state.list_arn("user"))) return *std::move(denied);
  return operation.state.read([&](Records& records) -> Answer {
    const auto users = records.list_identities(kUser, prefix, page.after, static_cast<std::int64_t>(page.most) + 1);
    const bool truncated = users.size() > page.most;
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.open("Users");
    const std::size_t count = std::min(users.size(), page.most);
    for (std::size_t i = 0; i < count; ++i) {
      write_user(xml, "member", users[i], operation.state.identity_arn(users[i]));
    }
    xml.close();
    write_page_end(xml, truncated, truncated ? std::string_view(users[count - 1].name) : std::string_view());
    return std::move(xml).take();
  });
}

Answer delete_user(Operation& operation) {
  const std::string name = entity_name(operation, kUser);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kUser, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const std::string& id = std::get<Entity>(found).record.id;
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

Answer create_access_key(Operation& operation) {
  const std::string name = user_or_self(operation);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kUser, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const IdentityRecord& user = std::get<Entity>(found).record;
    if (records.keys_of(user.id).size() >= kMaxKeys) {
      return limit_exceeded(fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", kMaxKeys));
    }
    const KeyRecord key{new_access_key_id("AKIA"), user.id, new_secret_access_key(), true, operation.seconds()};
    records.add_key(key);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.open("AccessKey");
    write_key_head(xml, user.name, key);
    xml.text("SecretAccessKey", key.secret).close();
    return std::move(xml).take();
  });
}

Answer list_access_keys(Operation& operation) {
  const std::string name = user_or_self(operation);
  (void)read_page(operation);  // A user has two at most.
  if (operation.members.error()) return *operation.members.error();
  return operation.state.read([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kUser, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
    xml.open("AccessKeyMetadata");
    for (const KeyRecord& key : records.keys_of(std::get<Entity>(found).record.id)) {
      xml.open("member");
      write_key_head(xml, name, key);
      xml.close();
    }
    xml.close();
    write_page_end(xml, false, {});
    return std::move(xml).take();
  });
}

namespace {

// Runs `with(records, key)` for the key that the request names, if the user has it.
template <class With>
Answer with_key(Operation& operation, With&& with) {
  const std::string name = user_or_self(operation);
  const std::string id = operation.members.text("AccessKeyId", kAccessKeyIdForm);
  if (operation.members.error()) return *operation.members.error();
  return operation.state.change([&](Records& records) -> Answer {
    auto found = find_entity(operation, records, kUser, name);
    if (auto* error = std::get_if<aws::ApiError>(&found)) return std::move(*error);
    const std::optional<KeyRecord> key = records.find_key(id);
    if (!key || key->identity_id != std::get<Entity>(found).record.id) return no_such_key(id);
    with(records, *key);
    return std::string();
  });
}

}  // namespace

Answer update_access_key(Operation& operation) {
  const bool active = operation.members.choice("Status", {"Active", "Inactive"}) == "Active";
  return with_key(operation, [&](Records& records, const KeyRecord& key) { records.set_key_active(key, active); });
}

Answer delete_access_key(Operation& operation) {
  return with_key(operation, [](Records& records, const KeyRecord& key) { records.remove_key(key); });
}

}  // namespace chiliad::identity
