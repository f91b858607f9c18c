// Users and their access keys.

#include <fmt/format.h>

#include "identity/iam_operations.h"

namespace chiliad::identity {
namespace {

constexpr auto kUser = Records::Kind::kUser;
constexpr std::size_t kMaxKeys = 2;

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
  xml.text("CreateDate", iso_time(Time(std::chrono::seconds(key.created))));
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
  return create_identity(operation, std::move(user));
}

Answer get_user(Operation& operation) { return get_identity(operation, kUser, user_or_self(operation)); }

Answer create_access_key(Operation& operation) {
  return change_entity(
      operation, kUser, user_or_self(operation), [&](Records& records, const Entity& entity) -> Answer {
        const IdentityRecord& user = entity.record;
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
  return read_entity(operation, kUser, name, [&](Records& records, const Entity& entity) -> Answer {
    return write_list("AccessKeyMetadata", records.keys_of(entity.record.id), Page{kMaxKeys, {}},
                      [&](aws::XmlWriter& xml, const KeyRecord& key) {
                        xml.open("member");
                        write_key_head(xml, name, key);
                        xml.close();
                        return key.id;
                      });
  });
}

namespace {

// Runs `with(records, key)` for the key that the request names, if the user has it.
template <class With>
Answer with_key(Operation& operation, With&& with) {
  const std::string name = user_or_self(operation);
  const std::string id = operation.members.text("AccessKeyId", kAccessKeyIdForm);
  return change_entity(operation, kUser, name, [&](Records& records, const Entity& entity) -> Answer {
    const std::optional<KeyRecord> key = records.find_key(id);
    if (!key || key->identity_id != entity.record.id) return no_such_key(id);
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
