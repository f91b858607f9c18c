// Records: what state/identity.db holds, table by table, as values.
//
//   identity        users and roles: id, name (unique without case), path, when made; a role's trust policy
//   access_key      of users: id, secret, Active or not
//   inline_policy   documents of one user or role
//   policy, policy_version, attachment   managed policies, up to five versions, and who has them
//   setting         of the installation: the key that seals session tokens
//
// Failures are kept, as a stream keeps them: after the first one every method answers "nothing there" and does nothing,
// and failure() tells it. Whoever opens a transaction looks at failure() before it commits.
//
// Every method that changes something notes whose permissions change with it: take_touched().
//
// Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sql/database.h"

namespace chiliad::identity {

struct IdentityRecord {
  enum class Kind : std::uint8_t { kUser, kRole };
  Kind kind = Kind::kUser;
  std::string id;  // "AIDA...", "AROA..."
  std::string name;
  std::string path = "/";
  std::int64_t created = 0;  // Seconds since 1970, as all times here.
  std::string boundary;      // The ARN of a managed policy; empty: none.
  // Of roles.
  std::string trust;
  std::string description;
  std::int64_t max_session_seconds = 3600;
};

struct KeyRecord {
  std::string id;  // "AKIA..."
  std::string identity_id;
  std::string secret;
  bool active = true;
  std::int64_t created = 0;
};

struct InlinePolicyRecord {
  std::string name;
  std::string document;
};

struct PolicyRecord {
  std::string arn;
  std::string id;  // "ANPA..."
  std::string name;
  std::string path = "/";
  std::string description;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t default_version = 1;
  std::int64_t last_version = 1;  // Numbers are not used again.
};

struct VersionRecord {
  std::int64_t number = 1;
  std::string document;
  std::int64_t created = 0;
};

class Records {
 public:
  using Kind = IdentityRecord::Kind;

  static Result<Records> open(const std::filesystem::path& path, const sql::Options& options);

  // Runs body(*this) in a transaction. It returns whether to keep what it did; a failure takes everything back.
  template <class Body>
  Result<Done> transaction(Body&& body) {
    failure_.reset();
    touched_.clear();
    bool undone = false;
    const Result<Done> result = database_.transaction([&]() -> Result<Done> {
      const bool keep = body(*this);
      if (failure_) return *failure_;
      undone = !keep;
      return keep ? Result<Done>(Done{}) : Result<Done>(Error{ErrorCode::kConflict, "taken back"});
    });
    if (!result) touched_.clear();
    return undone ? Result<Done>(Done{}) : result;
  }
  // For reading outside of a transaction.
  void begin_reading() { failure_.reset(); }
  const std::optional<Error>& failure() const { return failure_; }
  // Ids of users and roles; {"*"} stands for a changed managed policy: sessions may name it too.
  std::set<std::string> take_touched() { return std::exchange(touched_, {}); }

  std::optional<std::string> setting(std::string_view name);
  void put_setting(std::string_view name, std::string_view value);

  std::optional<IdentityRecord> find_identity(Kind kind, std::string_view name);  // With its case.
  std::optional<IdentityRecord> identity_by_id(std::string_view id);
  bool name_taken(Kind kind, std::string_view name);  // Without case.
  // By name, those after `after`, at most `limit`.
  std::vector<IdentityRecord> list_identities(Kind kind, std::string_view path_prefix, std::string_view after,
                                              std::int64_t limit);
  std::int64_t count_identities(Kind kind);
  void add_identity(const IdentityRecord& record);
  void update_identity(const IdentityRecord& record);  // All but id and kind.
  void remove_identity(std::string_view id);

  std::optional<KeyRecord> find_key(std::string_view id);
  std::vector<KeyRecord> keys_of(std::string_view identity_id);
  std::int64_t count_active_keys();
  void add_key(const KeyRecord& record);
  void set_key_active(const KeyRecord& record, bool active);
  void remove_key(const KeyRecord& record);

  std::vector<InlinePolicyRecord> inline_policies(std::string_view identity_id);  // By name.
  void put_inline_policy(std::string_view identity_id, const InlinePolicyRecord& record);
  void remove_inline_policy(std::string_view identity_id, std::string_view name);

  std::optional<PolicyRecord> find_policy(std::string_view arn);
  bool policy_name_taken(std::string_view name);
  std::vector<PolicyRecord> list_policies(std::string_view path_prefix, std::string_view after, std::int64_t limit);
  std::int64_t count_policies();
  void add_policy(const PolicyRecord& record, std::string_view document);
  void remove_policy(std::string_view arn);
  std::vector<VersionRecord> versions(std::string_view arn);  // By number.
  std::optional<VersionRecord> find_version(std::string_view arn, std::int64_t number);
  void add_version(const PolicyRecord& policy, const VersionRecord& record);
  void remove_version(std::string_view arn, std::int64_t number);
  void update_policy(const PolicyRecord& record);  // Its default and last version, and when.

  std::vector<std::string> attached_policies(std::string_view identity_id);  // ARNs, by ARN.
  void attach(std::string_view identity_id, std::string_view policy_arn);
  void detach(std::string_view identity_id, std::string_view policy_arn);
  std::vector<IdentityRecord> attached_to(std::string_view policy_arn);
  std::int64_t count_attached(std::string_view policy_arn);
  std::int64_t count_boundaries(std::string_view policy_arn);

 private:
  explicit Records(sql::Database database) : database_(std::move(database)) {}
  template <class Row, class Read, class... Values>
  std::vector<Row> rows(const sql::Query& query, Read&& read, const Values&... values);
  template <class... Values>
  void run(const sql::Query& query, const Values&... values);
  template <class... Values>
  std::int64_t number(const sql::Query& query, const Values&... values);
  void touch_policy(std::string_view arn);

  sql::Database database_;
  std::optional<Error> failure_;
  std::set<std::string> touched_;
};

}  // namespace chiliad::identity
