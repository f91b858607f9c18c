#include "identity/records.h"

namespace chiliad::identity {
namespace {

constexpr std::string_view kMigrations[] = {
    R"(CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE identity (
  id TEXT PRIMARY KEY,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL COLLATE NOCASE,
  path TEXT NOT NULL,
  created INTEGER NOT NULL,
  boundary TEXT NOT NULL,
  trust TEXT NOT NULL,
  description TEXT NOT NULL,
  max_session_seconds INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT;
CREATE INDEX identity_by_boundary ON identity (boundary) WHERE boundary <> '';
CREATE TABLE access_key (
  id TEXT PRIMARY KEY,
  identity_id TEXT NOT NULL REFERENCES identity (id),
  secret TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX access_key_by_identity ON access_key (identity_id);
CREATE TABLE inline_policy (
  identity_id TEXT NOT NULL REFERENCES identity (id),
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (identity_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE policy (
  arn TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  path TEXT NOT NULL,
  description TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  default_version INTEGER NOT NULL,
  last_version INTEGER NOT NULL
) STRICT;
CREATE TABLE policy_version (
  policy_arn TEXT NOT NULL REFERENCES policy (arn),
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (policy_arn, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE attachment (
  identity_id TEXT NOT NULL REFERENCES identity (id),
  policy_arn TEXT NOT NULL,
  PRIMARY KEY (identity_id, policy_arn)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_by_policy ON attachment (policy_arn);)",
};

constexpr sql::Query kSetting = {"read a setting", "SELECT value FROM setting WHERE name = ?1"};
constexpr sql::Query kPutSetting = {"write a setting", "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)"};

#define IDENTITY_COLUMNS "id, kind, name, path, created, boundary, trust, description, max_session_seconds"
constexpr sql::Query kFindIdentity = {"find a user or role",
                                      "SELECT " IDENTITY_COLUMNS
                                      " FROM identity WHERE kind = ?1 AND name = ?2 AND name = ?2 COLLATE BINARY"};
constexpr sql::Query kIdentityById = {"find a user or role by id",
                                      "SELECT " IDENTITY_COLUMNS " FROM identity WHERE id = ?1"};
constexpr sql::Query kNameTaken = {"find a name", "SELECT count(*) FROM identity WHERE kind = ?1 AND name = ?2"};
constexpr sql::Query kListIdentities = {
    "list users or roles", "SELECT " IDENTITY_COLUMNS
                           " FROM identity WHERE kind = ?1 AND name > ?3 AND substr(path, 1, length(?2)) = ?2"
                           " ORDER BY name LIMIT ?4"};
constexpr sql::Query kCountIdentities = {"count users or roles", "SELECT count(*) FROM identity WHERE kind = ?1"};
constexpr sql::Query kAddIdentity = {
    "add a user or role", "INSERT INTO identity (" IDENTITY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"};
constexpr sql::Query kUpdateIdentity = {"change a user or role",
                                        "UPDATE identity SET name = ?2, path = ?3, boundary = ?4, trust = ?5,"
                                        " description = ?6, max_session_seconds = ?7 WHERE id = ?1"};
constexpr sql::Query kRemoveIdentity = {"remove a user or role", "DELETE FROM identity WHERE id = ?1"};

#define KEY_COLUMNS "id, identity_id, secret, active, created"
constexpr sql::Query kFindKey = {"find an access key", "SELECT " KEY_COLUMNS " FROM access_key WHERE id = ?1"};
constexpr sql::Query kKeysOf = {"list access keys",
                                "SELECT " KEY_COLUMNS " FROM access_key WHERE identity_id = ?1 ORDER BY created, id"};
constexpr sql::Query kCountActiveKeys = {"count active access keys",
                                         "SELECT count(*) FROM access_key WHERE active <> 0"};
constexpr sql::Query kAddKey = {"add an access key",
                                "INSERT INTO access_key (" KEY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"};
constexpr sql::Query kSetKeyActive = {"change an access key", "UPDATE access_key SET active = ?2 WHERE id = ?1"};
constexpr sql::Query kRemoveKey = {"remove an access key", "DELETE FROM access_key WHERE id = ?1"};

constexpr sql::Query kInlinePolicies = {
    "list inline policies", "SELECT name, document FROM inline_policy WHERE identity_id = ?1 ORDER BY name"};
constexpr sql::Query kPutInline = {
    "write an inline policy", "INSERT OR REPLACE INTO inline_policy (identity_id, name, document) VALUES (?1, ?2, ?3)"};
constexpr sql::Query kRemoveInline = {"remove an inline policy",
                                      "DELETE FROM inline_policy WHERE identity_id = ?1 AND name = ?2"};

#define POLICY_COLUMNS "arn, id, name, path, description, created, updated, default_version, last_version"
constexpr sql::Query kFindPolicy = {"find a policy", "SELECT " POLICY_COLUMNS " FROM policy WHERE arn = ?1"};
constexpr sql::Query kPolicyNameTaken = {"find a policy's name", "SELECT count(*) FROM policy WHERE name = ?1"};
constexpr sql::Query kListPolicies = {
    "list policies", "SELECT " POLICY_COLUMNS
                     " FROM policy WHERE name > ?2 AND substr(path, 1, length(?1)) = ?1 ORDER BY name LIMIT ?3"};
constexpr sql::Query kCountPolicies = {"count policies", "SELECT count(*) FROM policy"};
constexpr sql::Query kAddPolicy = {
    "add a policy", "INSERT INTO policy (" POLICY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"};
constexpr sql::Query kUpdatePolicy = {"change a policy",
                                      "UPDATE policy SET updated = ?2, default_version = ?3, last_version = ?4"
                                      " WHERE arn = ?1"};
constexpr sql::Query kRemoveVersions = {"remove a policy's versions",
                                        "DELETE FROM policy_version WHERE policy_arn = ?1"};
constexpr sql::Query kRemovePolicy = {"remove a policy", "DELETE FROM policy WHERE arn = ?1"};
constexpr sql::Query kVersions = {
    "list a policy's versions",
    "SELECT number, document, created FROM policy_version WHERE policy_arn = ?1 ORDER BY number"};
constexpr sql::Query kFindVersion = {
    "find a policy's version",
    "SELECT number, document, created FROM policy_version WHERE policy_arn = ?1 AND number = ?2"};
constexpr sql::Query kAddVersion = {
    "add a policy's version",
    "INSERT INTO policy_version (policy_arn, number, document, created) VALUES (?1, ?2, ?3, ?4)"};
constexpr sql::Query kRemoveVersion = {"remove a policy's version",
                                       "DELETE FROM policy_version WHERE policy_arn = ?1 AND number = ?2"};

constexpr sql::Query kAttached = {"list attached policies",
                                  "SELECT policy_arn FROM attachment WHERE identity_id = ?1 ORDER BY policy_arn"};
constexpr sql::Query kAttach = {"attach a policy",
                                "INSERT OR IGNORE INTO attachment (identity_id, policy_arn) VALUES (?1, ?2)"};
constexpr sql::Query kDetach = {"detach a policy", "DELETE FROM attachment WHERE identity_id = ?1 AND policy_arn = ?2"};
constexpr sql::Query kAttachedTo = {"list whom a policy is attached to",
                                    "SELECT " IDENTITY_COLUMNS
                                    " FROM identity WHERE id IN (SELECT identity_id FROM attachment WHERE"
                                    " policy_arn = ?1) ORDER BY kind, name"};
constexpr sql::Query kCountAttached = {"count whom a policy is attached to",
                                       "SELECT count(*) FROM attachment WHERE policy_arn = ?1"};
constexpr sql::Query kBoundedBy = {"list whom a policy bounds",
                                   "SELECT id FROM identity WHERE boundary = ?1 AND boundary <> ''"};
#undef IDENTITY_COLUMNS
#undef KEY_COLUMNS
#undef POLICY_COLUMNS

std::string text(const sql::Statement& row, int column) { return std::string(row.column_text(column)); }

IdentityRecord read_identity(const sql::Statement& row) {
  return {.kind = row.column_int64(1) == 0 ? IdentityRecord::Kind::kUser : IdentityRecord::Kind::kRole,
          .id = text(row, 0),
          .name = text(row, 2),
          .path = text(row, 3),
          .created = row.column_int64(4),
          .boundary = text(row, 5),
          .trust = text(row, 6),
          .description = text(row, 7),
          .max_session_seconds = row.column_int64(8)};
}

KeyRecord read_key(const sql::Statement& row) {
  return {text(row, 0), text(row, 1), text(row, 2), row.column_int64(3) != 0, row.column_int64(4)};
}

PolicyRecord read_policy(const sql::Statement& row) {
  return {.arn = text(row, 0),
          .id = text(row, 1),
          .name = text(row, 2),
          .path = text(row, 3),
          .description = text(row, 4),
          .created = row.column_int64(5),
          .updated = row.column_int64(6),
          .default_version = row.column_int64(7),
          .last_version = row.column_int64(8)};
}

VersionRecord read_version(const sql::Statement& row) {
  return {row.column_int64(0), text(row, 1), row.column_int64(2)};
}

std::string read_text(const sql::Statement& row) { return text(row, 0); }

template <class Row>
std::optional<Row> first(std::vector<Row> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

int code(IdentityRecord::Kind kind) { return kind == IdentityRecord::Kind::kUser ? 0 : 1; }

}  // namespace

Result<Records> Records::open(const std::filesystem::path& path, const sql::Options& options) {
  Result<sql::Database> database = sql::Database::open(path, kMigrations, options);
  if (!database) return std::move(database).error();
  return Records(std::move(*database));
}

template <class Row, class Read, class... Values>
std::vector<Row> Records::rows(const sql::Query& query, Read&& read, const Values&... values) {
  if (failure_) return {};
  Result<std::vector<Row>> found = database_.all(query, read, values...);
  if (found) return *std::move(found);
  failure_ = std::move(found).error();
  return {};
}

template <class... Values>
void Records::run(const sql::Query& query, const Values&... values) {
  if (failure_) return;
  if (Result<Done> done = database_.run(query, values...); !done) failure_ = std::move(done).error();
}

template <class... Values>
std::int64_t Records::number(const sql::Query& query, const Values&... values) {
  const auto read = [](const sql::Statement& row) { return row.column_int64(0); };
  const std::vector<std::int64_t> found = rows<std::int64_t>(query, read, values...);
  return found.empty() ? 0 : found.front();
}

std::optional<std::string> Records::setting(std::string_view name) {
  const auto read = [](const sql::Statement& row) { return std::string(row.column_blob(0)); };
  return first(rows<std::string>(kSetting, read, name));
}

void Records::put_setting(std::string_view name, std::string_view value) { run(kPutSetting, name, sql::Blob{value}); }

std::optional<IdentityRecord> Records::find_identity(Kind kind, std::string_view name) {
  return first(rows<IdentityRecord>(kFindIdentity, read_identity, code(kind), name));
}

std::optional<IdentityRecord> Records::identity_by_id(std::string_view id) {
  return first(rows<IdentityRecord>(kIdentityById, read_identity, id));
}

bool Records::name_taken(Kind kind, std::string_view name) { return number(kNameTaken, code(kind), name) > 0; }

std::vector<IdentityRecord> Records::list_identities(Kind kind, std::string_view path_prefix, std::string_view after,
                                                     std::int64_t limit) {
  return rows<IdentityRecord>(kListIdentities, read_identity, code(kind), path_prefix, after, limit);
}

std::int64_t Records::count_identities(Kind kind) { return number(kCountIdentities, code(kind)); }

void Records::add_identity(const IdentityRecord& record) {
  run(kAddIdentity, record.id, code(record.kind), record.name, record.path, record.created, record.boundary,
      record.trust, record.description, record.max_session_seconds);
}

void Records::update_identity(const IdentityRecord& record) {
  run(kUpdateIdentity, record.id, record.name, record.path, record.boundary, record.trust, record.description,
      record.max_session_seconds);
  touched_.insert(record.id);
}

void Records::remove_identity(std::string_view id) {
  run(kRemoveIdentity, id);
  touched_.emplace(id);
}

std::optional<KeyRecord> Records::find_key(std::string_view id) {
  return first(rows<KeyRecord>(kFindKey, read_key, id));
}

std::vector<KeyRecord> Records::keys_of(std::string_view identity_id) {
  return rows<KeyRecord>(kKeysOf, read_key, identity_id);
}

std::int64_t Records::count_active_keys() { return number(kCountActiveKeys); }

void Records::add_key(const KeyRecord& record) {
  run(kAddKey, record.id, record.identity_id, record.secret, record.active, record.created);
}

void Records::set_key_active(const KeyRecord& record, bool active) {
  run(kSetKeyActive, record.id, active);
  touched_.insert(record.identity_id);
}

void Records::remove_key(const KeyRecord& record) {
  run(kRemoveKey, record.id);
  touched_.insert(record.identity_id);
}

std::vector<InlinePolicyRecord> Records::inline_policies(std::string_view identity_id) {
  const auto read = [](const sql::Statement& row) { return InlinePolicyRecord{text(row, 0), text(row, 1)}; };
  return rows<InlinePolicyRecord>(kInlinePolicies, read, identity_id);
}

void Records::put_inline_policy(std::string_view identity_id, const InlinePolicyRecord& record) {
  run(kPutInline, identity_id, record.name, record.document);
  touched_.emplace(identity_id);
}

void Records::remove_inline_policy(std::string_view identity_id, std::string_view name) {
  run(kRemoveInline, identity_id, name);
  touched_.emplace(identity_id);
}

std::optional<PolicyRecord> Records::find_policy(std::string_view arn) {
  return first(rows<PolicyRecord>(kFindPolicy, read_policy, arn));
}

bool Records::policy_name_taken(std::string_view name) { return number(kPolicyNameTaken, name) > 0; }

std::vector<PolicyRecord> Records::list_policies(std::string_view path_prefix, std::string_view after,
                                                 std::int64_t limit) {
  return rows<PolicyRecord>(kListPolicies, read_policy, path_prefix, after, limit);
}

std::int64_t Records::count_policies() { return number(kCountPolicies); }

void Records::add_policy(const PolicyRecord& record, std::string_view document) {
  run(kAddPolicy, record.arn, record.id, record.name, record.path, record.description, record.created, record.updated,
      record.default_version, record.last_version);
  run(kAddVersion, record.arn, record.default_version, document, record.created);
}

void Records::remove_policy(std::string_view arn) {
  touch_policy(arn);
  run(kRemoveVersions, arn);
  run(kRemovePolicy, arn);
}

std::vector<VersionRecord> Records::versions(std::string_view arn) {
  return rows<VersionRecord>(kVersions, read_version, arn);
}

std::optional<VersionRecord> Records::find_version(std::string_view arn, std::int64_t version) {
  return first(rows<VersionRecord>(kFindVersion, read_version, arn, version));
}

void Records::add_version(const PolicyRecord& policy, const VersionRecord& record) {
  run(kAddVersion, policy.arn, record.number, record.document, record.created);
}

void Records::remove_version(std::string_view arn, std::int64_t version) { run(kRemoveVersion, arn, version); }

void Records::update_policy(const PolicyRecord& record) {
  run(kUpdatePolicy, record.arn, record.updated, record.default_version, record.last_version);
  touch_policy(record.arn);
}

std::vector<std::string> Records::attached_policies(std::string_view identity_id) {
  return rows<std::string>(kAttached, read_text, identity_id);
}

void Records::attach(std::string_view identity_id, std::string_view policy_arn) {
  run(kAttach, identity_id, policy_arn);
  touched_.emplace(identity_id);
}

void Records::detach(std::string_view identity_id, std::string_view policy_arn) {
  run(kDetach, identity_id, policy_arn);
  touched_.emplace(identity_id);
}

std::vector<IdentityRecord> Records::attached_to(std::string_view policy_arn) {
  return rows<IdentityRecord>(kAttachedTo, read_identity, policy_arn);
}

std::int64_t Records::count_attached(std::string_view policy_arn) { return number(kCountAttached, policy_arn); }

std::int64_t Records::count_boundaries(std::string_view policy_arn) {
  return static_cast<std::int64_t>(rows<std::string>(kBoundedBy, read_text, policy_arn).size());
}

void Records::touch_policy(std::string_view arn) {
  for (const IdentityRecord& record : attached_to(arn)) touched_.insert(record.id);
  for (std::string& id : rows<std::string>(kBoundedBy, read_text, arn)) touched_.insert(std::move(id));
  touched_.insert("*");
}

}  // namespace chiliad::identity
